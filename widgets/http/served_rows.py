"""What a server has answered, a row for each request: when, what, with what, by which thread, how long it took.

Reads the servers' own notes from the recorder. It must not know servers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from protocols.numbers import grouped
from protocols.record.event import Raw, detail_of
from widgets.http.hops import sign_of, tone_of
from widgets.http.plain_table import SIGN_ROLE, TONE_ROLE
from widgets.timeline.wording import duration

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("#", "Answered at", "Method", "Target", "Answer", "Bytes", "Handled by", "Took")
NUMBER, AT, METHOD, TARGET, ANSWER, BYTES, WORKER, TOOK = range(8)
RIGHT: Final = (NUMBER, BYTES, TOOK)
KEPT: Final = 5000
KINDS: Final = frozenset(("answered", "bad request"))


@dataclass(frozen=True, slots=True)
class Served:
    """One request as the server saw it. begin, end: its place in what the connection received."""

    number: int
    t: int
    service: str
    conn: str
    method: str
    target: str
    status: int
    size: int | None
    worker: str
    took_ns: int
    begin: int
    end: int


def read_served(raw: Raw, number: int) -> Served | None:
    """The row that an event makes; None for one that is no answer."""
    if raw[1] != "note" or raw[2] not in KINDS:
        return None
    detail: Any = detail_of(raw)
    return Served(
        number, raw[0], raw[3] or "", raw[4] or "", str(detail.get("method", "")), str(detail.get("target", raw[9])),
        int(detail.get("status", 0)), detail.get("bytes"), str(detail.get("thread", "")),
        int(detail.get("took_ns", 0)), int(detail.get("begin", -1)), int(detail.get("end", -1)),
    )  # fmt: skip


class ServedModel(QAbstractTableModel):
    """The rows of one server. `came(rows)`: these are new. epoch_ns: what turns an event's time into one since 1970."""

    came = Signal(object)

    def __init__(self, epoch_ns: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._epoch_ns = epoch_ns
        self._rows: list[Served] = []
        self._total = 0
        self.service = ""

    def take(self, raws: Sequence[Raw]) -> None:
        """Look at new events of this server."""
        found = []
        for raw in raws:
            if raw[2] in KINDS and raw[3] == self.service:
                served = read_served(raw, self._total + 1)
                if served is not None:
                    self._total += 1
                    found.append(served)
        if not found:
            return
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
            return "" if one.size is None else grouped(one.size)
        case 6:
            return one.worker
    return duration(one.took_ns) if one.took_ns else ""
