"""The mails that the servers took, a row each, out of the recorder's events. It must not know servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from protocols.mail.dialogue import readable
from protocols.numbers import grouped
from protocols.record.event import Raw, detail_of
from widgets.parts.plain_table import TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("#", "At", "From", "To", "Bytes", "How")
NUMBER, AT, SENDER, TO, SIZE, HOW = range(6)
KEPT: Final = 5000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. t: its event's time. row: of the event in the log, as far as it is known. mailboxes: (user, uid)."""

    number: int
    t: int
    conn: str
    sender: str
    recipients: tuple[str, ...]
    size: int
    user: str
    tls: bool
    mailboxes: tuple[tuple[str, int], ...]
    row: int = -1


def mail_of(raw: Raw, number: int, row: int) -> Mail:
    """The row of a "mail" event."""
    detail = detail_of(raw)
    envelope = detail.get("envelope") or {}
    boxes = tuple((str(one.get("user")), int(one.get("uid") or 0)) for one in detail.get("mailboxes") or ())
    return Mail(
        number, raw[0], str(raw[4] or ""), str(envelope.get("from") or ""),
        tuple(str(one) for one in envelope.get("to") or ()), int(detail.get("size") or 0),
        str(detail.get("user") or ""), bool(detail.get("tls")), boxes, row,
    )  # fmt: skip


class MailsModel(QAbstractTableModel):
    """The rows of one server, the newest last. `came(mails)`: these are new."""

    came = Signal(object)

    def __init__(self, epoch_ns: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._epoch_ns = epoch_ns
        self._rows: list[Mail] = []
        self.total = 0

    def take(self, raws: Sequence[Raw], service: str, log_length: int) -> None:
        """New events, the last of which is the last one of a log of that length."""
        first = log_length - len(raws)
        found = []
        for at, raw in enumerate(raws):
            if raw[1] == "message" and raw[2] == "mail" and raw[3] == service:
                self.total += 1
                found.append(mail_of(raw, self.total, first + at))
        if not found:
            return
        at = len(self._rows)
        self.beginInsertRows(QModelIndex(), at, at + len(found) - 1)
        self._rows += found
        self.endInsertRows()
        extra = len(self._rows) - KEPT
        if extra > KEPT // 10:
            self.beginRemoveRows(QModelIndex(), 0, extra - 1)
            del self._rows[:extra]
            self.endRemoveRows()
        self.came.emit(found)

    def clear(self) -> None:
        """Forget all."""
        self.beginResetModel()
        self._rows, self.total = [], 0
        self.endResetModel()

    def mail(self, at: int) -> Mail | None:
        """The mail of a row."""
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        return _side(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(self._rows[index.row()], index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(index.column())
        return "text2" if role == TONE_ROLE and index.column() in (NUMBER, AT, HOW) else None

    def _text(self, one: Mail, column: int) -> str:
        match column:
            case 0:
                return str(one.number)
            case 1:
                return datetime.fromtimestamp((one.t + self._epoch_ns) / 1e9).strftime("%H:%M:%S")
            case 2:
                return readable(one.sender.encode("utf-8", "surrogateescape")) or "<> (nobody)"
            case 3:
                return readable(", ".join(one.recipients).encode("utf-8", "surrogateescape"))
            case 4:
                return grouped(one.size)
        return f"{'TLS' if one.tls else 'plain'}{f', {one.user}' if one.user else ''}"


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in (NUMBER, SIZE) else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
