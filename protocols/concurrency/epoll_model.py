"""The epoll model: the kernel keeps the list, Linux epoll(7), level or edge triggered."""

from __future__ import annotations

import math
import select
import sys

from protocols.concurrency.evented import EventLoop, Poller
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket

if sys.platform == "linux":

    class EpollPoller:
        """READ and WRITE are epoll's own EPOLLIN and EPOLLOUT. edge: tell readiness once, when it begins."""

        limit: int | None = None
        why_limited = ""

        def __init__(self, edge: bool) -> None:
            self.edge = edge
            self._flags = select.EPOLLET if edge else 0
            self._epoll = select.epoll()
            self.unregister = self._epoll.unregister

        def register(self, fd: int, interest: int, *, always: bool = False) -> None:
            """Watch a descriptor."""
            self._epoll.register(fd, interest | (0 if always else self._flags))

        def modify(self, fd: int, interest: int) -> None:
            """Watch it for something else; the kernel looks again, so no edge is lost."""
            self._epoll.modify(fd, interest | self._flags)

        def wait(self, timeout_s: float | None) -> list[tuple[int, int]]:
            """The ready ones."""
            return self._epoll.poll(None if timeout_s is None else math.ceil(timeout_s * 1000) / 1000)

        def close(self) -> None:
            """Give the kernel's list back."""
            self._epoll.close()


def poller(serving: Serving) -> Poller:
    """What waits in this model."""
    return EpollPoller(serving.edge_triggered)


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve all connections in the calling thread until the stop."""
    EventLoop(serving, listener, poller(serving)).run()
