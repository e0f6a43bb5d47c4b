"""Both ends of mail in one view: a mail to send and a server that takes it, and what they say to each other.

What concerns several cards stands here. It must not know the other views of the panel.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.mail.message.compose import DraftError, write
from protocols.record.event import Raw, detail_of
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.mail.account_fields import NOT_THERE, PASSWORD, UNCHECKED
from widgets.mail.by_hand.hold_strip import HoldStrip
from widgets.mail.compose.card import ComposeCard
from widgets.mail.compose.sending import Sending
from widgets.mail.dialogue.view import DialogueView
from widgets.mail.latest import Latest
from widgets.mail.server.card import MailServerCard
from widgets.mail.server.form import MailServerForm
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.splitter import Splitter
from widgets.timeline_link import TimelineLink

Cards: TypeAlias = tuple[ComposeCard, MailServerCard]


def cards_in_steps(desk: Desk) -> Generator[QWidget, None, Cards]:
    """The cards with many fields, one after the other."""
    compose = ComposeCard()
    yield compose
    form = MailServerForm()
    yield form
    server = MailServerCard(desk, form)
    yield server
    return compose, server


class BothEnds(QWidget):
    """The cards. `why_requested(explained)`: tell it. `served(ends)`: a server listens, its ends by protocol."""

    why_requested = Signal(object)
    served = Signal(object)

    def __init__(self, desk: Desk, cards: Cards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.sending = Sending(desk, self)
        self.whole = Splitter(Qt.Orientation.Vertical, line=False, parent=self)
        self.top = Splitter(Qt.Orientation.Horizontal, line=False, parent=self.whole)
        self.compose, self.server = cards
        self.talk = Card("Dialogue", "message-square")
        self.dialogue = DialogueView(self._is_ours, "Send a mail: what both ends say stands here, line by line.")
        self.hold_button = Button("Hold each command", "pause", small=True)
        self.hold_button.setCheckable(True)
        self.hold_button.setToolTip("Each command waits here before it is sent: look at it, change it, cut the line")
        self.hold = HoldStrip(self.sending.gate)
        self.link = TimelineLink(desk, self)
        self.latest = Latest(desk, self)
        self._trouble: Explained | None = None
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        self.talk.add_action(self.hold_button)
        self.hold.flow.setContentsMargins(12, 8, 12, 8)
        self.talk.add(self.hold)
        self.talk.add(self.dialogue, 1)
        for splitter, part in ((self.top, self.compose), (self.top, self.server), (self.whole, self.top),
                               (self.whole, self.talk)):  # fmt: skip
            splitter.addWidget(part)
        self.top.setSizes([560, 440])
        self.whole.setSizes([420, 240])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.whole)

    def _wire(self) -> None:
        compose, sending = self.compose, self.sending
        compose.send_requested.connect(self.send)
        compose.cancel_requested.connect(sending.cancel)
        compose.make_button.clicked.connect(self.make_source)
        compose.mend_requested.connect(self._mend)
        compose.why_requested.connect(lambda: self.why_requested.emit(self._trouble))
        sending.ended.connect(self._on_sent)
        sending.failed.connect(self._on_failed)
        sending.refused.connect(self._on_refused)
        sending.slot.changed.connect(self._on_changed)
        self.server.started.connect(self._on_served)
        self.server.first_requested.connect(lambda _server: self.send())
        self.server.why_requested.connect(self.why_requested)
        self.hold_button.toggled.connect(self.set_holding)
        self.hold.decided.connect(self.hold.look)
        self.dialogue.picked.connect(self._on_line)

    def _is_ours(self, raw: Raw) -> bool:
        detail = detail_of(raw)
        return detail.get("end") == "client" and detail.get("protocol") == "smtp" and str(raw[3]).startswith("smtp ")

    # Sending

    def send(self) -> None:
        """Send the mail of the card."""
        compose = self.compose
        if self.sending.busy:
            return
        draft = compose.draft()
        if not draft.rcpt_to():
            compose.strip.tell("Nobody to send it to", "The envelope has no recipient: fill in To, or the envelope's.")
            return
        values = compose.fields.values()
        account = compose.account.account(mechanism=values["mechanism"], timeout_s=float(values["timeout_s"]))
        self.dialogue.clear()
        compose.begin()
        compose.set_busy(True, word="Connecting")
        self.sending.send(draft, account, compose.notify(), str(values["ret"] or ""), compose.line_ends())

    def _on_changed(self) -> None:
        if not self.sending.busy:
            return
        task = self.sending.slot.task
        held = self.sending.gate.held is not None
        word = "Held: your turn" if held else "Sending" if task is not None else "Connecting"
        self.compose.set_busy(True, word=word)
        if task is not None and task.total > 1 << 20:
            self.compose.progress.show_progress("Sent", task.done, task.total, cancel=True)

    def _on_sent(self, sent: Any) -> None:
        self.compose.set_busy(False)
        self.compose.show_sent(sent)
        self.latest.choose(self.sending.name, "mail")

    def _on_failed(self, told: Explained) -> None:
        self._trouble = told
        self.compose.set_busy(False)
        self.compose.tell(told.title, told.why, told.errno, refused=told.errno in NOT_THERE)
        self.latest.choose_failure(self.sending.name, told.errno)

    def _on_refused(self, sentence: str) -> None:
        self.compose.set_busy(False)
        self.compose.tell("There is no such mail", f"{sentence.rstrip('.')}.", "", refused=False)

    def make_source(self) -> None:
        """Write the message of the fields into the source tab; attachments stay out of it."""
        draft = replace(self.compose.draft(fields_only=True), attachments=())

        def work() -> str:
            import io

            file = io.BytesIO()
            write(draft, file)
            return file.getvalue().replace(b"\r\n", b"\n").decode("utf-8", "replace")

        def failed(error: BaseException) -> None:
            if not isinstance(error, DraftError):
                raise error
            self._on_refused(str(error))

        self.desk.bridge.call(work, self.compose.source.show_text, failed, owner=self)

    # The other end

    def _mend(self, key: str) -> None:
        if key == PASSWORD.key:
            self.compose.ask_password()
        elif key == UNCHECKED.key:
            self.compose.account.check_nothing()
            self.send()
        else:
            self.give_other_end()

    def give_other_end(self) -> None:
        """Start a server, unless one runs; its address is filled in when it listens."""
        if self.server.server is not None:
            self._on_served(self.server.server)
        else:
            self.server.start()

    def _on_served(self, server: Any) -> None:
        if "smtp" in server.ends:
            self.compose.account.set_address(*server.ends["smtp"])
        self.compose.strip.clear()
        self.compose.send_button.setFocus()
        self.served.emit(server)

    # The dialogue

    def set_holding(self, on: bool) -> None:
        """Hold each command, or let all go."""
        self.sending.gate.hold(on)
        self.hold.look()

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder."""
        self.dialogue.take(raws)

    def poll(self) -> None:
        """See what is held, and whether what just happened is on the time line."""
        self.hold.look()
        self.latest.poll()

    def _on_line(self, raw: Raw) -> None:
        self.link.choose((raw[2],), str(raw[3]), raw[4], raw[6])
