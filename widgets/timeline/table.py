"""TimelineTable: the time line as a table that can be read while it grows.

It follows new rows only while it is at the bottom, shares the selection, and keeps its columns
legible at any width. It must not know filters, the bridge or the dock.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QItemSelection, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHeaderView, QWidget

from widgets.parts.painted_table import PaintedTable
from widgets.selection import Selection
from widgets.timeline import wording
from widgets.timeline.model import Column, TimelineModel
from widgets.timeline.row_painter import PAD, RowPainter

WHAT_ROOMY: Final = 230
"""Below this width of "What happened" (at 9.5 pt, about 30 characters) the other columns give room."""
WHAT_LARGE: Final = 480
"""From this width on the names beside it get room for long ones."""
WHAT_LEAST: Final = 170
COPY_LIMIT: Final = 100_000
_ROOMY: Final = {
    Column.TIME: "0\u202f000\u202f000.000",
    Column.WHERE: "echo threads:38701  conn 12",
    Column.EVENT: "thread started",
    Column.BYTES: "00\u202f000\u202f000",
    Column.TOOK: "blocked 888.8 ms",
}
_SAMPLES: Final = {
    Column.TIME: "0\u202f000\u202f000.000",
    Column.WHERE: "upper:46745  conn 123",
    Column.EVENT: "thread started",
    Column.BYTES: "00\u202f000\u202f000",
    Column.TOOK: "blocked 888.8 ms",
}
_TIGHT: Final = {
    Column.TIME: "000\u202f000.000",
    Column.WHERE: "upper:23456",
    Column.EVENT: "ESTABLISHED",
    Column.BYTES: "000\u202f000",
    Column.TOOK: "blocked 888.8 ms",
}


class TimelineTable(PaintedTable):
    """A table over a TimelineModel. mark_requested: a key asked for a mark."""

    mark_requested = Signal()

    def __init__(self, model: TimelineModel, selection: Selection, parent: QWidget | None = None) -> None:
        self._rows = RowPainter(model)
        super().__init__(self._rows, parent, follows=True)
        self.setAccessibleName("Time line, table of events")
        self._events = model
        self._selection = selection
        self._own_change = False
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head = self.horizontalHeader()
        head.setSectionsClickable(False)
        head.setMinimumSectionSize(24)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.show_model(model)
        model.modelReset.connect(self._on_model_reset)
        model.scanned.connect(self._show_selection)
        self.verticalScrollBar().valueChanged.connect(self._on_bar_value_changed)
        selection.changed.connect(self._show_selection)

    # Following

    def newer(self) -> int:
        """How many rows there are below the last one that is visible."""
        last = self.rowAt(self.viewport().height() - 2)
        return 0 if last < 0 else max(0, self._events.row_count() - 1 - last)

    def _on_model_reset(self) -> None:
        self._rows.hovered = -1
        self.set_follows(True)

    def _on_bar_value_changed(self, value: int) -> None:
        bar = self.verticalScrollBar()
        at_end = value >= bar.maximum()
        if at_end or bar.isSliderDown() or self.underMouse() or self.hasFocus() or not self.follows:
            self.set_follows(at_end)

    # One selection in all views

    def _show_selection(self) -> None:
        if self._own_change:
            return
        log_row = self._selection.row
        row = None if log_row is None else self._events.shown_row(log_row)
        self._own_change = True
        try:
            if row is None:
                self.selectionModel().clear()
            elif self.currentIndex().row() != row or not self.selectionModel().isRowSelected(row, QModelIndex()):
                self.selectRow(row)
                self.scrollTo(self._events.index(row, Column.TIME))
        finally:
            self._own_change = False

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell all other views which row is current."""
        super().selectionChanged(selected, deselected)
        if self._own_change or not self.currentIndex().isValid() or not self.selectionModel().hasSelection():
            return
        self._own_change = True
        try:
            self._selection.select(self._events.log_row(self.currentIndex().row()))
        finally:
            self._own_change = False

    def selected_log_rows(self) -> list[int]:
        """The event log's rows of all selected rows, in order."""
        return sorted({self._events.log_row(row) for top, end in self.chosen_spans() for row in range(top, end)})

    def copy_rows(self) -> int:
        """Put the selected rows into the clipboard as tab-separated text; returns how many, at most COPY_LIMIT."""
        rows = self.selected_log_rows()[:COPY_LIMIT]
        if rows:
            zero = self._events.zero_ns
            text = "\n".join(wording.row_text(self._events.log.raw(row), zero) for row in rows)
            QApplication.clipboard().setText(text)
        return len(rows)

    # Keys, sizes

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """M marks."""
        if event.key() == Qt.Key.Key_M and not event.modifiers():
            self.mark_requested.emit()
        else:
            super().keyPressEvent(event)

    def share_width(self) -> None:
        """Fixed columns as wide as what they hold; "What happened" gets the rest, and some more when it is short."""
        room = self.viewport().width()
        scale = self._rows.row_height / 26
        widths = self._widths(_ROOMY)
        hidden: set[Column] = set()
        if room - sum(widths.values()) < WHAT_LARGE * scale:
            widths = self._widths(_SAMPLES)
        if room - sum(widths.values()) < WHAT_ROOMY * scale:
            widths = self._widths(_TIGHT)
        for column in (Column.EVENT, Column.BYTES):
            if room - sum(widths.values()) < WHAT_LEAST * scale:
                hidden.add(column)
                widths[column] = 0
        for column, width in widths.items():
            self.setColumnHidden(column, column in hidden)
            self.setColumnWidth(column, width)
        self.setColumnWidth(Column.WHAT, max(int(60 * scale), room - sum(widths.values())))

    def _widths(self, samples: dict[Column, str]) -> dict[Column, int]:
        metrics = self._rows.ui.metrics
        widths = {column: int(metrics.horizontalAdvance(text)) + 1 + 2 * PAD for column, text in samples.items()}
        for column, face in ((Column.EVENT, self._rows.event), (Column.TOOK, self._rows.small)):
            widths[column] = int(face.metrics.horizontalAdvance(samples[column])) + 1 + 2 * PAD
        widths[Column.SIGN] = self._rows.row_height + 2
        widths[Column.DIRECTION] = self._rows.row_height + 4
        return widths
