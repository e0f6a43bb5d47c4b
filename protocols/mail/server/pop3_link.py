"""A POP3 connection: the engine's acts, done on a link's streams. It must not know POP3's words."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator

from protocols.mail.server.house import House
from protocols.mail.server.link import Link, Silence, open_streams
from protocols.mail.server.pop3 import Act, Pop3, Wait


class _Over(Exception):
    """The engine closes the connection."""


async def serve(house: House, link: Link, context: ssl.SSLContext | None) -> None:
    """Serve one connection to its end. context: TLS from the begin."""
    ears, writer = await open_streams(link, context)
    ears.timeout_s = house.setup.timeout_s
    engine = Pop3(house, link, tls=house.context is not None)

    async def do(acts: Iterator[Act]) -> None:
        for act in acts:
            if isinstance(act, bytes):
                writer.write(act)
                await asyncio.wait_for(writer.drain(), ears.timeout_s)
            elif isinstance(act, Wait):
                await asyncio.sleep(act.seconds)
            elif act == "close":
                raise _Over
            elif act == "hold":
                link.dialogue.skip("client", engine.discard() + ears.hold())
            else:
                assert house.context is not None
                await ears.seal(writer, house.context)

    try:
        await do(engine.begin())
        while True:
            await do(engine.feed(await ears.piece()))
    except (_Over, EOFError, Silence, OSError, TimeoutError):
        pass
    finally:
        engine.over()
        writer.close()
