"""The parts of a mail as rows, each as deep as it lies. It must not know who shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.mail.message.shown import Row
from protocols.numbers import size_text
from widgets.parts.plain_table import SIGN_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("Part", "Kind", "Name to save", "Encoding", "Size")
DEPTH_SHOWN: Final = 12


class PartsModel(QAbstractTableModel):
    """Rows of parts; `row(at)` is one of them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[Row] = ()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other parts."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row(self, at: int) -> Row | None:
        """The part of a row."""
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def first_file(self) -> int:
        """The row of the first part that can be saved, -1 for none."""
        return next((at for at, row in enumerate(self._rows) if row.name), -1)

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return TITLES[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section == 4 else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        row = self.row(index.row())
        if row is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            deep = "\u2003" * min(row.depth, DEPTH_SHOWN)
            return (deep + (row.number or "message"), row.kind, row.name, row.encoding, size_text(row.size))[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 4:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == SIGN_ROLE and column == 1 and row.notices:
            return "warning"
        if role == Qt.ItemDataRole.ToolTipRole and row.notices:
            return "\n".join(row.notices)
        return None
