"""TimelineModel: the rows of the time line, filtered, in the order in which they were recorded.

One `beginInsertRows` per batch; a row's text is made when it is painted. A new filter looks
through the log in slices between which the event loop turns. It must not know views,
fonts, the bridge or who records.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from enum import IntEnum
from operator import itemgetter
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from protocols.numbers import grouped
from protocols.record.block import SOFT_ERRORS
from protocols.record.bulk import Many
from protocols.record.event import LAYERS, Raw
from protocols.record.log import EventLog, Filter, Search
from protocols.record.packed import PackedRun
from widgets.timeline import wording

SLICE_BUDGET_S: Final = 0.008
"""Time one slice of a search may take: half a frame, so that painting and clicks stay smooth."""
FIRST_BUDGET_S: Final = 0.012
MANY_ROWS: Final = 500
"""From so many new rows on, those of several batches are inserted together, GATHER_MS later."""
GATHER_MS: Final = 30
CACHED_ROWS: Final = 512
_T: Final = itemgetter(0)
_TELLING: Final = frozenset(LAYERS) - {"note"}
"""A note about an error is no second error."""
_ROOT: Final = QModelIndex()


class Column(IntEnum):
    """The columns, left to right."""

    TIME = 0
    SIGN = 1
    WHERE = 2
    DIRECTION = 3
    EVENT = 4
    WHAT = 5
    BYTES = 6
    TOOK = 7


HEADS: Final = ("Time, ms", "", "Where", "", "Event", "What happened", "Bytes", "Took / origin")
_HEAD_TIPS: Final = {
    Column.SIGN: "Layer: Call, State, Message, Packet or Note",
    Column.DIRECTION: "Direction of the bytes, seen from where it happened",
    Column.TOOK: "How long the call took, or where the lab knows it from",
}
_RIGHT: Final = frozenset((Column.TIME, Column.BYTES))


class TimelineModel(QAbstractTableModel):
    """The filtered rows of an event log.

    counted: numbers (rows, layers, pending) have changed; once per batch or slice.
    scanned: the filter has looked at all rows there are.
    """

    counted = Signal()
    scanned = Signal()

    def __init__(self, log: EventLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log = log
        self.marks: Final[set[int]] = set()
        self.errors = array("I")
        self.zero_row: int | None = None
        self._wanted = Filter()
        self._search: Search | None = None
        self._floor = 0
        self._next = 0
        self._shown = array("I")
        self._held: list[int] = []
        self._counted_before: Mapping[str, int] = {}
        self._paused = False
        self._stop = 0
        self._zero_ns: int | None = None
        self._cache: dict[int, Raw] = {}
        self._slice = QTimer(self)
        self._slice.setSingleShot(True)
        self._slice.timeout.connect(self._on_slice_timeout)
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(GATHER_MS)
        self._gather.timeout.connect(self._on_gather_timeout)
        self.set_log(log)

    def set_log(self, log: EventLog) -> None:
        """Show another log, all of it that passes the filter: a session that was opened."""
        self.log = log
        self.marks.clear()
        self._cache.clear()
        self.errors = array("I", log.rows(Filter(errors_only=True, layers=_TELLING)))
        self.zero_row, self._zero_ns = None, None
        self._floor, self._counted_before, self._paused = log.first, {}, False
        self._restart()

    # Rows

    @property
    def plain(self) -> bool:
        """True while every row from the floor on is shown: then no list of rows is kept."""
        return self._search is None

    def row_count(self) -> int:
        """How many rows pass the filter."""
        return self._next - self._floor if self.plain else len(self._shown)

    def log_row(self, row: int) -> int:
        """The event log's row of a shown row."""
        return self._floor + row if self.plain else self._shown[row]

    def shown_row(self, log_row: int) -> int | None:
        """The shown row of an event log's row, or None where the filter hides it."""
        if self.plain:
            return log_row - self._floor if self._floor <= log_row < self._next else None
        at = bisect_left(self._shown, log_row)
        return at if at < len(self._shown) and self._shown[at] == log_row else None

    def shown_rows(self) -> array[int] | None:
        """A copy of the log rows that are shown; None where that is the whole log."""
        if not self.plain:
            return array("I", self._shown)
        whole = self._floor == self.log.first and self._next == len(self.log)
        return None if whole else array("I", range(self._floor, self._next))

    def raw_at(self, row: int) -> Raw:
        """The event of a shown row, as a hot-path tuple."""
        log_row = self.log_row(row)
        raw = self._cache.get(log_row)
        if raw is None:
            if len(self._cache) >= CACHED_ROWS:
                self._cache.clear()
            raw = self._cache[log_row] = self.log.raw(log_row)
        return raw

    @property
    def zero_ns(self) -> int:
        """The instant that the time column counts from: a mark, or the first event."""
        if self._zero_ns is None:
            if self.log.first == len(self.log):
                return 0
            row = self.log.first if self.zero_row is None else self.zero_row
            self._zero_ns = self.log.raw(row)[0]
        return self._zero_ns

    def set_zero(self, log_row: int | None) -> None:
        """Count time from this event; None: from the first one."""
        self.zero_row, self._zero_ns = log_row, None
        if self.row_count():
            self.dataChanged.emit(self.index(0, 0), self.index(self.row_count() - 1, 0))

    def layer_counts(self) -> dict[str, int]:
        """Events by layer that the filter would show if no layer were switched off."""
        if self._search is not None:
            return dict(self._search.counts)
        before = self._counted_before
        return {layer: max(0, count - before.get(layer, 0)) for layer, count in self.log.layer_counts().items()}

    # Events come in

    def consume(self, batch: list[Raw]) -> None:
        """Keep a batch of events and show what passes, unless paused. Neighbours are put in order of time."""
        ordered = sorted(batch, key=_T)
        self._index_errors(ordered)
        self.log.append(ordered)
        self._after_append()

    def consume_many(self, many: Many) -> None:
        """Keep many events at once, as they are, and show what passes, unless paused."""
        if isinstance(many, PackedRun):
            first = len(self.log)
            self.errors.extend([first + row for row in many.errors()])
        self.log.append_many(many)
        self._after_append()

    def _after_append(self) -> None:
        if self.log.first > self._floor:
            self._drop_oldest()
        if self._paused or self._slice.isActive():
            self.counted.emit()
        elif len(self.log) - self._next >= MANY_ROWS:
            if not self._gather.isActive():
                self._gather.start()
        else:
            self._advance(SLICE_BUDGET_S)

    def _index_errors(self, raws: Sequence[Raw]) -> None:
        """Note the rows that tell an error; only they have a detail made in full and an errno in it."""
        for row, raw in enumerate(raws, len(self.log)):
            detail = raw[10]
            if not detail or isinstance(detail, tuple) or raw[1] == "note":
                continue
            if detail.get("errno", "EAGAIN") not in SOFT_ERRORS:
                self.errors.append(row)

    def _drop_oldest(self) -> None:
        """The log was full: what it let go leaves the table too."""
        first = self.log.first
        gone = min(first, self._next) - self._floor if self.plain else bisect_left(self._shown, first)
        if gone > 0:
            self.beginRemoveRows(_ROOT, 0, gone - 1)
        self._floor = first
        self._next = max(self._next, first)
        if not self.plain:
            del self._shown[:gone]
        if gone > 0:
            self.endRemoveRows()
        del self.errors[: bisect_left(self.errors, first)]
        self.marks.difference_update([row for row in self.marks if row < first])
        if self.zero_row is not None and self.zero_row < first:
            self.zero_row = None

    @property
    def paused(self) -> bool:
        """True while new events are kept but not shown."""
        return self._paused

    def set_paused(self, paused: bool) -> None:
        """Stop or go on showing new events. Nothing is lost meanwhile."""
        self._paused = paused
        self._stop = len(self.log)
        if not paused:
            self._insert(self._next, self._held)
            self._held = []
            self._advance(SLICE_BUDGET_S)
        self.counted.emit()

    @property
    def pending(self) -> int:
        """Events that are kept and have not been looked at yet: paused, or a search under way."""
        return len(self.log) - (self._stop if self._paused else self._next)

    @property
    def searching(self) -> bool:
        """True while a filter is still looking through the log, or many new rows are about to be shown."""
        return self._slice.isActive() or self._gather.isActive()

    # Filters

    @property
    def wanted(self) -> Filter:
        """What is shown."""
        return self._wanted

    def set_filter(self, wanted: Filter) -> None:
        """Show what this filter lets pass, from the floor on; a large log is looked through in slices."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._restart()

    def clear(self) -> None:
        """Hide all events so far. They stay recorded: `show_all` brings them back."""
        self._floor, self._counted_before = len(self.log), self.log.layer_counts()
        self._restart()

    def show_all(self) -> None:
        """Take back `clear`."""
        self._floor, self._counted_before = self.log.first, {}
        self._restart()

    @property
    def hidden_before(self) -> int:
        """How many events `clear` hides."""
        return self._floor - self.log.first

    def _restart(self) -> None:
        self._slice.stop()
        self.beginResetModel()
        self._shown = array("I")
        self._held = []
        self._next = self._floor
        self._search = None if self._wanted.everything else self.log.search(self._wanted, self._floor)
        self.endResetModel()
        self._advance(FIRST_BUDGET_S)

    def _on_gather_timeout(self) -> None:
        if not self._paused and not self._slice.isActive():
            self._advance(SLICE_BUDGET_S)

    def _on_slice_timeout(self) -> None:
        self._advance(SLICE_BUDGET_S)

    def _advance(self, budget_s: float) -> None:
        """Look at rows not looked at yet, for at most `budget_s`, and insert those that pass in one go."""
        stop = self._stop if self._paused else len(self.log)
        if self._search is None:
            self._insert(max(stop, self._floor), [])
        else:
            self._step(self._search, stop, time.perf_counter() + budget_s)
        if self._next < stop:
            self._slice.start(0)
        else:
            self.scanned.emit()
        self.counted.emit()

    def _step(self, search: Search, stop: int, deadline: float) -> None:
        found: list[int] = []
        while search.row < stop:
            rows = search.step()
            if rows is None:
                break
            if search.row > stop:
                at = bisect_left(rows, stop)
                self._held += rows[at:]
                del rows[at:]
            found += rows
            if time.perf_counter() > deadline:
                break
        self._insert(search.row, found)

    def _insert(self, upto: int, found: list[int]) -> None:
        """The rows looked at go up to `upto`; `found` are those of them that pass (not used while all do)."""
        count = upto - self._next if self.plain else len(found)
        if count <= 0:
            self._next = upto
            return
        before = self.row_count()
        self.beginInsertRows(_ROOT, before, before + count - 1)
        self._shown.extend(found)
        self._next = upto
        self.endInsertRows()

    # Marks and errors

    def toggle_mark(self, log_row: int) -> bool:
        """Set or take away a mark; True if it is set now."""
        self.marks.symmetric_difference_update((log_row,))
        row = self.shown_row(log_row)
        if row is not None:
            self.dataChanged.emit(self.index(row, 0), self.index(row, 0))
        return log_row in self.marks

    def neighbour(self, of: list[int] | array[int], log_row: int, step: int) -> int | None:
        """The next (step 1) or previous (-1) shown log row among the sorted `of`, around the ends; None if none."""
        if not of:
            return None
        start = bisect_left(of, log_row)
        if step > 0 and start < len(of) and of[start] == log_row:
            start += 1
        order = range(start, start + len(of)) if step > 0 else range(start - 1, start - 1 - len(of), -1)
        for at in order:
            candidate = of[at % len(of)]
            if self.shown_row(candidate) is not None:
                return candidate
        return None

    # QAbstractTableModel

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else self.row_count()

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(Column):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _HEAD_TIPS.get(Column(section))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(self.raw_at(index.row()), index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return wording.plain_tip(wording.tool_tip(self.raw_at(index.row())))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, raw: Raw, column: int) -> str:
        if column == Column.TIME:
            return wording.milliseconds(raw[0] - self.zero_ns)
        if column == Column.SIGN:
            return raw[1]
        if column == Column.WHERE:
            return " ".join(part for part in wording.where(raw) if part)
        if column == Column.DIRECTION:
            return raw[5] or ""
        if column == Column.EVENT:
            return wording.visible(raw[2])
        if column == Column.WHAT:
            return "".join(wording.what_parts(raw))
        if column == Column.BYTES:
            return "" if raw[7] is None else grouped(raw[7])
        return wording.took(raw)[0]

