"""A telnet client: telnetlib3 negotiates the options, the lab shows every byte and names each command.

An asyncio service with its own thread and loop; the socket under it is traced. It must not know
who types. The server to try it on is `telnet_server`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, Final, Literal, TypeAlias, TypeVar

import telnetlib3

from protocols import opening
from protocols.address import Target
from protocols.connecting import poll_wait
from protocols.record.event import Direction, monotonic_ns
from protocols.record.explain import Explained, explain
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace, address_text
from protocols.record.traced import TracedSocket
from protocols.service.base import Facts, Service, is_exposed
from protocols.service.wake import Wake
from protocols.sockets.iac import COMMANDS, OPTIONS, Command, IacDecoder
from protocols.sockets.transcript import Line, Transcript

T = TypeVar("T")
TypingMode: TypeAlias = Literal["line", "character"]
KEEP_BYTES: Final = 64 << 10
_COMMANDS: Final = {name: number for number, name in COMMANDS.items()}
_OPTIONS: Final = {name: number for number, name in OPTIONS.items()}
logging.getLogger("telnetlib3").addHandler(logging.NullHandler())


class TapTransport(asyncio.Transport):
    """A transport that shows what is written before it passes it on."""

    def __init__(self, inner: asyncio.Transport, shown: Callable[[bytes], None]) -> None:
        super().__init__()
        self._inner = inner
        self._shown = shown

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Show and pass on."""
        self._shown(bytes(data))
        self._inner.write(data)

    def writelines(self, list_of_data: Any) -> None:
        """As one write."""
        self.write(b"".join(list_of_data))

    def __getattribute__(self, name: str) -> Any:
        if name in ("write", "writelines", "_inner", "_shown", "__class__", "__dict__"):
            return super().__getattribute__(name)
        return getattr(super().__getattribute__("_inner"), name)


class Wiretap:
    """Names the commands in both directions of one telnet connection, as message events."""

    def __init__(self, recorder: Recorder, service: str, conn: str | None, told: Callable[[Direction, Command], None]):
        self._recorder = recorder
        self._service = service
        self._conn = conn
        self._told = told
        self._decoders: dict[Direction, IacDecoder] = {"in": IacDecoder(), "out": IacDecoder()}

    def see(self, direction: Direction, data: bytes) -> None:
        """Bytes that pass."""
        for item in self._decoders[direction].feed(data):
            if isinstance(item, Command):
                self._recorder.emit(
                    "message", "telnet command", item.text, service=self._service, conn=self._conn,
                    direction=direction, size=len(item.raw), data=item.raw, detail={"meaning": item.meaning},
                )  # fmt: skip
                self._told(direction, item)
            else:
                self._recorder.emit(
                    "message", "text", f"{len(item)} bytes of text", service=self._service, conn=self._conn,
                    direction=direction, size=len(item), data=item[:4096],
                )  # fmt: skip


class TelnetClient(Service):
    """A telnet session. `send_line` and `send_key` type, `read_until` and `expect` wait for a prompt.

    typing: what the server's options ask for: "character" once it echoes (WILL ECHO), else "line".
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        name: str = "telnet 1",
        host: str = "127.0.0.1",
        port: int = 23,
        timeout_s: float | None = None,
        terminal: str = "xterm",
        columns: int = 80,
        rows: int = 25,
    ) -> None:
        super().__init__(recorder, name, "telnet client")
        self.target = Target("tcp", host, port)
        self.transcript = Transcript()
        self.error: Explained | None = None
        self.typing: TypingMode = "line"
        self._timeout_s = timeout_s
        self._terminal = (terminal, columns, rows)
        self._wake: Wake | None = None
        self._sock: TracedSocket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._over: asyncio.Event | None = None
        self._writer: Any = None
        self._unread = bytearray()
        self._came: asyncio.Condition | None = None
        self._ended = False
        self.local = ""

    def transcript_since(self, number: int) -> list[Line]:
        """The transcript's lines from `number` on."""
        return self.transcript.since(number)

    # What others ask for; any thread

    def send(self, data: bytes) -> Future[None]:
        """Send bytes; a byte 255 is doubled, as telnet asks."""
        return self._ask(self._write(data))

    def send_line(self, text: str) -> Future[None]:
        """Send a line, with CR LF (RFC 854)."""
        return self.send(text.encode("utf-8", "surrogateescape") + b"\r\n")

    def send_key(self, key: str) -> Future[None]:
        """Send one key as it is typed; Enter is CR NUL (RFC 854, page 11)."""
        return self.send(b"\r\0" if key in ("\n", "\r") else key.encode("utf-8", "surrogateescape"))

    def send_command(self, command: str, option: str = "") -> Future[None]:
        """Send a command by its name ("AYT", "DO" with "ECHO"). Raises KeyError for a name not known."""
        numbers = bytes((255, _COMMANDS[command]))
        if option:
            numbers += bytes((_OPTIONS[option],))
        return self._ask(self._write_raw(numbers))

    def read_until(self, expected: bytes, timeout_s: float = 5.0) -> Future[bytes]:
        """Take the text up to and with `expected`. The future raises TimeoutError, or EOFError at the end."""
        return self._ask(self._read_until((expected,), timeout_s, lambda index, text: text))

    def expect(self, patterns: tuple[bytes, ...], timeout_s: float = 5.0) -> Future[tuple[int, bytes]]:
        """Wait for the first of several texts: which one, and the text up to and with it."""
        return self._ask(self._read_until(patterns, timeout_s, lambda index, text: (index, text)))

    def look(self, ask: Callable[[Any], T]) -> Future[T]:
        """What `ask` finds out about the open socket, or makes of it, asked in the loop's thread."""

        async def work() -> T:
            if self._sock is None:
                raise BrokenPipeError(32, "the session is over")
            return ask(self._sock)

        return self._ask(work())

    def facts(self) -> Facts:
        """What it occupies now."""
        port = self.local.rpartition(":")[2]
        return Facts(self.name, self.kind, self.state, self.target.text, self.threads(), (),
                     (int(port),) if port.isdigit() else (), int(self._sock is not None),
                     is_exposed(self.target.host))  # fmt: skip

    def tell(self, kind: str, text: str) -> None:
        """A note on the time line and in the transcript."""
        self.transcript.note(text, kind)
        self.recorder.note(kind, text, service=self.name)

    # Life

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.target.short}"

    def _open(self) -> None:
        self._wake = Wake()
        wait = poll_wait(self._wake, self.stopping.is_set)
        try:
            sock = opening.connect(self, self.target, opening.Plan(self._timeout_s), wait, None, "")
        except OSError as error:
            told = explain(error, call="connect", address=(self.target.host, self.target.port))
            self.error = told
            self.transcript.note(f"{told.errno}: {told.why}", "error")
            raise
        assert isinstance(sock, TracedSocket)
        self._sock = sock
        self.local = address_text(sock.getsockname())
        self.transcript.note(f"connected from {self.local} to {self.target.text}", "opened")

    def _main(self) -> None:
        try:
            asyncio.run(self._session())
        finally:
            self._ready.set()

    def _wake_up(self) -> None:
        if self._wake is not None:
            self._wake.set()
        loop, over = self._loop, self._over
        if loop is not None and over is not None and self.stopping.is_set():
            try:
                loop.call_soon_threadsafe(over.set)
            except RuntimeError:
                pass  # the loop has ended already

    def _close(self) -> None:
        self._ready.set()
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
            self.transcript.note("closed", "closed")
        if self._wake is not None:
            self._wake.close()

    async def _session(self) -> None:
        self._loop, self._over, self._came = asyncio.get_running_loop(), asyncio.Event(), asyncio.Condition()
        if self.stopping.is_set():
            return
        assert self._sock is not None
        trace: Trace | None = self._sock.trace
        tap = Wiretap(self.recorder, self.name, None if trace is None else trace.conn, self._command)
        _, protocol = await self._loop.create_connection(lambda: _client_protocol(tap, self._terminal), sock=self._sock)
        self._writer = protocol.writer
        self._ready.set()
        reading = asyncio.create_task(self._read(protocol.reader))
        stopping = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            reading.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)
            protocol.writer.close()
            async with self._came:
                self._ended = True
                self._came.notify_all()
            await asyncio.sleep(0)  # waiting readers learn it before their loop ends

    async def _read(self, reader: Any) -> None:
        assert self._came is not None
        while True:
            try:
                data = await reader.read(4096)
            except OSError as error:
                told = explain(error, call="recv", address=(self.target.host, self.target.port))
                self.error = told
                self.tell("explained", f"{told.errno}: {told.why}")
                return
            if not data:
                self.tell("eof", "end of stream: the server closed")
                return
            self.transcript.bytes_line("in", data)
            async with self._came:
                self._unread += data
                del self._unread[: max(0, len(self._unread) - KEEP_BYTES)]
                self._came.notify_all()

    def _command(self, direction: Direction, command: Command) -> None:
        if direction == "in" and command.text in ("IAC WILL ECHO", "IAC WONT ECHO"):
            self.typing = "character" if "WILL" in command.text else "line"
        self.transcript.add(Line(monotonic_ns(), direction, command.raw, command.text, "iac"))

    # In the loop

    def _ask(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        self._ready.wait(5.0)
        loop = self._loop
        if loop is None or loop.is_closed() or self._ended:
            work.close()
            failed: Future[Any] = Future()
            failed.set_exception(BrokenPipeError(32, "the session is over"))
            return failed
        return asyncio.run_coroutine_threadsafe(work, loop)

    async def _write(self, data: bytes) -> None:
        self.transcript.bytes_line("out", data)
        self._writer.write(data)

    async def _write_raw(self, data: bytes) -> None:
        self._writer.send_iac(data)

    async def _read_until(
        self, patterns: tuple[bytes, ...], timeout_s: float, give: Callable[[int, bytes], Any]
    ) -> Any:
        assert self._came is not None
        async with asyncio.timeout(timeout_s), self._came:
            while True:
                found = [(at, index) for index, text in enumerate(patterns) if (at := self._unread.find(text)) >= 0]
                if found:
                    at, index = min(found)
                    end = at + len(patterns[index])
                    text = bytes(self._unread[:end])
                    del self._unread[:end]
                    return give(index, text)
                if self._ended:
                    raise EOFError("the server closed before that came")
                await self._came.wait()


def _client_protocol(tap: Wiretap, terminal: tuple[str, int, int]) -> Any:
    term, columns, rows = terminal

    class Protocol(telnetlib3.TelnetClient):  # type: ignore[misc, unused-ignore]
        """telnetlib3's client, tapped."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            super().connection_made(TapTransport(transport, lambda data: tap.see("out", data)))

        def data_received(self, data: bytes) -> None:
            tap.see("in", data)
            super().data_received(data)

    return Protocol(encoding=False, term=term, cols=columns, rows=rows, connect_maxwait=0.5, compression=False,
                    send_environ=())  # fmt: skip
