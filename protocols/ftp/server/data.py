"""One data connection: a file or a listing in one direction, as fast as it goes or as slow as a rule wants.

Binary files over plain TCP take the short way: sendfile(2) out, large blocks straight into the file in. Text, TLS
and whatever a rule or limit slows down take the ordinary one. It must not know commands.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Literal

from protocols.ftp.server.library import READ, WRITE, DTPHandler, Retry
from protocols.ftp.server.lines import FromText
from protocols.ftp.server.splicing import Pipe
from protocols.record.connections import Role
from protocols.record.event import monotonic_ns

BLOCK: Final = 1 << 20
"""Bytes of one system call on the short way."""
TURN: Final = 8 << 20
"""After so many bytes of one connection the others have their turn."""
SPLICE_FROM: Final = 256 << 10
"""The first bytes of a file come by here and are kept for who looks; the kernel moves the rest."""
GATHERED: Final = 256 << 10
FAST: Final = 4 << 20
"""A client that sends more bytes a second than this is not looked at for each of its pieces."""
SMALL: Final = 64 << 10
_SLICE_S: Final = 0.05
"""A slow connection moves this much of a second's bytes at a time."""
_FULL: Final = frozenset(number for name in ("ENOSPC", "EDQUOT", "EFBIG") if (number := getattr(errno, name, None)))
_AGAIN: Final = (BlockingIOError, InterruptedError)


class Data(DTPHandler):  # type: ignore[misc]
    """pyftpdlib's data handler, recorded. connected_by: who of FTP opened the connection, set by who made it."""

    ac_in_buffer_size = SMALL
    ac_out_buffer_size = SMALL

    connected_by: Role = "client"
    _lastdata: int
    _resp: Any

    def __init__(self, sock: Any, session: Any) -> None:
        trace = getattr(sock, "trace", None)
        self.trace = trace
        self.conn: str | None = None if trace is None else trace.conn
        self.local, self.peer = _ends(sock)
        self.speed = session.site.setup.limits.speed
        self.stop_at: int | None = None
        """Bytes after which `on_stop` is called, once."""
        self.on_stop: Callable[[Data], None] | None = None
        self.error = ""
        self.replied = False
        """The reply for its end is said elsewhere."""
        self._asleep: Any = None
        self._began = monotonic()
        self._text_in: FromText | None = None
        self._buffer: bytearray | None = None
        self._pipe: Pipe | Literal[False] | None = None
        self._gathers = False
        self.timeout = session.site.setup.limits.silence_s or 0
        super().__init__(sock, session)

    # How much now

    @property
    def moved(self) -> int:
        """Bytes that crossed the connection so far."""
        return int(self.tot_bytes_sent + self.tot_bytes_received)

    def begin(self) -> None:
        """The transfer's order is known: its rule applies from here on."""
        self._began = monotonic()
        if self.stop_at == 0:
            self._stop()

    def _room(self, most: int) -> int:
        """How many bytes may move now, at most `most`; 0 where it stopped or has to wait."""
        if self.stop_at is not None:
            most = min(most, self.stop_at - self.moved)
            if most <= 0:
                self._stop()
                return 0
        if not self.speed:
            return most
        allowed = int((monotonic() - self._began) * self.speed) - self.moved + max(1, int(self.speed * _SLICE_S))
        if allowed <= 0:
            self._sleep(min(1.0, (1 - allowed) / self.speed))
            return 0
        return min(most, allowed)

    def _stop(self) -> None:
        on_stop, self.on_stop, self.stop_at = self.on_stop, None, None
        if on_stop is not None:
            on_stop(self)

    def _sleep(self, seconds: float) -> None:
        if self._asleep is None and not self._closed:
            self.del_channel()
            self._asleep = self.call_later(seconds, self._wake)

    def _wake(self) -> None:
        self._asleep = None
        if not self._closed:
            self.add_channel(events=READ if self.receive else WRITE)

    # Sending

    def use_sendfile(self) -> bool:
        """Binary files over plain TCP, at full speed, where the system has it."""
        return hasattr(os, "sendfile") and not self.secured and not self.speed and bool(super().use_sendfile())

    @property
    def secured(self) -> bool:
        """Whether TLS is on it; the TLS variant knows."""
        return False

    def initiate_sendfile(self) -> None:
        """sendfile(2) until the connection is full or others have their turn."""
        end = self.moved + TURN
        while not self._closed and self.moved < end:
            room = self._room(BLOCK)
            if not room:
                return
            started = monotonic_ns()
            try:
                sent = os.sendfile(self._fileno, self._filefd, self._offset, room)
            except _AGAIN:
                return
            except OSError as error:
                self._broken("sendfile", started, error)
                return
            if sent == 0:
                self.discard_buffers()
                self.handle_close()
                return
            self._offset += sent
            self.tot_bytes_sent += sent
            self._tell_sent("sendfile", started, b"", sent)

    def send(self, data: Any) -> int:
        """Send as much of `data` as may go now."""
        room = self._room(len(data))
        if not room or self._closed:
            return 0
        started = monotonic_ns()
        piece = data if room == len(data) else data[:room]
        sent = int(super().send(piece))
        if self.secured and sent:
            self._tell_sent("send", started, bytes(piece[:sent]), sent)
        return sent

    # Receiving

    def enable_receiving(self, type: str, cmd: str) -> None:
        """From now on what comes is written to the file."""
        super().enable_receiving(type, cmd)
        self._data_wrapper = None
        if type == "a":
            self._text_in = FromText()
        self.begin()

    def handle_read(self) -> None:
        """Something has come."""
        if self.secured or self._text_in is not None or self.speed or self.stop_at is not None:
            self._read_some()
        else:
            self._read_blocks()

    handle_read_event = handle_read

    def _read_some(self) -> None:
        room = self._room(SMALL)
        if not room:
            return
        try:
            chunk = self.recv(room)
        except Retry:
            return
        if not chunk or self._closed:
            return
        self.tot_bytes_received += len(chunk)
        self._keep(self._text_in.feed(chunk) if self._text_in is not None else chunk)
        if self.stop_at is not None and self.moved >= self.stop_at:
            self._stop()

    def _read_blocks(self) -> None:
        if self._pipe is None and self.moved >= SPLICE_FROM and self.file_obj is not None:
            self._pipe = Pipe.opened(self.file_obj)
            if self._pipe and self.moved > FAST * (monotonic() - self._began):
                self._gather(GATHERED)
        if self._pipe:
            self._splice(self._pipe)
            return
        buffer = self._buffer
        if buffer is None:
            buffer = self._buffer = bytearray(BLOCK)
        view = memoryview(buffer)
        end = self.moved + TURN
        while self.moved < end and not self._closed:
            try:
                count = self.socket.recv_into(buffer)
            except _AGAIN:
                return
            except OSError as error:
                self._broken("recv_into", 0, error)
                return
            if not count:
                self.handle_close()
                return
            self.tot_bytes_received += count
            self._keep(view[:count])

    def _gather(self, count: int) -> None:
        """Be woken when so many bytes are there, or the end: a fast client's small pieces come together."""
        try:
            socket.socket.setsockopt(self.socket, socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)
            self._gathers = count > 1
        except OSError:
            self._gathers = False

    def _splice(self, pipe: Pipe) -> None:
        """From the connection into the file without coming by here (splice(2))."""
        end = self.moved + TURN
        while self.moved < end and not self._closed:
            started = monotonic_ns()
            try:
                count = pipe.fill(self._fileno)
            except _AGAIN:
                return
            except OSError as error:
                self._broken("splice", started, error)
                return
            if not count:
                self.handle_close()
                return
            self.tot_bytes_received += count
            trace = self.trace
            if trace is not None and trace.recorder.enabled:
                trace.spliced(started, self._fileno, count, BLOCK)
            try:
                pipe.empty(self.file_obj.fileno(), count)
            except OSError as error:
                self._full(error)

    def recv(self, buffer_size: int) -> bytes:
        """What has come; a connection that breaks is an error, not the file's end."""
        started = monotonic_ns()
        try:
            data: bytes = self.socket.recv(buffer_size)
        except _AGAIN as error:
            raise Retry from error
        except OSError as error:
            self._broken("recv", started, error)
            return b""
        if not data:
            self.handle_close()
        elif self.secured and self.trace is not None and self.trace.recorder.enabled:
            self.trace.received("recv", started, self._fileno, data, buffer_size, 0)
        return data

    def _keep(self, data: bytes | memoryview) -> None:
        """Write all of it to the file; a full disk ends the transfer with the reply for it."""
        try:
            fd, left = self.file_obj.fileno(), memoryview(data)
            while left:
                left = left[os.write(fd, left):]
        except OSError as error:
            self._full(error)

    def _full(self, error: OSError) -> None:
        """The file can't be written."""
        self.end(452 if error.errno in _FULL else 451, f"{os.strerror(error.errno or 0)}; transfer aborted.")

    # The end

    def end(self, code: int, text: str, *, reset: bool = False, error: str = "") -> None:
        """End the connection now, and reply so. reset: by RST. error: what it really is, where the reply lies."""
        if self._closed:
            return
        self.error = error or text
        self.transfer_finished = False
        self._resp = (f"{code} {text}", _quiet)
        if reset:
            self._set_linger()
        self._error = True  # no TLS farewell: the connection ends now
        self.close()

    def _set_linger(self) -> None:
        try:
            socket.socket.setsockopt(self.sock_of(), socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except (OSError, AttributeError, TypeError):
            pass

    def sock_of(self) -> Any:
        """The socket below TLS, or the socket."""
        return self.socket

    def _broken(self, call: str, started: int, error: OSError) -> None:
        """The peer is gone: not the end of a file."""
        if call == "sendfile" and self.trace is not None and self.trace.recorder.enabled:
            self.trace.failed(call, "", started, self._fileno, error, "out")
        self.end(426, f"Data connection broke: {os.strerror(error.errno or 0)}; transfer aborted.")

    def handle_close(self) -> None:
        """The connection ends in order: the file is whole if all of it was sent, or all that came was taken."""
        if self._closed:
            return
        self.transfer_finished = self.receive or len(self.producer_fifo) == 0
        if self.receive and self._text_in is not None:
            self._keep(self._text_in.flush())
        if self._closed:
            return
        if self.transfer_finished:
            self._resp = ("226 Transfer complete.", _quiet)
        else:
            self.error = "the client closed the data connection early"
            self._resp = (f"426 Transfer aborted: the connection was closed after {self.moved} bytes.", _quiet)
        self.close()

    def handle_timeout(self) -> None:
        """Called now and then: a transfer that does not move is given up."""
        if self.moved > self._lastdata:
            self._lastdata = self.moved
        elif self._gathers:
            self._gather(1)  # what has come may be less than it waits for: another time for that
        else:
            self.end(426, "The data connection was silent for too long; transfer aborted.")

    def handle_error(self) -> None:
        """Something unforeseen: told as a note, and the transfer ends."""
        session = self.cmd_channel
        session.library_failed(self)
        self.end(451, "Internal error; transfer aborted.")

    def reply_for_the_end(self) -> None:
        """A transfer ends with a reply, whatever ended it."""
        if not self._resp and not self.replied:
            self.error = self.error or "the data connection broke before it was used"
            self._resp = ("426 The data connection broke; transfer aborted.", _quiet)

    def close(self) -> None:
        """Close it, reply, and tell the transfer."""
        if self._closed:
            return
        session = self.cmd_channel
        told = session.data_ending(self)
        if self._pipe:
            self._pipe.close()
        if told is None:
            super().close()
            return
        with session.joining():
            super().close()
        told()

    def _tell_sent(self, kind: str, started: int, data: bytes, count: int) -> None:
        trace = self.trace
        if trace is not None and trace.recorder.enabled:
            trace.sent(kind, started, self._fileno, data, count, count, 0, getattr(self.file_obj, "name", "") or "data")


def _quiet(*_: Any) -> None:
    """The library's log: what is worth telling is an event."""


def _ends(sock: Any) -> tuple[tuple[str, int] | None, tuple[str, int] | None]:
    try:
        local, peer = sock.getsockname(), sock.getpeername()
    except OSError:
        return None, None
    return (local[0].removeprefix("::ffff:"), local[1]), (peer[0].removeprefix("::ffff:"), peer[1])
