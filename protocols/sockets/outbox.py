"""Outbox: what a client still has to send, and how it meets a socket that takes only part.

Used by one worker on a non-blocking socket. It must not know what the bytes mean, nor who waits
for them beyond a future.
"""

from __future__ import annotations

import socket
import ssl
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from protocols.record import polling
from protocols.record.event import monotonic_ns

FILE_CHUNK_BYTES: Final = 256 << 10
SMALL_SHARE: Final = 8
"""A writable socket has at least a quarter of its buffer free: an eighth of it surely goes in one sendall()."""


@dataclass
class Parcel:
    """One send asked for. all: go on until everything is sent; otherwise one send() and no more.

    done: gives the bytes that the kernel took. started: ns, 0 before the first byte. offset: where in
    the stream it began, if known.
    """

    data: memoryview
    all: bool = True
    file: BinaryIO | None = None
    flags: int = 0
    done: Future[int] = field(default_factory=Future)
    sent: int = 0
    calls: int = 0
    started: int = 0
    offset: int | None = None

    def more(self) -> bool:
        """Bytes to send now, read from the file where there is one."""
        if not self.data and self.file is not None:
            self.data = memoryview(self.file.read(FILE_CHUNK_BYTES))
        return bool(self.data)

    def refused(self, queued: Future[None]) -> None:
        """Called when the worker has taken it, or has not: then nobody else answers `done`."""
        error = queued.exception()
        if error is not None:
            self.close()
            if not self.done.done():
                self.done.set_exception(error)

    def close(self) -> None:
        """Give the file back."""
        if self.file is not None:
            self.file.close()


class Outbox:
    """Parcels in order. `flush` sends what the socket takes now."""

    def __init__(self) -> None:
        self._parcels: deque[Parcel] = deque()

    def __bool__(self) -> bool:
        return bool(self._parcels)

    def __len__(self) -> int:
        return len(self._parcels)

    def add(self, parcel: Parcel) -> None:
        """Put a parcel at the end."""
        self._parcels.append(parcel)

    def flush(self, sock: socket.socket) -> list[Parcel]:
        """Send until the socket would block; the parcels that are done now. Raises what send() raises."""
        finished: list[Parcel] = []
        while self._parcels and writable(sock):
            parcel = self._parcels[0]
            try:
                over = _push(sock, parcel)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            if over:
                self._parcels.popleft()
                parcel.close()
                finished.append(parcel)
            elif not isinstance(sock, ssl.SSLSocket):
                break  # it took part: the buffer is full now
        return finished

    def give_up(self, error: OSError) -> None:
        """Nothing more will be sent."""
        while self._parcels:
            parcel = self._parcels.popleft()
            parcel.close()
            if not parcel.done.done():
                parcel.done.set_exception(error)


def writable(sock: socket.socket) -> bool:
    """Whether a send would take at least something now, or fail at once."""
    poller = polling.poll()
    poller.register(sock.fileno(), polling.POLLOUT)
    return bool(poller.poll(0))


def _push(sock: socket.socket, parcel: Parcel) -> bool:
    """One call. True when the parcel is over."""
    if not parcel.started:
        parcel.started = monotonic_ns()
    if not parcel.more() and parcel.sent:
        return True
    size = len(parcel.data)
    if parcel.all and not parcel.flags and _is_small(sock, size):
        sock.sendall(parcel.data)
        count = size
    else:
        count = sock.send(parcel.data, parcel.flags) if parcel.flags else sock.send(parcel.data)
    parcel.calls += 1
    parcel.sent += count
    parcel.data = parcel.data[count:]
    return not parcel.all or not (parcel.data or parcel.file is not None)


def _is_small(sock: socket.socket, size: int) -> bool:
    return size * SMALL_SHARE <= socket.socket.getsockopt(sock, socket.SOL_SOCKET, socket.SO_SNDBUF)
