"""A POP3 connection: the engine's acts, done on a link's streams. It must not know POP3's words."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Final

from protocols.mail.server.house import House
from protocols.mail.server.link import Link, Silence, open_streams
from protocols.mail.server.pop3 import Act, Pop3, Wait

GATHER_BYTES: Final = 32 << 10


class _Over(Exception):
    """The engine closes the connection."""


async def serve(house: House, link: Link, context: ssl.SSLContext | None) -> None:
    """Serve one connection to its end. context: TLS from the begin."""
    ears, writer = await open_streams(link, context)
    ears.timeout_s = house.setup.timeout_s
    engine = Pop3(house, link, tls=house.context is not None)

    held: list[bytes] = []
    size = 0

    async def flush() -> None:
        nonlocal size
        if held:
            writer.write(held[0] if len(held) == 1 else b"".join(held))
            held.clear()
            size = 0
            async with asyncio.timeout(ears.timeout_s):
                await writer.drain()

    async def do(acts: Iterator[Act]) -> None:
        nonlocal size
        for act in acts:
            if isinstance(act, bytes):
                held.append(act)
                size += len(act)
                if size > GATHER_BYTES:
                    await flush()
                continue
            if act == "hold":
                link.dialogue.skip("client", engine.discard() + ears.hold())
                continue
            await flush()
            if isinstance(act, Wait):
                await asyncio.sleep(act.seconds)
            elif act == "close":
                raise _Over
            else:
                assert house.context is not None
                await ears.seal(writer, house.context)
        await flush()

    try:
        await do(engine.begin())
        while True:
            await do(engine.feed(await ears.piece()))
    except _Over:
        await ears.linger(writer)
    except (EOFError, Silence, OSError, TimeoutError):
        pass
    finally:
        engine.over()
        writer.close()
