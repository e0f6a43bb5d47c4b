"""IMAP: pymap on our store (RFC 3501, with IDLE, UIDPLUS, MOVE, BINARY, MULTIAPPEND, LITERAL+), all behind this room.

A connection here: each line and literal is told, limits are kept, and rules may make it fail. It must not
know how the store keeps a mail.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

from proxyprotocol.sock import SocketInfo
from pymap.context import connection_exit
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.parsing.command import Command
from pymap.parsing.command.nonauth import StartTLSCommand
from pymap.parsing.command.select import IdleCommand
from pymap.parsing.commands import Commands
from pymap.parsing.response import CommandResponse, Response, ResponseBye, ResponseCode, ResponseNo

from protocols.mail.cutting import ImapCutter
from protocols.mail.server.house import House
from protocols.mail.server.imap_box import BoxSet
from protocols.mail.server.imap_login import LabConfig, LabLogin, LabState
from protocols.mail.server.link import Ears, LineTooLong, Link, Silence, open_streams

BEFORE_LOGIN_BYTES: Final = 64 << 10
"""Of a literal, before anybody has logged in."""
GATHER_BYTES: Final = 32 << 10
IDLE_S: Final = 1800.0
_LITERAL_PLUS: Final = re.compile(rb"\{(\d{1,19})\+\}\r?\n$")


class _Mouth:
    """Where pymap writes, a word at a time: told and sent by `flush`, whole messages from their files."""

    def __init__(self, link: Link, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._held: list[bytes | Iterator[bytes]] = []
        self.waiting = 0
        dialogue = link.dialogue
        self._cutter = ImapCutter(
            dialogue.reply, lambda size, head: dialogue.body("server", size, head, what="a literal")
        )

    def write(self, data: bytes) -> None:
        """Some bytes of an answer."""
        self._held.append(bytes(data))
        self.waiting += len(data)

    def write_later(self, chunks: Iterator[bytes]) -> None:
        """Bytes that are read when it is their turn, so that a large message is never in memory as a whole."""
        self._held.append(chunks)
        self.waiting += GATHER_BYTES

    async def flush(self, timeout_s: float) -> None:
        """Send what is gathered, no faster than it is taken. Raises TimeoutError, OSError."""
        held, self._held, self.waiting = self._held, [], 0
        parts: list[bytes] = []
        for one in held:
            if isinstance(one, bytes):
                parts.append(one)
                continue
            await self._send(b"".join(parts), timeout_s)
            parts.clear()
            for chunk in one:
                await self._send(chunk, timeout_s)
        await self._send(b"".join(parts), timeout_s)

    async def _send(self, data: bytes, timeout_s: float) -> None:
        if data:
            self._cutter.feed(data)
            self._writer.write(data)
        async with asyncio.timeout(timeout_s):  # not wait_for(): before Python 3.12 it may swallow a stop
            await self._writer.drain()


class LabConnection(IMAPConnection):
    """One connection."""

    __slots__ = ("_ears", "_house", "_link", "_mouth")

    def __init__(self, house: House, link: Link, ears: Ears, writer: asyncio.StreamWriter, config: LabConfig) -> None:
        info = SocketInfo.get(writer, None, unique_id=str(link.number).encode())
        super().__init__(_COMMANDS, config, ears.reader, writer, info)
        self._house = house
        self._link = link
        self._ears = ears
        self._mouth = _Mouth(link, writer)

    # In

    async def readline(self) -> memoryview:
        """A line, with the literals in it that need no permission (RFC 7888)."""
        line = await self._ears.line()
        self._link.dialogue.command(line)
        found = _LITERAL_PLUS.search(line[-32:]) if line.endswith((b"+}\r\n", b"+}\n")) else None
        if found is None:
            return memoryview(line)
        parts = [line]
        while found is not None:
            parts.append(await self._literal(int(found[1])))
            line = await self._ears.line()
            self._link.dialogue.command(line, goes_on=True)
            parts.append(line)
            found = _LITERAL_PLUS.search(line[-32:])
        return memoryview(b"".join(parts))

    async def _literal(self, size: int) -> bytes:
        limit = self._house.setup.size_limit if self._link.user else BEFORE_LOGIN_BYTES
        if size > limit:
            raise LineTooLong(f"A literal of {size} bytes, and {limit} is the limit")
        data = await self._ears.exactly(size)
        if size:
            self._link.dialogue.body("client", size, data[:65536], what="a literal")
        return data

    async def read_continuation(self, literal_length: int) -> memoryview:
        """What follows a "+" of ours: a literal and the rest of the line, or the line of a login."""
        if not literal_length:
            return await self.readline()
        literal = await self._literal(literal_length)
        rest = await self._ears.line()
        self._link.dialogue.command(rest, goes_on=True)
        found = _LITERAL_PLUS.search(rest[-32:])
        parts = [literal, rest]
        while found is not None:
            parts.append(await self._literal(int(found[1])))
            parts.append(await self._ears.line())
            self._link.dialogue.command(parts[-1], goes_on=True)
            found = _LITERAL_PLUS.search(parts[-1][-32:])
        return memoryview(b"".join(parts))

    async def read_command(self, state: ConnectionState) -> Command:
        """The next command that no rule refuses. Raises EOFError where a rule drops the line."""
        while True:
            command = await super().read_command(state)
            verb = bytes(command.command).decode("ascii", "replace")
            occasion, rules = self._house.occasion(self._link, verb), self._house.rules
            if seconds := rules.wait_s(occasion):
                await asyncio.sleep(seconds)
            if rules.drops(occasion):
                raise EOFError
            refusal = rules.refusal(occasion)
            if refusal is None:
                if isinstance(command, StartTLSCommand):
                    self._link.dialogue.skip("client", self._ears.hold())
                return command
            await self.write_response(ResponseNo(command.tag, refusal[1].encode()))

    async def read_idle_done(self, cmd: IdleCommand) -> bool:
        """A client may idle for half an hour (RFC 2177)."""
        before, self._ears.timeout_s = self._ears.timeout_s, max(self._ears.timeout_s, IDLE_S)
        if before < 60:
            self._ears.timeout_s = before
        try:
            return await super().read_idle_done(cmd)
        finally:
            self._ears.timeout_s = before

    # Out

    async def write_response(self, resp: Response) -> None:
        """Say one answer, with all that goes before it; no more than a little waits for a slow reader."""
        mouth: Any = self._mouth
        try:
            for one in resp._untagged if isinstance(resp, CommandResponse) else ():
                await one.async_write(mouth)
                if self._mouth.waiting > GATHER_BYTES:
                    await self._mouth.flush(self._ears.timeout_s)
            if isinstance(resp, CommandResponse):
                Response.write(resp, mouth)
            else:
                await resp.async_write(mouth)
            await self._mouth.flush(self._ears.timeout_s)
        except ConnectionError:
            pass

    async def start_tls(self) -> None:
        """STARTTLS (RFC 3501 section 6.2.1): nothing that came in plain behind it is heard."""
        await self._ears.seal(self.writer, self.config.ssl_context)

    async def send_error_disconnect(self) -> None:
        """The last word before the connection is closed for a reason of ours."""
        error = sys.exc_info()[1]
        if isinstance(error, (Silence, LineTooLong)):
            await self.write_response(ResponseBye(str(error).encode(), ResponseCode.of(b"LIMIT")))
        else:
            await super().send_error_disconnect()


_COMMANDS: Final = Commands()


async def serve(house: House, link: Link, context: ssl.SSLContext | None, sets: dict[str, BoxSet]) -> None:
    """Serve one connection to its end. context: TLS from the begin. sets: the open folders, shared by all."""
    ears, writer = await open_streams(link, context)
    ears.timeout_s = house.setup.timeout_s
    config = LabConfig(house, sealed=context is not None)
    connection = LabConnection(house, link, ears, writer, config)
    try:
        occasion = house.occasion(link, "CONNECT")
        if seconds := house.rules.wait_s(occasion):
            await asyncio.sleep(seconds)
        refusal = house.rules.refusal(occasion)
        if refusal is not None:
            await connection.write_response(ResponseBye(refusal[1].encode()))
        elif not house.rules.drops(occasion):
            state = LabState(house, link, LabLogin(house, config, sets), config)
            async with AsyncExitStack() as stack:
                connection_exit.set(stack)
                await connection.run(state)
    except LineTooLong:
        await ears.linger(writer)
    except (EOFError, OSError, TimeoutError):
        pass
    finally:
        writer.close()
