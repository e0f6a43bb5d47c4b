"""The collection's view: its requests as a list, its environments as a table, import and export.

It must not know files: the store reads and writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.http.kept.collection import Item
from protocols.http.kept.environment import SHARED
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.pairs_view import PairsView
from widgets.http.store import Store
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.paths import ask_file, ask_folder
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import Paragraph

NOTHING: Final = "No collection is open. It is a folder of plain files, one a request, that git can merge."
KINDS: Final = "Requests (*.http *.rest *.har *.json *.yaml *.yml *.sh *.txt);;All files (*)"


class CollectionPage(QWidget):
    """Two cards. `open_requested(item)`: show it in the request card. `taken(imported)`: a foreign file was read."""

    open_requested = Signal(object)
    taken = Signal(object)

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.strip, self.note = Banner("error"), Banner("note")
        self.requests = Card("Requests", "folder-open")
        self.environments = Card("Environment", "layers")
        self.empty = EmptyState("folder-open", NOTHING, "Open a folder\u2026", button_icon="folder-open", primary=True)
        self.model = RowsModel(("Name", "Method", "URL", "File"), self)
        self.table = PlainTable(self.model, "Requests of the collection", mono=(2, 3), middle=(2, 3),
                                widths=(150, 70, 240, 120), stretch=2)  # fmt: skip
        self.name = QLineEdit()
        self.name.setPlaceholderText("Another name")
        self.name.setAccessibleName("Another name for the request")
        self.open_button = PrimaryButton("Open the request", "arrow-right")
        self.rename_button = Button("Rename", "pencil", small=True)
        self.remove_button = Button("Remove", "trash-2", small=True)
        self.folder_button = Button("Open folder\u2026", "folder-open", small=True)
        self.new_button = Button("New\u2026", "plus", small=True)
        self.import_button = Button("Import\u2026", "import", small=True)
        self.which = QuietCombo()
        self.which.setAccessibleName("Environment")
        self.variables = PairsModel(("Variable", "Value"), self)
        self.secrets = PairsModel(("Secret", "Value"), self)
        self.variables_view = PairsView(self.variables, "Variables of the environment", "Add a variable", ticks=False)
        self.secrets_view = PairsView(self.secrets, "Secrets of the environment", "Add a secret", secret=True,
                                      ticks=False)  # fmt: skip
        self.new_name = QLineEdit()
        self.new_name.setPlaceholderText("Name of a new environment")
        self.new_name.setAccessibleName("Name of a new environment")
        self.add_button = Button("Add", "plus", small=True)
        self._filling = False
        self.pages = Pages(self.empty, self._list_page())
        self._lay_out()
        self._wire()
        self.refresh()

    def _list_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = FlowBox()
        row.flow.setContentsMargins(12, 8, 12, 10)
        row.add(self.open_button)
        row.add(self.name, 1)
        for button in (self.rename_button, self.remove_button):
            row.add(button)
        column.addWidget(self.table, 1)
        column.addWidget(row)
        return page

    def _lay_out(self) -> None:
        for button in (self.import_button, self.new_button, self.folder_button):
            self.requests.add_action(button)
        self.requests.add(self.pages, 1)
        top = QHBoxLayout()
        top.setContentsMargins(12, 10, 12, 6)
        top.setSpacing(8)
        top.addWidget(self.which)
        top.addWidget(self.new_name, 1)
        top.addWidget(self.add_button)
        said = Paragraph("Secrets lie in a file of their own that git ignores.", "caption", "text2")
        said.setContentsMargins(12, 6, 12, 8)
        self.environments.body.addLayout(top)
        self.environments.add(self.variables_view, 3)
        self.environments.add(self.secrets_view, 2)
        self.environments.body.addWidget(said)
        cards = Splitter(Qt.Orientation.Horizontal, self.requests, self.environments, line=False)
        cards.setSizes([600, 400])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.strip, self.note):
            column.addWidget(widget)
        column.addWidget(cards, 1)

    def _wire(self) -> None:
        store = self.store
        store.changed.connect(self.refresh)
        store.failed.connect(lambda sentence: self.strip.say("That did not work.", sentence))
        store.said.connect(self.note.say)
        self.empty.acted.connect(self.ask_open)
        self.folder_button.clicked.connect(self.ask_open)
        self.new_button.clicked.connect(self.ask_new)
        self.import_button.clicked.connect(self.ask_import)
        self.open_button.clicked.connect(self._open)
        self.table.doubleClicked.connect(lambda _index: self._open())
        self.rename_button.clicked.connect(self._rename)
        self.remove_button.clicked.connect(self._remove)
        self.which.currentIndexChanged.connect(lambda _index: self._on_which())
        self.add_button.clicked.connect(self._add_environment)
        self.new_name.returnPressed.connect(self._add_environment)
        self.variables.edited.connect(self._on_edited)
        self.secrets.edited.connect(self._on_edited)

    # Showing

    def refresh(self) -> None:
        """Show the store as it is now."""
        store, there = self.store, self.store.collection is not None
        self.strip.clear()
        self.pages.setCurrentIndex(int(there))
        self.requests.set_chip(store.collection.name if store.collection is not None else "")
        rows = [(one.named.name, one.request.method, one.request.url, one.path) for one in store.items()]
        if rows != self.model.rows():
            at = self.table.currentIndex().row()
            self.model.set_rows(rows)
            if rows:
                self.table.selectRow(min(max(at, 0), len(rows) - 1))
        self.environments.setEnabled(there)
        for button in (self.open_button, self.rename_button, self.remove_button):
            button.setEnabled(bool(rows))
        self._fill_environment()

    def _fill_environment(self) -> None:
        store = self.store
        self._filling = True
        names = store.environments()
        self.which.fill([Choice("", "Shared by all"), *(Choice(name, name) for name in names)])
        self.which.choose(store.environment)
        if store.busy:  # what was typed meanwhile is not in it: the last change shows the table
            self._filling = False
            return
        found = store.collection.environments.variables(store.environment or SHARED) if store.collection else []
        own = [one for one in found if not one.shared]
        self.variables.set_pairs([Pair(one.name, one.value) for one in own if not one.secret], quiet=True)
        self.secrets.set_pairs([Pair(one.name, one.value) for one in own if one.secret], quiet=True)
        self._filling = False

    def _item(self) -> Item | None:
        at = self.table.currentIndex().row()
        items = self.store.items()
        return items[at] if 0 <= at < len(items) else None

    # Acting

    def ask_open(self) -> None:
        """Ask for a folder."""
        ask_folder(self, "Open a collection", self.store.open)

    def ask_new(self) -> None:
        """Ask for a folder that becomes a collection."""
        ask_folder(self, "Folder for a new collection", lambda path: self.store.open(path, create=True))

    def ask_import(self) -> None:
        """Ask for a file of another program."""
        ask_file(self, "Import: curl, HAR, Postman, .http, OpenAPI", self.take, KINDS)

    def take(self, source: str | Path) -> None:
        """Read a foreign file, or a text."""
        self.note.clear()
        self.store.take(source, self.taken.emit)

    def _open(self) -> None:
        item = self._item()
        if item is not None:
            self.open_requested.emit(item)

    def _rename(self) -> None:
        item = self._item()
        if item is not None:
            self.store.rename(item, self.name.text())
            self.name.clear()

    def _remove(self) -> None:
        item = self._item()
        if item is not None:
            self.store.remove(item)

    def _on_which(self) -> None:
        if not self._filling:
            self.store.choose_environment(self.which.key())

    def _add_environment(self) -> None:
        name = self.new_name.text().strip()
        if name:
            self.new_name.clear()
            self.store.environment = name
            self.store.change_environments(lambda environments: environments.add(name))

    def _on_edited(self) -> None:
        if self._filling or self.store.collection is None:
            return
        environment = self.store.environment or SHARED
        wanted = [(pair, False) for pair in self.variables.pairs()] + [(pair, True) for pair in self.secrets.pairs()]
        complete = [(pair, secret) for pair, secret in wanted if pair.name]

        def work(environments: Any) -> None:
            names = {pair.name for pair, _ in complete}
            for old in environments.variables(environment):
                if not old.shared and old.name not in names:
                    environments.unset(environment, old.name)
            for pair, secret in complete:
                environments.set(environment, pair.name, pair.value, secret=secret)

        self.store.change_environments(work)
