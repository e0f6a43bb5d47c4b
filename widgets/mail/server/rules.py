"""The rules page of the mail server: each failure on purpose is a line with a switch and what can be set of it.

A change counts at once, while the server runs; how often each has fired stands behind it. It must not know
services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from protocols.assets import asset
from protocols.mail.server import rules_file
from protocols.mail.server.rules import AFTER_DATA, FAULTS, PROTOCOLS, Rule, RuleError
from widgets.desk import Desk
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Line
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.paths import ask_file, ask_place
from widgets.parts.text import Label

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "refuse": ("protocol", "at", "code", "text", "first", "times"), "refuse recipient": ("match", "code", "text"),
    "mailbox full": ("match", "full"), "too many mails": ("count", "ms"), "greylist": ("ms",),
    "drop the line": ("protocol", "at", "first", "times"), "slow down": ("protocol", "at", "ms"),
    "wrong capability": ("words",), "wrong count": ("count",),
}  # fmt: skip
_WHICH: Final = (Choice("", "all three"), *(Choice(one, one.upper()) for one in PROTOCOLS))
_FULL: Final = (Choice("452", "452 at RCPT"), Choice("552", "552 after the content"))


class RuleLine(QWidget):
    """One rule: the switch, its settings, and how often it has fired.

    `changed`: it is another rule now; `removed`: take it away.
    """

    changed = Signal()
    removed = Signal()

    def __init__(self, rule: Rule, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rule = rule
        self.fields = Fields(self)
        self.switch = QCheckBox(rule.title)
        self.switch.setChecked(rule.on)
        self.switch.setToolTip(FAULTS[rule.fault])
        self.fired = Label("", "caption", "text2")
        self.remove_button = IconButton("trash-2", f"Take the rule away: {rule.title}")
        row = FlowBox(spacing=12)
        for name in _FIELDS[rule.fault]:
            row.add(self._field(name), 1 if name in ("text", "words") else 0)
        head = QHBoxLayout()
        head.addWidget(self.switch)
        head.addStretch(1)
        head.addWidget(self.fired, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(self.remove_button, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(row)
        self._row = row
        row.setVisible(rule.on)
        self.switch.toggled.connect(self._on_toggled)
        self.fields.changed.connect(lambda _key: self._on_changed())
        self.remove_button.clicked.connect(self.removed)

    def _field(self, name: str) -> QWidget:
        add, rule = self.fields, self._rule
        match name:
            case "protocol":
                field = add.choice("protocol", "Protocol", _WHICH)
                add["protocol"] = rule.protocol
                return field
            case "at":
                return add.line("at", "At", rule.at, hint="Every command", characters=18,
                                tip=f"A command: RCPT, RETR, FETCH; or: {AFTER_DATA}")  # fmt: skip
            case "match":
                return add.line("match", "For", rule.match, characters=14, tip="An address; * stands for anything")
            case "code":
                return add.number("code", "Code", rule.answer[0], (400, 599))
            case "full":
                field = add.choice("full", "Answer", _FULL)
                add["full"] = str(rule.answer[0])
                return field
            case "text":
                return add.line("text", "Text", rule.text, hint=rule.answer[1], characters=20)
            case "words":
                return add.line("words", "Words", " ".join(rule.words), characters=26, tip="A minus hides one")
            case "ms":
                caption = "Within" if rule.fault == "too many mails" else "Time"
                return add.number("ms", caption, int(rule.seconds * 1000), (0, 3_600_000), suffix=" ms")
            case "first":
                return add.number("first", "From the", rule.first, (1, 1000), suffix=". time on",
                                  tip="So many occasions pass before it fires")  # fmt: skip
            case "times":
                return add.number("times", "How often", rule.times, (0, 1000), zero="always", suffix=" times")
        return add.number("count", "Mails" if rule.fault == "too many mails" else "Too many", rule.count, (0, 100_000))

    def _on_toggled(self, on: bool) -> None:
        self._row.setVisible(on)
        self.changed.emit()

    def _on_changed(self) -> None:
        self.switch.setText(self.rule().title)
        self.changed.emit()

    def rule(self) -> Rule:
        """The rule as it stands here."""
        values: dict[str, Any] = dict(self.fields.values())
        if "ms" in values:
            values["seconds"] = values.pop("ms") / 1000
        if "full" in values:
            values["code"] = int(values.pop("full") or 452)
        if "words" in values:
            values["words"] = tuple(str(values["words"]).split())
        return replace(self._rule, **values, on=self.switch.isChecked())

    def show_fired(self, count: int) -> None:
        """Show how often it has fired."""
        words = "" if not count else "fired once" if count == 1 else f"fired {count} times"
        if words != self.fired.text():
            self.fired.setText(words)


class RulesPage(QWidget):
    """All rules. `changed(rules)`: these count from now on."""

    changed = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.lines: list[RuleLine] = []
        self.strip = Banner("error")
        self.add_button = Button("New rule", "plus", small=True)
        self.menu = QMenu(self.add_button)
        self.add_button.setMenu(self.menu)
        for fault, what in FAULTS.items():
            action = self.menu.addAction(f"{fault.capitalize()}: {what}")
            action.triggered.connect(partial(self._add_of, fault))
        self.load_button = Button("Load\u2026", "folder-open", small=True)
        self.save_button = Button("Save\u2026", "save", small=True)
        self.off_button = Button("All off", "power", small=True)
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(12, 8, 12, 12)
        self._column.setSpacing(10)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(12, 8, 12, 4)
        buttons.setSpacing(6)
        for button in (self.add_button, self.load_button, self.save_button, self.off_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(buttons)
        whole.addWidget(self.strip)
        self._scroll = scrolled(self._body)
        whole.addWidget(self._scroll, 1)
        self.load_button.clicked.connect(lambda: ask_file(self, "Rules", self.load, "Rules (*.toml)"))
        self.save_button.clicked.connect(
            lambda: ask_place(self, "Save the rules", "rules.toml", self.save, "Rules (*.toml)")
        )
        self.off_button.clicked.connect(self.all_off)
        self.show_rules(rules_file.load(asset("mail", "rules.toml")))

    def show_rules(self, rules: Sequence[Rule]) -> None:
        """Show these, a line each."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        self.lines = []
        for rule in rules:
            if self.lines:
                self._column.addWidget(Line())
            line = RuleLine(rule, self._body)
            line.changed.connect(self._on_changed)
            line.removed.connect(partial(self.remove, line))
            self._column.addWidget(line)
            self.lines.append(line)
        self._column.addStretch(1)

    def rules(self) -> tuple[Rule, ...]:
        """As they stand here."""
        return tuple(line.rule() for line in self.lines)

    def _on_changed(self) -> None:
        self.strip.clear()
        self.changed.emit(self.rules())

    def _add_of(self, fault: str, _checked: bool = False) -> None:
        self.add(fault)

    def add(self, fault: str) -> RuleLine:
        """A new rule of this fault, switched on, below the others."""
        self.show_rules([*self.rules(), Rule(fault)])
        self._on_changed()
        line = self.lines[-1]
        QTimer.singleShot(0, line, lambda: self._scroll.ensureWidgetVisible(line))
        return line

    def remove(self, line: RuleLine) -> None:
        """Take a rule away."""
        self.show_rules([each.rule() for each in self.lines if each is not line])
        self._on_changed()

    def refuse(self, words: str) -> None:
        """Say what is wrong with them; those from before count on."""
        self.strip.say("The rules stay as they were.", words)

    def show_fired(self, counts: Sequence[int]) -> None:
        """Show how often each has fired."""
        for line, count in zip(self.lines, counts, strict=False):
            line.show_fired(count)

    def all_off(self) -> None:
        """Switch everything off."""
        for line in self.lines:
            line.switch.setChecked(False)

    def load(self, path: Path) -> None:
        """Take the rules of a file."""
        self.desk.bridge.call(lambda: rules_file.load(path), self._on_loaded, self._on_failed, owner=self)

    def _on_loaded(self, rules: tuple[Rule, ...]) -> None:
        self.show_rules(rules)
        self._on_changed()

    def save(self, path: Path) -> None:
        """Write the rules to a file."""
        text = rules_file.dump(self.rules())
        self.desk.bridge.call(
            lambda: path.write_text(text, "utf-8"), lambda _: self.desk.toast(f"{path.name} is written"),
            self._on_failed, owner=self,
        )  # fmt: skip

    def _on_failed(self, error: BaseException) -> None:
        said = str(error) if isinstance(error, RuleError) else getattr(error, "strerror", None) or str(error)
        self.refuse(str(said))
