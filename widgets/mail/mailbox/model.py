"""The list of a mailbox, newest first: as many rows as there are messages, each filled when it is looked at.

`wanted(places)` asks for rows that are not here yet, a page at a time; whoever fetches them gives them
back by `fill`. It must not know a protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from protocols.mail.client.listing import Listed
from protocols.numbers import size_text
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("From", "Subject", "Date", "Size")
PAGE: Final = 50
ASKED_MOST: Final = 6
"""Pages asked for at a time: who scrolls through 100,000 messages wants the last place, not all on the way."""
WAITING: Final = "\u2026"


class MailboxModel(QAbstractTableModel):
    """Messages by place (1 is the oldest). `wanted(places)`: a list of places, newest first."""

    wanted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._count = 0
        self._keys: list[int] | None = None
        self._known: dict[int, Listed] = {}
        self._asked: set[int] = set()
        self._pages: list[int] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._ask)

    # What is in it

    def begin(self, count: int) -> None:
        """A mailbox of so many messages, none of them known yet."""
        self._reset(count, None)

    def show_uids(self, uids: Sequence[int]) -> None:
        """What a search found: places are UIDs then."""
        self._reset(len(uids), list(uids))

    def _reset(self, count: int, keys: list[int] | None) -> None:
        self.beginResetModel()
        self._count, self._keys = count, keys
        self._known.clear()
        self._asked.clear()
        self._pages.clear()
        self.endResetModel()

    @property
    def searched(self) -> bool:
        """Whether it shows what a search found."""
        return self._keys is not None

    @property
    def count(self) -> int:
        """How many messages."""
        return self._count

    def key_of(self, row: int) -> int:
        """The place (or UID) of a row."""
        at = self._count - 1 - row
        return self._keys[at] if self._keys is not None else at + 1

    def _row_of(self, key: int) -> int:
        if self._keys is not None:
            return self._count - 1 - self._keys.index(key) if key in self._keys else -1
        return self._count - key if 1 <= key <= self._count else -1

    def fill(self, rows: Iterable[Listed]) -> None:
        """Rows that were asked for have come."""
        places = []
        for listed in rows:
            key = listed.uid if self._keys is not None else listed.number
            self._known[key] = listed
            self._asked.discard(key)
            places.append(self._row_of(key))
        places = [row for row in places if 0 <= row < self._count]
        if places:
            self.dataChanged.emit(self.index(min(places), 0), self.index(max(places), len(TITLES) - 1))

    def forget_asked(self) -> None:
        """What was asked for will not come."""
        self._asked.clear()

    def listed(self, row: int) -> Listed | None:
        """The message of a row, if it is known."""
        return self._known.get(self.key_of(row)) if 0 <= row < self._count else None

    # Changes told by the server

    def grow(self, count: int) -> None:
        """There are so many messages now."""
        more = count - self._count
        if more > 0 and self._keys is None:
            self.beginInsertRows(QModelIndex(), 0, more - 1)
            self._count = count
            self.endInsertRows()

    def expunge(self, number: int) -> None:
        """The message at a place is gone: those behind it move up."""
        if self._keys is not None or not 1 <= number <= self._count:
            return
        row = self._row_of(number)
        self.beginRemoveRows(QModelIndex(), row, row)
        self._count -= 1
        self._known = {key - (key > number): each for key, each in self._known.items() if key != number}
        self._asked = {key - (key > number) for key in self._asked if key != number}
        self.endRemoveRows()

    def set_flags(self, number: int, flags: tuple[str, ...]) -> None:
        """The flags of the message at a place have changed."""
        listed = self._known.get(number) if self._keys is None else None
        if listed is not None:
            self.fill([listed.with_flags(flags)])

    # What Qt asks

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._count

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
        if not 0 <= index.row() < self._count:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole and column == 3:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role not in (Qt.ItemDataRole.DisplayRole, TONE_ROLE, SIGN_ROLE):
            return None
        listed = self._known.get(self.key_of(index.row()))
        if listed is None:
            if role == Qt.ItemDataRole.DisplayRole:
                self._want(index.row())
                return WAITING if column == 1 else ""
            return "text2" if role == TONE_ROLE else None
        if role == Qt.ItemDataRole.DisplayRole:
            size = size_text(listed.size) if listed.size else ""
            return (listed.sender, listed.subject or "(no subject)", listed.date, size)[column]
        if role == TONE_ROLE:
            return "text2" if listed.seen else "text"
        if column == 0 and "\\Deleted" in listed.flags:
            return "stopped"
        if column == 0 and "\\Flagged" in listed.flags:
            return "warning"
        return "info" if column == 0 and not listed.seen else None

    def _want(self, row: int) -> None:
        page = row // PAGE
        if page not in self._pages and self.key_of(row) not in self._asked:
            self._pages.append(page)
            self._timer.start()

    def _ask(self) -> None:
        pages, self._pages = self._pages[-ASKED_MOST:], []
        for page in pages:
            keys = [self.key_of(row) for row in range(page * PAGE, min((page + 1) * PAGE, self._count))]
            keys = [key for key in keys if key not in self._known and key not in self._asked]
            if keys:
                self._asked.update(keys)
                self.wanted.emit(keys)
