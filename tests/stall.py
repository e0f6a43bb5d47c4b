"""StallMeter: how long the GUI thread's event loop was deaf, and for what share of the time.

A percentile of ticks hides a stall, so it tells the longest gap and the share of time beyond
16 ms. The time in which the thread could have run and other programs had the processors is no
gap of ours. It must not know what is measured.
"""

from __future__ import annotations

import contextlib
import os
import time

from PySide6.QtCore import QObject, Qt, QTimer

SMOOTH_MS = 16.0


class StallMeter:
    """A timer of 1 ms while the `with` block runs; whatever delays it is a gap.

    max_ms: the longest gap. share: part of the time (0 to 1) that lay beyond 16 ms within gaps.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        self._timer = QTimer(parent)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._gaps_ms: list[float] = []
        self._last_s = 0.0
        self._queued_s = 0.0
        self._schedule = -1
        self._begun_s = 0.0
        self._ended_s = 0.0

    def __enter__(self) -> StallMeter:
        with contextlib.suppress(OSError):
            self._schedule = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        self._queued_s = self._queued()
        self._begun_s = self._last_s = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._on_timer_timeout()
        self._timer.stop()
        if self._schedule >= 0:
            os.close(self._schedule)
        self._ended_s = self._last_s

    def _on_timer_timeout(self) -> None:
        now, queued = time.perf_counter(), self._queued()
        self._gaps_ms.append(max(now - self._last_s - (queued - self._queued_s), 0.0) * 1000)
        self._last_s, self._queued_s = now, queued

    def _queued(self) -> float:
        """Seconds in which this thread was ready and had no processor (Linux, proc_schedstat); else 0."""
        return int(os.pread(self._schedule, 100, 0).split()[1]) / 1e9 if self._schedule >= 0 else 0.0

    @property
    def max_ms(self) -> float:
        """The longest time in which the loop answered nothing."""
        return max(self._gaps_ms, default=0.0)

    def share_over(self, limit_ms: float) -> float:
        """Which part of the whole time was spent beyond `limit_ms` inside gaps longer than that."""
        whole_ms = (self._ended_s - self._begun_s) * 1000
        late_ms = sum(gap - limit_ms for gap in self._gaps_ms if gap > limit_ms)
        return late_ms / whole_ms if whole_ms else 0.0

    @property
    def share(self) -> float:
        """Which part of the whole time was spent beyond 16 ms inside gaps."""
        return self.share_over(SMOOTH_MS)

    def __str__(self) -> str:
        return f"longest gap {self.max_ms:.1f} ms, {self.share:.1%} of the time stalled over {SMOOTH_MS:.0f} ms"
