"""Two answers beside each other: what differs in status, headers and body, as a unified diff.

The lines are compared on a lab thread. It must not know how the answers came.
"""

from __future__ import annotations

import difflib
import json
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.http.reading import letters_of, text_of
from widgets.desk import Desk
from widgets.http.exchange.sent import Sent
from widgets.http.exchange.wire_view import DiffView
from widgets.http.history import Past
from widgets.http.history_menu import title_of
from widgets.http.response.prepared import plain
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.text import Label

SHOWN_BYTES: Final = 64 << 10
SHOWN_LINES: Final = 2000
EVERY_TIME: Final = frozenset(("date", "age", "expires", "x-request-id", "set-cookie"))
"""Headers that differ each time and say nothing."""


def answer_lines(sent: Sent) -> list[str]:
    """An answer as lines to be compared: JSON is indented, what differs each time is left out."""
    exchange = sent.final
    if exchange is None or exchange.answer is None:
        return ["no answer"]
    lines = [f"{exchange.status} {exchange.answer.reason}".rstrip()]
    lines += [f"{name}: {value}" for name, value in exchange.headers if name.lower() not in EVERY_TIME]
    body = bytes(sent.body.data[:SHOWN_BYTES])
    text = text_of(body, letters_of(body, exchange.answer.get("Content-Type")).charset, SHOWN_BYTES)
    try:
        text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except (ValueError, RecursionError):
        pass
    return [*lines, "", *plain(text).split("\n")][:SHOWN_LINES]


def difference(old: Sent, new: Sent) -> str:
    """What changed from one answer to the other; "" for nothing."""
    names = (f"request {old.number}", f"request {new.number}")
    return "\n".join(difflib.unified_diff(answer_lines(old), answer_lines(new), *names, lineterm=""))


class CompareView(QWidget):
    """The answer shown against an earlier one. `compared`: the difference is there."""

    compared = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.with_which = QuietCombo()
        self.with_which.setAccessibleName("Earlier answer to compare with")
        self.said = Label("", "caption", "text2", wrap=True)
        self.diff = DiffView("What differs between two answers")
        self._others: list[Past] = []
        self._sent: Sent | None = None
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 6)
        row.addWidget(self.with_which, 1)
        self.said.setContentsMargins(12, 0, 12, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.said)
        column.addWidget(self.diff, 1)
        self.with_which.currentIndexChanged.connect(lambda _index: self._compare())

    def show_sent(self, sent: Sent, entries: list[Past]) -> bool:
        """Compare an answer with the one before it; False where there is no other."""
        self._sent = sent
        self._others = [past for past in entries if past.sent is not None and past.sent is not sent]
        self.with_which.blockSignals(True)
        self.with_which.fill([Choice(str(at), title_of(past)) for at, past in enumerate(self._others)])
        if self._others:
            self.with_which.setCurrentIndex(0)
        self.with_which.blockSignals(False)
        self._compare()
        return bool(self._others)

    def _compare(self) -> None:
        at, sent = self.with_which.currentIndex(), self._sent
        if sent is None or not 0 <= at < len(self._others):
            return
        old = self._others[at].sent
        if old is not None:
            self.desk.bridge.call(lambda: difference(old, sent), self._on_difference, owner=self)

    def _on_difference(self, text: str) -> None:
        changed = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in text.split("\n") if line)
        self.said.setText(f"{changed} lines differ." if text else "Nothing differs but what differs every time.")
        self.diff.set_diff(text)
        self.compared.emit()
