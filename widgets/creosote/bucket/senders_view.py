"""SendersView: who writes to a bucket: letter, name and address, how many a second, how many were lost.

A small table of the busiest; the rest are counted in one line. It must not know buckets or the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from protocols.numbers import grouped
from widgets.parts.text import plain_tip
from widgets.theme.signs import paint_icon, paint_sender
from widgets.theme.theme import theme

SHOWN: Final = 64
HEADS: Final = ("Sender", "Per second", "Received", "Lost")
_TIPS: Final = (
    "What its messages say they come from, else its address",
    "Datagrams in the last whole second",
    "Datagrams since the bucket was started",
    "Missing by the numbers in its messages; a dash where it does not number them",
)
_ROOT: Final = QModelIndex()


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """number: its place among the log's senders. lost: None where it does not number its messages."""

    number: int
    name: str
    address: str
    per_second: int
    received: int
    lost: int | None


class SendersModel(QAbstractTableModel):
    """Rows of SenderFacts."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[SenderFacts] = []
        self.narrow = False

    def set_narrow(self, narrow: bool) -> None:
        """Say "a second" in fewer letters."""
        if narrow != self.narrow:
            self.narrow = narrow
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 1, 1)

    def update_rows(self, rows: list[SenderFacts]) -> None:
        """Show these instead, in their order; whoever is there stays chosen."""
        before, now = len(self.rows), len(rows)
        if now > before:
            self.beginInsertRows(_ROOT, before, now - 1)
            self.rows = rows
            self.endInsertRows()
        elif now < before:
            self.beginRemoveRows(_ROOT, now, before - 1)
            self.rows = rows
            self.endRemoveRows()
        else:
            self.rows = rows
        if rows:
            self.dataChanged.emit(self.index(0, 0), self.index(now - 1, len(HEADS) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(f"{row.name}\n{row.address}\nAnyone can write under any name: UDP proves no sender.")
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            lost = "\u2013" if row.lost is None else grouped(row.lost)
            return (row.name, grouped(row.per_second), grouped(row.received), lost)[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return "/ s" if section == 1 and self.narrow else HEADS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None


class _Delegate(QStyledItemDelegate):
    """Paints the disc with the letter, and a loss in the colour of warnings."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens, rect = theme().tokens, option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, tokens.select if selected else tokens.base)
        model = index.model()
        assert isinstance(model, SendersModel)
        row, column = model.rows[index.row()], index.column()
        inner = rect.adjusted(10 if not column else 4, 0, -10 if column == len(HEADS) - 1 else -4, 0)
        painter.setFont(theme().font("table"))
        text = str(index.data())
        side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
        colour = tokens.text
        if column == 0:
            disc = min(theme().px(17), rect.height() - 6)
            paint_sender(painter, QRectF(inner.left(), inner.center().y() - disc / 2 + 0.5, disc, disc), row.number)
            inner.adjust(disc + 8, 0, 0, 0)
            colour = tokens.sender(row.number)
        elif column == len(HEADS) - 1:
            colour = tokens.text2
            if row.lost:
                colour = tokens.warning
                wide = painter.fontMetrics().horizontalAdvance(text)
                paint_icon(painter, QRectF(inner.right() - wide - 20, inner.top(), 14, inner.height()),
                           "triangle-alert", "warning")  # fmt: skip
        painter.setPen(QPen(colour))
        # Of an address the end counts: the port tells two programs of one machine apart.
        mode = Qt.TextElideMode.ElideLeft if row.name == row.address else Qt.TextElideMode.ElideRight
        shown = painter.fontMetrics().elidedText(text, mode, inner.width())
        painter.drawText(inner, int(side | Qt.AlignmentFlag.AlignVCenter), shown)


class SendersView(QTableView):
    """The table. sender_chosen(number): show only this one; -1 for all again."""

    sender_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._room = 0
        self.facts = SendersModel(self)
        self.setModel(self.facts)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName("Senders")
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setMinimumSectionSize(30)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.doubleClicked.connect(lambda _: self.sender_chosen.emit(self.chosen()))
        theme().scaled.connect(self._size)
        self._size()

    def chosen(self) -> int:
        """The number of the sender chosen, -1 for none."""
        at = self.currentIndex().row()
        return self.facts.rows[at].number if 0 <= at < len(self.facts.rows) else -1

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def updateGeometries(self) -> None:
        """A scroll bar has come or gone: share the width anew."""
        super().updateGeometries()
        if self.viewport().width() != self._room:
            self._share()

    def _size(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme().line_height() + 8)
        self.horizontalHeader().setFont(theme().font("table_head"))
        self._share()

    def _share(self) -> None:
        metrics = self.horizontalHeader().fontMetrics()
        room = self._room = self.viewport().width()
        narrow = room < theme().px(300)
        self.facts.set_narrow(narrow)
        wide = {1: metrics.horizontalAdvance("00 000" if narrow else "Per second") + 18,
                2: metrics.horizontalAdvance("000 000 000") + 14,
                3: metrics.horizontalAdvance("0 000" if narrow else "000 000") + 28}  # fmt: skip
        self.setColumnHidden(2, room < theme().px(400))
        taken = sum(width for column, width in wide.items() if not self.isColumnHidden(column))
        for column, width in wide.items():
            self.setColumnWidth(column, width)
        self.setColumnWidth(0, max(room - taken, theme().px(60)))
