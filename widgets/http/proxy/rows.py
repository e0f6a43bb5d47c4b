"""What passed through the proxy, a row for each exchange by its number, and the filter over them.

Rows change while they go on and never change places. It must not know the proxy, only its entries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from protocols.http.proxy.entry import Entry
from protocols.numbers import grouped
from widgets.http.exchange.hops import sign_of, tone_of
from widgets.http.exchange.phase_rows import ms_text
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("#", "Client", "Method", "URL", "Answer", "Bytes", "Took", "State")
NUMBER, CLIENT, METHOD, URL, ANSWER, BYTES, TOOK, STATE = range(8)
RIGHT: Final = (NUMBER, BYTES, TOOK)
TRIM: Final = 500
_STATES: Final = {
    "request": ("Request comes", "running"), "held request": ("Held: request", "waiting"),
    "waiting": ("Waits for origin", "running"), "response": ("Answer comes", "running"),
    "held response": ("Held: answer", "waiting"), "tunnel": ("Open", "running"), "done": ("Done", ""),
    "failed": ("Failed", "error"), "dropped": ("Dropped", "warning"),
}  # fmt: skip
_FAULTS: Final = {"edit": "changed", "answer": "answered here", "map": "from a file", "throttle": "slowed",
                  "delay": "delayed", "drop": "dropped"}  # fmt: skip
_KINDS: Final = {"tunnel": "tunnel", "tls": "HTTPS opened", "upgraded": "upgraded", "tcp": "TCP"}


def state_words(entry: Entry) -> str:
    """How it goes or went, and what the proxy did to it."""
    word = _STATES[entry.state][0]
    done = [_FAULTS.get(fault, fault) for fault in entry.faults if fault != entry.state and fault != "drop"]
    unopened = entry.kind == "tls" and entry.failure is not None
    if entry.kind in _KINDS and entry.kind != "tcp" and not unopened:
        done.insert(0, _KINDS[entry.kind])
    if entry.client_ended and entry.held:
        done.append("client may be gone")
    if entry.replay_of is not None:
        done.append(f"again #{entry.replay_of}")
    return ", ".join([word, *done])


def state_sign(entry: Entry) -> str:
    """The sign before it; "" for none."""
    sign = _STATES[entry.state][1]
    return sign or ("warning" if any(fault not in ("throttle", "delay") for fault in entry.faults) else "")


class ExchangesModel(QAbstractTableModel):
    """The rows, by number."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Entry] = []
        self._numbers: list[int] = []

    def take(self, entries: Iterable[Entry]) -> None:
        """Entries that are new or have changed."""
        fresh: list[Entry] = []
        for entry in entries:
            at = self.place_of(entry.number)
            if at >= 0:
                self._rows[at] = entry
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(TITLES) - 1))
            else:
                fresh.append(entry)
        fresh.sort(key=lambda one: one.number)
        if fresh and (not self._numbers or fresh[0].number > self._numbers[-1]):
            self._insert(len(self._rows), fresh)
            return
        for entry in fresh:
            self._insert(bisect_left(self._numbers, entry.number), [entry])

    def _insert(self, at: int, entries: list[Entry]) -> None:
        self.beginInsertRows(QModelIndex(), at, at + len(entries) - 1)
        self._rows[at:at] = entries
        self._numbers[at:at] = [one.number for one in entries]
        self.endInsertRows()

    def reset(self, entries: Iterable[Entry] = ()) -> None:
        """Show these alone."""
        self.beginResetModel()
        self._rows = sorted(entries, key=lambda one: one.number)
        self._numbers = [one.number for one in self._rows]
        self.endResetModel()

    def trim(self, bound: int, kept: Callable[[int], object]) -> None:
        """Let go of rows from the oldest on that `kept` does not know any more, once there are many of them."""
        if len(self._rows) <= bound + TRIM:
            return
        last = next((at for at, number in enumerate(self._numbers) if kept(number)), len(self._rows))
        if last:
            self.beginRemoveRows(QModelIndex(), 0, last - 1)
            del self._rows[:last], self._numbers[:last]
            self.endRemoveRows()

    def touch_running(self) -> None:
        """Times of what goes on have grown."""
        for at in range(len(self._rows) - 1, max(-1, len(self._rows) - 200), -1):
            if not self._rows[at].over:
                self.dataChanged.emit(self.index(at, BYTES), self.index(at, TOOK))

    def row(self, at: int) -> Entry:
        """The exchange of a row."""
        return self._rows[at]

    def place_of(self, number: int) -> int:
        """The row of an exchange; -1 if none shows it."""
        at = bisect_left(self._numbers, number)
        return at if at < len(self._numbers) and self._numbers[at] == number else -1

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
        entry, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cell(entry, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return _tip(entry, column)
        if role == SIGN_ROLE:
            return sign_of(entry.status) if column == ANSWER and entry.status else (
                state_sign(entry) if column == STATE else None)  # fmt: skip
        return _tone(entry, column) if role == TONE_ROLE else None


def cell(entry: Entry, column: int) -> str:
    """The text of a cell."""
    match column:
        case 0:
            return str(entry.number)
        case 1:
            return entry.client
        case 2:
            return entry.method
        case 3:
            return entry.url
        case 4:
            return str(entry.status or "")
        case 5:
            return grouped(max(entry.response.sent_size, entry.response.size))
        case 6:
            return ms_text(entry.phases_ms()["total"])
    return state_words(entry)


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column in RIGHT else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)


def _tone(entry: Entry, column: int) -> str | None:
    if column == STATE:
        return {"waiting": "waiting", "error": "error", "warning": "warning"}.get(state_sign(entry), "text2")
    if column == ANSWER:
        return tone_of(entry.status) if entry.status else None
    return "text2" if column in (NUMBER, CLIENT) else None


def _tip(entry: Entry, column: int) -> str | None:
    if column == URL:
        return f"{entry.url[:500]}\nfrom {entry.client}"
    if column == STATE and entry.failure is not None:
        return entry.failure.why
    return state_words(entry) if column == STATE else None


class Filtered(QSortFilterProxyModel):
    """The rows that a filter leaves: words that must all stand in the row, "-word" for those that must not,
    "held" and "failed" among them.
    """

    def __init__(self, source: ExchangesModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._words: tuple[str, ...] = ()
        self.setSourceModel(source)

    def set_text(self, text: str) -> None:
        """Filter by other words."""
        self._words = tuple(text.lower().split())
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: _Index, /) -> bool:
        if not self._words:
            return True
        entry = self._source.row(source_row)
        text = f"#{entry.number} {entry.client} {entry.method} {entry.url} {entry.status or ''} {entry.reason} "
        text = (text + state_words(entry)).lower()
        return all((word[1:] not in text) if len(word) > 1 and word[0] == "-" else word in text for word in self._words)

    def entry(self, row: int) -> Entry:
        """The exchange of a row shown."""
        return self._source.row(self.mapToSource(self.index(row, 0)).row())

    def row_of(self, number: int) -> int:
        """The row that shows an exchange; -1 if none does."""
        at = self._source.place_of(number)
        return self.mapFromSource(self._source.index(at, 0)).row() if at >= 0 else -1
