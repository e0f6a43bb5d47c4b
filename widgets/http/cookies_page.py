"""The cookie jar, visible and editable: what servers have set, what goes back, a file to keep it in.

It must not know which cookie goes where: that is the client's decision.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.client.jar import Cookie, Jar, JarError, read_cookie
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.paths import ask_file, ask_place
from widgets.parts.plain_table import PlainTable
from widgets.parts.text import Label

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("Name", "Value", "For", "Path", "Flags")


class CookiesModel(QAbstractTableModel):
    """The jar's cookies; values can be edited. `edited`: one was. refused(sentence): a value that none can have."""

    edited = Signal()
    refused = Signal(str)

    def __init__(self, jar: Jar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jar = jar
        self._rows: tuple[Cookie, ...] = ()

    def refresh(self) -> bool:
        """Look into the jar; whether anything is new."""
        rows = self._jar.all()
        if rows == self._rows:
            return False
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()
        return True

    def cookie(self, at: int) -> Cookie | None:
        """The cookie of a row."""
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: _Index, /) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in (0, 1, 2, 3) else flags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return None
        one = self._rows[index.row()]
        return (one.name, one.value, one.domain, one.path, flags_of(one))[index.column()]

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole, /) -> bool:
        if not index.isValid() or role != Qt.ItemDataRole.EditRole or index.column() > 3:
            return False
        old, text = self._rows[index.row()], str(value)
        field = ("name", "value", "domain", "path")[index.column()]
        changed: dict[str, Any] = {field: text}
        made = replace(old, **changed)
        try:
            same = read_cookie(made.line()) == made and not any(sign in text for sign in "\r\n;")
        except JarError:
            same = False
        if not same or not (made.name and made.domain):
            self.refused.emit(f"{text!r} can't be a cookie's {field}: no tab, line end or semicolon, and not empty.")
            return False
        self._jar.remove(old)
        self._jar.put(made)
        self.refresh()
        self.edited.emit()
        return True


def flags_of(cookie: Cookie) -> str:
    """The rest of a cookie in words."""
    words = ["Secure"] * cookie.secure + ["HttpOnly"] * cookie.http_only + ["subdomains"] * cookie.subdomains
    return ", ".join([*words, "until it ends" if cookie.expires else "session"])


class CookiesPage(QWidget):
    """The jar's table and its buttons. `changed`: other cookies, or other values."""

    changed = Signal()

    def __init__(self, jar: Jar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.jar = jar
        self.model = CookiesModel(jar, self)
        self.table = PlainTable(self.model, "Cookies", mono=(0, 1, 2, 3), widths=(110, 150, 110, 60))
        self.table.setEditTriggers(self.table.EditTrigger.DoubleClicked | self.table.EditTrigger.EditKeyPressed)
        self.empty = EmptyState("tag", "No cookies yet. A server sets them, or you add one.")
        self.said = Label("", "caption", "error", wrap=True)
        self.add_button = Button("Add", "plus", small=True)
        self.remove_button = Button("Remove", "trash-2", small=True)
        self.clear_button = Button("Remove all", small=True)
        self.open_button = Button("Open\u2026", "folder-open", small=True)
        self.save_button = Button("Save\u2026", "save", small=True)
        row = FlowBox()
        row.flow.setContentsMargins(12, 6, 12, 10)
        for button in (self.add_button, self.remove_button, self.clear_button, self.open_button, self.save_button):
            row.add(button)
        self.pages = Pages(self.empty, self.table)
        self.card = Card("Cookie jar", "tag")
        self.card.add(self.pages, 1)
        self.card.add(self.said)
        self.card.add(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        self.said.setContentsMargins(12, 4, 12, 0)
        self._wire()
        self.refresh()

    def _wire(self) -> None:
        self.model.edited.connect(self._on_edited)
        self.model.refused.connect(self._say)
        self.add_button.clicked.connect(self.add)
        self.remove_button.clicked.connect(self.remove)
        self.clear_button.clicked.connect(self.clear)
        kinds = "Cookies (*.txt);;All files (*)"
        self.open_button.clicked.connect(lambda: ask_file(self, "Open cookies", self.load, kinds))
        self.save_button.clicked.connect(lambda: ask_place(self, "Save cookies", "cookies.txt", self.save, kinds))

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))

    def _on_edited(self) -> None:
        self._say("")
        self.refresh(told=True)

    def count(self) -> int:
        """How many there are."""
        return self.model.rowCount()

    def refresh(self, *, told: bool = False) -> None:
        """Show what is in the jar now."""
        new = self.model.refresh() or told
        some = self.count() > 0
        self.pages.setCurrentWidget(self.table if some else self.empty)
        for button in (self.remove_button, self.clear_button, self.save_button):
            button.setEnabled(some)
        self.said.setVisible(bool(self.said.text()))
        if new:
            self.changed.emit()

    def add(self) -> None:
        """A cookie for this machine, to be changed in its row."""
        names = {cookie.name for cookie in self.jar.all()}
        number = next(n for n in range(1, 10_000) if f"name{n}" not in names)
        self.jar.put(Cookie("127.0.0.1", "/", f"name{number}", "value"))
        self._on_edited()
        self.table.selectRow(self.count() - 1)

    def remove(self) -> None:
        """Take the chosen one out."""
        cookie = self.model.cookie(self.table.currentIndex().row())
        if cookie is not None:
            self.jar.remove(cookie)
            self._on_edited()

    def clear(self) -> None:
        """Take all out."""
        self.jar.clear()
        self._on_edited()

    def load(self, path: Path) -> None:
        """Add a file's cookies."""
        try:
            for cookie in Jar.load(path).all():
                self.jar.put(cookie)
        except (OSError, JarError) as error:
            self._say(f"Not read: {getattr(error, 'strerror', None) or error}.")
            return
        self._on_edited()

    def save(self, path: Path) -> None:
        """Write them to a file that only you can read."""
        try:
            self.jar.save(path)
        except OSError as error:
            self._say(f"Not saved: {error.strerror}.")
