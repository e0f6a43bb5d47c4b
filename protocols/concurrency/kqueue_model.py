"""The kqueue model: the BSD kernel's list of what happened, kqueue(2). Not on Linux."""

from __future__ import annotations

import select
from typing import Any

from protocols.concurrency.evented import EventLoop, Poller
from protocols.concurrency.eventlink import READ, WRITE
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket

_kernel: Any = select  # its names exist on BSD and macOS only


class KqueuePoller:
    """One filter for reading and one for writing per descriptor."""

    limit: int | None = None
    why_limited = ""
    edge = False

    def __init__(self) -> None:
        self._queue = _kernel.kqueue()
        self._interest: dict[int, int] = {}

    def register(self, fd: int, interest: int, *, always: bool = False) -> None:
        """Watch a descriptor."""
        self.modify(fd, interest)

    def modify(self, fd: int, interest: int) -> None:
        """Watch it for something else."""
        before = self._interest.get(fd, 0)
        for bit, kind in ((READ, _kernel.KQ_FILTER_READ), (WRITE, _kernel.KQ_FILTER_WRITE)):
            if (before ^ interest) & bit:
                action = _kernel.KQ_EV_ADD if interest & bit else _kernel.KQ_EV_DELETE
                self._queue.control([_kernel.kevent(fd, kind, action)], 0, 0)
        self._interest[fd] = interest

    def unregister(self, fd: int) -> None:
        """Leave it alone."""
        self.modify(fd, 0)
        del self._interest[fd]

    def wait(self, timeout_s: float | None) -> list[tuple[int, int]]:
        """The ready ones."""
        found = self._queue.control(None, max(len(self._interest) * 2, 1), timeout_s)
        return [(event.ident, READ if event.filter == _kernel.KQ_FILTER_READ else WRITE) for event in found]

    def close(self) -> None:
        """Give the kernel's list back."""
        self._queue.close()


def poller(serving: Serving) -> Poller:
    """What waits in this model."""
    return KqueuePoller()


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve all connections in the calling thread until the stop."""
    EventLoop(serving, listener, poller(serving)).run()
