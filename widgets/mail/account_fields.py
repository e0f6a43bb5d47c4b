"""The fields that say where a server is and who one is there. It must not know what is spoken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.mail.client.account import Account
from widgets.parts.fact import Fact
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox
from widgets.parts.trouble import Mend

SECURITY = (
    Choice("none", "Plain", "Nothing is encrypted: everybody on the way can read it"),
    Choice("starttls", "STARTTLS", "Begins in plain, then TLS: the command is part of the protocol"),
    Choice("tls", "TLS", "Encrypted from the first byte, at a port of its own"),
)
NOT_THERE: Final = ("ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH")
"""Errors that the lab's own server mends."""
PASSWORD: Final = Mend("password", "Type the password again", "key")
KEPT_FROM: Final = ("password", "verify")
"""What no next start finds again."""
OTHER_END: Final = Mend("other-end", "Give me the other end", "play")


LOST: Final = ("GONE", "BYE")
"""The session was over without anybody's will: it can be opened again."""
UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
UNCHECKED: Final = Mend("no-verify", "Check nothing and retry", "shield")
AGAIN: Final = Mend("again", "Connect again", "rotate-cw")


class AccountFields(QWidget):
    """Host, port, security, user, password, time-out. `changed`: anything was edited."""

    changed = Signal()

    def __init__(self, port: int, *, login: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.row = FlowBox(spacing=12)
        self.facts = FlowBox(spacing=24)
        self._facts = {key: Fact(word, mono=key == "where") for key, word in
                       (("where", "Server"), ("security", "Encryption"), ("user", "User"))}  # fmt: skip
        for key, fact in self._facts.items():
            if login or key != "user":
                self.facts.add(fact)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.row)
        column.addWidget(self.facts)
        self.facts.hide()
        fields, row = self.fields, self.row
        row.add(fields.line("host", "Server", "127.0.0.1", characters=12), 2)
        row.add(fields.number("port", "Port", port, (1, 65535)))
        row.add(fields.choice("security", "Encryption", SECURITY))
        if login:
            row.add(fields.line("user", "User", "", hint="nobody", characters=8), 1)
            row.add(fields.line("password", "Password", "", characters=8), 1)
            editor = fields.editor("password")
            assert isinstance(editor, QLineEdit)
            editor.setEchoMode(QLineEdit.EchoMode.Password)
        row.add(fields.check("verify", "Check the certificate", True,
                             tip="Off: whoever answers is believed, which is fit for a server of your own alone"))
        fields.changed.connect(self._on_changed)
        self._on_changed("security")

    def _on_changed(self, key: str) -> None:
        if key == "security":
            self.fields.show("verify", self.fields["security"] != "none")
        self.changed.emit()

    def check_nothing(self) -> None:
        """Believe whoever answers, from now on."""
        self.fields.set_values({"verify": False})

    def account(self, **more: Any) -> Account:
        """What the fields say."""
        values = self.fields.values()
        return Account(
            str(values["host"]).strip() or "127.0.0.1", int(values["port"]), str(values.get("user", "")).strip(),
            str(values.get("password", "")), values["security"], verify=bool(values["verify"]), **more,
        )  # fmt: skip

    def show_facts(self, running: bool) -> None:
        """While a session runs, what it runs with stands in the place of the fields."""
        if running:
            account = self.account()
            titles = {choice.key: choice.title for choice in SECURITY}
            self._facts["where"].set_value(account.where)
            checked = "" if account.verify or account.security == "none" else ", unchecked"
            self._facts["security"].set_value(f"{titles[account.security]}{checked}", "warning" if checked else "")
            self._facts["user"].set_value(account.user or "nobody")
        self.row.setVisible(not running)
        self.facts.setVisible(running)

    def ask_password(self) -> None:
        """Let a person type the password anew."""
        editor = self.fields.editor("password")
        assert isinstance(editor, QLineEdit)
        editor.setFocus()
        editor.selectAll()

    def set_address(self, host: str, port: int, security: str = "none") -> None:
        """Fill in where a server is."""
        self.fields.set_values({"host": host, "port": port, "security": security})

    def values(self) -> dict[str, Any]:
        """What the next start shall find again: no password, and certificates are checked again."""
        return {key: value for key, value in self.fields.values().items() if key not in KEPT_FROM}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the fields again."""
        self.fields.set_values({key: value for key, value in values.items() if key not in KEPT_FROM})
