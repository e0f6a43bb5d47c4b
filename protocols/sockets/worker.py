"""ClientWorker: what every client of the bench is made of: one thread, a selector, a queue of acts, timers.

All its socket calls happen in that thread; other threads hand it acts and get futures. It must
not know what a transport does.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from protocols.address import Target
from protocols.connecting import Stopped, Wait, poll_wait
from protocols.record.event import monotonic_ns
from protocols.record.explain import Explained, explain
from protocols.record.recorder import Recorder
from protocols.service.base import Service
from protocols.service.wake import Wake
from protocols.sockets import options
from protocols.sockets.option_table import Option
from protocols.sockets.options import Reading
from protocols.sockets.transcript import Line, Transcript

T = TypeVar("T")


class ClientWorker(Service):
    """A client with a transcript. Subclasses connect in `_connect` and register with `_selector`.

    error: what ended it against its will, explained; None otherwise. target: where it goes.
    """

    target: Target

    def __init__(self, recorder: Recorder, name: str, kind: str) -> None:
        super().__init__(recorder, name, kind)
        self.transcript = Transcript()
        self.error: Explained | None = None
        self._wake: Wake | None = None
        self._selector = selectors.DefaultSelector()
        self._acts: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._timers: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._finished = False

    def transcript_since(self, number: int) -> list[Line]:
        """The transcript's lines from `number` on."""
        return self.transcript.since(number)

    def read_options(self) -> Future[list[Reading]]:
        """Every option of the socket and its value now."""
        return self.submit(lambda: options.read_all(self._socket()))

    def look(self, ask: Callable[[Any], T]) -> Future[T]:
        """What `ask` finds out about the open socket, asked in the worker; a view looks by this."""
        return self.submit(lambda: ask(self._socket()))

    def write_option(self, option: Option, text: str) -> Future[Reading]:
        """Set an option to what was typed; the future gives what the kernel made of it."""
        return self.submit(lambda: options.write(self._socket(), option, text))

    # Life

    @abstractmethod
    def _socket(self) -> socket.socket:
        """The open socket. Raises OSError when there is none."""

    @abstractmethod
    def _connect(self) -> None:
        """Open the socket; errors are explained and raised by `start()`."""

    def _open(self) -> None:
        self._wake = Wake()
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        try:
            self._connect()
        except OSError as error:
            self._failed("connect", error)
            raise

    def _wait(self) -> Wait:
        assert self._wake is not None
        return poll_wait(self._wake, self.stopping.is_set)

    def _woken(self, mask: int) -> None:
        if self._wake is not None:
            self._wake.clear()

    def _main(self) -> None:
        while not self.stopping.is_set() and not self._finished:
            self._run_acts()
            if self.stopping.is_set() or self._finished:
                return
            for key, mask in self._selector.select(self._until_timer()):
                key.data(mask)
            self._run_timers()

    def _run_acts(self) -> None:
        while self._acts and not self.stopping.is_set() and not self._finished:
            act, future = self._acts.popleft()
            try:
                future.set_result(act())
            except (OSError, ValueError) as error:
                future.set_exception(error)

    def _until_timer(self) -> float | None:
        if self._acts:
            return 0.0
        return max(0.0, (self._timers[0][0] - monotonic_ns()) / 1e9) if self._timers else None

    def _run_timers(self) -> None:
        while self._timers and self._timers[0][0] <= monotonic_ns() and not self._finished:
            heapq.heappop(self._timers)[2]()

    def _wake_up(self) -> None:
        if self._wake is not None:
            self._wake.set()

    def _close(self) -> None:
        self._close_sockets()
        self._finished = True
        self._selector.close()
        if self._wake is not None:
            self._wake.close()
        while self._acts:
            self._acts.popleft()[1].set_exception(Stopped("waiting for its turn"))

    @abstractmethod
    def _close_sockets(self) -> None:
        """Close what `_connect` opened."""

    # For subclasses

    def submit(self, act: Callable[[], T]) -> Future[T]:
        """Run `act` in the worker, after those handed in before. Any thread."""
        future: Future[T] = Future()
        self._acts.append((act, future))
        if self._finished and not future.done():
            self._drop(future)
        self._wake_up()
        return future

    def _drop(self, future: Future[Any]) -> None:
        """The worker ended between the two lines of `submit`: nobody else will answer."""
        for entry in list(self._acts):
            if entry[1] is future:
                try:
                    self._acts.remove(entry)
                except ValueError:
                    return
                future.set_exception(Stopped("waiting for its turn"))

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Run `act` in the worker once, `delay_s` seconds from now. Worker thread only."""
        heapq.heappush(self._timers, (monotonic_ns() + int(delay_s * 1e9), next(self._numbers), act))

    def finish(self) -> None:
        """End the main loop: the client stops of itself. Worker thread only."""
        self._finished = True

    def tell(self, kind: str, text: str, conn: str | None = None, **detail: Any) -> None:
        """A note on the time line and in the transcript."""
        self.transcript.note(text, kind)
        self.recorder.note(kind, text, service=self.name, conn=conn, **detail)

    def _failed(self, call: str, error: OSError, address: object = None, conn: str | None = None) -> Explained:
        """Explain an error in the transcript and on the time line."""
        where = self.target.address if address is None else address
        told = explain(error, call=call, address=where, transport=self.target.transport)
        self.error = told
        self.transcript.note(f"{told.errno}: {told.why}", "error")
        self.recorder.note("explained", told.why, service=self.name, conn=conn, errno=told.errno, why=told.why,
                           title=told.title, mend=list(told.mend))  # fmt: skip
        return told
