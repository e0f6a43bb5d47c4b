"""The live connections of a server as a Qt table model: rows keep their place while they live.

Updated from snapshots; a row appears, changes and goes, nothing is reset under the pointer. It
must not know the server, only its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.concurrency.contract import ConnectionRow
from protocols.numbers import grouped
from protocols.record.event import monotonic_ns
from widgets.sockets.wording import elapsed

COLUMNS: Final = ("#", "Peer", "State here", "State there", "In, B", "Out, B", "Worker")
NUMBER, PEER, HERE, THERE, IN, OUT, WORKER = range(7)
RIGHT: Final = frozenset((IN, OUT))
_TIPS: Final = {
    HERE: "What the kernel holds for the server's end",
    THERE: "What the kernel holds for the client's end, where it is on this machine",
    IN: "Bytes received from the peer",
    OUT: "Bytes sent to the peer",
    WORKER: "The thread, process or task that serves it",
}
_Index = QModelIndex | QPersistentModelIndex


class ConnectionsModel(QAbstractTableModel):
    """Rows of `Server.connections()`, in the order in which they were accepted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ConnectionRow] = []

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def row(self, at: int) -> ConnectionRow | None:
        """The connection shown in a row."""
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def rows(self) -> Sequence[ConnectionRow]:
        """All rows shown."""
        return self._rows

    def row_of(self, conn: str) -> int:
        """Where a connection is shown; -1 if it is not."""
        return next((at for at, row in enumerate(self._rows) if row.conn == conn), -1)

    def update(self, rows: Sequence[ConnectionRow]) -> None:
        """Take a new snapshot: gone rows go, known rows change in place, new ones come at the end."""
        wanted = {row.conn: row for row in rows}
        self._drop_gone(wanted)
        changed = []
        for at, old in enumerate(self._rows):
            new = wanted.pop(old.conn)
            if new != old:
                self._rows[at] = new
                changed.append(at)
        if changed:
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], len(COLUMNS) - 1))
        fresh = list(wanted.values())
        if fresh:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            self._rows.extend(fresh)
            self.endInsertRows()

    def _drop_gone(self, wanted: dict[str, ConnectionRow]) -> None:
        at = len(self._rows) - 1
        while at >= 0:
            if self._rows[at].conn in wanted:
                at -= 1
                continue
            last = at
            while at >= 0 and self._rows[at].conn not in wanted:
                at -= 1
            self.beginRemoveRows(QModelIndex(), at + 1, last)
            del self._rows[at + 1 : last + 1]
            self.endRemoveRows()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(section)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and column in RIGHT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            stands = elapsed((monotonic_ns() - row.since_ns) / 1e9)
            facts = [f"{name}: {_text(row, at) or 'unknown'}" for at, name in enumerate(COLUMNS)]
            return "\n".join([*facts, f"Connected for {stands}"])
        return None


def _text(row: ConnectionRow, column: int) -> str:
    match column:
        case 0:
            return str(row.number)
        case 1:
            return row.peer
        case 2:
            return row.state_here
        case 3:
            return row.state_there
        case 4:
            return grouped(row.received)
        case 5:
            return grouped(row.sent)
    return row.worker
