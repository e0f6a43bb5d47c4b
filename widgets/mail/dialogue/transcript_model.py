"""Both transcripts of a connection, side by side and in step: a row is one line, as each end tells it.

A line is known by its place: connection, speaker, offset. It must not know who shows it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.mail.dialogue import Side, place_of
from protocols.record.event import Raw, detail_of
from widgets.mail.dialogue.model import WHO, Said, said_of
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("", "The client's transcript", "The server's transcript", "\u0394 ms")
CONNECTIONS_MOST: Final = 200
LINES_MOST: Final = 5000


@dataclass
class Both:
    """One line at both ends; None where an end has not told it (yet, or never)."""

    by: Side
    client: Said | None = None
    server: Said | None = None

    @property
    def apart_ms(self) -> float | None:
        """From the speaker's telling to the hearer's."""
        if self.client is None or self.server is None:
            return None
        apart = (self.server.raw[0] - self.client.raw[0]) / 1e6
        return apart if self.by == "client" else -apart


@dataclass
class Connection:
    """The lines of one connection, in the order in which they were first told."""

    id: str
    protocol: str
    names: dict[str, str] = field(default_factory=dict)
    rows: list[Both] = field(default_factory=list)
    places: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What a person chooses by."""
        ends = " \u2194 ".join(each for each in (self.names.get("client", ""), self.names.get("server", "")) if each)
        return f"{self.protocol.upper()} {self.id}: {ends}"


class TranscriptModel(QAbstractTableModel):
    """The rows of one connection; all of them are kept, bounded."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.connections: OrderedDict[str, Connection] = OrderedDict()
        self._shown: Connection | None = None

    def take(self, raws: Sequence[Raw]) -> bool:
        """New events; whether a connection came that was not known."""
        new = False
        for raw in raws:
            place = place_of(raw)
            if place is None:
                continue
            conn, by, offset = place
            detail = detail_of(raw)
            known = self.connections.get(conn)
            if known is None:
                new = True
                known = self.connections[conn] = Connection(conn, str(detail.get("protocol")))
                while len(self.connections) > CONNECTIONS_MOST:
                    self.connections.popitem(last=False)
            end = str(detail.get("end"))
            new |= end not in known.names
            known.names.setdefault(end, str(raw[3]))
            said = said_of(raw)
            if said is not None:
                self._put(known, end, by, offset, said)
        return new

    def _put(self, known: Connection, end: str, by: Side, offset: int, said: Said) -> None:
        at = known.places.get((by, offset))
        shown = known is self._shown
        if at is None:
            if len(known.rows) >= LINES_MOST:
                return
            at = known.places[(by, offset)] = len(known.rows)
            if shown:
                self.beginInsertRows(QModelIndex(), at, at)
            known.rows.append(Both(by))
            setattr(known.rows[at], end, said)
            if shown:
                self.endInsertRows()
        else:
            setattr(known.rows[at], end, said)
            if shown:
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(TITLES) - 1))

    def show_connection(self, conn: str) -> None:
        """Show another connection."""
        self.beginResetModel()
        self._shown = self.connections.get(conn)
        self.endResetModel()

    @property
    def shown(self) -> Connection | None:
        """The connection shown."""
        return self._shown

    def row(self, at: int) -> Both | None:
        """A line at both ends."""
        return self._shown.rows[at] if self._shown is not None and 0 <= at < len(self._shown.rows) else None

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() or self._shown is None else len(self._shown.rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return TITLES[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section == 3 else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        both = self.row(index.row())
        if both is None:
            return None
        column = index.column()
        said = both.client if column == 1 else both.server if column == 2 else None
        if role == Qt.ItemDataRole.DisplayRole:
            apart = both.apart_ms
            if column in (1, 2):
                return said.text[:500] if said is not None else "(this end did not tell it)"
            return WHO[both.by] if column == 0 else f"{apart:.2f}" if apart is not None else ""
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == TONE_ROLE:
            if column == 3 or (column in (1, 2) and said is None):
                return "text2"
            return "out" if both.by == "client" else "in"
        if role == SIGN_ROLE and column == 2 and both.client is not None and both.server is not None:
            return "warning" if both.client.raw[7] != both.server.raw[7] else None
        return None
