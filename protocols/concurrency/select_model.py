"""The select() model: the oldest way to wait for many sockets, POSIX select(2)."""

from __future__ import annotations

import select
from typing import Final

from protocols.concurrency.evented import EventLoop, Poller
from protocols.concurrency.eventlink import READ, WRITE
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket

FD_SETSIZE: Final = 1024


class SelectPoller:
    """Two sets of descriptors, passed to the kernel whole with every call."""

    limit = FD_SETSIZE
    why_limited = (
        "select() passes a bit set of FD_SETSIZE = 1\u202f024 bits to the kernel, so it can't wait for descriptor "
        "1\u202f024 or above, however many may be open; poll() and epoll can."
    )
    edge = False

    def __init__(self) -> None:
        self._reading: set[int] = set()
        self._writing: set[int] = set()

    def register(self, fd: int, interest: int, *, always: bool = False) -> None:
        """Watch a descriptor."""
        self.modify(fd, interest)

    def modify(self, fd: int, interest: int) -> None:
        """Watch it for something else."""
        (self._reading.add if interest & READ else self._reading.discard)(fd)
        (self._writing.add if interest & WRITE else self._writing.discard)(fd)

    def unregister(self, fd: int) -> None:
        """Leave it alone."""
        self._reading.discard(fd)
        self._writing.discard(fd)

    def wait(self, timeout_s: float | None) -> list[tuple[int, int]]:
        """The ready ones."""
        readable, writable, _ = select.select(self._reading, self._writing, (), timeout_s)
        if not writable:
            return [(fd, READ) for fd in readable]
        ready = dict.fromkeys(readable, READ)
        for fd in writable:
            ready[fd] = ready.get(fd, 0) | WRITE
        return list(ready.items())

    def close(self) -> None:
        """Nothing is held."""


def poller(serving: Serving) -> Poller:
    """What waits in this model."""
    return SelectPoller()


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve all connections in the calling thread until the stop."""
    EventLoop(serving, listener, poller(serving)).run()
