"""The poll() model: a list in place of bit sets, POSIX poll(2)."""

from __future__ import annotations

import math
import select

from protocols.concurrency.evented import EventLoop, Poller
from protocols.concurrency.serving import Serving
from protocols.record.traced import TracedSocket


class PollPoller:
    """READ and WRITE are poll's own POLLIN and POLLOUT."""

    limit: int | None = None
    why_limited = ""
    edge = False

    def __init__(self) -> None:
        self._poll = select.poll()
        self.modify = self._poll.modify
        self.unregister = self._poll.unregister

    def register(self, fd: int, interest: int, *, always: bool = False) -> None:
        """Watch a descriptor."""
        self._poll.register(fd, interest)

    def wait(self, timeout_s: float | None) -> list[tuple[int, int]]:
        """The ready ones; rounded up, so that a deadline is never polled for in vain."""
        return self._poll.poll(None if timeout_s is None else math.ceil(timeout_s * 1000))

    def close(self) -> None:
        """Nothing is held."""


def poller(serving: Serving) -> Poller:
    """What waits in this model."""
    return PollPoller()


def serve(serving: Serving, listener: TracedSocket) -> None:
    """Serve all connections in the calling thread until the stop."""
    EventLoop(serving, listener, poller(serving)).run()
