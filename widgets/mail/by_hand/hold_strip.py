"""The strip that holds a command before it is sent: change it, send another one first, let it go, cut the line.

It must not know protocols: it shows what a gate holds and tells it what was decided.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from protocols.mail.client.gate import Gate
from widgets.parts.buttons import Button
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label
from widgets.theme.theme import theme


class HoldStrip(FlowBox):
    """Hidden while nothing is held. `decided`: a command went its way."""

    decided = Signal()

    def __init__(self, gate: Gate, parent: QWidget | None = None) -> None:
        super().__init__()
        self.gate = gate
        self._number = 0
        self._shown = ""
        self.words = Label("Held:", "body")
        self.line = QLineEdit()
        self.line.setAccessibleName("The command that is held")
        self.line.setMinimumWidth(self.line.fontMetrics().averageCharWidth() * 28)
        theme().dress(self.line, "mono")
        self.send_button = Button("Send it", "send", small=True)
        self.first_button = Button("Send this first", "corner-down-left", small=True)
        self.first_button.setToolTip("Sends the line above in front of the held command, and reads its answer")
        self.cut_button = Button("Cut the line", "scissors", small=True)
        for widget, stretch in ((self.words, 0), (self.line, 1), (self.send_button, 0), (self.first_button, 0),
                                (self.cut_button, 0)):  # fmt: skip
            self.add(widget, stretch)
        self.send_button.clicked.connect(self.send)
        self.line.returnPressed.connect(self.send)
        self.first_button.clicked.connect(self._decide_insert)
        self.cut_button.clicked.connect(lambda: self._decide("cut"))
        self.hide()

    def look(self) -> None:
        """See what the gate holds now."""
        held = self.gate.held if self.gate.holding else None
        if held is None:
            self.setVisible(False)
            return
        if held.number != self._number:
            self._number, self._shown = held.number, held.shown
            self.line.setText(held.shown)
            self.setVisible(True)
            self.line.setFocus()
        elif self.isHidden():
            self.setVisible(True)

    def send(self) -> None:
        """Let the command go as it stands in the line; what was not changed goes out as it was, secrets and all."""
        held = self.gate.held
        if held is not None:
            same = self.line.text() == self._shown
            self.gate.decide("send", held.line if same else self._typed())
            self._gone()

    def _decide_insert(self) -> None:
        if self.gate.held is not None:
            self.gate.decide("insert", self._typed())
            self.line.setText(self._shown)
            self.decided.emit()

    def _decide(self, verdict: str) -> None:
        if verdict == "cut":
            self.gate.decide("cut")
        self._gone()

    def _typed(self) -> bytes:
        return self.line.text().encode("utf-8", "surrogateescape") + b"\r\n"

    def _gone(self) -> None:
        self.setVisible(False)
        self.decided.emit()
