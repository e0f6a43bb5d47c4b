"""Alarms: a filter that is watched. Each new datagram that passes is a hit; a flood of hits is told once.

It must not know how an alarm is shown: colour, sound and desktop notification are the window's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from protocols.creosote.filters import Finder, LogFilter
from protocols.creosote.log import DatagramLog

BUDGET_S: Final = 0.004
"""Time that one look may take; beyond, the rest is looked at next time, and `behind` says how many."""
_CHUNK: Final = 256


@dataclass(frozen=True, slots=True)
class Alarm:
    """What to watch for. name: shown. filter: as typed. colour: a sender colour's number 0 to 7 for the rows.
    sound, notify: what else to do. quiet_s: after it was told, it stays silent this long."""

    name: str
    filter: str
    colour: int = 1
    sound: bool = False
    notify: bool = False
    quiet_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Hit:
    """An alarm that went off: the rows new since the last look, and whether it is time to make a noise."""

    alarm: Alarm
    rows: tuple[int, ...]
    loud: bool


class Watch:
    """Alarms over one log. Raises FilterError for a filter that can't be understood."""

    def __init__(self, log: DatagramLog, alarms: tuple[Alarm, ...], epoch_ns: int) -> None:
        self._log = log
        self._finders = [(alarm, Finder(log, LogFilter(alarm.filter), epoch_ns)) for alarm in alarms]
        self._row = len(log)
        self._loud_at: dict[str, float] = {}
        self.alarms: Final = alarms

    @property
    def behind(self) -> int:
        """Rows not looked at yet."""
        return len(self._log) - max(self._row, self._log.first)

    def look(self, now_s: float, budget_s: float = BUDGET_S) -> list[Hit]:
        """Look at what is new, for about `budget_s` seconds. `now_s`: any monotonic clock in seconds."""
        if not self._finders:
            self._row = len(self._log)
            return []
        deadline = time.perf_counter() + budget_s
        found: list[list[int]] = [[] for _ in self._finders]
        self._row = max(self._row, self._log.first)
        while self._row < len(self._log):
            stretch = self._log.stretch(self._row)
            start = self._row - stretch.base
            stop = min(len(stretch), start + _CHUNK)
            for rows, (_, finder) in zip(found, self._finders, strict=True):
                rows.extend(finder.within(stretch, start, stop))
            self._row = stretch.base + stop
            if time.perf_counter() > deadline:
                break
        return [
            Hit(alarm, tuple(rows), self._is_loud(alarm, now_s))
            for rows, (alarm, _) in zip(found, self._finders, strict=True)
            if rows
        ]

    def _is_loud(self, alarm: Alarm, now_s: float) -> bool:
        before = self._loud_at.get(alarm.name)
        if before is not None and now_s - before < alarm.quiet_s:
            return False
        self._loud_at[alarm.name] = now_s
        return True
