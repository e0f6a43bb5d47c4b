"""SendPage: the sender card: a message, a file or made-up programs, once or at a rate, and what became of it.

"Give me the other end" asks for a bucket where it sends to. It must not know buckets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from protocols.creosote.sender import Sender
from protocols.numbers import grouped
from protocols.record.explain import Explained
from widgets.creosote import launch
from widgets.creosote.send.form import SendForm
from widgets.desk import Desk
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card, Line
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox
from widgets.parts.trouble import Mend, TroubleStrip

LOOK_MS: Final = 100


def sender_mends(errno: str) -> tuple[Mend, ...]:
    """The ways out of a sender's error."""
    if errno == "EACCES":
        return (Mend("set-broadcast", "Set SO_BROADCAST and send", "radio"),)
    if errno == "EMSGSIZE":
        return (Mend("pieces", "Send it in pieces", "scissors"),)
    if errno.startswith("EAI_") or errno in ("ENETUNREACH", "EHOSTUNREACH"):
        return (Mend("loopback", "Send to 127.0.0.1", "monitor"),)
    return ()


class SendPage(QWidget):
    """The page. other_end_requested(values): start a bucket there. sent(values): a sender has begun.

    why_requested(sender name, trouble): explain the last error.
    """

    other_end_requested = Signal(dict)
    sent = Signal(dict)
    why_requested = Signal(object)
    changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.form = SendForm()
        self.card = Card("Sender", "send")
        self.send_button = PrimaryButton("Send", "send", key="\u23ce")
        self.stop_button = Button("Stop at once", "square")
        self.other_end_button = Button("Give me the other end", "arrow-left-right", small=True)
        self.other_end_button.setToolTip("Start a bucket that hears this")
        self.strip = TroubleStrip()
        self.messages = Fact("Messages")
        self.datagrams = Fact("Datagrams")
        self.bytes_sent = Fact("Bytes")
        self.source = Fact("From", mono=True)
        self.target = Fact("To", mono=True)
        self.spewing: Sender | None = None
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self._starting = False
        self._lay_out()
        self._wire()
        self._refresh()

    def _lay_out(self) -> None:
        facts = FlowBox(spacing=24)
        facts.flow.setContentsMargins(12, 10, 12, 12)
        for fact in (self.target, self.source, self.messages, self.datagrams, self.bytes_sent):
            facts.add(fact)
        self.facts_row = QWidget()
        below = QVBoxLayout(self.facts_row)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addWidget(Line())
        below.addWidget(facts)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.send_button)
        body = QWidget()
        inside = QVBoxLayout(body)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addWidget(self.form)
        inside.addWidget(self.strip)
        inside.addLayout(buttons)
        self.card.add_action(self.other_end_button)
        self.card.add_section(body)
        self.card.add(self.facts_row)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(16, 0, 16, 12)
        column.addWidget(self.card)
        column.addStretch(1)
        scroll.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _wire(self) -> None:
        self.send_button.clicked.connect(self.send)
        self.form.send_requested.connect(self.send)
        self.stop_button.clicked.connect(self.stop)
        self.other_end_button.clicked.connect(self._on_other_end)
        self.strip.mend_requested.connect(self._mend)
        self.strip.why_requested.connect(self._on_why)
        self.desk.bridge.every(LOOK_MS, self._look)

    def _on_other_end(self) -> None:
        self.other_end_requested.emit(self.form.values())

    def _on_why(self) -> None:
        self.why_requested.emit(self.trouble)

    @property
    def sending(self) -> bool:
        """Whether a sender runs, or is about to."""
        return self._starting or self.spewing is not None

    def send(self) -> None:
        """Begin with the form's values; nothing while one still sends."""
        self.send_values(self.form.values())

    def send_values(self, values: Mapping[str, Any]) -> None:
        """Begin with these values."""
        if self.sending:
            return
        lab, order = self.desk.lab, dict(values)
        self.values, self.trouble, self._starting = order, None, True
        self.strip.clear()
        self.desk.bridge.call(lambda: launch.start_sender(lab, order), self._on_started, self._on_failed, owner=self)
        self._refresh()

    def _on_started(self, sender: Sender) -> None:
        self._starting, self.spewing = False, sender
        ports = sender.facts().ports
        if ports:
            self.source.set_value(", ".join(str(port) for port in ports[:6]))
        self.sent.emit(self.values)
        self._look()

    def _on_failed(self, error: BaseException) -> None:
        self._starting = False
        trouble = self.trouble = launch.explained(error, self.values, "sendto")
        self.strip.tell(trouble.title, trouble.why, sender_mends(trouble.errno), errno=trouble.errno)
        self._refresh()

    def stop(self) -> None:
        """End it at once."""
        if self.spewing is not None:
            self.spewing.request_stop()

    def _look(self) -> None:
        sender = self.spewing
        if sender is None:
            return
        self._show(sender)
        if sender.state in ("stopped", "failed"):
            self.spewing = None
            self._show(sender)
            self.desk.bridge.call(lambda: self.desk.lab.stop(sender))
            self._refresh()

    def _show(self, sender: Sender) -> None:
        self.target.set_value(f"{sender.settings.host}:{sender.settings.port}")
        self.messages.set_value(grouped(sender.sent))
        self.datagrams.set_value(grouped(sender.datagrams))
        self.bytes_sent.set_value(grouped(sender.bytes_sent))
        self._refresh()

    def _refresh(self) -> None:
        sending = self.sending
        self.send_button.setEnabled(not sending)
        self.stop_button.setVisible(self.spewing is not None)
        state = ("running", "Sending") if sending else ("done", "Sent") if self.messages.value() else ("", "")
        if self.trouble is not None:
            state = ("error", self.trouble.title.capitalize())
        self.card.set_state(*state)
        self.facts_row.setVisible(bool(self.messages.value()))
        self.changed.emit()

    def _mend(self, key: str) -> None:
        changes: dict[str, dict[str, Any]] = {
            "set-broadcast": {"as_original": False},
            "pieces": {"style": "pieces"},
            "loopback": {"to": "host", "host": "127.0.0.1"},
        }
        self.form.fields.set_values(changes.get(key, {}))
        self.send()
