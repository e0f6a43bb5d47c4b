"""PaintedTable: a table of any length that one painter paints, and that can be read while it grows.

Fixed rows, none of Qt's cells; the row under the pointer is lit, and new rows are followed only at the bottom. It must
not know what stands in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol, cast

from PySide6.QtCore import QAbstractItemModel, QEvent, QItemSelectionRange, QModelIndex, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from widgets.theme.theme import theme

_CONTROL: Final = Qt.KeyboardModifier.ControlModifier
_HEAD_SPACE: Final = 10
_EDGE_PX: Final = 24
_BAR_PX: Final = 3


class RowsPainter(Protocol):
    """What paints the rows. hovered: the place under the pointer, -1 for none."""

    row_height: int
    hovered: int

    def refresh(self) -> None:
        """Fonts or colours are others."""

    def paint(
        self, painter: QPainter, first: int, tops: Sequence[int], spans: Sequence[tuple[int, int]], chosen: set[int],
        width: int,
    ) -> None:  # fmt: skip
        """Paint the rows from `first` on, one for each of `tops`, its columns at `spans` (left, width), in px."""


class PaintedTable(QTableView):
    """followed: the view has reached or left the bottom. A subclass calls `show_model` once it is made."""

    followed = Signal(bool)

    def __init__(self, painter: RowsPainter, parent: QWidget | None = None, *, follows: bool = False) -> None:
        super().__init__(parent)
        self._painter = painter
        self.follows = follows
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)

    def show_model(self, model: QAbstractItemModel) -> None:
        """Show the rows of a model."""
        self.setModel(model)
        model.rowsInserted.connect(self._on_rows_inserted)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # Following

    def follow(self) -> None:
        """Go to the newest row and stay with it."""
        self.set_follows(True)
        self.scrollToBottom()

    def set_follows(self, follows: bool) -> None:
        """Whether new rows are scrolled to."""
        if follows != self.follows:
            self.follows = follows
            self.followed.emit(follows)

    def _on_rows_inserted(self, _parent: QModelIndex, _first: int, _last: int) -> None:
        if self.follows and self.isVisible():
            self.scrollToBottom()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """All rows in sight in one go."""
        painter = QPainter(self.viewport())
        try:
            self._paint(painter)
        finally:
            painter.end()

    def _paint(self, painter: QPainter) -> None:
        width, height = self.viewport().width(), self.viewport().height()
        painter.fillRect(0, 0, width, height, theme().tokens.base)
        first, tall, model = self.rowAt(0), self._painter.row_height, self.model()
        if first < 0:
            painter.setPen(theme().tokens.text2)
            painter.setFont(theme().font("body"))
            space = self.viewport().rect().adjusted(_EDGE_PX, 0, -_EDGE_PX, 0)
            painter.drawText(space, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.no_rows())
            return
        top = self.rowViewportPosition(first)
        count = min(model.rowCount() - first, -(-(height - top) // tall))
        tops = [top + place * tall for place in range(count)]
        spans = [(self.columnViewportPosition(at), self.columnWidth(at)) for at in range(model.columnCount())]
        self._painter.paint(painter, first, tops, spans, self._chosen_between(first, first + count), width)
        place = self.currentIndex().row() - first
        if self.hasFocus() and 0 <= place < count:  # where the keys are
            painter.fillRect(0, tops[place], _BAR_PX, tall, theme().tokens.highlight)

    def no_rows(self) -> str:
        """What stands in an empty table, "" for nothing."""
        return ""

    def chosen_spans(self) -> list[tuple[int, int]]:
        """The chosen rows as runs: first, and the one behind the last."""
        ranges = cast("list[QItemSelectionRange]", self.selectionModel().selection())
        return [(span.top(), span.bottom() + 1) for span in ranges]

    def _chosen_between(self, first: int, stop: int) -> set[int]:
        return {row for top, end in self.chosen_spans() for row in range(max(first, top), min(stop, end))}

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
        if row == self._painter.hovered:
            return
        for changed in (self._painter.hovered, row):
            if 0 <= changed < self.model().rowCount():
                top = self.rowViewportPosition(changed)
                self.viewport().update(0, top, self.viewport().width(), self._painter.row_height)
        self._painter.hovered = row

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Home and End go to the first and last row; a letter never starts a search of its own."""
        last = self.model().rowCount() - 1
        if event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0 and not event.modifiers():
            first = event.key() == Qt.Key.Key_Home
            self.selectRow(0 if first else last)
            self.scrollToTop() if first else self.go_to_end()
        elif event.text().isprintable() and event.text() and not event.modifiers() & _CONTROL:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def go_to_end(self) -> None:
        """What End does after it has chosen the last row."""
        self.follow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew; stay at the bottom."""
        super().resizeEvent(event)
        self.share_width()
        if self.follows:
            self.scrollToBottom()

    def share_width(self) -> None:
        """Give the columns their widths."""
        raise NotImplementedError

    def _on_theme_changed(self) -> None:
        self._painter.refresh()
        self.verticalHeader().setMinimumSectionSize(self._painter.row_height)
        self.verticalHeader().setDefaultSectionSize(self._painter.row_height)
        head = self.horizontalHeader()
        head.setFont(theme().ui_font(9))
        head.setFixedHeight(QFontMetrics(head.font()).height() + _HEAD_SPACE)
        self.share_width()
        self.viewport().update()
