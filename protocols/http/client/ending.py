"""Ending: what is over once, and may be waited for by any number of threads.

A threading.Event can be taken back and costs ten microseconds to make, a tenth of a short request;
this one is two locks. It must not know what ends.
"""

from __future__ import annotations

import threading
from typing import Final

_LONGEST_S: Final = threading.TIMEOUT_MAX


class Ending:
    """over: whether it is over, well or not."""

    def __init__(self) -> None:
        self._first = threading.Lock()
        self._gate = threading.Lock()
        self._gate.acquire()
        self.over = False

    def _claim(self) -> bool:
        """True for the first who asks: the one who may end it. Any thread."""
        return self._first.acquire(False)

    def _set(self) -> None:
        """It is over. Called by who has claimed it, once."""
        self.over = True
        self._gate.release()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is over; False after `timeout_s` seconds without."""
        if not self.over:
            limit_s = -1 if timeout_s is None else min(max(0.0, timeout_s), _LONGEST_S)
            if self._gate.acquire(timeout=limit_s):
                self._gate.release()  # for the next one who waits
        return self.over
