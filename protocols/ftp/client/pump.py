"""The pump: moves bytes between a data connection and a file, and looks at the control connection meanwhile.

Every wait has a deadline and ends at a cancel. A server's verdict that comes before the data end
is kept for `verdict`. It must not know which command moves what.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from typing import BinaryIO, Final, Protocol

from protocols.connecting import Stopped
from protocols.ftp.client import trouble
from protocols.ftp.client.control import Control
from protocols.ftp.client.data import DataLink
from protocols.ftp.client.replyreader import Reply
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.record.traced import TracedSocket
from protocols.record.traced_tls import TracedTLSSocket

BUFFER_BYTES: Final = 1 << 20
SENDFILE_BYTES: Final = 8 << 20
SHOWN_BYTES: Final = 64 << 10
"""So many bytes of an upload go through this process, where they are seen; the kernel copies the rest."""
_ARRIVED: Final = polling.POLLIN | polling.POLLRDHUP
_WANTS: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Cut(Exception):
    """The data connection broke, or was silent. silent: nothing moved for the time allowed."""

    def __init__(self, said: str, silent: bool = False) -> None:
        super().__init__(said)
        self.silent: Final = silent


class Sink(Protocol):
    """Where received bytes go."""

    def __call__(self, data: memoryview, /) -> None:
        """Take bytes; the view is used again afterwards. Raises FtpError when it can't."""


class Pump:
    """One transfer over one link. block_bytes: the most that one receive or send moves."""

    def __init__(self, control: Control, link: DataLink, block_bytes: int = BUFFER_BYTES) -> None:
        self._control = control
        self._link = link
        self._block_bytes = block_bytes
        self._silence_s = control.site.timeout_s
        self._early: Reply | None = None
        self._fd = link.sock.fileno()

    # Waiting

    def _wait(self, mask: int) -> bool:
        """Until the data connection is ready. Raises Cut when it is silent or the server has given up.

        True: the other end has sent its last byte already, so that no wait is needed before its end.
        """
        control, fd = self._control, self._fd
        watched = {fd: mask}
        if self._early is None:
            watched[control.fileno()] = polling.POLLIN
        while True:
            ready = control.waiter.any(watched, self._silence_s)
            if not ready:
                raise Cut(f"silent for {self._silence_s:g} s", silent=True)
            if len(ready) > 1 or fd not in ready:
                self._early = control.look()
                if self._early is not None:
                    watched = {fd: mask}
                    if self._early.code >= 400 and fd not in ready:
                        raise Cut("the server ended it")
            if fd in ready:
                return bool(ready[fd] & polling.POLLRDHUP)

    # From the server

    def receive(self, sink: Sink, limit: int | None = None) -> int:
        """Take everything, until the server ends the data; the number of bytes. Raises Cut or what the sink raises.

        limit: give up beyond so many bytes; they are not all counted then.
        """
        sock, view = self._link.sock, self._buffer()
        encrypted, total, last = isinstance(sock, TracedTLSSocket), 0, False
        if not encrypted:
            last = self._wait(_ARRIVED)
        while True:
            try:
                count = sock.recv_into(view)
            except ssl.SSLWantWriteError:
                self._wait(polling.POLLOUT)
                continue
            except _WANTS:
                last = self._wait(_ARRIVED)
                continue
            except OSError as error:
                raise Cut(error.strerror or str(error)) from error
            if not count:
                return total
            total += count
            sink(view[:count])
            if limit is not None and total > limit:
                return total
            if encrypted or last:
                self._control.waiter.check()
            else:
                last = self._wait(_ARRIVED)

    def _buffer(self) -> memoryview:
        """One buffer serves all transfers of a session: making a large one costs more than a small file."""
        if len(self._control.buffer) < self._block_bytes:
            self._control.buffer = memoryview(bytearray(self._block_bytes))
        return self._control.buffer[: self._block_bytes]

    # To the server

    def send(self, data: memoryview | bytes) -> None:
        """Send all of it. Raises Cut."""
        view = memoryview(data)
        while view:
            try:
                view = view[self._link.sock.send(view) :]
                continue
            except ssl.SSLWantReadError:
                mask = polling.POLLIN
            except _WANTS:
                mask = polling.POLLOUT
            except OSError as error:
                raise Cut(error.strerror or str(error)) from error
            self._wait(mask)

    def send_file(self, file: BinaryIO, offset: int, told: Callable[[int], None]) -> None:
        """Send a file from `offset` on, as the kernel can; `told` gets the size of each piece. Raises Cut, OSError."""
        sock = self._link.sock
        if not isinstance(sock, TracedSocket) or not hasattr(os, "sendfile"):
            self._send_read(file, offset, None, told)
            return
        offset += self._send_read(file, offset, SHOWN_BYTES, told)
        while True:
            self._wait(polling.POLLOUT)
            try:
                count = _sendfile(sock, file, offset)
            except BlockingIOError:
                continue
            except OSError as error:
                raise Cut(error.strerror or str(error)) from error
            if not count:
                return
            offset += count
            told(count)

    def _send_read(self, file: BinaryIO, offset: int, most: int | None, told: Callable[[int], None]) -> int:
        file.seek(offset)
        sent, buffer = 0, bytearray(min(self._block_bytes, BUFFER_BYTES))
        view = memoryview(buffer)
        while most is None or sent < most:
            count = file.readinto(view if most is None else view[: most - sent])  # type: ignore[attr-defined]
            if not count:
                break
            self.send(view[:count])
            sent += count
            told(count)
            self._control.waiter.check()
        return sent

    def end_sending(self) -> None:
        """Nothing more comes: close_notify where there is TLS, then the end of the data connection."""
        sock = self._link.sock
        if isinstance(sock, TracedTLSSocket):
            try:
                sock.end_sending()
                sock.shutdown(socket.SHUT_WR)
                self._hear_out(sock)
            except OSError as error:
                if isinstance(error, Stopped):
                    raise
                # the server has closed first: its reply tells
        self._control.waiter.forget()
        self._link.close()

    def _hear_out(self, sock: TracedTLSSocket) -> None:
        """Read what TLS has still sent, session tickets: closing over unread bytes is a reset, which loses data."""
        control, fd = self._control, sock.fileno()
        while True:
            ready = control.waiter.any({fd: polling.POLLIN, control.fileno(): polling.POLLIN}, self._silence_s)
            if fd not in ready:
                return
            if not socket.socket.recv(sock, 4096):  # below TLS: nothing of it is looked at any more
                return

    # The end

    def verdict(self, command: str) -> Reply:
        """The server's last word on the transfer; raises FtpError when it never comes, or Stopped."""
        self._control.waiter.forget(self._fd)
        self._link.close()
        return self._control.read_reply(command)


def _sendfile(sock: TracedSocket, file: BinaryIO, offset: int) -> int:
    """sendfile(2), recorded with its exact range and none of its bytes."""
    trace, started = sock.trace, monotonic_ns()
    count = os.sendfile(sock.fileno(), file.fileno(), offset, SENDFILE_BYTES)
    if count and trace is not None and trace.recorder.enabled:
        trace.sent("sendfile", started, sock.fileno(), b"", count, SENDFILE_BYTES, 0, os.path.basename(str(file.name)))
    return count


def why_cut(cut: Cut, reply: Reply | None) -> str:
    """What broke, in a few words: the server's, or the kernel's."""
    return trouble.said_by(reply) if reply is not None and reply.code >= 400 else str(cut)
