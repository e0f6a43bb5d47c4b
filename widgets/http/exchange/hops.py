"""The list of hops: each redirect, each CONNECT, each 401 before the answer is a row of its own.

It must not know how a hop is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.http.exchange import Exchange
from widgets.http.exchange.phase_rows import ms_text
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("Hop", "Answer", "Method", "URL", "Took")


def sign_of(status: int) -> str:
    """The sign of a status: done, warning, error."""
    if not status:
        return "waiting"
    return {1: "info", 2: "done", 3: "info", 4: "warning"}.get(status // 100, "error")


def tone_of(status: int) -> str:
    """The colour's role of a status."""
    return {"done": "running", "warning": "warning", "error": "error"}.get(sign_of(status), "text")


class HopsModel(QAbstractTableModel):
    """The exchanges of one request, in order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Exchange] = []

    def update(self, exchanges: Sequence[Exchange]) -> None:
        """Take the hops as they are now."""
        known = len(self._rows)
        if [id(one) for one in exchanges[:known]] != [id(one) for one in self._rows]:
            self.beginResetModel()
            self._rows = list(exchanges)
            self.endResetModel()
            return
        if len(exchanges) > known:
            self.beginInsertRows(QModelIndex(), known, len(exchanges) - 1)
            self._rows += exchanges[known:]
            self.endInsertRows()
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(TITLES) - 1))

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in (0, 4) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        hop, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            answer = f"{hop.status} {hop.answer.reason}".strip() if hop.answer else "none yet"
            method = f"{hop.method} (tunnel)" if hop.tunnel else hop.method
            took = ms_text(hop.phases.total) if hop.phases.total else ""
            return (str(index.row() + 1), answer, method, hop.url, took)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (0, 4):
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole and column == 3:
            return hop.url[:500]
        if column == 1 and role == SIGN_ROLE:
            return sign_of(hop.status)
        if column == 1 and role == TONE_ROLE:
            return tone_of(hop.status)
        return None
