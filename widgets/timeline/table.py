"""TimelineTable: the time line as a table that can be read while it grows.

It follows new rows only while it is at the bottom, shares the selection, and keeps its columns
legible at any width. It must not know filters, the bridge or the dock.
"""

from __future__ import annotations

from typing import Final, cast

from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionRange, QModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QHeaderView, QTableView, QWidget

from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline import wording
from widgets.timeline.model import Column, TimelineModel
from widgets.timeline.row_painter import PAD, RowPainter

WHAT_ROOMY: Final = 230
"""Below this width of "What happened" (at 9.5 pt, about 30 characters) the other columns give room."""
WHAT_LARGE: Final = 480
"""From this width on the names beside it get room for long ones."""
WHAT_LEAST: Final = 170
_CONTROL: Final = Qt.KeyboardModifier.ControlModifier
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


class TimelineTable(QTableView):
    """A table over a TimelineModel.

    followed: the view has reached or left the bottom. marks_changed: a key asked for a mark.
    """

    followed = Signal(bool)
    mark_requested = Signal()

    def __init__(self, model: TimelineModel, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Time line, table of events")
        self._events = model
        self._selection = selection
        self._follows = True
        self._own_change = False
        self._rows = RowPainter(model)
        self._set_up()
        self.setModel(model)
        model.rowsInserted.connect(self._on_model_rows_inserted)
        model.modelReset.connect(self._on_model_reset)
        model.scanned.connect(self._show_selection)
        self.verticalScrollBar().valueChanged.connect(self._on_bar_value_changed)
        selection.changed.connect(self._show_selection)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def _set_up(self) -> None:
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAlternatingRowColors(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        head, side = self.horizontalHeader(), self.verticalHeader()
        side.hide()
        side.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setMinimumSectionSize(24)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    # Following

    @property
    def follows(self) -> bool:
        """True while new rows are scrolled to."""
        return self._follows

    def follow(self) -> None:
        """Go to the newest row and stay with it."""
        self._set_follows(True)
        self.scrollToBottom()

    def newer(self) -> int:
        """How many rows there are below the last one that is visible."""
        last = self.rowAt(self.viewport().height() - 2)
        return 0 if last < 0 else max(0, self._events.row_count() - 1 - last)

    def _set_follows(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.followed.emit(follows)

    def _on_model_rows_inserted(self, parent: QModelIndex, first: int, last: int) -> None:
        if self._follows and self.isVisible():
            self.scrollToBottom()

    def _on_model_reset(self) -> None:
        self._rows.hovered = -1
        self._set_follows(True)

    def _on_bar_value_changed(self, value: int) -> None:
        bar = self.verticalScrollBar()
        at_end = value >= bar.maximum()
        if at_end or bar.isSliderDown() or self.underMouse() or self.hasFocus() or not self._follows:
            self._set_follows(at_end)

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
        ranges = cast("list[QItemSelectionRange]", self.selectionModel().selection())
        spans = ((span.top(), span.bottom() + 1) for span in ranges)
        return sorted({self._events.log_row(row) for top, bottom in spans for row in range(top, bottom)})

    def copy_rows(self) -> int:
        """Put the selected rows into the clipboard as tab-separated text; returns how many, at most COPY_LIMIT."""
        rows = self.selected_log_rows()[:COPY_LIMIT]
        if rows:
            zero = self._events.zero_ns
            text = "\n".join(wording.row_text(self._events.log.raw(row), zero) for row in rows)
            QApplication.clipboard().setText(text)
        return len(rows)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """All rows in sight in one go; see RowPainter."""
        painter = QPainter(self.viewport())
        width, height = self.viewport().width(), self.viewport().height()
        painter.fillRect(0, 0, width, height, theme().tokens.base)
        first, row_height = self.rowAt(0), self._rows.row_height
        if first >= 0:
            top = self.rowViewportPosition(first)
            count = min(self._events.row_count() - first, -(-(height - top) // row_height))
            tops = [top + place * row_height for place in range(count)]
            spans = [(self.columnViewportPosition(column), self.columnWidth(column)) for column in Column]
            self._rows.paint(painter, first, tops, spans, self._selected_between(first, first + count), width)
            if self.hasFocus():
                self._paint_current(painter, first, tops)
        painter.end()

    def _selected_between(self, first: int, stop: int) -> set[int]:
        ranges = cast("list[QItemSelectionRange]", self.selectionModel().selection())
        chosen: set[int] = set()
        for span in ranges:
            chosen.update(range(max(first, span.top()), min(stop, span.bottom() + 1)))
        return chosen

    def _paint_current(self, painter: QPainter, first: int, tops: list[int]) -> None:
        """A bar at the left edge of the row where the keys are."""
        place = self.currentIndex().row() - first
        if 0 <= place < len(tops):
            painter.fillRect(0, tops[place], 3, self._rows.row_height, theme().tokens.highlight)

    # Pointer, keys, sizes

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the row under the pointer."""
        self._hover(self.rowAt(event.position().toPoint().y()))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is gone."""
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row == self._rows.hovered:
            return
        for changed in (self._rows.hovered, row):
            if 0 <= changed < self._events.row_count():
                top = self.rowViewportPosition(changed)
                self.viewport().update(0, top, self.viewport().width(), self._rows.row_height)
        self._rows.hovered = row

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and last row; a letter never starts a search of its own."""
        last = self._events.row_count() - 1
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0:
            row = 0 if event.key() == Qt.Key.Key_Home else last
            self.selectRow(row)
            self.scrollToTop() if row == 0 else self.follow()
        elif event.key() == Qt.Key.Key_M and not event.modifiers():
            self.mark_requested.emit()
        elif event.text().isprintable() and event.text() and not event.modifiers() & _CONTROL:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew; stay at the bottom."""
        super().resizeEvent(event)
        self._share_width()
        if self._follows:
            self.scrollToBottom()

    def _on_theme_changed(self) -> None:
        self._rows.refresh()
        self.verticalHeader().setMinimumSectionSize(self._rows.row_height)
        self.verticalHeader().setDefaultSectionSize(self._rows.row_height)
        head = self.horizontalHeader()
        head.setFont(theme().ui_font(9))
        head.setFixedHeight(QFontMetrics(head.font()).height() + 10)
        self._share_width()
        self.viewport().update()

    def _share_width(self) -> None:
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
