"""The editor of the proxy's rules: the list, and a form for the one chosen; every change holds at once.

It must not know the proxy, only the slot that takes rules.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from protocols.http.proxy.rules import Match, Rule, RuleError
from widgets.http.proxy.rules import ACTION_CHOICES, AT_CHOICES, RulesModel, rule_of, values_of
from widgets.http.proxy.slot import ProxySlot
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Line
from widgets.parts.code_edit import CodeEdit
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Fields
from widgets.parts.flow import FlowBox, Pages, scrolled
from widgets.parts.paths import ask_file
from widgets.parts.plain_table import PlainTable
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip

NO_RULES: Final = "No rules: everything is passed on. A rule holds, answers or drops what fits it."
HINT: Final = "Empty fields fit all; * and ? stand for any signs. The first rule that fits acts."


class RulesPage(QWidget):
    """The editor."""

    def __init__(self, slot: ProxySlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.model = RulesModel(self)
        self.table = PlainTable(self.model, "Rules", mono=(2,), widths=(36, 140, 200, 60), stretch=2)
        self.fields = Fields(self)
        self.answer: QPlainTextEdit = CodeEdit("Body of the answer")
        self.file_button = Button("Choose\u2026", "folder-open", small=True)
        self.add_button = Button("Add a rule", "plus", small=True)
        self.up_button, self.down_button = IconButton("arrow-up", "Earlier"), IconButton("arrow-down", "Later")
        self.remove_button = IconButton("trash-2", "Remove the rule")
        self.strip = TroubleStrip()
        self.strip.banner.action_button.hide()
        self.empty = EmptyState("pause", NO_RULES, "Hold every request", button_icon="pause")
        self._filling = False
        self._lay_out()
        self._connect()
        self._suit()

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(12, 8, 12, 8)
        tools.setSpacing(8)
        tools.addWidget(self.add_button)
        tools.addStretch(1)
        for button in (self.up_button, self.down_button, self.remove_button):
            tools.addWidget(button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(Line())
        column.addWidget(self.table, 1)
        both = Splitter(Qt.Orientation.Horizontal, left, scrolled(self._form()))
        both.setSizes([430, 520])
        self.pages = Pages(self.empty, both)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)

    def _form(self) -> QWidget:
        add, what, which = self.fields, FlowBox(spacing=12), FlowBox(spacing=12)
        what.add(add.choice("action", "What it does", ACTION_CHOICES))
        what.add(add.choice("at", "Holds", AT_CHOICES))
        what.add(add.line("path", "File", characters=24), 1)
        what.add(self.file_button)
        what.flow.setAlignment(self.file_button, Qt.AlignmentFlag.AlignBottom)
        what.add(add.number("status", "Status", 200, (200, 599)))
        what.add(add.line("type", "Content-Type", "text/plain; charset=utf-8", characters=22), 1)
        what.add(add.check("on", "On", True))
        which.add(add.line("method", "Method", hint="any", characters=9, tip="One or more: GET, POST"))
        which.add(add.line("host", "Host", hint="any", characters=12, tip="A part, or a pattern: *.example.org"), 1)
        which.add(add.line("url", "URL", hint="any", characters=18, tip="A part of it, or a pattern: */login*"), 2)
        which.add(add.line("if_status", "Status", hint="any", characters=6, tip="404 or 5xx, of the answer"))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        for widget in (self.strip, what, which, Label(HINT, "caption", "text2", wrap=True)):
            column.addWidget(widget)
        self.answer_label = Label("Body of the answer", "caption", "text2")
        column.addWidget(self.answer_label)
        column.addWidget(self.answer, 1)
        column.addStretch(1)
        return body

    def _connect(self) -> None:
        self.add_button.clicked.connect(lambda: self.add(Rule("hold")))
        self.empty.acted.connect(lambda: self.add(Rule("hold")))
        self.up_button.clicked.connect(lambda: self._move(-1))
        self.down_button.clicked.connect(lambda: self._move(1))
        self.remove_button.clicked.connect(self._remove)
        self.file_button.clicked.connect(
            lambda: ask_file(self, "File to answer with", lambda path: self.fields.set_values({"path": str(path)}))
        )
        self.fields.changed.connect(lambda _key: self._on_field())
        self.answer.textChanged.connect(self._on_field)
        self.table.selectionModel().currentRowChanged.connect(lambda _now, _before: self._fill())
        self.model.edited.connect(self._apply)

    # Rules

    def add(self, rule: Rule) -> None:
        """One more rule, before the others: the first that fits acts."""
        self.model.insert(0, rule)
        self.table.selectRow(0)
        self._fill()

    def add_like(self, action: str, method: str, url: str) -> None:
        """A rule for exchanges like this one."""
        match = Match(method=method, url=url.partition("?")[0])
        self.add(Rule("answer", match, status=200, body=b"Answered by the proxy.\n") if action == "answer"
                 else Rule("hold", match))  # fmt: skip

    def set_rules(self, rules: tuple[Rule, ...]) -> None:
        """Show these and let them hold."""
        self.model.set_rules(rules)
        if rules:
            self.table.selectRow(0)
        self._fill()

    def _remove(self) -> None:
        at = self.table.currentIndex().row()
        if at >= 0:
            self.model.remove(at)
            self._fill()

    def _move(self, by: int) -> None:
        at = self.table.currentIndex().row()
        if at >= 0:
            self.table.selectRow(self.model.move(at, by))

    def _apply(self) -> None:
        """Let the rules hold; those of before stay where one can't work."""
        try:
            self.slot.set_rules(self.model.rules())
        except RuleError as error:
            self.strip.tell("The rules of before hold", f"{error}.")
            self.strip.banner.action_button.hide()
        else:
            self.strip.clear()
        self._suit()

    # The form

    def _fill(self) -> None:
        at = self.table.currentIndex().row()
        if 0 <= at < self.model.rowCount():
            self._filling = True
            rule = self.model.rules()[at]
            values = values_of(rule)
            self.fields.set_values({"if_status": "", **values})
            if self.answer.toPlainText() != values["body"]:
                self.answer.setPlainText(values["body"])
            self._filling = False
        self._suit()

    def _on_field(self) -> None:
        at = self.table.currentIndex().row()
        if not self._filling and 0 <= at < self.model.rowCount():
            self.model.put(at, rule_of({**self.fields.values(), "body": self.answer.toPlainText()}))
        self._suit()

    def _suit(self) -> None:
        there = self.model.rowCount() > 0
        self.pages.setCurrentIndex(1 if there else 0)
        action = self.fields["action"]
        self.fields.show("at", action == "hold")
        self.fields.show("if_status", action == "hold" and self.fields["at"] != "request")
        for key in ("status", "type"):
            self.fields.show(key, action == "answer")
        self.fields.show("path", action == "map")
        self.file_button.setVisible(action == "map")
        self.answer.setVisible(action == "answer")
        self.answer_label.setVisible(action == "answer")
        at = self.table.currentIndex().row()
        self.up_button.setEnabled(at > 0)
        self.down_button.setEnabled(0 <= at < self.model.rowCount() - 1)
        self.remove_button.setEnabled(at >= 0)
