"""PacketModel: the rows of a document for Qt's table; texts are made when they are asked for.

It must not know how they are painted.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from widgets.packets.listing.columns import COLUMNS, Words
from widgets.packets.listing.document import Document

_Index = QModelIndex | QPersistentModelIndex


class PacketModel(QAbstractTableModel):
    """One row a packet shown, one column for each of COLUMNS."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.words = Words(document)
        self._count = 0
        document.opened.connect(self._restart)
        document.shown_changed.connect(self._restart)
        document.grew.connect(self._on_document_grew)
        document.told_changed.connect(self._on_document_told)
        document.marks_changed.connect(self._on_document_told)

    def _restart(self) -> None:
        self.beginResetModel()
        self.words.forget()
        self._count = self.document.shown()
        self.endResetModel()

    def _on_document_grew(self) -> None:
        count = self.document.shown()
        if count > self._count:
            self.beginInsertRows(QModelIndex(), self._count, count - 1)
            self._count = count
            self.endInsertRows()

    def _on_document_told(self) -> None:
        self.words.forget()
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column.right)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.words.cell(index.row(), COLUMNS[index.column()].id)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(COLUMNS[index.column()].right)
        return None


def _side(right: bool) -> int:
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
