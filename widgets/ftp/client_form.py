"""The client card's form: whom to reach and as whom, and under "More" how. It must not know services."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets.parts.buttons import Button, LinkButton, PrimaryButton
from widgets.parts.fields import Choice
from widgets.parts.flow import FlowBox
from widgets.parts.folded_form import FoldedForm

PROTOCOLS: Final = (
    Choice("ftp", "FTP", "In the clear: name, password and files"),
    Choice("explicit", "FTPS, explicit", "AUTH TLS on the usual port, then data are encrypted, too"),
    Choice("implicit", "FTPS, implicit", "TLS from the first byte, usually on port 990"),
    Choice("sftp", "SFTP", "Files over SSH: another protocol, the same panes"),
)
MODES: Final = (
    Choice("passive", "Passive", "The client opens the data connection, too: it works behind a firewall"),
    Choice("active", "Active", "The server opens the data connection: it dies behind a firewall"),
)
FAMILIES: Final = (Choice("auto", "IPv4 or IPv6"), Choice("4", "IPv4 only"), Choice("6", "IPv6 only"))
VERIFY: Final = (
    Choice("lab", "Lab CA", "Trust the certificate authority that the lab made for itself"),
    Choice("system", "System's CAs", "Trust what this system trusts: the lab's server will be refused"),
    Choice("none", "Nothing is checked", "Encrypted, but you don't know with whom"),
)
PORTS: Final = {"ftp": 21, "explicit": 21, "implicit": 990, "sftp": 22}


class ClientForm(FoldedForm):
    """The fields of the client. `connect_requested`: Enter, or the button."""

    connect_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("the client", parent)
        self.connect_button = PrimaryButton("Connect", "plug")
        self.stop_button = Button("Stop", "square")
        self.stop_button.hide()
        self.other_end_button = LinkButton("Give me the other end")
        self.other_end_button.setToolTip("Starts a server with sample files on a free port, and connects to it")
        self.lay_out(self._address_row(), self._user_row(), links=(self.other_end_button,))
        self.add_section("Data connection", self._data_fields)
        self.add_section("TLS and SSH", self._secure_fields)
        self.add_section("Waiting and many at once", self._other_fields)
        self.fields.changed.connect(self._on_changed)
        self.connect_button.clicked.connect(self.connect_requested)
        self._protocol = "ftp"

    def _address_row(self) -> QWidget:
        fields, row = self.fields, FlowBox()
        row.add(fields.choice("protocol", "Protocol", PROTOCOLS))
        row.add(fields.line("host", "Host", "127.0.0.1", characters=12, hint="name or address"), 1)
        row.add(fields.number("port", "Port", 8021, (1, 65535)))
        self._enter("host")
        return row

    def _user_row(self) -> QWidget:
        fields, row = self.fields, FlowBox()
        row.add(fields.line("user", "User", "", characters=10, hint="anonymous"), 1)
        row.add(fields.line("password", "Password", "", characters=10), 1)
        password = fields.editor("password")
        assert isinstance(password, QLineEdit)
        password.setEchoMode(QLineEdit.EchoMode.Password)
        for key in ("user", "password"):
            self._enter(key)
        row.add(self.connect_button)
        row.add(self.stop_button)
        for button in (self.connect_button, self.stop_button):
            row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        return row

    def _enter(self, key: str) -> None:
        edit = self.fields.editor(key)
        assert isinstance(edit, QLineEdit)
        edit.returnPressed.connect(self.connect_requested)

    def _data_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.choice("mode", "Mode", MODES, tip="Who opens the data connection"))
        flow.add(fields.check("extended", "EPSV and EPRT on IPv4, too",
                              tip="The newer commands, which say a port alone or name the family"))
        flow.add(fields.choice("family", "Addresses", FAMILIES))

    def _secure_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.choice("verify", "Trust", VERIFY))
        flow.add(fields.line("host_key", "SSH host keys", "", characters=24, hint="SHA256:…",
                             tip="Fingerprints to trust; while this is empty, the keys in .ssh/known_hosts are"), 1)

    def _other_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.number("timeout_ms", "Time-out", 15_000, (200, 600_000), suffix=" ms",
                               tip="For a connect, for silence, and for each reply in total"))
        flow.add(fields.number("parallel", "Connections for transfers", 2, (1, 16)))

    def set_connecting(self, connecting: bool) -> None:
        """Show Stop in place of Connect."""
        self.connect_button.setVisible(not connecting)
        self.stop_button.setVisible(connecting)

    def _on_changed(self, key: str) -> None:
        if key != "protocol":
            return
        before, now = self._protocol, str(self.fields["protocol"])
        self._protocol = now
        if self.fields["port"] == PORTS[before]:
            self.fields["port"] = PORTS[now]

    def values(self) -> dict[str, object]:
        """All but the password: what may be kept."""
        return {key: value for key, value in self.fields.values().items() if key != "password"}
