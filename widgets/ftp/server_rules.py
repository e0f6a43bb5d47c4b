"""The page of what goes wrong on purpose: presets at a click, the rules that hold, how often each fired.

It must not know services, only the slot that takes rules.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from protocols.ftp.server.rules import Rule, RuleError, read_rules, write_rules
from widgets.ftp.server_slot import ServerSlot
from widgets.ftp.server_words import PRESETS, RULE_TITLES
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Line
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.paths import ask_file, ask_place
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.trouble import TroubleStrip

NO_DATA_CONNECTION: Final = 425
NO_RULES: Final = "Nothing goes wrong on purpose. A rule refuses, breaks off at a byte, cuts, slows or delays."


class RulesPage(QWidget):
    """The list."""

    def __init__(self, slot: ServerSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.model = RowsModel(RULE_TITLES, self, numbers=(2,))
        self.table = PlainTable(self.model, "Rules", widths=(160, 200, 60), stretch=1)
        self.add_button = Button("Add", "plus", small=True)
        self.add_menu = QMenu(self.add_button)
        self.add_button.setMenu(self.add_menu)
        self.load_button = Button("Load\u2026", "folder-open", small=True)
        self.save_button = Button("Save\u2026", "save", small=True)
        self.remove_button = IconButton("trash-2", "Remove the rule")
        self.strip = TroubleStrip()
        self.strip.banner.action_button.hide()
        self.empty = EmptyState("bug", NO_RULES)
        self.pages = Pages(self.empty, self.table)
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 8)
        tools.setSpacing(8)
        for button in (self.add_button, self.load_button, self.save_button):
            tools.addWidget(button)
        tools.addStretch(1)
        tools.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(self.strip)
        column.addWidget(Line())
        column.addWidget(self.pages, 1)
        self._presets = [(rule, self.add_menu.addAction(rule.name)) for rule in PRESETS]
        for rule, action in self._presets:
            action.triggered.connect(lambda _checked=False, preset=rule: self.add(preset))
        self.load_button.clicked.connect(lambda: ask_file(self, "Rules", self.load, "Rules (*.toml)"))
        self.save_button.clicked.connect(lambda: ask_place(self, "Rules", "rules.toml", self.save, "Rules (*.toml)"))
        self.remove_button.clicked.connect(self.remove)
        slot.rules_changed.connect(self.refresh)
        slot.changed.connect(self._suit)
        self.refresh()

    def _suit(self) -> None:
        """SFTP has no data connection that could not be opened."""
        for rule, action in self._presets:
            action.setVisible(rule.code != NO_DATA_CONNECTION or not self.slot.is_sftp)

    def add(self, rule: Rule) -> None:
        """One more rule, before the others: the first that fits acts."""
        self.set([rule, *(each for each in self.slot.rules if each != rule.checked())])

    def set(self, rules: list[Rule]) -> None:
        """Exchange the rules."""
        try:
            self.slot.set_rules(rules)
            self.strip.clear()
        except RuleError as error:
            self.strip.tell("This can't be a rule", str(error))

    def remove(self) -> None:
        """Take the chosen rule away."""
        at = self.table.currentIndex().row()
        if at >= 0:
            self.set([rule for place, rule in enumerate(self.slot.rules) if place != at])

    def load(self, path: Path) -> None:
        """Rules from a file, read elsewhere."""
        def read() -> list[Rule]:
            return list(read_rules(path.read_text(encoding="utf-8")))

        def failed(error: BaseException) -> None:
            self.strip.tell("The rules were not loaded", said_of(error, path))

        self.slot.desk.bridge.call(read, self.set, failed, owner=self)

    def save(self, path: Path) -> None:
        """The rules into a file, written elsewhere."""
        text = write_rules(self.slot.rules)
        self.slot.desk.bridge.call(lambda: path.write_text(text, encoding="utf-8"),
                                   lambda _size: self.slot.desk.toast(f"Saved {path.name}"),
                                   lambda error: self.strip.tell("The rules were not saved", said_of(error, path)),
                                   owner=self)  # fmt: skip

    def refresh(self) -> None:
        """Show the rules as they are."""
        rules, counts = self.slot.rules, self.slot.counts()
        at = self.table.currentIndex().row()
        rows = [(rule.name or "Rule", rule.said(), str(count)) for rule, count in zip(rules, counts, strict=False)]
        if rows != self.model.rows():
            self.model.set_rows(rows)
            if 0 <= at < len(rows):
                self.table.selectRow(at)
        self.pages.setCurrentWidget(self.table if rows else self.empty)
        self.remove_button.setEnabled(bool(rows))
        self.save_button.setEnabled(bool(rows))


def said_of(error: BaseException, path: Path) -> str:
    """Why a file of rules could not be read or written, and what it should be."""
    if isinstance(error, UnicodeDecodeError):
        return f"{path} is no text in UTF-8. Choose a file of rules, as Save\u2026 writes it."
    if isinstance(error, OSError):
        return f"{path}: {error.strerror or error}."
    return f"{error}."
