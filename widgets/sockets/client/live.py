"""The client card's page while it talks: facts, transcript, what to send, and what to do at the end.

Shows a ClientSlot. It must not know services.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Line
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox
from widgets.parts.trouble import TroubleStrip
from widgets.sockets.client.launch import framing_title
from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.client.transcript_view import TranscriptView
from widgets.sockets.input_row import InputRow


class ClientLive(QWidget):
    """Facts and conversation. `again_requested`: connect once more; `edit_requested`: back to the form."""

    again_requested = Signal()
    edit_requested = Signal()

    def __init__(self, slot: ClientSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.source = Fact("From", mono=True)
        self.target = Fact("To", mono=True)
        self.framing = Fact("Framing")
        self.round_trip = Fact("Round trip")
        self.transcript = TranscriptView(slot.lines)
        self.strip = TroubleStrip()
        self.note = Banner("note")
        self.pointer = Banner("note")
        self.input = InputRow()
        self.again_button = PrimaryButton("Connect again", "rotate-cw")
        self.edit_button = Button("Change", "pencil")
        self.over = self._over_row()
        self._lay_out()
        self.again_button.clicked.connect(self.again_requested)
        self.edit_button.clicked.connect(self.edit_requested)
        slot.changed.connect(self.refresh)
        self.refresh()

    def _over_row(self) -> QWidget:
        over = QWidget()
        row = QHBoxLayout(over)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.edit_button)
        row.addWidget(self.again_button)
        return over

    def _lay_out(self) -> None:
        facts = FlowBox(spacing=20, line_spacing=6)
        facts.flow.setContentsMargins(12, 10, 12, 10)
        for fact in (self.source, self.target, self.framing, self.round_trip):
            facts.add(fact)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(facts)
        column.addWidget(Line())
        column.addWidget(self.transcript, 1)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 0, 12, 0)
        holder.setSpacing(8)
        holder.addWidget(self.note)
        holder.addWidget(self.pointer)
        holder.addWidget(self.strip)
        column.addLayout(holder)
        column.addWidget(Line())
        column.addWidget(self.input)
        column.addWidget(self.over)

    def prepare(self, text: str, note: str = "") -> None:
        """Put a text into the input, ready to be sent, and a remark above it."""
        escaped = "\\" in text
        self.input.fields["escapes"] = escaped
        self.input.fields["line_end"] = "none" if escaped else "CRLF"
        self.input.field.setText(text)
        if note:
            self.note.say("Look at this.", note)
        else:
            self.note.clear()

    def refresh(self) -> None:
        """Show the slot as it is now."""
        slot = self.slot
        shown = slot.shown_facts()
        self.source.set_value(shown.source)
        self.target.set_value(shown.target)
        self.framing.set_value(shown.framing)
        self.round_trip.set_value(shown.round_trip)
        self.source.setToolTip(shown.moved)
        self.round_trip.setVisible(bool(shown.round_trip))
        self.framing.setVisible(shown.framing != framing_title("none"))
        over = slot.phase == "ended"
        self.over.setVisible(over)
        self.input.setVisible(not over)
        self.input.set_repeating(slot.repeating)
        self.input.set_character_mode(slot.by_character)
        self.input.setEnabled(slot.phase == "connected")
