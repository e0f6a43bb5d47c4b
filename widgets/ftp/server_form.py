"""The form of the FTP server: folder, users, TLS, ports, limits. What it makes is in `server_launch`."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from widgets.ftp.server_words import CERTIFICATE_CHOICES, HOSTS, TLS_CHOICES, USERS_TIP, protocol_choices
from widgets.parts.buttons import Button
from widgets.parts.flow import FlowBox
from widgets.parts.folded_form import FoldedForm
from widgets.parts.paths import ask_folder
from widgets.parts.trouble import TroubleStrip

USUAL_USER: Final = "ann:secret:rw"


class ServerForm(FoldedForm):
    """The fields; the card's head has the button. strip: where a start that failed is told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("the FTP server", parent)
        self.strip = TroubleStrip()
        self.place_for_strip.addWidget(self.strip)
        self.root_button = Button("Choose\u2026", "folder-open", small=True)
        folder, where = self._folder(), self._where()
        self.add_section("Ports", self._ports)
        self.add_section("Limits", self._limits)
        self.lay_out(folder, where)
        self.root_button.clicked.connect(
            lambda: ask_folder(self, "Folder to serve", lambda path: self.fields.set_values({"root": str(path)}))
        )
        self.fields.changed.connect(lambda _key: self._suit())
        self._suit()

    def _folder(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.line("root", "Folder", hint="Sample files of the lab", characters=20,
                         tip="Nothing outside of it can be reached"), 1)  # fmt: skip
        row.add(self.root_button)
        row.flow.setAlignment(self.root_button, Qt.AlignmentFlag.AlignBottom)
        row.add(add.line("users", "Users", USUAL_USER, characters=16, tip=USERS_TIP), 1)
        row.add(add.check("anonymous", "Anonymous", True, tip="Anybody may log in by that name, and read"))
        row.add(add.check("writable", "Writable", tip="Users without rights of their own may write, anonymous too"))
        return row

    def _where(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.choice("protocol", "Protocol", protocol_choices()))
        row.add(add.choice("host", "Address", HOSTS))
        row.add(add.number("port", "Port", 8021, (0, 65535), zero="any free"))
        row.add(add.choice("tls", "TLS", TLS_CHOICES))
        row.add(add.choice("flaw", "Certificate", CERTIFICATE_CHOICES))
        row.add(add.check("tls_required", "Demand TLS", tip="No login and no data without it"))
        return row

    def _ports(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.line("passive_ports", "Passive ports", hint="any free", characters=14,
                         tip="A range such as 50000-50100: what a firewall has to let through"))  # fmt: skip
        row.add(add.line("masquerade", "Masquerade address", hint="its own", characters=14,
                         tip="The IPv4 address that the 227 reply says: of the router before the server"))  # fmt: skip

    def _limits(self, row: FlowBox) -> None:
        add = self.fields
        row.add(add.number("speed", "Speed of a transfer", 0, (0, 1_000_000), suffix=" KB/s", zero="no limit"))
        row.add(add.number("sessions", "Sessions", 0, (0, 5000), zero="no limit"))

    def _suit(self) -> None:
        ftp = self.fields["protocol"] != "sftp"
        secured = ftp and self.fields["tls"] != "off"
        for key in ("tls", "anonymous", "passive_ports", "masquerade", "speed"):
            self.fields.show(key, ftp)
        for key in ("flaw", "tls_required"):
            self.fields.show(key, secured)
