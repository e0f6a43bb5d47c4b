"""Intents: what a person asked for, run outside the thread that asked.

Work goes in with a number, its outcome comes out with the same number when somebody takes it.
It must not know what the work is, or who waits for it.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

THREADS: Final = 32
_IDLE_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of submission `number`: a value, or the error that it raised."""

    number: int
    value: Any = None
    error: BaseException | None = None


class Intents:
    """Runs submitted work in threads "lab-intent-N" that are made on demand, at most 32."""

    def __init__(self, threads: int = THREADS) -> None:
        self._limit = threads
        self._condition = threading.Condition()
        self._waiting: deque[tuple[int, Callable[[], Any]]] = deque()
        self._outcomes: deque[Outcome] = deque()
        self._numbers = itertools.count(1)
        self._names = itertools.count(1)
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._closed = False

    def submit(self, work: Callable[[], Any]) -> int:
        """Run `work` soon; the number that its outcome will bear. Raises RuntimeError after `close()`."""
        with self._condition:
            if self._closed:
                raise RuntimeError("The lab is closing: nothing new is begun")
            number = next(self._numbers)
            self._waiting.append((number, work))
            if self._idle < len(self._waiting) and len(self._threads) < self._limit:
                self._begin_thread()
            self._condition.notify()
        return number

    def _begin_thread(self) -> None:
        thread = threading.Thread(target=self._work, name=f"lab-intent-{next(self._names)}", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _work(self) -> None:
        try:
            while (job := self._next()) is not None:
                number, work = job
                outcome = _run(number, work)
                del job, work  # an idle thread keeps nothing alive
                with self._condition:
                    self._outcomes.append(outcome)
                    self._condition.notify_all()
                del outcome
        finally:
            with self._condition:
                self._threads.discard(threading.current_thread())

    def _next(self) -> tuple[int, Callable[[], Any]] | None:
        with self._condition:
            self._idle += 1
            try:
                self._condition.wait_for(lambda: self._waiting or self._closed, _IDLE_S)
                return self._waiting.popleft() if self._waiting else None
            finally:
                self._idle -= 1

    def take(self) -> list[Outcome]:
        """The outcomes that have come in since the last call."""
        with self._condition:
            taken = list(self._outcomes)
            self._outcomes.clear()
            return taken

    def wait(self, timeout_s: float) -> bool:
        """Wait until an outcome can be taken; for tests and scripts, never for a window."""
        with self._condition:
            return self._condition.wait_for(lambda: bool(self._outcomes), timeout_s)

    @property
    def pending(self) -> int:
        """How much work waits for a thread."""
        with self._condition:
            return len(self._waiting)

    def close(self, timeout_s: float = 1.0) -> bool:
        """Begin nothing more; wait for what runs. False when something runs on after `timeout_s` seconds.

        Work that was never begun is dropped. Threads are daemons: one stuck in a call does not hold the program.
        """
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout_s / max(len(threads), 1))
        return not any(thread.is_alive() for thread in threads)


def _run(number: int, work: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(number, work())
    except BaseException as error:  # noqa: BLE001  the one who asked decides what it means
        return Outcome(number, error=error)
