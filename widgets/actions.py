"""The registry of actions: icon, verb and shortcut of everything a user can do, each once.

Menus, buttons, the command palette and the list of shortcuts are made from it. It must not know what an
action does: the handler is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from widgets.parts.text import plain_tip
from widgets.theme.theme import theme


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Entry:
    """One action and what the palette says about it.

    tip: a few words beside the verb. python: the id of its script, "" without one. fits: whether it is what
    the view at the front calls for now.
    """

    id: str
    action: QAction
    group: str
    tip: str
    python: str
    fits: Callable[[], bool]
    icon_name: str

    @property
    def text(self) -> str:
        """The verb, without the mark of a mnemonic."""
        return self.action.text().replace("&&", "\0").replace("&", "").replace("\0", "&")

    @property
    def keys(self) -> str:
        """The shortcut as the system writes it, "" without one."""
        return self.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)


class Actions(QObject):
    """All actions of one window. `changed` says that one came or went."""

    changed = Signal()

    def __init__(self, owner: QWidget | None = None) -> None:
        super().__init__(owner)
        self._owner = owner
        self._entries: dict[str, Entry] = {}

    def attach(self, owner: QWidget) -> None:
        """Let the shortcuts work in `owner`, the window; later actions join it by themselves."""
        self._owner = owner
        owner.addActions([entry.action for entry in self._entries.values()])

    def add(
        self,
        id: str,
        text: str,
        handler: Callable[..., Any],
        icon: str | None = None,
        shortcut: str | QKeySequence.StandardKey | None = None,
        group: str = "",
        tip: str = "",
        python: str | None = None,
        *,
        fits: Callable[[], bool] = _never,
        checkable: bool = False,
        role: str = "text",
    ) -> QAction:
        """Register an action and return it.

        id: dotted, "sockets.connect". handler: called without arguments, with the new state if `checkable`.
        icon: a Lucide name, in the colour of `role`. shortcut: portable text such as "Ctrl+K".
        ValueError when the id or the shortcut is taken: every action stands here once.
        """
        if id in self._entries:
            raise ValueError(f"there is already an action {id!r}")
        action = QAction(text, self)
        action.setObjectName(id)
        action.setCheckable(checkable)
        if icon:
            action.setIcon(theme().icon(icon, role))
        if shortcut is not None:
            self._give_shortcut(action, QKeySequence(shortcut))
        entry = Entry(id, action, group, tip, python or "", fits, icon or "")
        action.setToolTip(_tip(entry))
        if checkable:
            action.toggled.connect(handler)
        else:
            action.triggered.connect(lambda _checked=False: handler())
        self._entries[id] = entry
        if self._owner is not None:
            self._owner.addAction(action)
        self.changed.emit()
        return action

    def _give_shortcut(self, action: QAction, keys: QKeySequence) -> None:
        for other in self._entries.values():
            if not keys.isEmpty() and other.action.shortcut() == keys:
                raise ValueError(f"{keys.toString()} already belongs to {other.id!r}")
        action.setShortcut(keys)

    def allow(self, id: str, allowed: bool, reason: str = "") -> None:
        """Allow an action or not; `reason` is why not, for its tool tip and for whoever shows it greyed."""
        entry = self._entries[id]
        entry.action.setProperty("reason", "" if allowed else reason)
        entry.action.setEnabled(allowed)
        entry.action.setToolTip(_tip(entry))

    def reason(self, id: str) -> str:
        """Why an action is not allowed now; "" where it is, or nothing is known."""
        entry = self._entries.get(id)
        return str(entry.action.property("reason") or "") if entry is not None else ""

    def remove(self, id: str) -> None:
        """Forget an action; nothing happens when it is unknown."""
        entry = self._entries.pop(id, None)
        if entry is None:
            return
        if self._owner is not None:
            self._owner.removeAction(entry.action)
        entry.action.setEnabled(False)
        entry.action.deleteLater()
        self.changed.emit()

    def get(self, id: str) -> QAction:
        """The QAction called `id`; KeyError when there is none."""
        return self._entries[id].action

    def entry(self, id: str) -> Entry:
        """The entry called `id`; KeyError when there is none."""
        return self._entries[id]

    def entries(self) -> list[Entry]:
        """All entries in the order they were added."""
        return list(self._entries.values())

    def groups(self) -> dict[str, list[Entry]]:
        """Entries by group, groups in the order they first appeared."""
        grouped: dict[str, list[Entry]] = {}
        for entry in self._entries.values():
            grouped.setdefault(entry.group, []).append(entry)
        return grouped

    def __contains__(self, id: object) -> bool:
        return id in self._entries

    def __len__(self) -> int:
        return len(self._entries)


def _tip(entry: Entry) -> str:
    words = entry.text if not entry.keys else f"{entry.text} ({entry.keys})"
    reason = str(entry.action.property("reason") or "")
    return plain_tip("\n".join(line for line in (words, entry.tip, reason) if line))
