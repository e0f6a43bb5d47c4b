"""RowsModel: a table of texts that never change once shown: headers, CSV rows, links, events.

It must not know what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

_Index = QModelIndex | QPersistentModelIndex


class RowsModel(QAbstractTableModel):
    """Rows of texts below titles. numbers: the columns that stand at the right."""

    def __init__(
        self, titles: Sequence[str], parent: QObject | None = None, *, numbers: Iterable[int] = ()
    ) -> None:
        super().__init__(parent)
        self._titles = tuple(titles)
        self._numbers = frozenset(numbers)
        self._rows: list[Sequence[str]] = []

    def set_rows(self, rows: Iterable[Sequence[str]], titles: Sequence[str] | None = None) -> None:
        """Show other rows, below other titles if given."""
        self.beginResetModel()
        self._rows = list(rows)
        if titles is not None:
            self._titles = tuple(titles)
        self.endResetModel()

    def append(self, rows: Sequence[Sequence[str]]) -> None:
        """Add rows at the end."""
        if rows:
            at = len(self._rows)
            self.beginInsertRows(QModelIndex(), at, at + len(rows) - 1)
            self._rows.extend(rows)
            self.endInsertRows()

    def row(self, at: int) -> Sequence[str]:
        """The texts of a row."""
        return self._rows[at]

    def rows(self) -> list[Sequence[str]]:
        """All rows."""
        return list(self._rows)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(section)
        return None

    def _side(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if column in self._numbers else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            row = self._rows[index.row()]
            return row[index.column()] if index.column() < len(row) else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._side(index.column())
        return None
