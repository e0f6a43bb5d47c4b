"""The client card: its form, or what is known of the server while it is connected.

It must not know the server card: what concerns both ends leaves as a signal.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.ftp.client.site import shown
from protocols.numbers import grouped
from widgets.desk import Desk
from widgets.ftp.certificates_view import CertificatesView
from widgets.ftp.client_form import ClientForm
from widgets.ftp.client_slot import WORDS, ClientSlot
from widgets.ftp.mends import client_mends
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.text import Paragraph
from widgets.parts.trouble import TroubleStrip
from widgets.timeline.wording import visible

BESIDE: Final = "Disconnect and connect again: the form leads through it now."
LOST: Final = "The next command or transfer makes it anew. If the server was stopped, start it again, or disconnect."

MOST_WELCOME: Final = 800
MOST_LINES: Final = 10
MOST_FEATURES: Final = 40


def opening(welcome: str) -> str:
    """A greeting as far as it leaves room for what is known of the server."""
    lines = welcome[:MOST_WELCOME].splitlines()[:MOST_LINES]
    text = "\n".join(visible(line) for line in lines)
    return text if len(text) >= len(welcome.rstrip()) else f"{text}\u2026 (all of it is on the time line)"


def abilities(features: tuple[str, ...]) -> str:
    """What FEAT named, as far as it leaves room for the rest."""
    if not features:
        return ""
    left = len(features) - MOST_FEATURES
    more = f", and {grouped(left)} more (FEAT by hand lists all)" if left > 0 else ""
    return "The server can: " + ", ".join(visible(each[:200]) for each in features[:MOST_FEATURES]) + more


class ClientLive(QWidget):
    """What a connected client knows: addresses, what the server said of itself, whether it is protected."""

    files_requested = Signal()

    def __init__(self, desk: Desk, slot: ClientSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.facts = {key: Fact(caption, mono=mono) for key, caption, mono in (
            ("server", "Control connection", True), ("user", "User", False), ("mode", "Data connection", False),
            ("safe", "On the wire", False), ("folder", "Folder", True))}  # fmt: skip
        self.lost, self.beside = Aside(), Aside()
        self.welcome = Paragraph("", "body", "text2")
        self.features = Paragraph("", "caption", "text2")
        self.files_button = PrimaryButton("Open the files", "folder-open")
        self.files_button.clicked.connect(self.files_requested)
        self.certificates = CertificatesView(desk, self)
        row = FlowBox(spacing=24, line_spacing=8)
        for fact in self.facts.values():
            row.add(fact)
        buttons = FlowBox()
        buttons.add(self.files_button)
        top = QVBoxLayout()
        top.setContentsMargins(12, 12, 12, 12)
        top.setSpacing(10)
        self.lost.set("The server has ended the connection.", LOST)
        self.beside.set("This connection does not go through the firewall.", BESIDE)
        for aside in (self.lost, self.beside):
            aside.hide()
        for widget in (self.lost, self.beside, row, self.welcome, self.features, buttons):
            top.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self.certificates, 1)
        column.addStretch(0)
        self._known: object = None

    def refresh(self) -> None:
        """Show what is known now."""
        slot, about = self.slot, self.slot.about
        if self._known is about:
            return
        self._known = about
        values = slot.values
        sftp = values.get("protocol") == "sftp"
        self.facts["server"].set_value(about.peer or f"{values.get('host')}:{values.get('port')}")
        self.facts["user"].set_value(str(values.get("user") or "anonymous"))
        passive = values.get("mode", "passive") == "passive"
        self.facts["mode"].set_value("inside SSH" if sftp else "passive: opened by the client" if passive
                                     else "active: opened by the server")  # fmt: skip
        self.facts["safe"].set_value(*(("encrypted, data too", "running") if about.protected
                                       else ("in the clear", "warning")))  # fmt: skip
        self.facts["folder"].set_value(shown(about.folder) or "/")
        self.welcome.setText(opening(shown(about.welcome)))
        self.features.setText(abilities(about.features))
        self.features.setVisible(bool(about.features))
        self.certificates.show_chain(about.chain, about.facts)
        self.certificates.setVisible(bool(about.chain or about.facts))


class ClientCard(Card):
    """The client. Signals: `why_requested`, `mend_requested(key)`, `other_end_requested`, `files_requested`."""

    why_requested = Signal()
    mend_requested = Signal(str)
    other_end_requested = Signal()
    files_requested = Signal()

    def __init__(self, desk: Desk, slot: ClientSlot, parent: QWidget | None = None) -> None:
        super().__init__("Client", "monitor", parent=parent)
        self.slot = slot
        self.stop_button = Button("Stop", "square", small=True)
        self.close_button = Button("Disconnect", "unplug", small=True)
        self.add_action(self.stop_button)
        self.add_action(self.close_button)
        self.stack = Pages(parent=self)
        self.form = ClientForm(self.stack)
        self.strip = TroubleStrip()
        self.form.place_for_strip.addWidget(self.strip)
        self.live = ClientLive(desk, slot, self.stack)
        self.stack.addWidget(self.form)
        self.stack.addWidget(self.live)
        self.add(self.stack, 1)
        self.form.connect_requested.connect(self.connect_now)
        self.form.stop_button.clicked.connect(slot.stop_connecting)
        self.form.other_end_button.clicked.connect(self.other_end_requested)
        self.stop_button.clicked.connect(slot.stop_connecting)
        self.close_button.clicked.connect(slot.close)
        self.strip.why_requested.connect(self.why_requested)
        self.strip.mend_requested.connect(self.mend_requested)
        self.live.files_requested.connect(self.files_requested)
        slot.changed.connect(self.refresh)
        self.refresh()

    def connect_now(self) -> None:
        """Connect with the values of the form."""
        self.slot.connect_to(self.form.fields.values())

    def refresh(self) -> None:
        """Show the page of the phase, and its trouble where the click was."""
        slot = self.slot
        live = slot.phase == "connected"
        if live:
            self.live.refresh()
        self.stack.setCurrentWidget(self.live if live else self.form)
        if not live:
            self.live.beside.hide()
        self.form.set_connecting(slot.phase == "connecting")
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and slot.phase in ("idle", "ended"):
            sign, word = "error", slot.trouble.title
        if live and slot.lost:
            sign, word = "warning", "Connection lost"
        self.set_state(sign, word)
        self.live.lost.setVisible(live and slot.lost)
        self.stop_button.setVisible(slot.phase == "connecting")
        self.close_button.setVisible(live)
        if slot.trouble is None or live:
            self.strip.clear()
        elif self.strip.errno != slot.trouble.errno or not self.strip.text():
            self.strip.tell(slot.trouble.title, slot.trouble.why, client_mends(slot.trouble, slot.values),
                            errno=slot.trouble.errno)  # fmt: skip
