"""The event loop that select, poll, epoll, kqueue and selectors share: one thread, all connections.

A Poller says which descriptors are ready; this loop accepts and hands readiness to the links. Other
threads put calls into its queue. It must not know which system call a Poller makes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

from protocols.concurrency.accepting import accept_one
from protocols.concurrency.eventlink import READ, EventLink
from protocols.concurrency.serving import Serving
from protocols.concurrency.wakes import Wakes
from protocols.record.traced import TracedSocket


class Poller(Protocol):
    """Waits for many descriptors. Interest and readiness are READ and WRITE; other bits mean error or hang-up."""

    why_limited: str
    edge: bool
    """Readiness is told once, when it begins: read until the system would block."""

    @property
    def limit(self) -> int | None:
        """Descriptors must be smaller than this, where the system call has such a limit."""

    def register(self, fd: int, interest: int, *, always: bool = False) -> None:
        """Watch a descriptor; `always` tells its readiness as long as it lasts, whatever `edge` says."""

    def modify(self, fd: int, interest: int) -> None: ...
    def unregister(self, fd: int) -> None: ...
    def wait(self, timeout_s: float | None) -> list[tuple[int, int]]: ...
    def close(self) -> None: ...


class EventLoop:
    """One server's loop. Only its own thread touches the poller and the links; others use `call`."""

    def __init__(self, serving: Serving, listener: TracedSocket, poller: Poller) -> None:
        self.serving: Final = serving
        self.poller: Final = poller
        self.links: dict[int, EventLink] = {}
        self.doomed: list[EventLink] = []
        self.again: list[EventLink] = []
        self.wakes: Final[Wakes[EventLink]] = Wakes()
        self.ident = 0
        self._listener = listener
        self._listening = False
        self._resume_at = 0.0
        self._calls: deque[Callable[[], None]] = deque()
        self._handshakes: deque[tuple[float, EventLink]] = deque()
        self._worker = ""

    # Other threads

    def call(self, work: Callable[[], None]) -> None:
        """Run `work` in the loop's thread soon."""
        self._calls.append(work)
        self.serving.wake.set()

    # The loop's thread

    def run(self) -> None:
        """Serve until the stop, then close all connections."""
        self.ident = threading.get_ident()
        self._worker = f"thread {threading.current_thread().name}"
        self._listener.setblocking(False)
        wake = self.serving.wake.fileno()
        self._check(self._listener.fileno(), wake)
        self.poller.register(wake, READ, always=True)
        try:
            while not self.serving.stopping.is_set():
                self._turn(wake)
        finally:
            self._close_all()

    def _check(self, *numbers: int) -> None:
        if self.poller.limit is not None and max(numbers) >= self.poller.limit:
            raise OSError(f"The listening socket itself got descriptor {max(numbers)}. {self.poller.why_limited}")

    def _turn(self, wake: int) -> None:
        self._mind_listener()
        get = self.links.get
        for fd, mask in self.poller.wait(self._patience()):
            link = get(fd)
            if link is not None:
                link.on_event(mask)
            elif fd == wake:
                self._run_calls()
            elif fd == self._listener.fileno():
                self._accept()
            if self.doomed:
                self._bury()
        self._read_on()
        if self.wakes:
            self._ring()
        if self._handshakes:
            self._expire_handshakes()

    def _mind_listener(self) -> None:
        wanted = not self.serving.hold_accept and (not self._resume_at or time.monotonic() >= self._resume_at)
        if wanted != self._listening:
            self._listening = wanted
            if wanted:
                self._resume_at = 0.0
                self.poller.register(self._listener.fileno(), READ, always=True)
            else:
                self.poller.unregister(self._listener.fileno())

    def _patience(self) -> float | None:
        if self.again:
            return 0
        ends = [self._resume_at] if self._resume_at else []
        if self._handshakes:
            ends.append(self._handshakes[0][0])
        if self.wakes and (first := self.wakes.first()) is not None:
            ends.append(first)
        return max(min(ends) - time.monotonic(), 0) if ends else None

    def _run_calls(self) -> None:
        self.serving.wake.clear()
        self.serving.run_acts()
        while self._calls:
            self._calls.popleft()()

    def _accept(self) -> None:
        pause = accept_one(self.serving, self._listener, self._take)
        if pause:
            self._resume_at = time.monotonic() + pause

    def _take(self, sock: TracedSocket, address: Any) -> None:
        fd = sock.fileno()
        if self.poller.limit is not None and fd >= self.poller.limit:
            why = f"The connection got descriptor {fd}. {self.poller.why_limited} So it is closed unserved."
            self.serving.refuse(sock, address, why)
            return
        sock.setblocking(False)
        link = EventLink(self, sock, address, self._worker)
        self.links[fd] = link
        self.serving.enter(link)
        link.begin()
        tls = self.serving.tls
        if tls is not None:
            self._handshakes.append((time.monotonic() + tls.handshake_timeout_s, link))

    def _read_on(self) -> None:
        """Edge triggered: links that were left with something to read, for the others' sake."""
        again, self.again = self.again, []
        for link in again:
            link.on_event(READ)
        if self.doomed:
            self._bury()

    def _ring(self) -> None:
        for link in self.wakes.due(time.monotonic()):
            if not link.finished:
                link.tell_woken()
        if self.doomed:
            self._bury()

    def _expire_handshakes(self) -> None:
        now = time.monotonic()
        while self._handshakes and (self._handshakes[0][0] <= now or not self._handshakes[0][1].handshaking):
            link = self._handshakes.popleft()[1]
            if link.handshaking:
                link.fail(TimeoutError("The client did not finish the TLS handshake in time"))
        if self.doomed:
            self._bury()

    def _bury(self) -> None:
        while self.doomed:
            self.doomed.pop().over()

    def forget(self, link: EventLink, fd: int) -> None:
        """The link's descriptor is about to be closed."""
        self.wakes.drop(link)
        if self.links.pop(fd, None) is not None and link.interest >= 0:
            self.poller.unregister(fd)

    def _close_all(self) -> None:
        for link in list(self.links.values()):
            link.over()
        self.doomed.clear()
        self.poller.close()
