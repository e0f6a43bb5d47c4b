"""The form of the mail server: where, for whom, kept where, and how strict.

A list of fields by key; what they make is in `launch`. It must not know services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.mail.server.launch import USERS
from widgets.mail.server.users import UsersModel, UsersTable
from widgets.parts.buttons import Button
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.paths import ask_folder
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip

HOSTS: Final = (
    Choice("127.0.0.1", "127.0.0.1, this machine only"), Choice("::1", "::1, this machine only (IPv6)"),
    Choice("0.0.0.0", "0.0.0.0, every IPv4 interface"), Choice("::", "::, every IPv6 interface"),
)  # fmt: skip
STRICT: Final = (
    Choice("strict", "Strict: by the standard"), Choice("lenient", "Lenient: bare line feeds, any order of commands"),
)  # fmt: skip
PORTS: Final = (("smtp_port", "SMTP", 8025), ("pop3_port", "POP3", 8110), ("imap_port", "IMAP", 8143))

SWITCHES: Final = (
    ("sync", "Sync to disk", "250 is said when the disk has the mail (fsync): slower, and safe when the machine ends"),
    ("received", "Return-Path and Received", "Put in front of each mail, as RFC 5321 section 4.4 asks of a server; "
                                             "without, a mail comes back byte for byte"),
)  # fmt: skip


class MailServerForm(QWidget):
    """The fields; the card's head has the button. strip: where a start that failed is told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.strip = TroubleStrip()
        self.users = UsersModel(USERS, self)
        self.table = UsersTable(self.users)
        self.explained = Label("", "body", "text2", wrap=True)
        self.store_button = Button("Choose\u2026", "folder-open", small=True)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.strip)
        column.addWidget(self._where())
        column.addWidget(self._doors())
        column.addWidget(self.table)
        column.addWidget(self._kept())
        column.addWidget(self._how())
        column.addWidget(self.explained)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(body))
        self.store_button.clicked.connect(
            lambda: ask_folder(self, "Folder of the mailboxes", lambda path: self.set_values({"store": str(path)}))
        )
        self.fields.changed.connect(lambda _key: self._suit())
        self._suit()

    def _where(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.choice("host", "Where", HOSTS))
        for key, caption, port in PORTS:
            row.add(add.number(key, caption, port, (0, 65535), zero="any free"))
        return row

    def _doors(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(Label("Serves", "body"))
        for key, caption, _ in PORTS:
            row.add(add.check(key.replace("_port", ""), caption, True, tip=f"Without it {caption} is left out"))
        for key, caption, tip in SWITCHES:
            row.add(add.check(key, caption, tip=tip))
        return row

    def _kept(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.line("domain", "Domain", hint="Any", characters=14, tip="Take mail for NAME@ this domain only"), 1)
        row.add(add.line("store", "Folder of the mailboxes", hint="One that goes with the server", characters=24,
                         tip="A Maildir for each user; it is made when missing"), 2)  # fmt: skip
        row.add(self.store_button)
        row.flow.setAlignment(self.store_button, Qt.AlignmentFlag.AlignBottom)
        row.add(add.number("size_mib", "Largest mail", 100, (1, 1024), suffix=" MiB"))
        row.add(add.number("silence_s", "Time-out", 300, (1, 86_400), suffix=" s",
                           tip="Who says nothing for so long is told so and let go"))  # fmt: skip
        return row

    def _how(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.choice("strictness", "SMTP", STRICT))
        for box in (
            add.check("tls", "TLS", tip="STARTTLS, and three more ports that begin with TLS; the lab's certificate"),
            add.check("login_needs_tls", "No login without TLS"),
            add.check("auth_needed", "Mail only from who has logged in"),
        ):
            row.add(box)
            row.flow.setAlignment(box, Qt.AlignmentFlag.AlignBottom)
        return row

    def _suit(self) -> None:
        tls = bool(self.fields["tls"])
        for key, _, _ in PORTS:
            self.fields.editor(key).setEnabled(bool(self.fields[key.replace("_port", "")]))
        self.fields.editor("login_needs_tls").setEnabled(tls)
        domain = str(self.fields["domain"]).strip()
        words = [f"A user gets mail for NAME@{domain or ' any domain'}; nothing is relayed, all others get 550."]
        if self.fields["strictness"] == "lenient":
            words.append("A lenient server lets a second mail be smuggled in by a bare line feed.")
        if self.fields["host"] in ("0.0.0.0", "::"):
            words.append("Everyone who can reach this machine can connect.")
        self.explained.setText(" ".join(words))

    def values(self) -> dict[str, Any]:
        """All values, JSON-able."""
        return {**self.fields.values(), "users": [list(one) for one in self.users.users()]}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the fields; what is strange is ignored."""
        self.fields.set_values(values)
        if isinstance(values.get("users"), list):
            self.users.set_users(values["users"])
        self._suit()
