"""Alarms: a filter that is watched. Each new datagram that passes is a hit; a flood of hits is told once.

It must not know how an alarm is shown: colour, sound and desktop notification are the window's.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from protocols.creosote.filters import LogFilter
from protocols.creosote.finding import Finder
from protocols.creosote.log import DatagramLog

BUDGET_S: Final = 0.004
"""Time that one look may take; beyond, the rest is looked at next time, and `behind` says how many."""
_CHUNK: Final = 256
_LIT: Final = 4096
"""Rows whose colour is remembered: those on the screen are asked for at every painting."""


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


@dataclass(frozen=True, slots=True)
class _Watched:
    alarm: Alarm
    finder: Finder
    since: int


class Watch:
    """Alarms over one log. Raises FilterError for a filter that can't be understood.

    An alarm of the live log watches what comes after it was set. past: of a log that is over, it watches
    all of it, and is never loud. hits: how many there were, by the alarm's filter; last: the latest's row.
    """

    def __init__(
        self, log: DatagramLog, alarms: tuple[Alarm, ...], epoch_ns: int, *, past: bool = False
    ) -> None:
        self._log = log
        self._epoch_ns = epoch_ns
        self._past = past
        self._watched: list[_Watched] = []
        self._row = len(log)
        self._loud_at: dict[str, float] = {}
        self._colours: dict[int, int | None] = {}
        self.hits: Final[Counter[str]] = Counter()
        self.last: Final[dict[str, int]] = {}
        self.alarms: tuple[Alarm, ...] = ()
        self.set_alarms(alarms)

    def set_alarms(self, alarms: tuple[Alarm, ...]) -> None:
        """Watch for these from now on; those that were set before go on. Raises FilterError and changes nothing."""
        since = 0 if self._past else len(self._log)
        before = {each.alarm: each for each in self._watched}
        new = [alarm for alarm in alarms if alarm not in before]
        before |= {
            alarm: _Watched(alarm, Finder(self._log, LogFilter(alarm.filter), self._epoch_ns), since) for alarm in new
        }
        self.alarms = alarms
        self._watched = [before[alarm] for alarm in alarms]
        self._colours.clear()
        if self._past and new:
            self._row = self._log.first
            self.hits.clear()
        for name in set(self.hits) - {alarm.filter for alarm in alarms}:
            self.hits.pop(name, None)
            self.last.pop(name, None)

    @property
    def behind(self) -> int:
        """Rows not looked at yet."""
        return len(self._log) - max(self._row, self._log.first)

    def colour(self, row: int) -> int | None:
        """The colour that an alarm gives a row of the log, None where none goes off on it."""
        if row not in self._colours:
            if len(self._colours) >= _LIT:
                self._colours.clear()
            self._colours[row] = self._find_colour(row)
        return self._colours[row]

    def _find_colour(self, row: int) -> int | None:
        stretch = self._log.stretch(row)
        at = row - stretch.base
        for each in reversed(self._watched):
            if row >= each.since and each.finder.within(stretch, at, at + 1):
                return each.alarm.colour
        return None

    def look(self, now_s: float, budget_s: float = BUDGET_S) -> list[Hit]:
        """Look at what is new, for about `budget_s` seconds. `now_s`: any monotonic clock in seconds."""
        if not self._watched:
            self._row = len(self._log)
            return []
        deadline = time.perf_counter() + budget_s
        found: list[list[int]] = [[] for _ in self._watched]
        self._row = max(self._row, self._log.first)
        while self._row < len(self._log):
            stretch = self._log.stretch(self._row)
            start = self._row - stretch.base
            stop = min(len(stretch), start + _CHUNK)
            for rows, each in zip(found, self._watched, strict=True):
                begin = max(start, each.since - stretch.base)
                if begin < stop:
                    rows.extend(each.finder.within(stretch, begin, stop))
            self._row = stretch.base + stop
            if time.perf_counter() > deadline:
                break
        return [self._hit(each.alarm, rows, now_s) for rows, each in zip(found, self._watched, strict=True) if rows]

    def _hit(self, alarm: Alarm, rows: list[int], now_s: float) -> Hit:
        self.hits[alarm.filter] += len(rows)
        self.last[alarm.filter] = rows[-1]
        return Hit(alarm, tuple(rows), not self._past and self._is_loud(alarm, now_s))

    def _is_loud(self, alarm: Alarm, now_s: float) -> bool:
        before = self._loud_at.get(alarm.name)
        if before is not None and now_s - before < alarm.quiet_s:
            return False
        self._loud_at[alarm.name] = now_s
        return True
