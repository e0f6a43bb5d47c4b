"""What the command palette lists: actions and other finds, in groups, for what was typed.

A flat model of rows; a caption is a row nobody can choose. It must not know how rows look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from widgets.actions import Actions, Entry
from widgets.fuzzy import match

FITS = "Fits what you see"
ELSEWHERE = "Elsewhere"
MOST_FITTING = 5
ItemRole = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Found:
    """A row to choose: an action, a service, an event.

    detail: grey words after the text. icon: a Lucide name. keys: its shortcut. python: the id of its script.
    """

    text: str
    run: Callable[[], object]
    detail: str = ""
    icon: str = ""
    keys: str = ""
    python: str = ""
    enabled: bool = True
    marks: tuple[int, ...] = field(default=())


Source = Callable[[str], Iterable[Found]]
Row = Found | str


class PaletteModel(QAbstractListModel):
    """Captions and finds. `here` names the group of the panel at the front, which stands before others."""

    def __init__(self, actions: Actions, here: Callable[[], str] = str) -> None:
        super().__init__()
        self._actions = actions
        self._here = here
        self._sources: list[tuple[str, Source]] = []
        self._rows: list[Row] = []
        self.matched = 0
        self.total = 0

    def add_source(self, caption: str, source: Source) -> None:
        """List what `source(query)` finds under `caption`, after the actions; never for an empty query."""
        self._sources.append((caption, source))

    def search(self, query: str) -> None:
        """List what fits `query`; everything for an empty one."""
        self.beginResetModel()
        self._rows = self._listed(query)
        self.endResetModel()

    def first(self) -> int:
        """The first row that can be chosen, -1 for none."""
        return self.step(-1, 1)

    def step(self, row: int, by: int) -> int:
        """The next row that can be chosen from `row` in the direction of `by`; `row` at the end."""
        step = 1 if by > 0 else -1
        left, place = abs(by), row
        probe = row + step
        while 0 <= probe < len(self._rows) and left:
            if isinstance(self._rows[probe], Found):
                place, left = probe, left - 1
            probe += step
        return place

    def found(self, row: int) -> Found | None:
        """The find in `row`; None for a caption and for no row."""
        item = self._rows[row] if 0 <= row < len(self._rows) else None
        return item if isinstance(item, Found) else None

    def _listed(self, query: str) -> list[Row]:
        entries = [entry for entry in self._actions.entries() if entry.action.isVisible() and entry.text]
        here = self._here()
        scored: list[tuple[int, int, Entry, Found]] = []
        for number, entry in enumerate(entries):
            hit = match(query, entry.text, f"{entry.group} {entry.tip}")
            if hit is not None:
                scored.append((-hit.score if query.strip() else 0, number, entry, found_of(entry, hit.marks)))
        # What can't be done now stands last in its section, and is still found.
        scored.sort(key=lambda each: (not each[2].action.isEnabled(), *each[:2]))
        self.matched, self.total = len(scored), len(entries)
        fitting = [each for each in scored if each[2].action.isEnabled() and each[2].fits()][:MOST_FITTING]
        rest = [each for each in scored if each not in fitting]
        rows: list[Row] = section(FITS, [found for *_, found in fitting])
        rows += section(here, [found for *_, entry, found in rest if here and entry.group == here])
        others: dict[str, list[Found]] = {}
        for *_, entry, found in rest:
            if not here or entry.group != here:
                others.setdefault(ELSEWHERE if query.strip() and here else entry.group or ELSEWHERE, []).append(found)
        for caption, finds in others.items():
            rows += section(caption, finds)
        if query.strip():
            for caption, source in self._sources:
                rows += section(caption, list(source(query)))
        return rows

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self._rows[index.row()]
        if role == ItemRole:
            return item
        if role == Qt.ItemDataRole.DisplayRole:
            return item if isinstance(item, str) else item.text
        if role == Qt.ItemDataRole.AccessibleTextRole and isinstance(item, Found):
            return ", ".join(part for part in (item.text, item.detail, item.keys) if part)
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if self.found(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


def section(caption: str, finds: list[Found]) -> list[Row]:
    """A caption and its finds; nothing where there are none."""
    return [caption, *finds] if finds else []


def found_of(entry: Entry, marks: tuple[int, ...]) -> Found:
    """The row of an action; marks: which letters of its text were typed."""
    return Found(
        entry.text,
        entry.action.trigger,
        entry.tip,
        entry.icon_name,
        entry.keys,
        entry.python,
        entry.action.isEnabled(),
        marks,
    )
