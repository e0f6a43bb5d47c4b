"""The worker's side of a stream client: sending what the socket takes, reading what comes, ending.

Runs in the client's own thread on a non-blocking socket. It must not know how the connection was
opened, nor who asks (`client`).
"""

from __future__ import annotations

import selectors
import socket
import ssl
import struct
from copy import deepcopy
from typing import Any, Final, Literal, TypeAlias

from protocols import opening
from protocols.connecting import Stopped
from protocols.framing import Framing as Framing
from protocols.framing import Reassembly
from protocols.numbers import grouped
from protocols.record.explain import explain
from protocols.record.recorder import Recorder
from protocols.record.trace import PREVIEW_BYTES, Trace, preview
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket
from protocols.sockets.outbox import Outbox, Parcel
from protocols.sockets.worker import ClientWorker

ReadMode: TypeAlias = Literal["auto", "manual", "poll"]
MESSAGE_KEEP_BYTES: Final = 4096
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class StreamIO(ClientWorker):
    """A connected stream, its outbox and its reading. Subclasses open it in `_connect`."""

    def __init__(self, recorder: Recorder, name: str, framing: Framing | None, recv_size: int) -> None:
        super().__init__(recorder, name, "client")
        self._framing = framing
        self._reassembly: Reassembly | None = None
        self.recv_size = recv_size
        self._reply_timeout_s: float | None = None
        self._read_mode: ReadMode = "auto"
        self._poll_ms = 100
        self._close_on_eof = True
        self._reconnect = False
        self._sock: TracedSocket | TracedTLSSocket | None = None
        self._outbox = Outbox()
        self._blocked = False
        self._half_closing = self._half_closed = self._ended = False
        self._repeating = 0
        self._empty_polls = 0
        self._heard = 0
        self.local = self.peer = ""
        self.sent = self.received = 0

    @property
    def conn(self) -> str | None:
        """The id of the connection, as in events."""
        sock = self._sock
        trace: Trace | None = None if sock is None else sock.trace
        return None if trace is None else trace.conn

    def _socket(self) -> TracedSocket | TracedTLSSocket:
        if self._sock is None:
            if not self._reconnect:
                raise BrokenPipeError(32, "the connection is closed")
            self._connect()
        assert self._sock is not None
        return self._sock

    def _begin_stream(self) -> None:
        """A new connection: its chunks are counted from the first one, no rest of an earlier stream waits."""
        self._half_closing = self._half_closed = self._ended = False
        self._reassembly = Reassembly(deepcopy(self._framing)) if self._framing is not None else None

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
        self._failed(call, error, self._sock and name_of(self._sock.getpeername), self.conn)
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
            took = f"send took {grouped(parcel.sent)} of {grouped(asked)} bytes"
            self.tell("partial send", f"{took}; the rest was not sent", self.conn,
                      asked=asked, sent=parcel.sent)  # fmt: skip
        elif parcel.calls > 1:
            self.tell("sent in parts", f"{grouped(parcel.sent)} bytes went in {parcel.calls} calls", self.conn)
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
            told = explain(TimeoutError("timed out"), call="recv", address=self.peer, transport=self.target.transport)
            self.tell("timed out", text, self.conn, errno=told.errno, why=told.why)

    def _message(
        self, direction: Literal["in", "out"], kind: str, data: bytes, size: int, offset: int | None, t: int | None,
        chunks: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        """Tell what was sent or came. chunks: the first and the last receive that brought it, from 1."""
        self.transcript.bytes_line(direction, data[: 1 << 20], "frame" if self._framing else "data", chunks)
        count = f"{grouped(size)} byte{'' if size == 1 else 's'}"
        whole = data and len(data) == size <= PREVIEW_BYTES
        said = f" {preview(data)}" if data else ""
        text = f"{kind}{said}" if whole else f"{kind}{said}, {count}"
        facts: dict[str, Any] = {"end": "client"}
        if chunks is not None:
            facts |= {"first_chunk": chunks[0], "last_chunk": chunks[1]}
            text += f", from {chunks[1] - chunks[0] + 1} chunks" if chunks[1] > chunks[0] else ""
        self.recorder.emit("message", kind, text, service=self.name, conn=self.conn, direction=direction,
                           offset=offset, size=size, data=data[:MESSAGE_KEEP_BYTES],
                           detail=facts, t=t)  # fmt: skip

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
        if self._reassembly is None:
            self._message("in", "reply", data, len(data), offset, None)
        else:
            try:
                frames = self._reassembly.feed(data)
            except ValueError as error:
                self.tell("bad frame", f"{error}", self.conn)
                self._over()
                return
            for frame in frames:
                chunks = (frame.first_chunk + 1, frame.last_chunk + 1)
                self._message("in", "frame", frame.message, len(frame.message), None, None, chunks)
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


def name_of(ask: Any) -> Any:
    """An address of a socket that may be gone by now."""
    try:
        return ask()
    except OSError:
        return ""
