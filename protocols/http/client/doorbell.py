"""Doorbell: wakes the one thread that drives libcurl, out of poll() or out of its rest.

While nothing is under way the thread waits for a lock: to be woken by that costs neither side a
system call that gives Python's own lock away. It must not know what is asked for.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from protocols.service.wake import Wake


class Doorbell(Wake):
    """A Wake that its waiter may also `rest` at."""

    def __init__(self) -> None:
        super().__init__()
        self._bell = threading.Lock()
        self._bell.acquire()
        self._resting = False

    def set(self) -> None:
        """Wake the waiter. Any thread, any time; whatever it shall find is there already."""
        if self._resting:
            with contextlib.suppress(RuntimeError):  # rung already
                self._bell.release()
        else:
            super().set()

    def rest(self, pause_s: float | None, is_asked: Callable[[], bool]) -> None:
        """Wait for `set`, at most `pause_s` seconds; called by the waiter.

        is_asked: whether there is something to do. It is asked once the bell is heard, so that nothing slips
        between. One call too many is answered at once, which does no harm.
        """
        self._resting = True
        if not is_asked():
            self._bell.acquire(timeout=-1 if pause_s is None else min(pause_s, threading.TIMEOUT_MAX))
        self._resting = False
