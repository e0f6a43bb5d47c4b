"""Link: one connection of a server, between its socket and its handler.

Calls the handler, records what it read and wrote as messages, keeps its exceptions from the
server. How a socket is waited for is the subclasses' affair. It must not know any protocol.
"""

from __future__ import annotations

import socket
import ssl
import struct
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from protocols.concurrency.contract import Connection, Handler, Spinning
from protocols.concurrency.serving import Serving
from protocols.numbers import grouped
from protocols.record import polling
from protocols.record.connections import KEEP_CALL_BYTES, KEEP_HEAD_BYTES, KEEP_WHOLE_BYTES, End
from protocols.record.event import Direction, monotonic_ns
from protocols.record.trace import PREVIEW_BYTES, address_text, preview
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket

AnySocket = TracedSocket | TracedTLSSocket
T = TypeVar("T")
_AT_SERVER: Final = (("end",), "server")
RESET_LINGER: Final = struct.pack("ii", 1, 0)
DISCARD_CALLS: Final = 16
TURNS_TOLD: Final = 50
"""Empty reads past the end of the stream that are recorded one by one."""
raw_recv: Final = socket.socket.recv
raw_send: Final = socket.socket.send
raw_shutdown: Final = socket.socket.shutdown


class SlowReader(OSError):
    """The peer does not read what was sent, and no more is kept for it; the message is a sentence."""


def port_of(address: object) -> str:
    """What tells this client from others in a thread's name: its port, or nothing for unnamed UNIX sockets."""
    return str(address[1]) if isinstance(address, tuple) and len(address) > 1 else ""


class Link(ABC):
    """A connection as its handler sees it (contract.Connection), and as its server's table does.

    finished: no more is read and the handler is not called again but for `closed`.
    """

    def __init__(
        self, serving: Serving, sock: TracedSocket, address: Any, worker: str, number: int | None = None
    ) -> None:
        trace = sock.trace
        assert trace is not None
        if trace.end is None:  # accepted while nothing was recorded
            trace.end = serving.recorder.connections.lone("server", None, address)
        self.serving: Final = serving
        self.recorder: Final = serving.recorder
        self.service: Final = serving.service
        self.sock: AnySocket = sock
        self.end: Final[End] = trace.end
        self.transport: Final = trace.transport
        self.conn: str = self.end.conn
        self.peer: object = address or self.end.peer
        self.local: object = sock.getsockname()
        self.number: Final = serving.number() if number is None else number
        self.worker = worker
        self.since_ns: Final = monotonic_ns()
        self.handler = _made_handler(serving)
        self.finished = False
        self.error: BaseException | None = None
        self._handling = False
        self._turns = self._turns_since = self._turns_told = self._turns_per_s = 0

    @property
    def received(self) -> int:
        """Payload bytes that came in."""
        return self.end.received

    @property
    def sent(self) -> int:
        """Payload bytes that the kernel took."""
        return self.end.sent

    def spinning(self) -> Spinning | None:
        """The turns past the end of the stream, once there were many."""
        if not self._turns_per_s or self.finished:
            return None
        return Spinning(self.conn, self.number, self._turns, self._turns_per_s)

    @property
    def full(self) -> bool:
        """See contract.Connection."""
        return False

    def done(self) -> bool:
        """Whether it is finished, asked again after something that may have changed it."""
        return self.finished

    # What the ways of waiting differ in

    @abstractmethod
    def send(self, data: bytes) -> None:
        """See contract.Connection."""

    @abstractmethod
    def half_close(self) -> None:
        """See contract.Connection."""

    @abstractmethod
    def close(self) -> None:
        """See contract.Connection."""

    @abstractmethod
    def reset(self) -> None:
        """See contract.Connection."""

    @abstractmethod
    def wake_in(self, seconds: float | None) -> None:
        """See contract.Connection."""

    @abstractmethod
    def abort(self) -> None:
        """The server stops: end now, and wake whoever waits. Any thread, several times."""

    def ask(self, act: Callable[[AnySocket], T]) -> Future[T]:
        """What `act` finds out about the socket, or makes of it, in the thread that owns it."""
        return self.serving.submit(lambda: act(self.sock))

    def pending_out(self) -> int:
        """Bytes that wait here for the kernel to take them."""
        return 0

    # The handler

    def tell_opened(self) -> None:
        """Call the handler's `opened`."""
        self._call(self.handler.opened, self)

    def tell_received(self, data: bytes, offset: int | None = None) -> None:
        """Hand over what one recv() gave, recorded as a request; `offset` where more was received since."""
        if not data:
            self._count_turn()
        elif self.recorder.enabled:
            self.message("request", "in", self.end.received - len(data) if offset is None else offset, data)
        self._handling = True
        try:
            self.handler.received(self, data)
        except Exception as error:  # noqa: BLE001  a handler's mistake must not end the server
            self.handler_failed(error)
        self._handling = False

    def _count_turn(self) -> None:
        """The handler reads on past the end: the first turns are written down, then they are only counted."""
        self._turns += 1
        if self._turns == TURNS_TOLD:
            trace = self.sock.trace
            if trace is not None:
                trace.muted = True  # at some 100,000 turns a second nothing else would be seen any more
        if self._turns in (1, TURNS_TOLD) or self._turns % 256 == 0:
            self._tell_turns()

    def _tell_turns(self) -> None:
        now = monotonic_ns()
        if self._turns == 1:
            self._turns_since = self._turns_told = now
        elif self._turns == TURNS_TOLD or now - self._turns_told >= 500_000_000:
            self._turns_told = now
            rate = self._turns_per_s = round(self._turns * 1e9 / max(1, now - self._turns_since))
            self.serving.note(
                "spinning",
                f"the loop of connection {self.number} spins: {grouped(rate)} turns a second, recv() gives b''",
                conn=self.conn, loops=self._turns, loops_per_s=rate,
                why="The handler never looks for the end of the stream: recv() gives b'' at once and for ever.",
            )  # fmt: skip

    def tell_drained(self) -> None:
        """Call the handler's `drained`."""
        self._call(self.handler.drained, self)

    def tell_woken(self) -> None:
        """Call the handler's `woken`."""
        self._call(self.handler.woken, self)

    def tell_ended(self) -> None:
        """Call the handler's `ended`."""
        self._call(self.handler.ended, self)

    def _call(self, method: Any, *args: Any) -> None:
        self._handling = True
        try:
            method(*args)
        except Exception as error:  # noqa: BLE001
            self.handler_failed(error)
        self._handling = False

    def handler_failed(self, error: Exception) -> None:
        """The handler raised: tell it, and close this connection only."""
        self.error, said = error, str(error)
        where = traceback.extract_tb(error.__traceback__)
        text = f"{type(error).__name__}: {said}" if said else type(error).__name__
        self.serving.note(
            "handler failed", f"the handler of connection {self.number} failed: {text}", conn=self.conn,
            errno=type(error).__name__,
            why=f"The handler raised {text}. The server caught it, closed this connection and serves the others on.",
            traceback=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in where[-4:]],
        )  # fmt: skip
        self.close()

    def message(self, kind: str, direction: Direction, offset: int, data: bytes) -> None:
        """Record a unit that the handler read or wrote, by its exact byte range; bytes are kept as of its calls."""
        size, end = len(data), self.end
        limit = KEEP_CALL_BYTES if end.kept < KEEP_WHOLE_BYTES else KEEP_HEAD_BYTES
        summary = f"{kind} {preview(data)}" if size <= PREVIEW_BYTES else f"{kind} {preview(data)}, {size} bytes"
        kept, detail = (data, _AT_SERVER) if size <= limit else (data[:limit], {"end": "server", "kept": limit})
        self.recorder.put(
            (monotonic_ns(), "message", kind, self.service, self.conn, direction, offset, size, kept, summary, detail)
        )

    def over(self) -> None:
        """Close the socket, tell the handler and the server. Last call in a link's life."""
        self.finished = True
        if self.error is None:
            self._discard_unread()
        self._close_socket()
        error = self.error
        try:
            self.handler.closed(self, error)
        except Exception as failure:  # noqa: BLE001
            self.handler_failed(failure)
        self.handler = _NOBODY
        self.serving.leave(self, error)

    def _discard_unread(self) -> None:
        """Take what came and nobody wants: closing over it sends a RST, which can destroy our own last bytes."""
        count = 0
        try:
            for _ in range(DISCARD_CALLS):
                if not polling.DONTWAIT and not polling.readable(self.sock):
                    break
                count += (size := len(raw_recv(self.sock, 65536, polling.DONTWAIT)))
                if not size:
                    break
        except (OSError, ValueError):
            pass  # nothing there, or closed already
        if count:
            text = f"{count} bytes came that nobody read"
            self.serving.note("unread bytes dropped", text, conn=self.conn, size=count)

    def _close_socket(self) -> None:
        self.sock.close()

    def linger_reset(self) -> None:
        """Make the next close() send a RST in place of a FIN (socket(7), SO_LINGER)."""
        try:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)
        except OSError:
            pass  # closed meanwhile

    def describe(self) -> str:
        """The peer in words."""
        return address_text(self.peer)


_NOBODY: Final = Handler()


class _Unmade(Handler):
    """Stands for a handler whose making failed: the connection learns it as from any other mistake."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def opened(self, conn: Connection) -> None:
        raise self.error


def _made_handler(serving: Serving) -> Handler:
    try:
        return serving.make_handler()
    except Exception as error:  # noqa: BLE001
        return _Unmade(error)


def tls_half_close(sock: TracedTLSSocket) -> None:
    """Say close_notify and go on reading (RFC 8446 section 6.1); the socket is non-blocking."""
    try:
        sock.unwrap()
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        pass  # said; the peer's own comes when it comes
    except (OSError, ValueError):
        pass  # the traced call has told it
