"""The list of all shortcuts, made from the registry of actions. It must not know any of them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from widgets.actions import Actions, Entry
from widgets.fuzzy import match
from widgets.parts.buttons import Button
from widgets.parts.card import IconLabel, Line
from widgets.parts.chip import KeyCap
from widgets.parts.text import Label
from widgets.theme.theme import theme


def key_names(entry: Entry) -> list[str]:
    """The keys of a shortcut one by one: "Ctrl+Shift+E" is three, "Ctrl++" is two."""
    keys = entry.action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    names = [part for part in keys.replace("++", "+\0").split("+") if part]
    return [name.replace("\0", "+") for name in names]


class ShortcutsDialog(QDialog):
    """Every action that has a shortcut, by group, with a field to search them."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self._actions = actions
        self.edit = QLineEdit(placeholderText="Search shortcuts", clearButtonEnabled=True)
        self.edit.setAccessibleName("Search shortcuts")
        self.edit.textChanged.connect(self._fill)
        self.area = QScrollArea(widgetResizable=True)
        self.area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close = Button("Close", "x")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(Label("Shortcuts", "panel"))
        column.addWidget(self.edit)
        column.addWidget(self.area, 1)
        column.addLayout(foot)
        self.resize(theme().px(520), theme().px(600))
        self._fill("")

    def listed(self) -> list[str]:
        """The ids of the actions shown."""
        return list(self._listed)

    def _fill(self, query: str) -> None:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 12, 0)
        grid.setVerticalSpacing(8)
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(1, 1)
        self._listed: list[str] = []
        row = 0
        for group, entries in self._actions.groups().items():
            shown = [each for each in entries if each.keys and match(query, each.text, f"{group} {each.keys}")]
            if shown:
                caption = Label(group or "Everywhere", "section")
                caption.setContentsMargins(0, 0 if row == 0 else 14, 0, 0)
                grid.addWidget(caption, row, 0, 1, 3)
                grid.addWidget(Line(), row + 1, 0, 1, 3)
                row += 2
            for entry in shown:
                grid.addWidget(IconLabel(entry.icon_name, "text2", 16), row, 0)
                grid.addWidget(Label(entry.text), row, 1)
                grid.addWidget(_caps(entry), row, 2, Qt.AlignmentFlag.AlignRight)
                self._listed.append(entry.id)
                row += 1
        if not self._listed:
            grid.addWidget(Label("No shortcut fits.", "body", "text2"), row, 0, 1, 3)
        grid.setRowStretch(row + 1, 1)
        self.area.setWidget(page)


def _caps(entry: Entry) -> QWidget:
    holder = QWidget()
    holder.setAccessibleName(entry.keys)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for name in key_names(entry):
        row.addWidget(KeyCap(name))
    return holder
