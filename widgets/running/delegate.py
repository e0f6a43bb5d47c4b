"""RunningDelegate: paints the rows of the running table.

The state's sign stands before the name, addresses are in the mono font, and a service that
others can reach carries the warning sign. It must not know services.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from widgets.running.model import Column, RunningModel
from widgets.theme.signs import paint_state
from widgets.theme.theme import theme

PAD: Final = 10
SIGN: Final = 14
_MONO: Final = frozenset((Column.WHERE, Column.PORTS, Column.THREADS, Column.CHILDREN))
_MIDDLE: Final = frozenset((Column.NAME, Column.WHERE))


class RunningDelegate(QStyledItemDelegate):
    """Paints one cell at a time, from the model's facts."""

    def __init__(self, model: RunningModel) -> None:
        super().__init__(model)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One height for every row."""
        return QSize(40, theme().row_height() + 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Surface, sign, words."""
        look, tokens = theme(), theme().tokens
        rect = QRectF(option.rect)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        column = Column(index.column())
        facts = self._model.facts(index.row())
        painter.save()
        painter.setClipRect(rect)
        surface = tokens.select if selected else tokens.alternate if index.row() % 2 else tokens.base
        painter.fillRect(rect, surface)
        room = rect.adjusted(PAD, 0, -PAD, 0)
        sign = "running" if column == Column.NAME else "warning" if column == Column.WHERE and facts.exposed else ""
        if sign:
            side = look.px(SIGN)
            paint_state(painter, QRectF(room.left(), room.center().y() - side / 2, side, side), sign)
            room.setLeft(room.left() + side + 7)
        strong = column == Column.NAME
        font = look.mono_font(9) if column in _MONO else look.ui_font(9.5, 500 if strong else 400)
        painter.setFont(font)
        painter.setPen(tokens.text if strong or column in _MONO else tokens.text2)
        mode = Qt.TextElideMode.ElideMiddle if column in _MIDDLE else Qt.TextElideMode.ElideRight
        words = str(index.data(Qt.ItemDataRole.DisplayRole))
        shown = QFontMetricsF(font).elidedText(words, mode, room.width() + 1)
        side_flag = Qt.AlignmentFlag.AlignRight if column == Column.CONNECTIONS else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | side_flag, shown)
        painter.restore()
