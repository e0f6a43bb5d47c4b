"""LogRows: which rows of the log are shown, newest found first.

Without a filter it is the whole log and keeps no list. With one, the newest rows are looked at
first, in slices between which the event loop turns, so that the page that is seen answers at once
however long the log is; what arrives meanwhile is looked at as it comes. It must not know views.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from protocols.creosote.filters import LogFilter
from protocols.creosote.finding import Finder, Strides
from protocols.creosote.joining import Joins
from widgets.creosote.feed import Feed

SLICE_S: Final = 0.008
BUSY_S, BUSY_MS = 0.001, 2
"""While rows come in: a slice, what else they cause and a paint all fit into 16 ms; and a rest between two slices."""
AT_ONCE: Final = 500
"""So many new rows are looked at as they come; more of them in slices, in other turns of the event loop."""
LAGS: Final = 20_000
"""So many rows behind there is no rest."""
FORWARD: Final = 4
"""One slice of so many looks at older rows while new ones wait; the others look at these."""
FIRST_S: Final = 0.020
"""The first slice of a new filter runs before the event loop turns: what is found is painted at once."""
AIM_S, CALM_AIM_S = 0.002, 0.003
"""How long a look at a part of the log may take: while rows come in, and when they do not."""
PLAIN: Final = LogFilter()


class LogRows(QObject):
    """Rows by their place in the view, oldest first.

    changed: there are more or fewer. shifted(n): n rows came in above what was there, or left (n < 0).
    restarted: another filter, or another log.
    """

    changed = Signal()
    shifted = Signal(int)
    restarted = Signal()

    def __init__(self, feed: Feed, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.feed = feed
        self.wanted = PLAIN
        self.searched_s = 0.0
        self._floor = 0
        self._next = 0
        self._back = 0
        self._older = array("I")
        self._newer = array("I")
        self._finder: Finder | None = None
        self._strides: Strides | None = None
        self._begun = 0.0
        self._paused = False
        self._turn = 0
        self._joins: Joins | None = None
        self._slice = QTimer(self)
        self._slice.setSingleShot(True)
        self._slice.timeout.connect(self._on_slice_timeout)
        feed.grew.connect(self._on_feed_grew)
        feed.emptied.connect(self._on_feed_emptied)

    # Rows

    def count(self) -> int:
        """How many rows are shown."""
        if self._finder is None:
            return self._next - self._floor - self._later_before(self._next)
        return len(self._older) + len(self._newer)

    def number(self, place: int) -> int:
        """The log's row at a place."""
        if self._finder is None:
            return self._floor + place + self._later_above(place)
        older = len(self._older)
        return self._older[older - 1 - place] if place < older else self._newer[place - older]

    def place(self, row: int) -> int:
        """The place of a log's row, or of the next one shown; `count()` when there is none."""
        if self._finder is None:
            at = max(row - self._floor, 0)
            return min(at - self._later_before(row) if at else 0, self.count())
        low, high = 0, self.count()
        while low < high:
            middle = (low + high) // 2
            if self.number(middle) < row:
                low = middle + 1
            else:
                high = middle
        return low

    def has(self, row: int) -> bool:
        """Whether a log's row is shown, as itself."""
        place = self.place(row)
        return place < self.count() and self.number(place) == row

    def numbers(self) -> range | array[int]:
        """All rows shown, oldest first: a copy."""
        if self._finder is None and self._joins is None:
            return range(self._floor, self._next)
        if self._finder is None:
            return array("I", [self.number(place) for place in range(self.count())])
        whole = array("I", reversed(self._older))
        whole.extend(self._newer)
        return whole

    # Pieces joined for the eye

    @property
    def joined(self) -> bool:
        """Whether pieces of one message are shown as one row."""
        return self._joins is not None

    def set_joined(self, joined: bool) -> None:
        """Show the pieces of one message as one row, or each datagram as it came."""
        if joined != self.joined:
            self._joins = Joins(self.feed.log) if joined else None
            self.set_filter(self.wanted)

    def pieces(self, row: int) -> Sequence[int]:
        """The datagrams that a row shown stands for."""
        return (row,) if self._joins is None else self._joins.pieces(row)

    def shown_as(self, row: int) -> int:
        """The row that a datagram is shown in: itself, or another piece of its message."""
        return next((each for each in self.pieces(row) if self.has(each)), row)

    def datagrams(self, rows: Sequence[int]) -> Sequence[int]:
        """All datagrams that these rows stand for, as they came."""
        if self._joins is None:
            return rows
        return sorted({each for row in rows for each in self._joins.pieces(row)})

    def _later_before(self, row: int) -> int:
        """Without a filter: rows between the first and this one that stand in another's row."""
        joins = self._joins
        return 0 if joins is None else max(joins.before(row) - joins.before(self._floor), 0)

    def _later_above(self, place: int) -> int:
        """Without a filter: rows above a place that stand in another's row."""
        joins = self._joins
        if joins is None:
            return 0
        first = joins.before(self._floor)
        later, shift = joins.later, first - self._floor
        return bisect_right(range(first, len(later)), place, key=lambda at: later[at] - at + shift)

    def _leading(self, rows: list[int]) -> list[int]:
        """Of rows that pass the filter, those that no earlier piece of their message stands for."""
        joins, finder, log = self._joins, self._finder, self.feed.log
        if joins is None or finder is None:
            return rows
        kept = []
        for row in rows:
            for piece in joins.pieces(row):
                if piece == row:
                    kept.append(row)
                    break
                stretch = log.stretch(piece)
                if finder.within(stretch, piece - stretch.base, piece - stretch.base + 1):
                    break
        return kept

    # What is asked for

    def set_filter(self, wanted: LogFilter) -> None:
        """Show what passes. Raises FilterError before anything changes."""
        log = self.feed.log
        if self._joins is not None:
            self._joins.go_on()
        finder = None if wanted.everything else Finder(log, wanted, self.feed.epoch_ns)
        self.wanted, self._finder = wanted, finder
        self._strides = None if finder is None else Strides(finder, AIM_S)
        end = len(log) if not self._paused else self._next
        self._next = self._back = max(end, log.first)
        self._floor = max(self._floor, log.first)
        self._older, self._newer = array("I"), array("I")
        self._begun = time.perf_counter()
        if finder is not None:
            self._look_back(FIRST_S)
        self.restarted.emit()
        self._go_on()

    def hide_so_far(self) -> None:
        """Show only what comes from now on; `show_all` brings the rest back."""
        self._floor = self._next = len(self.feed.log)
        self.set_filter(self.wanted)

    def show_all(self) -> None:
        """Show from the oldest row on again."""
        self._floor = self.feed.log.first
        self.set_filter(self.wanted)

    @property
    def hides(self) -> bool:
        """Whether rows before a point are hidden on purpose."""
        return self._floor > self.feed.log.first

    @property
    def paused(self) -> bool:
        """Whether new rows wait."""
        return self._paused

    def set_paused(self, paused: bool) -> None:
        """Let new rows wait, or show them all."""
        self._paused = paused
        if not paused:
            self._on_feed_grew()
        self.changed.emit()

    @property
    def waiting(self) -> int:
        """Rows that came since the pause."""
        return len(self.feed.log) - self._next if self._paused else 0

    @property
    def searching(self) -> bool:
        """Whether rows are still to be looked at."""
        if self._finder is None:
            return False
        return self._back > self._bottom or (not self._paused and self._next < len(self.feed.log))

    @property
    def unseen(self) -> int:
        """Rows of the log that the filter has not looked at yet."""
        return max(self._back - self._bottom, 0) if self._finder is not None else 0

    @property
    def _bottom(self) -> int:
        return max(self._floor, self.feed.log.first)

    # Looking

    def _on_feed_grew(self) -> None:
        if self._joins is not None:
            self._joins.go_on()
        self._forget_gone()
        if self._paused:
            self.changed.emit()
            return
        before = self.count()
        if self._finder is None:
            self._next = len(self.feed.log)
        elif len(self.feed.log) - self._next <= AT_ONCE:
            self._look_forward(BUSY_S)
        if self.count() != before or self._finder is None:
            self.changed.emit()
        self._go_on()

    def _on_feed_emptied(self) -> None:
        self._floor = self._next = 0
        self._paused = False
        self._joins = Joins(self.feed.log) if self.joined else None
        self.set_filter(self.wanted)

    def _forget_gone(self) -> None:
        """The log let its oldest rows go."""
        first = self.feed.log.first
        gone = 0
        if self._finder is None:
            gone = max(min(first, self._next) - self._floor, 0)
        else:
            while self._older and self._older[-1] < first:
                self._older.pop()
                gone += 1
            if not self._older and self._newer and self._newer[0] < first:
                cut = bisect_left(self._newer, first)
                gone += cut
                del self._newer[:cut]
        self._floor = max(self._floor, first)
        self._next = max(self._next, first)
        if gone:
            self.shifted.emit(-gone)

    def _on_slice_timeout(self) -> None:
        before, added = self.count(), 0
        behind = not self._paused and self._next < len(self.feed.log)
        self._turn = (self._turn + 1) % FORWARD if behind else 0
        if self._turn:  # both get on, one at a time, and rather what is new
            self._look_forward(BUSY_S)
        else:
            added = self._look_back(BUSY_S if behind else SLICE_S)
        if added:
            self.shifted.emit(added)
        if self.count() != before or not self.searching:
            self.changed.emit()
        self._go_on()

    def _go_on(self) -> None:
        if self.searching and not self._slice.isActive():
            lags = len(self.feed.log) - self._next > LAGS and not self._paused
            self._slice.start(BUSY_MS if self.feed.busy and not lags else 0)
        elif self._finder is not None and not self.unseen and not self.searched_s:
            self.searched_s = time.perf_counter() - self._begun

    def _look_forward(self, budget_s: float) -> None:
        log, strides = self.feed.log, self._strides
        if strides is None or self._paused:
            return
        strides.aim_s = AIM_S
        deadline = time.perf_counter() + budget_s
        while self._next < len(log):
            stretch = log.stretch(self._next)
            stop, found = strides.on(stretch, self._next - stretch.base)
            self._newer.extend(self._leading(found))
            self._next = stretch.base + stop
            if time.perf_counter() > deadline:
                return

    def _look_back(self, budget_s: float) -> int:
        """Look at older rows for about so long; how many were found."""
        log, strides = self.feed.log, self._strides
        if strides is None:
            return 0
        self.searched_s = 0.0
        strides.aim_s = AIM_S if self.feed.busy else CALM_AIM_S
        deadline = time.perf_counter() + budget_s
        before = len(self._older)
        while self._back > self._bottom:
            stretch = log.stretch(self._back - 1)
            start, found = strides.back(stretch, self._back - stretch.base, self._bottom - stretch.base)
            self._older.extend(reversed(self._leading(found)))
            self._back = stretch.base + start
            if time.perf_counter() > deadline:
                break
        return len(self._older) - before
