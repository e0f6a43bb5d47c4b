"""The users of the mail server as a table that is typed into; a row below the last is always free.

It must not know services.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QWidget

from widgets.parts.plain_table import TONE_ROLE, PlainTable
from widgets.theme.theme import theme

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("User", "Password")
_FREE: Final = ("Type a name\u2026", "")
SHOWN_ROWS: Final = 3


class UsersModel(QAbstractTableModel):
    """Name and password, a row each."""

    def __init__(self, users: Iterable[tuple[str, str]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = [list(one) for one in users]

    def users(self) -> list[tuple[str, str]]:
        """All rows that have a name."""
        return [(name.strip(), password) for name, password in self._rows if name.strip()]

    def set_users(self, users: Iterable[Any]) -> None:
        """Show others; what is strange is left out."""
        self.beginResetModel()
        self._rows = [[str(one[0]), str(one[1])] for one in users if isinstance(one, (list, tuple)) and len(one) == 2]
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows) + 1

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        free = index.row() >= len(self._rows)
        if role == Qt.ItemDataRole.EditRole:
            return "" if free else self._rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _FREE[index.column()] if free else self._rows[index.row()][index.column()]
        if role == TONE_ROLE and free:
            return "text2"
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole, /) -> bool:
        if role != Qt.ItemDataRole.EditRole:
            return False
        row, text = index.row(), str(value)
        if row >= len(self._rows):
            if not text.strip():
                return False
            self.beginInsertRows(QModelIndex(), row, row)
            self._rows.append(["", ""])
            self.endInsertRows()
        self._rows[row][index.column()] = text
        if not any(part.strip() for part in self._rows[row]):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._rows[row]
            self.endRemoveRows()
        else:
            self.dataChanged.emit(index, index)
        return True


class UsersTable(PlainTable):
    """The table, a few rows high."""

    def __init__(self, model: UsersModel, parent: QWidget | None = None) -> None:
        super().__init__(model, "Users and their passwords", widths=(150,), parent=parent)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(
            triggers.DoubleClicked | triggers.SelectedClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed
        )
        self.setToolTip("NAME gets mail for NAME@ any domain. An empty name takes the row away.")
        theme().changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(theme().row_height() * SHOWN_ROWS + self.horizontalHeader().sizeHint().height() + 4)
