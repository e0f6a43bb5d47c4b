"""StreamClient: a client over TCP, TLS or a UNIX socket, in its own worker thread.

The socket is non-blocking and every wait can be ended by Stop: the connect, the handshake, the
sending to a peer that reads nothing. It must not know who looks at its transcript.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from protocols.record.recorder import Recorder
from protocols.record.trace import Trace, address_text
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket
from protocols.service.base import Facts, is_exposed
from protocols.sockets import opening
from protocols.sockets.address import Family, Target, Transport
from protocols.sockets.connecting import Stopped
from protocols.sockets.outbox import Outbox, Parcel
from protocols.sockets.worker import ClientWorker

ReadMode: TypeAlias = Literal["auto", "manual", "poll"]
MESSAGE_KEEP_BYTES: Final = 4096
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Framing(Protocol):
    """How a stream is cut into messages; `protocols.framing` has the ones there are."""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are complete now."""

    def frame(self, message: bytes) -> bytes:
        """A message as it goes on the wire."""


@dataclass(frozen=True)
class ClientTLS:
    """A client's TLS. context: whom it trusts. server_hostname: the name asked for; "" takes the host."""

    context: ssl.SSLContext
    server_hostname: str = ""


class StreamClient(ClientWorker):
    """Connects, sends what it is told, and writes down what comes. See `__init__` for what can be set."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        name: str = "client 1",
        transport: Transport = "tcp",
        host: str = "127.0.0.1",
        port: int = 0,
        path: str = "",
        family: Family = "auto",
        timeout_s: float | None = None,
        tls: ClientTLS | None = None,
        framing: Framing | None = None,
        recv_size: int = 4096,
        nodelay: bool = False,
        attempts: int = 1,
        reply_timeout_s: float | None = None,
        read_mode: ReadMode = "auto",
        poll_ms: int = 100,
        close_on_eof: bool = True,
        reconnect: bool = False,
        options: Sequence[tuple[int, int, int | bytes]] = (),
        source: tuple[str, int] | None = None,
    ) -> None:
        """Say where to go and how.

        timeout_s: for connect and handshake; None waits for ever. attempts: connects tried, with
        growing pauses between. reply_timeout_s: a note when nothing came that long after a send.
        read_mode: "auto" reads what comes, "manual" only on `receive()`, "poll" asks every `poll_ms`.
        reconnect: a new connection for each message, closed after its answer. options: set before
        connect, as (level, name, value). source: the local address to bind first.
        """
        super().__init__(recorder, name, "client")
        self.target = Target(transport, host, port, path, family)
        self._plan = opening.Plan(timeout_s, attempts, nodelay, tuple(options), source)
        self._tls = tls
        self._framing = framing
        self.recv_size = recv_size
        self._reply_timeout_s = reply_timeout_s
        self._read_mode: ReadMode = read_mode
        self._poll_ms = poll_ms
        self._close_on_eof = close_on_eof
        self._reconnect = reconnect
        self._sock: TracedSocket | TracedTLSSocket | None = None
        self._outbox = Outbox()
        self._blocked = False
        self._half_closing = self._half_closed = self._ended = False
        self._repeating = 0
        self._empty_polls = 0
        self._heard = 0
        self.local = self.peer = ""
        self.sent = self.received = 0

    # What others ask for; any thread

    def send(self, data: bytes, all: bool = True, flags: int = 0) -> Future[int]:
        """Send `data`, framed where framing is on; the future gives the bytes that the kernel took.

        all False is one send() whose rest is not sent when the kernel takes only part.
        """
        parcel = Parcel(memoryview(self._framing.frame(data) if self._framing else data), all, flags=flags)
        self.submit(lambda: self._queue(parcel)).add_done_callback(parcel.refused)
        return parcel.done

    def send_file(self, path: str) -> Future[int]:
        """Send a file's bytes in pieces as the peer takes them. Raises OSError when it can't be opened."""
        parcel = Parcel(memoryview(b""), file=open(path, "rb"))  # noqa: SIM115  closed with the parcel
        self.submit(lambda: self._queue(parcel)).add_done_callback(parcel.refused)
        return parcel.done

    def send_repeated(self, data: bytes, count: int, interval_ms: int) -> None:
        """Send `data` `count` times (0: until `stop_repeating`), `interval_ms` apart."""
        self.submit(lambda: self._repeat(data, count, interval_ms, self._next_repeat()))

    def stop_repeating(self) -> None:
        """End all repeated sending."""
        self.submit(self._next_repeat)

    def receive(self, size: int | None = None, *, flags: int = 0, timeout_s: float | None = None) -> Future[bytes]:
        """One recv() now, as a script would call it: it blocks the worker until data, `timeout_s` or Stop."""
        return self.submit(lambda: self._receive(self.recv_size if size is None else size, flags, timeout_s))

    def peek(self, size: int = 4096) -> Future[bytes]:
        """What waits in the receive buffer, left there (MSG_PEEK); b"" when nothing does."""
        return self.submit(lambda: self._peek(size))

    def half_close(self) -> Future[None]:
        """End our direction when everything is sent; answers still come in."""
        return self.submit(self._half_close)

    def reset(self) -> Future[None]:
        """Close with a RST (SO_LINGER on, 0 s): the peer sees "connection reset"."""
        return self.submit(self._reset)

    def set_option(self, level: int, number: int, value: int | bytes) -> Future[int]:
        """Set a socket option; the future gives the value read back."""
        return self.submit(lambda: opening.set_option(self._socket(), level, number, value))

    def certificate(self) -> bytes | None:
        """The peer's certificate (DER), or None without TLS."""
        sock = self._sock
        return sock.getpeercert(binary_form=True) if isinstance(sock, TracedTLSSocket) else None

    @property
    def conn(self) -> str | None:
        """The id of the connection, as in events."""
        sock = self._sock
        trace: Trace | None = None if sock is None else sock.trace
        return None if trace is None else trace.conn

    def facts(self) -> Facts:
        """What it occupies now."""
        ports = (int(self.local.rpartition(":")[2]),) if self._sock is not None and ":" in self.local else ()
        exposed = not self.target.is_unix and is_exposed(self.target.host)
        return Facts(self.name, self.kind, self.state, self.target.text, self.threads(), (), ports,
                     int(self._sock is not None), exposed)  # fmt: skip

    # Life; worker thread but for `_connect`, which is the caller's

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.target.short}"

    def _connect(self) -> None:
        context, name = (self._tls.context, self._tls.server_hostname) if self._tls else (None, "")
        sock = opening.connect(self, self.target, self._plan, self._wait(), context, name or self.target.host)
        self._sock = sock
        self.local, self.peer = address_text(_name(sock.getsockname)), address_text(_name(sock.getpeername))
        self._half_closing = self._half_closed = self._ended = False
        self.transcript.note(f"connected from {self.local} to {self.peer or self.target.text}", "opened")
        if self._read_mode == "auto":
            self._watch(selectors.EVENT_READ)
        elif self._read_mode == "poll":
            self.after(0, self._poll)

    def _socket(self) -> TracedSocket | TracedTLSSocket:
        if self._sock is None:
            if not self._reconnect:
                raise BrokenPipeError(32, "the connection is closed")
            self._connect()
        assert self._sock is not None
        return self._sock

    def _watch(self, events: int) -> None:
        sock = self._sock
        if sock is None or sock.fileno() < 0:
            return
        known = sock.fileno() in self._selector.get_map()
        if not events and known:
            self._selector.unregister(sock)
        elif events and known:
            self._selector.modify(sock, events, self._ready)
        elif events:
            self._selector.register(sock, events, self._ready)

    def _interest(self) -> int:
        reading = self._read_mode == "auto" and not self._ended
        return (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if self._outbox else 0)

    def _ready(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self._flush()
        if mask & selectors.EVENT_READ and self._sock is not None:
            self._read()
            while isinstance(self._sock, TracedTLSSocket) and self._sock.pending():
                self._read()

    def _wake_up(self) -> None:
        super()._wake_up()
        sock = self._sock
        if self._blocked and self.stopping.is_set() and sock is not None:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # the one call that ends another thread's recv()
            except OSError:
                pass

    def _close_sockets(self) -> None:
        self._drop_connection()
        self._outbox.give_up(Stopped("sending"))

    def _drop_connection(self) -> None:
        self._watch(0)
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
            self.transcript.note("closed", "closed")

    def _broke(self, call: str, error: OSError) -> None:
        """The connection failed: say why, and end (or wait for the next message, when each has its own)."""
        self._failed(call, error, self._sock and _name(self._sock.getpeername), self.conn)
        self._outbox.give_up(error)
        self._over()

    def _over(self) -> None:
        self._drop_connection()
        if not self._reconnect:
            self.finish()

    # Sending

    def _queue(self, parcel: Parcel) -> None:
        try:
            sock = self._socket()
        except OSError as error:
            parcel.close()
            parcel.done.set_exception(error)
            raise
        trace: Trace | None = sock.trace
        if not self._outbox and trace is not None and trace.end is not None:
            parcel.offset = trace.end.sent
        self._outbox.add(parcel)
        self._flush()

    def _flush(self) -> None:
        sock = self._sock
        if sock is None:
            return
        try:
            finished = self._outbox.flush(sock)
        except OSError as error:
            self._broke("send", error)
            return
        for parcel in finished:
            self._sent(parcel)
        if self._half_closing and not self._outbox:
            self._shut()
        if self._ended and self._close_on_eof and not self._outbox:
            self._over()
            return
        self._watch(self._interest())

    def _sent(self, parcel: Parcel) -> None:
        self.sent += parcel.sent
        if parcel.data:
            asked = parcel.sent + len(parcel.data)
            self.tell("partial send", f"send took {parcel.sent:,} of {asked:,} bytes; the rest was not sent", self.conn,
                      asked=asked, sent=parcel.sent)  # fmt: skip
        elif parcel.calls > 1:
            self.tell("sent in parts", f"{parcel.sent:,} bytes went in {parcel.calls} calls", self.conn)
        body = bytes(parcel.data.obj[: parcel.sent]) if parcel.file is None else b""  # type: ignore[index]
        self._message("out", "request", body, parcel.sent, parcel.offset, parcel.started)
        if not parcel.done.done():
            parcel.done.set_result(parcel.sent)
        if self._reply_timeout_s is not None:
            heard = self._heard
            self.after(self._reply_timeout_s, lambda: self._silent(heard))

    def _silent(self, heard: int) -> None:
        if heard == self._heard and self._sock is not None and not self._ended:
            text = f"TimeoutError: nothing came within {self._reply_timeout_s:g} s"
            self.tell("timed out", text, self.conn, errno="ETIMEDOUT", why=text)

    def _message(
        self, direction: Literal["in", "out"], kind: str, data: bytes, size: int, offset: int | None, t: int | None
    ) -> None:
        self.transcript.bytes_line(direction, data[: 1 << 20], "frame" if self._framing else "data")
        text = f"{kind}, {size:,} byte{'' if size == 1 else 's'}"
        self.recorder.emit("message", kind, text, service=self.name, conn=self.conn, direction=direction,
                           offset=offset, size=size, data=data[:MESSAGE_KEEP_BYTES], t=t)  # fmt: skip

    def _next_repeat(self) -> int:
        self._repeating += 1
        return self._repeating

    def _repeat(self, data: bytes, count: int, interval_ms: int, turn: int) -> None:
        if turn != self._repeating or self._finished:
            return
        if not self._outbox:  # a peer that reads nothing must not fill our memory
            try:
                self._queue(Parcel(memoryview(self._framing.frame(data) if self._framing else data)))
            except OSError:
                return
            count -= 1
        if count:
            self.after(interval_ms / 1000, lambda: self._repeat(data, count, interval_ms, turn))

    # Receiving

    def _read(self) -> None:
        sock = self._sock
        if sock is None:
            return
        try:
            data = sock.recv(self.recv_size)
        except _WANTS:
            return
        except OSError as error:
            self._broke("recv", error)
            return
        self._got(data)

    def _got(self, data: bytes) -> None:
        self._heard += 1
        if not data:
            self._end_of_stream()
            return
        sock = self._sock
        trace: Trace | None = None if sock is None else sock.trace
        end = None if trace is None else trace.end
        offset = None if end is None else end.received - len(data)
        self.received += len(data)
        if self._framing is None:
            self._message("in", "reply", data, len(data), offset, None)
        else:
            try:
                frames = self._framing.feed(data)
            except ValueError as error:
                self.tell("bad frame", f"{error}", self.conn)
                self._over()
                return
            for frame in frames:
                self._message("in", "frame", frame, len(frame), None, None)
        if self._reconnect:
            self._over()

    def _end_of_stream(self) -> None:
        self._ended = True
        self.tell("eof", "end of stream: the peer will send no more (recv gave b'')", self.conn)
        if (self._close_on_eof or self._reconnect) and not self._outbox:
            self._over()
        else:
            self._watch(self._interest())

    def _receive(self, size: int, flags: int, timeout_s: float | None) -> bytes:
        sock = self._socket()
        self._blocked = True
        sock.settimeout(timeout_s)
        try:
            data = sock.recv(size, flags)
        except OSError as error:
            self._failed("recv", error, self.peer, self.conn)
            raise
        finally:
            self._blocked = False
            sock.setblocking(False)
        if flags & socket.MSG_PEEK:
            self.transcript.note(f"peeked at {data!r}", "peek")
        elif not self.stopping.is_set():
            self._got(data)
        return data

    def _peek(self, size: int) -> bytes:
        try:
            data = self._socket().recv(size, socket.MSG_PEEK)
        except _WANTS:
            data = b""
        self.transcript.note(f"peeked at {data!r}", "peek")
        return data

    def _poll(self) -> None:
        sock = self._sock
        if sock is None or self._ended:
            return
        try:
            data = sock.recv(self.recv_size)
        except _WANTS:
            self._empty_polls += 1
        except OSError as error:
            self._broke("recv", error)
            return
        else:
            self.tell("polled", f"{self._empty_polls} empty polls, then {len(data)} bytes", self.conn,
                      empty_polls=self._empty_polls)  # fmt: skip
            self._empty_polls = 0
            self._got(data)
        self.after(self._poll_ms / 1000, self._poll)

    # Ending

    def _half_close(self) -> None:
        self._half_closing = True
        if not self._outbox:
            self._shut()

    def _shut(self) -> None:
        sock = self._sock
        if sock is None or self._half_closed:
            return
        self._half_closing, self._half_closed = False, True
        try:
            opening.end_sending(sock)
        except OSError as error:
            self._broke("shutdown", error)
            return
        self.transcript.note("half-closed: we send no more, we still read", "half-closed")

    def _reset(self) -> None:
        sock = self._socket()
        socket_linger = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, socket_linger)
        self.tell("reset", "closed with RST: what was not yet sent is lost", self.conn)
        self._outbox.give_up(ConnectionAbortedError(103, "reset by ourselves"))
        self._over()


def _name(ask: Any) -> Any:
    """An address of a socket that may be gone by now."""
    try:
        return ask()
    except OSError:
        return ""
