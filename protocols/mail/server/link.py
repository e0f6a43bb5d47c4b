"""Link: one connection of a mail server, its transcript, and its streams as the protocols read and write them.

The transport reads and writes a traced socket; with TLS the engine is traced and the socket below it is
muted, from STARTTLS on or from the begin. It must not know what is said.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, cast

from protocols.mail.dialogue import Dialogue, Protocol
from protocols.record.event import monotonic_ns
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text, address_value
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSObject, handshake_done
from protocols.secretlines import SecretLines

READ_BYTES: Final = 128 << 10
LINE_LIMIT: Final = 64 << 10
HANDSHAKE_S: Final = 15.0
SHUTDOWN_S: Final = 1.0
LINGER_S: Final = 0.5
LINGER_BYTES: Final = 4 << 20
_WANTS: Final = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


class LineTooLong(ValueError):
    """A line that does not end within the limit."""


class Silence(TimeoutError):
    """Nothing came for longer than the server waits."""


@dataclass
class Link:
    """One connection. door: "smtp", "pop3s" and so on. user: who has logged in. mails: taken or fetched so far."""

    number: int
    door: str
    protocol: Protocol
    sock: TracedSocket
    peer: str
    dialogue: Dialogue
    since: float = field(default_factory=time.time)
    user: str = ""
    mails: int = 0
    inside_tls: bool = False
    transport: asyncio.Transport | None = None

    @property
    def conn(self) -> str | None:
        """The connection's id."""
        return self.dialogue.conn

    def mute(self) -> None:
        """From here the socket carries ciphertext, which the TLS engine records as plaintext."""
        assert self.sock.trace is not None
        self.sock.trace.muted = True

    def abort(self) -> None:
        """Close it at once. Only in the loop's thread."""
        if self.transport is not None:
            try:
                self.transport.abort()
            except AttributeError:
                pass  # before Python 3.11.5 a TLS transport that was closed can't be aborted

    async def flushed(self) -> None:
        """Wait until the kernel has all that was written: what comes next is for somebody else."""
        while self.transport is not None and not self.transport.is_closing():
            if not self.transport.get_write_buffer_size():
                return
            await asyncio.sleep(0.01)


CURRENT: Final[ContextVar[Link | None]] = ContextVar("mail link", default=None)
"""The link whose task runs: a TLS engine that asyncio makes in it belongs to that link."""


def make_link(recorder: Recorder, service: str, number: int, door: str, sock: TracedSocket, address: Any) -> Link:
    """The link of a connection just accepted. door: the protocol's name, with an s behind it for TLS from the begin."""
    trace = sock.trace
    assert trace is not None
    trace.service = service
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does so for sockets of its own only
    protocol: Any = door[:4]
    trace.secrets = SecretLines(protocol, "server")
    dialogue = Dialogue(
        recorder, protocol, "server", service=service, conn=trace.conn,
        local=address_value(sock.getsockname()[:2]), peer=address_value(address[:2]),
    )  # fmt: skip
    return Link(number, door, protocol, sock, address_text(address), dialogue)


class LinkTLS(TracedTLSObject):
    """The TLS engine of the link in whose task it was made."""

    link: Link | None = None
    began_ns = 0

    @classmethod
    def _create(cls, *args: Any, **settings: Any) -> LinkTLS:
        made: LinkTLS = super()._create(*args, **settings)  # type: ignore[misc]
        made.link, made.began_ns = CURRENT.get(), monotonic_ns()
        return made

    def do_handshake(self) -> None:
        """Shake hands; told when it is over, either way."""
        link = self.link
        try:
            super().do_handshake()
        except _WANTS:
            raise
        except (OSError, ValueError) as error:
            if link is not None and link.sock.trace is not None:
                link.sock.trace.call("handshake", "do_handshake()", self.began_ns, error=error, address=link.peer)
            raise
        if link is not None and link.sock.trace is not None and self.trace is None:
            self.trace = link.sock.trace
            handshake_done(self.trace, self, self.began_ns, -1)
            link.inside_tls = link.dialogue.inside_tls = True


async def open_transport(
    link: Link, factory: Callable[[], asyncio.Protocol], context: ssl.SSLContext | None
) -> asyncio.Transport:
    """Give the connection to asyncio, with TLS from the begin where `context` is there. Raises OSError."""
    loop = asyncio.get_running_loop()
    CURRENT.set(link)
    if context is None:
        transport, _ = await loop.connect_accepted_socket(factory, link.sock)
    else:
        link.mute()
        transport, _ = await loop.connect_accepted_socket(
            factory, link.sock, ssl=context, ssl_handshake_timeout=HANDSHAKE_S, ssl_shutdown_timeout=SHUTDOWN_S
        )
    link.transport = transport
    return transport


async def open_streams(link: Link, context: ssl.SSLContext | None) -> tuple[Ears, asyncio.StreamWriter]:
    """The connection as streams. Raises OSError."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_BYTES, loop=loop)
    writers: list[asyncio.StreamWriter] = []
    # with a callback the protocol knows itself for a server's, and start_tls() for the server's side of it
    protocol = asyncio.StreamReaderProtocol(reader, lambda _, writer: writers.append(writer), loop=loop)
    await open_transport(link, lambda: protocol, context)
    return Ears(reader, link), writers[0]


class Ears:
    """What a connection hears: lines and pieces, with a limit for the first and a time-out for both.

    Nothing is told here: who reads knows whether it was a command. timeout_s: of silence.
    """

    def __init__(self, reader: asyncio.StreamReader, link: Link, timeout_s: float = 300.0) -> None:
        self.reader: Final = reader
        self.link: Final = link
        self.timeout_s = timeout_s
        self._held = b""
        self._at = 0
        self._on_hold = False

    async def _more(self) -> bytes:
        """The next bytes. Raises EOFError at the end, Silence, OSError."""
        if self._on_hold and self.link.transport is not None:
            self._on_hold = False  # TLS was not granted after all
            self.link.transport.resume_reading()
        try:
            async with asyncio.timeout(self.timeout_s):
                data = await self.reader.read(READ_BYTES)
        except TimeoutError:
            raise Silence(f"Nothing came for {self.timeout_s:g} seconds") from None
        if not data:
            raise EOFError
        return data

    def _rest(self) -> bytes:
        held, self._held = self._held[self._at :] if self._at else self._held, b""
        self._at = 0
        return held

    async def line(self) -> bytes:
        """The next line with its line feed. Raises LineTooLong, EOFError, Silence, OSError."""
        look = self._at
        while (end := self._held.find(b"\n", look)) < 0:
            if len(self._held) - self._at > LINE_LIMIT:
                raise LineTooLong(f"A line of more than {LINE_LIMIT} bytes")
            self._held = self._rest()
            look = len(self._held)
            self._held += await self._more()
        line = self._held[self._at : end + 1]
        self._at = end + 1
        return line

    async def piece(self) -> bytes:
        """Whatever has come, at least one byte. Raises EOFError, Silence, OSError."""
        return self._rest() or await self._more()

    async def exactly(self, size: int) -> bytes:
        """So many bytes. Raises EOFError, Silence, OSError."""
        parts: list[bytes] = []
        got = 0
        while got < size:
            data = await self.piece()
            parts.append(data)
            got += len(data)
        whole = b"".join(parts)
        if got > size:
            self.give_back(whole[size:])
            return whole[:size]
        return whole

    def give_back(self, data: bytes) -> None:
        """These bytes are for the next who reads."""
        self._held = data + self._rest()

    def hold(self) -> bytes:
        """Before TLS is granted: read no more, and throw away what has come (RFC 3207 section 4.2).

        What was pipelined behind STARTTLS never counts inside TLS; what comes after the grant is the handshake.
        """
        if self.link.transport is not None:
            self.link.transport.pause_reading()
            self._on_hold = True
        buffered = self.reader._buffer  # type: ignore[attr-defined]
        data = self._rest() + bytes(buffered)
        buffered.clear()
        return data

    async def seal(self, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        """TLS was granted: shake hands. Raises OSError, ValueError; the engine has told why."""
        await self.link.flushed()
        self.link.mute()
        self._on_hold = False
        await writer.start_tls(context, ssl_handshake_timeout=HANDSHAKE_S)
        self.link.transport = cast("asyncio.Transport", writer.transport)

    async def linger(self, writer: asyncio.StreamWriter) -> None:
        """Before a close: hear the client out for a moment. Closing over unread bytes resets the connection, and
        what we said last would be lost with it."""
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_S):
                if writer.can_write_eof():
                    writer.write_eof()
                while left > 0:
                    left -= len(await self.piece())
        except (EOFError, OSError, TimeoutError, RuntimeError):
            pass
