"""A list of things to try: title, one sentence, and what came of it. It must not know what is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem

from widgets.theme.signs import paint_state
from widgets.theme.theme import theme
from widgets.theme.tokens import Tokens

_Index = QModelIndex | QPersistentModelIndex
PAD: Final = 12
SIGN: Final = 14


@dataclass(frozen=True)
class Item:
    """One row. state: a sign of `STATE_SIGNS`, "" before it was tried. word: beside the sign."""

    id: str
    title: str
    sentence: str
    state: str = ""
    word: str = ""


class CatalogModel(QAbstractListModel):
    """The rows, in order."""

    def __init__(self, items: Sequence[Item], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items = list(items)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._items)

    def item(self, row: int) -> Item | None:
        """The item of a row."""
        return self._items[row] if 0 <= row < len(self._items) else None

    def row_of(self, id: str) -> int:
        """The row of an item; -1 if there is none."""
        return next((at for at, item in enumerate(self._items) if item.id == id), -1)

    def set_state(self, id: str, state: str, word: str) -> None:
        """What came of an item."""
        at = self.row_of(id)
        if at >= 0:
            self._items[at] = replace(self._items[at], state=state, word=word)
            self.dataChanged.emit(self.index(at), self.index(at))

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ". ".join(filter(None, (item.title, item.sentence.rstrip("."), item.word)))
        if role == Qt.ItemDataRole.ToolTipRole:
            return item.sentence
        return None


class _Delegate(QStyledItemDelegate):
    """Paints two lines: title with sign and word at the right, the sentence below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index, /) -> QSize:
        look = theme()
        lines = QFontMetrics(look.ui_font(10, 500)).height() + QFontMetrics(look.ui_font(9.5)).height()
        return QSize(look.px(220), lines + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index, /) -> None:
        model = index.model()
        assert isinstance(model, CatalogModel)
        item = model.item(index.row())
        assert item is not None
        look, tokens = theme(), theme().tokens
        rect, state = option.rect, option.state
        painter.save()
        if state & state.State_Selected:
            painter.fillRect(rect, tokens.select)
        elif state & state.State_MouseOver:
            painter.fillRect(rect, tokens.hover)
        area = rect.adjusted(look.px(PAD), 7, -look.px(PAD), -7)
        right = _paint_verdict(painter, area, item, tokens)
        bold = look.ui_font(10, 500)
        top = QRect(area.left(), area.top(), right - area.left(), QFontMetrics(bold).height())
        painter.setFont(bold)
        painter.setPen(tokens.text)
        elide = Qt.TextElideMode.ElideRight
        title = QFontMetrics(bold).elidedText(item.title, elide, top.width())
        painter.drawText(top, int(Qt.AlignmentFlag.AlignVCenter), title)
        small = look.ui_font(9.5)
        below = QRect(area.left(), top.bottom() + 3, area.width(), QFontMetrics(small).height())
        painter.setFont(small)
        painter.setPen(tokens.text2)
        text = QFontMetrics(small).elidedText(item.sentence, elide, below.width())
        painter.drawText(below, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()


def _paint_verdict(painter: QPainter, area: QRect, item: Item, tokens: Tokens) -> int:
    """Sign and word at the right of the title; where they begin."""
    if not item.state:
        return area.right()
    look = theme()
    font = look.mono_font() if item.word.isupper() else look.ui_font(9.5)
    wide, side = QFontMetrics(font).horizontalAdvance(item.word), look.px(SIGN)
    line = QFontMetrics(look.ui_font(10, 500)).height()
    left = area.right() - wide - side - 6
    paint_state(painter, QRectF(left, area.top() + (line - side) / 2, side, side), item.state)
    painter.setFont(font)
    painter.setPen(tokens.text2)
    painter.drawText(QRect(left + side + 6, area.top(), wide + 2, line), int(Qt.AlignmentFlag.AlignVCenter), item.word)
    return left - 8


class CatalogView(QListView):
    """The list. `chosen(id)`: a row is current; `run_requested(id)`: it was double-clicked or Enter pressed on it."""

    chosen = Signal(str)
    run_requested = Signal(str)

    def __init__(self, model: CatalogModel, name: str) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(theme().px(240))
        self.selectionModel().currentChanged.connect(lambda index, _old: self.chosen.emit(self._id(index)))
        self.activated.connect(lambda index: self.run_requested.emit(self._id(index)))
        theme().changed.connect(self.doItemsLayout)

    def _id(self, index: QModelIndex) -> str:
        item = self._model.item(index.row())
        return item.id if item is not None else ""

    def current(self) -> str:
        """The id of the current row."""
        return self._id(self.currentIndex())

    def choose(self, id: str) -> None:
        """Go to an item."""
        self.setCurrentIndex(self._model.index(max(0, self._model.row_of(id))))
