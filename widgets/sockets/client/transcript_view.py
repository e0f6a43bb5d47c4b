"""The painted list of one conversation: time, direction, text in plain characters, size.

Follows its tail only while it is at the bottom and says how many lines came meanwhile. It must
not know who talks.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QListView,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from protocols.numbers import grouped
from widgets.sockets.client.transcript_model import TranscriptModel
from widgets.theme.signs import paint_chip, paint_icon
from widgets.theme.theme import theme

ICON: Final = 16
EDGE: Final = 12
ARROWS: Final = {"out": ("arrow-right", "out"), "in": ("arrow-left", "in_"), "note": ("info", "text2")}
_NOTE_ICONS: Final = (
    ("connected", "link", "running"),
    ("closed", "unplug", "text2"),
    ("end of", "log-out", "waiting"),
    ("reset", "octagon-x", "error"),
    ("refused", "octagon-x", "error"),
    ("error", "octagon-x", "error"),
)


def note_sign(text: str) -> tuple[str, str]:
    """The icon and the colour role of a remark, by its words."""
    lower = text.lower()
    return next(((icon, role) for word, icon, role in _NOTE_ICONS if word in lower), ARROWS["note"])


class TranscriptDelegate(QStyledItemDelegate):
    """Paints one line of a transcript in columns that stay where they are."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, /) -> QSize:
        return QSize(240, QFontMetrics(theme().mono_font()).height() + 10)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex, /
    ) -> None:
        model = index.model()
        assert isinstance(model, TranscriptModel)
        tokens = theme().tokens
        rect: QRect = option.rect
        state = option.state
        painter.save()
        if state & state.State_Selected:
            painter.fillRect(rect, tokens.select)
        elif state & state.State_MouseOver:
            painter.fillRect(rect, tokens.hover)
        self._paint_columns(painter, rect.adjusted(EDGE, 0, -EDGE, 0), model, index.row())
        painter.restore()

    def _paint_columns(self, painter: QPainter, rect: QRect, model: TranscriptModel, row: int) -> None:
        tokens = theme().tokens
        line = model.line(row)
        caption, mono, prose = theme().ui_font(9.5), theme().mono_font(), theme().ui_font(9.5)
        middle = Qt.AlignmentFlag.AlignVCenter
        clock_width = QFontMetrics(caption).horizontalAdvance("00:00:00.000 ")
        painter.setFont(caption)
        painter.setPen(tokens.text2)
        painter.drawText(rect, middle | Qt.AlignmentFlag.AlignLeft, model.clock(row))
        icon, role = note_sign(line.text) if line.direction == "note" else ARROWS[line.direction]
        at = rect.left() + clock_width + 4
        side = theme().px(ICON)
        paint_icon(painter, QRect(at, rect.center().y() - side // 2 + 1, side, side), icon, role)
        size = model.size(row)
        size_width = QFontMetrics(caption).horizontalAdvance(size) + (EDGE if size else 0)
        if size:
            painter.drawText(rect, middle | Qt.AlignmentFlag.AlignRight, size)
        chip = model.chip(row)
        if chip:
            place = QRect(rect.left(), rect.top() + 3, rect.width() - size_width, rect.height() - 6)
            size_width += round(paint_chip(painter, place, chip, right=True).width()) + EDGE
        font = prose if line.direction == "note" else mono
        room = QRect(at + side + 6, rect.top(), 0, rect.height())
        room.setRight(rect.right() - size_width)
        painter.setFont(font)
        painter.setPen(tokens.text)
        limit = max(32, room.width() // max(1, QFontMetrics(font).horizontalAdvance("i")) + 8)
        text = QFontMetrics(font).elidedText(model.text(row, limit), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine, text)


class _List(QListView):
    """The list itself; keeps the scroll bar's place unless it is at the end."""

    def __init__(self, model: TranscriptModel) -> None:
        super().__init__()
        self.setModel(model)
        self.setItemDelegate(TranscriptDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Conversation")
        self.setMinimumHeight(2 * (QFontMetrics(theme().mono_font()).height() + 10))

    def at_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - 2


class TranscriptView(QWidget):
    """A transcript with its bar "N newer, follow"."""

    def __init__(self, model: TranscriptModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._following = True
        self._missed = 0
        self.list = _List(model)
        self.follow_button = QPushButton()
        self.follow_button.setProperty("link", True)
        self.follow_button.setVisible(False)
        self.follow_button.setAccessibleName("Go to the newest line")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.follow_button)
        self.follow_button.clicked.connect(self._on_follow_clicked)
        model.rowsInserted.connect(self._on_rows_inserted)
        model.modelReset.connect(self._on_follow_clicked)
        self.list.verticalScrollBar().valueChanged.connect(self._on_bar_moved)
        self.list.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        theme().changed.connect(self.list.viewport().update)
        copy = QAction("Copy lines", self.list)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self._on_copy_triggered)
        self.list.addAction(copy)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def _on_rows_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        if not self._following:
            self._missed += last - first + 1
            self.follow_button.setText(f"You scrolled up, nothing is lost: {grouped(self._missed)} newer, follow")
            self.follow_button.setVisible(True)

    def _on_range_changed(self, _low: int, high: int) -> None:
        if self._following:
            self.list.verticalScrollBar().setValue(high)

    def _on_bar_moved(self, _value: int) -> None:
        self._following = self.list.at_end()
        if self._following:
            self._missed = 0
            self.follow_button.setVisible(False)

    def _on_follow_clicked(self) -> None:
        self._following = True
        self._missed = 0
        self.follow_button.setVisible(False)
        self.list.scrollToBottom()

    def _on_copy_triggered(self) -> None:
        rows = sorted({index.row() for index in self.list.selectedIndexes()})
        QApplication.clipboard().setText("\n".join(self.model.text(row, 1 << 20) for row in rows))
