"""The list of all shortcuts, made from the registry of actions. It must not know any of them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QLineEdit, QListView, QVBoxLayout, QWidget

from widgets.actions import Actions
from widgets.fuzzy import match
from widgets.palette_delegate import PaletteDelegate
from widgets.palette_model import PaletteModel, Row, found_of, section
from widgets.parts.buttons import Button
from widgets.parts.text import Label
from widgets.theme.theme import theme


class _Keys(PaletteModel):
    """The actions that have keys, by group."""

    def _listed(self, query: str) -> list[Row]:
        rows: list[Row] = []
        self.listed: list[str] = []
        for group, entries in self._actions.groups().items():
            hits = [(each, match(query, each.text, f"{group} {each.keys}")) for each in entries if each.keys]
            shown = [(each, hit) for each, hit in hits if hit is not None]
            rows += section(group or "Everywhere", [found_of(each, hit.marks) for each, hit in shown])
            self.listed += [each.id for each, _ in shown]
        return rows


class ShortcutsDialog(QDialog):
    """Every action that has a shortcut, by group, with a field to search them; Return runs the chosen one."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self._model = _Keys(actions)
        self._model.setParent(self)
        self.edit = QLineEdit(placeholderText="Search shortcuts", clearButtonEnabled=True)
        self.edit.setAccessibleName("Search shortcuts")
        self.edit.textChanged.connect(self._on_text_changed)
        self.list = QListView()
        self.list.setAccessibleName("Shortcuts")
        self.list.setModel(self._model)
        self.list.setItemDelegate(PaletteDelegate(self.list))
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.activated.connect(self._on_activated)
        self.nothing = Label("No shortcut fits.", "body", "text2")
        close = Button("Close", "x")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(Label("Shortcuts", "panel"))
        column.addWidget(self.edit)
        column.addWidget(self.nothing)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        self.resize(theme().px(520), theme().px(600))
        self._on_text_changed("")

    def listed(self) -> list[str]:
        """The ids of the actions shown."""
        return list(self._model.listed)

    def _on_text_changed(self, query: str) -> None:
        self._model.search(query)
        self.nothing.setVisible(not self._model.listed)

    def _on_activated(self, index: QModelIndex) -> None:
        found = self._model.found(index.row())
        if found is not None and found.enabled:
            self.accept()
            found.run()
