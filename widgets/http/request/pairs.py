"""PairsModel: rows of name and value that a person edits: headers, parameters, form fields, parts.

A row can be left out for a moment without being lost; the last row is always empty, for the next
one. It must not know what the pairs mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

_Index: TypeAlias = QModelIndex | QPersistentModelIndex
ON, NAME, VALUE, EXTRA, FILENAME = 0, 1, 2, 3, 4
_NONE: Final = Qt.ItemFlag.NoItemFlags


@dataclass(frozen=True, slots=True)
class Pair:
    """One row. on: it counts. file: the value is a path. extra: a third text, such as a part's type. filename: the name
    of a file that a part claims to be."""

    name: str = ""
    value: str = ""
    on: bool = True
    file: bool = False
    extra: str = ""
    filename: str = ""

    @property
    def blank(self) -> bool:
        """Nothing is written in it."""
        return not (self.name or self.value or self.extra or self.filename)


class PairsModel(QAbstractTableModel):
    """The rows, in order. `edited`: a person or a program changed them. titles: of the columns after the tick."""

    edited = Signal()

    def __init__(self, titles: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._titles = ("", *titles)
        self._rows: list[Pair] = [Pair()]

    def pairs(self) -> list[Pair]:
        """All rows with something in them, ticked or not."""
        return [pair for pair in self._rows if not pair.blank]

    def row(self, at: int) -> Pair:
        """The pair of a row."""
        return self._rows[at]

    def set_pairs(self, pairs: Iterable[Pair], *, quiet: bool = False) -> None:
        """Show other rows; quiet: nobody edited them."""
        rows = [*pairs, Pair()]
        if rows == self._rows:
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        if not quiet:
            self.edited.emit()

    def put(self, at: int, pair: Pair) -> None:
        """Change a row; writing into the last one adds another."""
        if self._rows[at] == pair:
            return
        self._rows[at] = pair
        self.dataChanged.emit(self.index(at, 0), self.index(at, len(self._titles) - 1))
        if at == len(self._rows) - 1 and not pair.blank:
            self.beginInsertRows(QModelIndex(), at + 1, at + 1)
            self._rows.append(Pair())
            self.endInsertRows()
        self.edited.emit()

    def add(self, pair: Pair) -> None:
        """Append a row."""
        self.put(len(self._rows) - 1, pair)

    def remove(self, at: int) -> None:
        """Take a row away; the empty one at the end stays."""
        if not 0 <= at < len(self._rows) - 1:
            return
        self.beginRemoveRows(QModelIndex(), at, at)
        del self._rows[at]
        self.endRemoveRows()
        self.edited.emit()

    def move(self, at: int, by: int) -> int:
        """Move a row up or down; where it is then."""
        to = at + by
        if not (0 <= at < len(self._rows) - 1 and 0 <= to < len(self._rows) - 1):
            return at
        self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), to + (by > 0))
        self._rows.insert(to, self._rows.pop(at))
        self.endMoveRows()
        self.edited.emit()
        return to

    def is_last(self, at: int) -> bool:
        """It is the empty row for the next pair."""
        return at == len(self._rows) - 1

    # Qt

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        if not index.isValid():
            return _NONE
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() == ON:
            return flags if self.is_last(index.row()) else flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        pair, column = self._rows[index.row()], index.column()
        if column == ON:
            if role == Qt.ItemDataRole.CheckStateRole and not self.is_last(index.row()):
                return Qt.CheckState.Checked if pair.on else Qt.CheckState.Unchecked
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return "" if self.is_last(index.row()) else "sent" if pair.on else "left out"
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return (pair.name, pair.value, pair.extra, pair.filename)[column - 1]
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole, /) -> bool:
        if not index.isValid():
            return False
        pair = self._rows[index.row()]
        if role == Qt.ItemDataRole.CheckStateRole:
            self.put(index.row(), replace(pair, on=Qt.CheckState(value) == Qt.CheckState.Checked))
            return True
        if role != Qt.ItemDataRole.EditRole or index.column() == ON:
            return False
        changed: dict[str, Any] = {("name", "value", "extra", "filename")[index.column() - 1]: str(value)}
        self.put(index.row(), replace(pair, **changed))
        return True
