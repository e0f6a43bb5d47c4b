"""ChosenRows: which rows of the log are selected, however the view is filtered or grows.

A stretch between two rows as shown, and single ones added; never a list of all that lies between.
It must not know painting or the pointer.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from widgets.creosote.table.rows import LogRows

COPY_ROWS: Final = 100_000


class ChosenRows(QObject):
    """current: the row chosen last, or None. `changed`: something else is chosen now."""

    changed = Signal()

    def __init__(self, rows: LogRows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.current: int | None = None
        self._anchor = 0
        self._stretch: tuple[int, int] | None = None
        self._single: set[int] = set()
        rows.feed.emptied.connect(self.clear)

    def choose(self, row: int) -> None:
        """This row alone."""
        self.current = self._anchor = row
        self._stretch, self._single = (row, row), set()
        self.changed.emit()

    def extend_to(self, row: int) -> None:
        """From the row chosen first to this one."""
        if self.current == row:
            return
        if self.current is None:
            self.choose(row)
            return
        self.current = row
        self._stretch = (min(self._anchor, row), max(self._anchor, row))
        self.changed.emit()

    def toggle(self, row: int) -> None:
        """Add a row, or take it away."""
        stretch = self._stretch
        if stretch is not None and stretch[0] != stretch[1]:
            self._single |= set(self.numbers())
        elif stretch is not None:
            self._single.add(stretch[0])
        self._stretch = None
        self._single ^= {row}
        self.current = self._anchor = row
        self.changed.emit()

    def clear(self) -> None:
        """Nothing."""
        self.current, self._stretch, self._single = None, None, set()
        self.changed.emit()

    def has(self, row: int) -> bool:
        """Whether a row is chosen."""
        return row in self._single or (self._stretch is not None and self._stretch[0] <= row <= self._stretch[1])

    def numbers(self) -> list[int]:
        """The chosen rows that are shown, oldest first, at most COPY_ROWS."""
        found = {row for row in self._single if self._rows.has(row)}
        if self._stretch is not None:
            start, stop = self._rows.place(self._stretch[0]), self._rows.place(self._stretch[1])
            stop = min(stop + 1, self._rows.count(), start + COPY_ROWS)
            numbers = (self._rows.number(place) for place in range(start, stop))
            found.update(row for row in numbers if row <= self._stretch[1])
        return sorted(found)[:COPY_ROWS]
