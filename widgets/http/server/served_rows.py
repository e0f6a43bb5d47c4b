"""What a server has answered, a row for each request: when, what, with what, by which thread, how long it took.

The rows come from the recorder, through `ServedLog`. It must not know servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from protocols.http.server.served import Served
from protocols.numbers import grouped
from widgets.http.exchange.hops import sign_of, tone_of
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE
from widgets.timeline.wording import duration

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("#", "Answered at", "Method", "Target", "Answer", "Bytes", "Handled by", "Took")
NUMBER, AT, METHOD, TARGET, ANSWER, BYTES, WORKER, TOOK = range(8)
RIGHT: Final = (NUMBER, BYTES, TOOK)
KEPT: Final = 5000


class ServedModel(QAbstractTableModel):
    """The rows of one server. `came(rows)`: these are new. epoch_ns: what turns an event's time into one since 1970."""

    came = Signal(object)

    def __init__(self, epoch_ns: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._epoch_ns = epoch_ns
        self._rows: list[Served] = []
        self._total = 0

    def take(self, rows: Sequence[Served]) -> None:
        """New rows of this server."""
        self._total += len(rows)
        found = list(rows)
        found = found[-KEPT:]
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(found) - 1)
        self._rows += found
        self.endInsertRows()
        self._make_room()
        self.came.emit(found)

    def _make_room(self) -> None:
        extra = len(self._rows) - KEPT
        if extra > KEPT // 10:
            self.beginRemoveRows(QModelIndex(), 0, extra - 1)
            del self._rows[:extra]
            self.endRemoveRows()

    def clear(self) -> None:
        """Forget all."""
        self.beginResetModel()
        self._rows, self._total = [], 0
        self.endResetModel()

    @property
    def total(self) -> int:
        """How many there were, also those that had to make room."""
        return self._total

    def row(self, at: int) -> Served | None:
        """The request of a row."""
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def find(self, conn: str | None, begin: int | None) -> Served | None:
        """The answer to the request that began at this place of a connection."""
        return next((one for one in reversed(self._rows) if one.conn == conn and one.begin == begin), None)

    def place_of(self, served: Served) -> int:
        """The row that shows it; -1 if none does any more."""
        return next((at for at, one in enumerate(self._rows) if one == served), -1)

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
            return _side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        one, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(one, column, self._epoch_ns)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if column == ANSWER and role == SIGN_ROLE:
            return sign_of(one.status)
        if column == ANSWER and role == TONE_ROLE:
            return tone_of(one.status)
        if role == TONE_ROLE and column in (NUMBER, AT, WORKER):
            return "text2"
        return None


def worker_of(one: Served) -> str:
    """Who answered, without the word for the most frequent sort."""
    return one.worker.removeprefix("thread ")


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _text(one: Served, column: int, epoch_ns: int) -> str:
    match column:
        case 0:
            return str(one.number)
        case 1:
            return datetime.fromtimestamp((one.t + epoch_ns) / 1e9).strftime("%H:%M:%S.%f")[:-3]
        case 2:
            return one.method
        case 3:
            return one.target
        case 4:
            return str(one.status or "")
        case 5:
            return "" if not one.status else grouped(one.bytes)
        case 6:
            return worker_of(one)
    return duration(one.took_ns) if one.took_ns else ""
