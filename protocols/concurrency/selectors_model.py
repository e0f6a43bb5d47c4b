"""The selectors model: Python's own face for the best system call there is (epoll on Linux)."""

from __future__ import annotations

import selectors

from protocols.concurrency.evented import EventLoop, Poller
from protocols.concurrency.eventlink import READ, WRITE
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket

_TO_SELECTOR = {READ: selectors.EVENT_READ, WRITE: selectors.EVENT_WRITE,
                READ | WRITE: selectors.EVENT_READ | selectors.EVENT_WRITE}  # fmt: skip
_FROM_SELECTOR = (0, READ, WRITE, READ | WRITE)


class SelectorsPoller:
    """A selector keeps no descriptor without interest, so such a one is unregistered meanwhile."""

    limit: int | None = None
    why_limited = ""
    edge = False

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def register(self, fd: int, interest: int, *, always: bool = False) -> None:
        """Watch a descriptor."""
        if interest:
            self._selector.register(fd, _TO_SELECTOR[interest])

    def modify(self, fd: int, interest: int) -> None:
        """Watch it for something else."""
        self.unregister(fd)
        self.register(fd, interest)

    def unregister(self, fd: int) -> None:
        """Leave it alone."""
        if fd in self._selector.get_map():
            self._selector.unregister(fd)

    def wait(self, timeout_s: float | None) -> list[tuple[int, int]]:
        """The ready ones."""
        return [(key.fd, _FROM_SELECTOR[mask]) for key, mask in self._selector.select(timeout_s)]

    def close(self) -> None:
        """Give the kernel's list back."""
        self._selector.close()


def poller(serving: Serving) -> Poller:
    """What waits in this model."""
    return SelectorsPoller()


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve all connections in the calling thread until the stop."""
    EventLoop(serving, listener, poller(serving)).run()
