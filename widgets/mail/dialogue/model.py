"""The lines of one conversation as a table: who spoke, what, and what it means.

Fed with events of the dialogue; bounded. It must not know who shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.mail.dialogue import place_of, readable
from protocols.mail.lexicon import Meaning, meaning_of
from protocols.record.event import Raw, detail_of
from widgets.parts.plain_table import TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
LINES_MOST: Final = 5000
TITLES: Final = ("", "Line", "Meaning")
WHO: Final = {"client": "C", "server": "S"}


@dataclass(frozen=True, slots=True)
class Said:
    """One line. by: "client" or "server". text: secrets masked. bad: a reply that says no."""

    raw: Raw
    by: str
    text: str
    meaning: Meaning
    bad: bool


def said_of(raw: Raw) -> Said | None:
    """The line of an event of a dialogue; None for any other event."""
    if place_of(raw) is None:
        return None
    detail = detail_of(raw)
    by, data = str(detail["by"]), raw[8] or b""
    text = raw[9][3:] if raw[2] == "data" or detail.get("discarded") else readable(data) or "(an empty line)"
    code = detail.get("code")
    bad = code in ("-ERR", "NO", "BAD") or (isinstance(code, int) and code >= 400)
    return Said(raw, by, text, meaning_of(str(detail.get("protocol")), raw[2], detail, data), bad)


class DialogueModel(QAbstractTableModel):
    """Lines that `wanted(raw, detail)` lets in."""

    def __init__(self, wanted: Callable[[Raw], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted = wanted
        self._lines: list[Said] = []

    def take(self, raws: Sequence[Raw]) -> int:
        """New events; how many lines came."""
        new = [said for raw in raws if raw[1] == "message" and self._wanted(raw) and (said := said_of(raw)) is not None]
        if not new:
            return 0
        at = len(self._lines)
        self.beginInsertRows(QModelIndex(), at, at + len(new) - 1)
        self._lines += new
        self.endInsertRows()
        if (over := len(self._lines) - LINES_MOST) > 0:
            self.beginRemoveRows(QModelIndex(), 0, over - 1)
            del self._lines[:over]
            self.endRemoveRows()
        return len(new)

    def clear(self) -> None:
        """Begin anew."""
        self.beginResetModel()
        self._lines.clear()
        self.endResetModel()

    def line(self, row: int) -> Said | None:
        """The line of a row."""
        return self._lines[row] if 0 <= row < len(self._lines) else None

    def texts(self) -> list[str]:
        """Every line as "C: .." or "S: ..", for a clipboard."""
        return [f"{WHO[said.by]}: {said.text}" for said in self._lines]

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        said = self.line(index.row())
        if said is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (WHO[said.by], said.text[:500], said.meaning.title)[column]
        if role == TONE_ROLE:
            if said.bad and said.by == "server":
                return "error"
            return ("out" if said.by == "client" else "in") if column < 2 else "text2"
        return None
