"""The rules of the proxy as a table of drafts, and what of a form becomes a rule.

It must not know the proxy, nor the form's widgets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from protocols.http.proxy.rules import ACTIONS, Match, Rule
from widgets.parts.fields import Choice
from widgets.parts.plain_table import SIGN_ROLE, TONE_ROLE

_Index = QModelIndex | QPersistentModelIndex
TITLES: Final = ("#", "What", "Which exchanges", "")
ACTION_CHOICES: Final = (
    Choice("hold", "Hold", "Waits until you release, edit, drop or answer it; nobody else waits"),
    Choice("answer", "Answer", "The proxy answers in the origin's place"),
    Choice("map", "Answer with a file", "The answer is a file of this machine"),
    Choice("drop", "Drop", "The client gets a RST and no answer"),
    Choice("ignore", "Leave out", "Passed on, and not listed"),
)  # fmt: skip
AT_CHOICES: Final = (Choice("request", "the request"), Choice("response", "the answer"), Choice("both", "both"))
LIMIT_BODY: Final = 64 << 10
_ATS: Final = {"request": "request", "response": "answer", "both": "both"}


def rule_of(values: Mapping[str, Any]) -> Rule:
    """The rule that a form's values say; whether it can work is not looked at here."""
    action = values.get("action") if values.get("action") in ACTIONS else "hold"
    at = values.get("at") if values.get("at") in _ATS else "request"
    status = str(values.get("if_status", "")).strip() if action == "hold" and at != "request" else ""
    method, host, url = (str(values.get(key, "")).strip() for key in ("method", "host", "url"))
    match = Match(method, host, url, status)
    kind = str(values.get("type", "")).strip()
    return Rule(
        action, match, at, path=str(values.get("path", "")).strip() if action == "map" else "",  # type: ignore[arg-type]
        status=int(values.get("status", 200) or 200), headers=(("Content-Type", kind),) if kind else (),
        body=str(values.get("body", ""))[:LIMIT_BODY].encode("utf-8", "replace"), on=values.get("on") is not False,
    )  # fmt: skip


def values_of(rule: Rule) -> dict[str, Any]:
    """The form's values of a rule, JSON-able."""
    kind = next((value for name, value in rule.headers if name.lower() == "content-type"), "")
    return {"action": rule.action, "at": rule.at, "method": rule.match.method, "host": rule.match.host,
            "url": rule.match.url, "if_status": rule.match.status, "path": rule.path, "status": rule.status,
            "type": kind, "body": rule.body.decode("utf-8", "replace"), "on": rule.on}  # fmt: skip


def what_words(rule: Rule) -> str:
    """What it does, in a few words."""
    words = next(choice.title for choice in ACTION_CHOICES if choice.key == rule.action)
    if rule.action == "hold":
        return f"{words} {'both' if rule.at == 'both' else 'the ' + _ATS[rule.at]}"
    return f"{words} {rule.status}" if rule.action == "answer" else words


def which_words(rule: Rule) -> str:
    """Which exchanges, in a few words."""
    match = rule.match
    parts = [match.method, match.host and f"host {match.host}", match.url and f"URL {match.url}",
             match.status and f"status {match.status}"]  # fmt: skip
    return ", ".join(part for part in parts if part) or "every one"


class RulesModel(QAbstractTableModel):
    """The rules, first to last. `edited`: another list."""

    edited = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rules: list[Rule] = []

    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        return tuple(self._rules)

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Show others."""
        self.beginResetModel()
        self._rules = list(rules)
        self.endResetModel()
        self.edited.emit()

    def put(self, at: int, rule: Rule) -> None:
        """Change one."""
        if self._rules[at] != rule:
            self._rules[at] = rule
            self.dataChanged.emit(self.index(at, 0), self.index(at, len(TITLES) - 1))
            self.edited.emit()

    def insert(self, at: int, rule: Rule) -> None:
        """One more, before that one."""
        self.beginInsertRows(QModelIndex(), at, at)
        self._rules.insert(at, rule)
        self.endInsertRows()
        self.edited.emit()

    def remove(self, at: int) -> None:
        """One less."""
        self.beginRemoveRows(QModelIndex(), at, at)
        del self._rules[at]
        self.endRemoveRows()
        self.edited.emit()

    def move(self, at: int, by: int) -> int:
        """Another place for one: the first that matches acts. Where it is then."""
        to = at + by
        if not (0 <= at < len(self._rules) and 0 <= to < len(self._rules)):
            return at
        self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), to + (by > 0))
        self._rules.insert(to, self._rules.pop(at))
        self.endMoveRows()
        self.edited.emit()
        return to

    def rowCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rules)

    def columnCount(self, parent: _Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        rule, column = self._rules[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (str(index.row() + 1), what_words(rule), which_words(rule), "on" if rule.on else "off")[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _side(column)
        if role == SIGN_ROLE and column == 3:
            return "running" if rule.on else "stopped"
        return "text2" if role == TONE_ROLE and (column == 0 or not rule.on) else None


def _side(column: int) -> int:
    side = Qt.AlignmentFlag.AlignRight if column == 0 else Qt.AlignmentFlag.AlignLeft
    return int(side | Qt.AlignmentFlag.AlignVCenter)
