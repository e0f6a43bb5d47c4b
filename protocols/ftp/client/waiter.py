"""Waiter: a wait for descriptors that any thread can end at once.

One connection's owner waits, others cancel. It must not know what is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from protocols.connecting import Stopped
from protocols.record import polling
from protocols.record.event import monotonic_ns
from protocols.service.wake import Wake


class Waiter:
    """Waits for sockets until a deadline, a cancel, or `stopping()`. Close it when its connection is gone."""

    def __init__(self, stopping: Callable[[], bool] = lambda: False) -> None:
        self._wake: Final = Wake()
        self._stopping = stopping
        self._cancelled = False
        self._poll = polling.poll()
        self._wake_fd = self._wake.fileno()
        self._poll.register(self._wake_fd, polling.POLLIN)
        self._watched: dict[int, int] = {}

    def cancel(self) -> None:
        """End the wait under way, and every later one until `begin`. Any thread."""
        self._cancelled = True
        self._wake.set()

    def begin(self) -> None:
        """A new piece of work: earlier cancels are over."""
        self._cancelled = False

    def cancelled(self) -> bool:
        """Whether the work under way is to end."""
        return self._cancelled or self._stopping()

    def check(self) -> None:
        """Raises Stopped when the work is to end."""
        if self._cancelled or self._stopping():
            raise Stopped("waiting for the server")

    def wait(self, fd: int, mask: int, timeout_s: float | None) -> bool:
        """As `connecting.Wait`: False when the time is over. A descriptor below 0 waits for the time alone."""
        return bool(self.any({fd: mask} if fd >= 0 else {}, timeout_s))

    def any(self, watched: Mapping[int, int], timeout_s: float | None) -> dict[int, int]:
        """The descriptors that are ready and what for, empty when the time is over. Raises Stopped when cancelled."""
        if watched != self._watched:
            self._watch(watched)
        deadline = None if timeout_s is None else monotonic_ns() + int(timeout_s * 1e9)
        while True:
            self.check()
            rest = None if deadline is None else max(0, -(-(deadline - monotonic_ns()) // 1_000_000))
            ready = dict(self._poll.poll(rest))
            if self._wake_fd in ready:
                self._wake.clear()
                self.check()
                del ready[self._wake_fd]
            if ready or (deadline is not None and monotonic_ns() >= deadline):
                return ready

    def rest(self, fd: int) -> bool:
        """Nothing is to be done: until the descriptor (below 0: none) is readable, or `nudge` or `cancel` is called."""
        self._watch({fd: polling.POLLIN} if fd >= 0 else {})
        ready = dict(self._poll.poll(None))
        if self._wake_fd in ready:
            self._wake.clear()
        return fd in ready

    @property
    def wake_fd(self) -> int:
        """Readable when `cancel` or `nudge` was called: for who waits elsewhere for several; `heard` afterwards."""
        return self._wake_fd

    def heard(self) -> bool:
        """The wake is dealt with; whether the work under way is to end."""
        self._wake.clear()
        return self.cancelled()

    def nudge(self) -> None:
        """End a `rest`; nothing is cancelled. Any thread."""
        self._wake.set()

    def _watch(self, watched: Mapping[int, int]) -> None:
        old, self._watched = self._watched, dict(watched)
        for fd in old:
            if fd not in watched:
                try:
                    self._poll.unregister(fd)
                except KeyError:
                    pass
        for fd, mask in watched.items():
            if old.get(fd) != mask:
                self._poll.register(fd, mask)

    def forget(self, fd: int | None = None) -> None:
        """A descriptor, or all, are about to be closed: their numbers may come back as something else."""
        self._watch({} if fd is None else {each: mask for each, mask in self._watched.items() if each != fd})

    def close(self) -> None:
        """Give its descriptors back."""
        self._wake.close()
