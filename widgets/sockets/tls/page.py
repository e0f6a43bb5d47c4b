"""TLS: a server with a good or a broken certificate, a client that trusts or doesn't, and what each says.

Both are the bench's own server and client, so "Both ends" shows them too. It must not know TLS:
`protocols.tls` makes the certificates and `protocols.certificates` reads them.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from protocols.certificates import CertificateFacts, describe_chain
from protocols.sockets.client import StreamClient
from widgets.desk import Desk
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, LinkButton, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.segments import Segments
from widgets.parts.text import ElidedLabel, Label
from widgets.sockets.both_ends import BothEnds, once
from widgets.sockets.client import launch as client_launch
from widgets.sockets.client.card import ClientView
from widgets.sockets.client.form import VERIFY
from widgets.sockets.lessons.experiment_scripts import Script
from widgets.sockets.server import launch as server_launch
from widgets.sockets.server.slot import ServerSlot
from widgets.sockets.tls.authority import Authority
from widgets.sockets.why import explain_last

LOOK_S: Final = 2.0
SERVER: Final = {
    "behaviour": "echo",
    "transport": "tcp",
    "bind": "127.0.0.1",
    "port": 0,
    "model": "threads",
    "tls": True,
}
TEACHES: Final = {
    "good": "The client finds the lab's CA among those it trusts, the name fits, the date fits.",
    "expired": "The end of its validity is in the past: what it says may have been true once.",
    "not yet valid": "Its validity begins in the future: one of the two clocks is wrong.",
    "wrong host": "It is signed and in date, but made out to another name: somebody else may stand in between.",
    "self-signed": "It vouches for itself, as anybody can.",
}


class TLSPage(QWidget):
    """The choices, the outcome, and the certificates that the peer showed. `facts`: the chain shown now."""

    def __init__(self, desk: Desk, ends: BothEnds, certificates: list[Choice], authority: Authority) -> None:
        super().__init__()
        self._authority = authority
        self.desk = desk
        self._ends = ends
        self.fields = Fields(self)
        self.connect_button = PrimaryButton("Connect with TLS", "lock")
        self.look_button = Button("Look without checking", "eye")
        self.client_python_button = Button("Client as Python", "code-xml", small=True)
        self.server_python_button = Button("Server as Python", "code-xml", small=True)
        self.export_button = Button("Export lab CA…", "download", small=True)
        self.export_button.setToolTip("A PEM file: what the client's script must trust")
        self.pem_button = Button("Export server's PEM…", "download", small=True)
        self.pem_button.setToolTip("Key and certificates in one file: what the server's script must have")
        self.taught = Aside()
        self.strip = Banner("error")
        self.success = Banner("note")
        self.facts: list[CertificateFacts] = []
        self.tabs = Segments((), "Certificates of the chain")
        self.version, self.cipher = Fact("Version", mono=True), Fact("Cipher", mono=True)
        self.grid_holder = QWidget()
        self.chain_card = Card("Certificate chain", "certificate")
        self.empty = EmptyState("certificate", "The certificates that the server shows will be here.")
        self.empty.setMinimumHeight(0)
        self._server: ServerSlot | None = None
        self._view: ClientView | None = None
        self._settings_card(certificates)
        self._chain()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(9)
        row.addWidget(self.card, 2)
        row.addWidget(self.chain_card, 3)
        self.connect_button.clicked.connect(lambda: self.try_it(str(self.fields["verify"])))
        self.look_button.clicked.connect(lambda: self.try_it("none"))
        self.client_python_button.clicked.connect(lambda: self._show_python(self.python()))
        self.server_python_button.clicked.connect(lambda: self._show_python(self.server_python()))
        self.export_button.clicked.connect(authority.ask)
        self.pem_button.clicked.connect(lambda: authority.ask_pem(str(self.fields["certificate"])))
        self.strip.acted.connect(self._on_why)
        self.tabs.chosen.connect(self._show_certificate)
        self.fields.changed.connect(lambda _key: self._suit())
        self._suit()

    def _settings_card(self, certificates: list[Choice]) -> None:
        self.card = Card("TLS", "lock")
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(12)
        choices = FlowBox()
        choices.add(self.fields.choice("certificate", "The server's certificate", certificates), 1)
        choices.add(self.fields.choice("verify", "The client trusts", VERIFY), 1)
        choices.add(self.fields.line("server_name", "It asks for the name", "", hint="as the host", characters=9), 1)
        row = FlowBox()
        row.add(self.connect_button)
        row.add(self.look_button)
        scripts = FlowBox()
        for button in (self.client_python_button, self.export_button, self.server_python_button, self.pem_button):
            scripts.add(button)
        for widget in (choices, row, self.taught, scripts):
            column.addWidget(widget)
        column.addStretch(1)
        self.card.add(scrolled(body), 1)

    def _chain(self) -> None:
        self.chain_card.add_head(self.tabs)
        strips = QVBoxLayout()
        strips.setContentsMargins(12, 12, 12, 0)
        for strip in (self.strip, self.success):
            strips.addWidget(strip)
        self.chain_card.body.addLayout(strips)
        top = FlowBox(spacing=24)
        top.flow.setContentsMargins(12, 10, 12, 0)
        top.add(self.version)
        top.add(self.cipher)
        self.top = top
        self.chain_card.add(top)
        self.chain_card.add(self.empty, 1)
        self.chain_scroll = scrolled(self.grid_holder)
        self.chain_card.add(self.chain_scroll, 1)
        self._fill([])

    def _suit(self) -> None:
        key = str(self.fields["certificate"])
        self.taught.set(f"{key.capitalize()}.", TEACHES.get(key, ""))

    # Show as Python

    def python(self) -> Script:
        """The script of the client."""
        values = {**self._client_values(str(self.fields["verify"])), **self._there()}
        return client_launch.script_of(values, ())

    def server_python(self) -> Script:
        """The script of the server."""
        return "server", server_launch.script_params({**SERVER, "port": self._there().get("port", 0)})

    def _show_python(self, script: Script) -> None:
        self.desk.show_python(script[0], self._authority.known(script[1]))

    def _there(self) -> dict[str, Any]:
        """Where the server listens, once it does."""
        server = self._server.server if self._server is not None else None
        address = server.address if server is not None else ""
        return {"host": address[0], "port": address[1]} if isinstance(address, tuple) else {}

    def _client_values(self, verify: str) -> dict[str, Any]:
        return {
            "transport": "tcp",
            "host": "127.0.0.1",
            "port": 2345,
            "tls": True,
            "verify": verify,
            "server_name": str(self.fields["server_name"]),
            "timeout_ms": 5000,
            "mode": "line",
        }

    # Trying

    def try_it(self, verify: str) -> None:
        """Start a TLS server with the chosen certificate and connect a client that trusts as told."""
        if self._server is not None:
            self._server.stop()
        self.strip.clear()
        self.success.clear()
        self._fill([])
        self.connect_button.setEnabled(False)
        values = {**SERVER, "certificate": str(self.fields["certificate"])}
        self._server = self._ends.start_preset(values, lambda slot: self._connect(slot, verify))

    def _connect(self, server: ServerSlot, verify: str) -> None:
        address = server.server.address if server.server is not None else ("127.0.0.1", 0)
        view = self._view = self._ends.free_client()
        view.form.fields.set_values({**self._client_values(verify), "host": address[0], "port": address[1]})
        once(view.slot.connected, view.slot.failed, lambda: self._on_connected(view))
        once(view.slot.failed, view.slot.connected, lambda: self._on_failed(view))
        self._ends.clients.connect_client(view)

    def _on_connected(self, view: ClientView) -> None:
        self.connect_button.setEnabled(True)
        client = view.slot.client
        if not isinstance(client, StreamClient):
            return
        checked = "Nothing was checked: encrypted, but with whom?"
        said = checked if view.slot.values.get("verify") == "none" else "The chain, the name and the dates hold."
        self.success.say("The handshake is done.", said)
        self.desk.bridge.call(
            lambda: client.look(_seen).result(LOOK_S), self._on_seen, lambda error: self._fill([]), owner=self
        )

    def _on_failed(self, view: ClientView) -> None:
        self.connect_button.setEnabled(True)
        trouble = view.slot.trouble
        if trouble is not None:
            self.strip.say(f"{trouble.title.rstrip('.')}.", trouble.why, "Why?")

    def _on_why(self) -> None:
        if self._view is not None:
            explain_last(self.desk, self._view.slot)

    # Showing

    def _on_seen(self, seen: tuple[str, str, list[CertificateFacts]]) -> None:
        version, cipher, chain = seen
        self.version.set_value(version)
        self.cipher.set_value(cipher)
        self._fill(chain)

    def _fill(self, chain: list[CertificateFacts]) -> None:
        self.facts = chain
        self.empty.setVisible(not chain)
        self.top.setVisible(bool(chain))
        self.chain_scroll.setVisible(bool(chain))
        self.tabs.setVisible(len(chain) > 1)
        self.tabs.set_texts(["Server", *("CA" if each.is_ca else "Link" for each in chain[1:])] if chain else [])
        if chain:
            self._show_certificate(0)

    def _show_certificate(self, at: int) -> None:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (caption, text) in enumerate(self.facts[at].rows()):
            literal = caption in ("Subject", "Issuer", "Names", "Serial number", "SHA-256")
            value: QWidget = ElidedLabel(text, "mono") if literal else Label(text, "body", wrap=True)
            grid.addWidget(Label(caption, "body", "text2"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        rows = grid.rowCount()
        copy = LinkButton("Copy all")
        copy.clicked.connect(lambda: self._copy(at))
        grid.addWidget(copy, rows, 1, Qt.AlignmentFlag.AlignLeft)
        grid.setRowStretch(rows + 1, 1)
        self.chain_scroll.setWidget(holder)

    def _copy(self, at: int) -> None:
        from PySide6.QtWidgets import QApplication

        QApplication.clipboard().setText("\n".join(f"{caption}: {text}" for caption, text in self.facts[at].rows()))
        self.desk.toast("Certificate copied")


def _seen(sock: Any) -> tuple[str, str, list[CertificateFacts]]:
    """Version, cipher and chain of a TLS socket; asked in the client's worker."""
    cipher = sock.cipher()
    return str(sock.version() or ""), str(cipher[0]) if cipher else "", describe_chain(sock)
