"""A sandbox telnet server to log in to: telnetlib3 negotiates, the lab shows every byte and command.

The account is "guest" with any password; it runs nothing, its few commands are here. An asyncio
service with its own thread and loop. It must not know who connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import telnetlib3
from telnetlib3 import telopt

from protocols.concurrency.contract import ConnectionRow, Listen, Spinning
from protocols.concurrency.listening import Listener, open_listener
from protocols.record.recorder import Recorder
from protocols.record.tcpstate import KernelTable
from protocols.record.trace import address_text
from protocols.service.base import Facts, Service, ServiceError, is_exposed
from protocols.sockets.telnet import TapTransport
from protocols.sockets.telnet_session import Session

T = TypeVar("T")
BANNER: Final = b"NetLab telnet sandbox. Log in as guest, with any password.\r\n"
PROMPT: Final = b"guest$ "
THERE: Final = b"\r\n[Yes]\r\n"
INTERRUPTS: Final = {b"\x03": b"^C", b"\x1c": b"[break]"}
"""What IP and BRK stand for in the text, so that they keep their place among the keys; and what is said to them."""
HELP: Final = b"help, echo TEXT, upper TEXT, time, options, exit\r\n"
LINE_LIMIT_BYTES: Final = 1000
IDLE_S: Final = 300


class TelnetServer(Service):
    """Serves telnet logins. line_mode: leave echo and editing to the client (no WILL ECHO).

    Its default port would be 23, which needs privilege: 8023 is its twin without.
    """

    def __init__(
        self, recorder: Recorder, *, host: str = "127.0.0.1", port: int = 8023, line_mode: bool = False,
        name: str = "telnet",
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, "telnet server")
        self._listen = Listen("tcp", host, port)
        self.line_mode = line_mode
        self._listener: Listener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._sessions: dict[str, Session] = {}
        self._table = KernelTable()
        self._count = 0
        self.logins = 0

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._listener is not None
        host, port = self._listener.sock.getsockname()[:2] if self._listener.sock.fileno() >= 0 else ("", 0)
        return str(host), int(port)

    def facts(self) -> Facts:
        """What it occupies now."""
        listener = self._listener
        port = int(listener.address[1]) if listener is not None and isinstance(listener.address, tuple) else 0
        where = address_text(listener.address) if listener is not None else ""
        return Facts(self.name, self.kind, self.state, where, self.threads(), (), (port,) if port else (),
                     len(self._sessions), is_exposed(self._listen.host))  # fmt: skip

    # The table; any thread

    def connections(self) -> list[ConnectionRow]:
        """The live table, oldest session first."""
        worker = f"task of {self._thread_name()}"
        return [
            ConnectionRow(each.conn, each.number, address_text(each.peer),
                          *self._table.both_ends(each.local, each.peer), each.received, each.sent, worker,
                          each.since_ns)
            for each in list(self._sessions.values())
        ]  # fmt: skip

    def spinning(self) -> list[Spinning]:
        """No session reads past its end."""
        return []

    def send(self, conn: str, data: bytes) -> None:
        """Send text to one session; a byte 255 is doubled, as telnet asks."""
        self._with(conn, lambda session: session.protocol.writer.write(data))

    def broadcast(self, data: bytes) -> int:
        """Send text to all sessions; to how many."""
        conns = list(self._sessions)
        for conn in conns:
            with contextlib.suppress(ServiceError):
                self.send(conn, data)
        return len(conns)

    def half_close(self, conn: str) -> None:
        """End our direction of one session."""
        self._with(conn, lambda session: session.transport.write_eof())

    def close_connection(self, conn: str) -> None:
        """Close one session."""
        self._with(conn, lambda session: session.transport.close())

    def reset(self, conn: str) -> None:
        """Close one session with a RST."""
        self._with(conn, lambda session: session.reset())

    def ask(self, act: Callable[[Any], T], conn: str = "") -> Future[T]:
        """What `act` finds out about a socket, or makes of it, in the loop's thread; as `Server.ask`."""
        loop, listener = self._loop, self._listener
        sock = self._sessions[conn].sock if conn in self._sessions else listener.sock if listener else None
        if loop is None or sock is None or (conn and conn not in self._sessions):
            raise ServiceError(f"{self.name} has no connection {conn} any more")

        async def work() -> T:
            return act(sock)

        return asyncio.run_coroutine_threadsafe(work(), loop)

    def _with(self, conn: str, act: Callable[[Session], object]) -> None:
        """Do something to a session, in the loop's thread."""
        loop, session = self._loop, self._sessions.get(conn)
        if loop is None or session is None:
            raise ServiceError(f"{self.name} has no connection {conn} any more")
        with contextlib.suppress(RuntimeError):  # the loop has ended already, and the session with it
            loop.call_soon_threadsafe(act, session)

    def _thread_name(self) -> str:
        return f"telnet-server:{self.name.rpartition(':')[2]}"

    def _open(self) -> None:
        self._listener = open_listener(self.recorder, self._listen, self.name)
        self.name = self._listener.service

    def _main(self) -> None:
        asyncio.run(self._serve())

    def _wake_up(self) -> None:
        loop, over = self._loop, self._over
        if loop is not None and over is not None and self.stopping.is_set():
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(over.set)

    def _close(self) -> None:
        if self._listener is not None:
            self._listener.close()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        if self.stopping.is_set():
            return
        assert self._listener is not None
        self._listener.sock.setblocking(False)
        server = await self._loop.create_server(self._protocol, sock=self._listener.sock)
        try:
            await self._over.wait()
        finally:
            server.close()
            for session in list(self._sessions.values()):
                session.protocol.connection_lost(None)
            mine = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not mine]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    def _protocol(self) -> Any:
        owner = self

        class Protocol(telnetlib3.TelnetServer):  # type: ignore[misc, unused-ignore]
            """telnetlib3's server, tapped."""

            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                assert isinstance(transport, asyncio.Transport)
                owner._count += 1
                session = self.session = Session(owner.recorder, owner.name, owner._count, self, transport)
                owner._sessions[session.conn] = session
                super().connection_made(TapTransport(transport, session.tap_out))

            def data_received(self, data: bytes) -> None:
                self.session.tap_in(data)
                super().data_received(data)

            def connection_lost(self, exc: Exception | None) -> None:
                owner._sessions.pop(self.session.conn, None)
                super().connection_lost(exc)

        return Protocol(shell=self._shell, encoding=False, line_mode=self.line_mode, connect_maxwait=0.5,
                        compression=False, timeout=IDLE_S)  # fmt: skip

    async def _shell(self, reader: Any, writer: Any) -> None:
        """One login, to its end."""
        writer.set_iac_callback(telopt.AYT, lambda _command: writer.write(THERE))
        writer.set_iac_callback(telopt.IP, lambda _command: reader.feed_data(b"\x03"))
        writer.set_iac_callback(telopt.BRK, lambda _command: reader.feed_data(b"\x1c"))
        try:
            writer.write(BANNER)
            while True:
                name = await self._ask(reader, writer, b"login: ")
                await self._ask(reader, writer, b"password: ", secret=True)
                if name == b"guest":
                    break
                writer.write(b"Login incorrect: the account is guest.\r\n")
            self.logins += 1
            self.recorder.note("logged in", "guest logged in", service=self.name)
            writer.write(b"Welcome. Type help.\r\n")
            while await self._command(await self._ask(reader, writer, PROMPT), writer):
                pass
        except (EOFError, OSError):
            pass  # the client went away
        finally:
            writer.close()

    async def _command(self, line: bytes, writer: Any) -> bool:
        word, _, rest = line.partition(b" ")
        if word == b"exit":
            writer.write(b"Bye.\r\n")
            return False
        answers = {
            b"help": HELP, b"echo": rest + b"\r\n", b"upper": rest.upper() + b"\r\n", b"": b"",
            b"time": time.ctime().encode() + b"\r\n", b"options": _options_of(writer),
        }  # fmt: skip
        writer.write(answers.get(word, b"Unknown command. Type help.\r\n"))
        return True

    async def _ask(self, reader: Any, writer: Any, prompt: bytes, *, secret: bool = False) -> bytes:
        """Prompt, and read a line; what is typed is shown where the client left the echo to us.

        IP and BRK drop what was typed before them (RFC 854, pages 7 and 8).
        """
        line = bytearray()
        writer.write(prompt)
        while True:
            byte = await reader.read(1)
            if not byte:
                raise EOFError
            if byte in (b"\r", b"\n"):
                if byte == b"\n" and not line and getattr(writer, "after_cr", False):
                    writer.after_cr = False
                    continue  # the LF or NUL of a CR LF
                writer.after_cr = byte == b"\r"
                if writer.will_echo or secret:
                    writer.write(b"\r\n")
                return bytes(line)
            if byte == b"\0":
                continue
            if byte in INTERRUPTS:
                line.clear()
                writer.write(INTERRUPTS[byte] + b"\r\n" + prompt)
                continue
            writer.after_cr = False
            if byte in (b"\x7f", b"\b"):
                if line:
                    line.pop()
                    writer.write(b"\b \b" if writer.will_echo and not secret else b"")
            elif len(line) < LINE_LIMIT_BYTES:
                line += byte
                if writer.will_echo and not secret:
                    writer.write(byte)


def _options_of(writer: Any) -> bytes:
    """The options that hold, as the server sees them."""
    ours = [telnetlib3.name_option(option) for option, on in writer.local_option.items() if on]
    theirs = [telnetlib3.name_option(option) for option, on in writer.remote_option.items() if on]
    return f"we do: {', '.join(ours) or 'none'}; you do: {', '.join(theirs) or 'none'}\r\n".encode()
