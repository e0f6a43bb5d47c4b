"""The form of the proxy: forward or to one place, where it listens, whether HTTPS is opened.

It must not know services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from widgets.http.server.form import HOSTS
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox
from widgets.parts.text import Paragraph
from widgets.parts.trouble import TroubleStrip

MODES: Final = (
    Choice("forward", "Forward: clients are told to use it", "HTTP requests, and CONNECT for all else"),
    Choice("reverse", "Reverse: plain TCP to one place", "Whoever connects here talks to the server there"),
)
SECRET: Final = "password"
SENTENCES: Final = {
    "forward": "Clients name it as their proxy; each request is listed, and may be held, changed or answered here.",
    "reverse": "Every byte goes to one place and back, whatever protocol it is. Nothing is held or changed.",
}


class ProxyForm(QWidget):
    """The fields; the card's head has the button. strip: where a start that failed is told."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.strip = TroubleStrip()
        self.explained = Paragraph("", "body", "text2")
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.choice("mode", "What it does", MODES))
        row.add(add.line("target", "Leads to", "127.0.0.1:8080", characters=18, tip="HOST:PORT"))
        row.add(add.choice("host", "Where", HOSTS))
        row.add(add.number("port", "Port", 8888, (0, 65535), zero="any free"))
        row.add(add.check("intercept", "Open HTTPS with the lab's authority",
                          tip="Clients must trust the lab's authority; what they say is then shown in the clear"))
        row.add(add.check("verify", "Verify origins", True, tip="Whether certificates of origins are checked"))
        row.add(add.line("user", "Asks for user", hint="Nobody is asked", characters=12,
                         tip="Clients that don't give this user and password get 407 (Proxy-Authenticate)"))
        row.add(add.line(SECRET, "And password", characters=12, tip="Kept in memory, never in a file"))
        row.add(add.check("digest", "As a hash (Digest)", tip="Ask for Digest in place of Basic, which is readable"))
        secret = add.editor(SECRET)
        assert isinstance(secret, QLineEdit)
        secret.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(10)
        column.addWidget(row)
        column.addWidget(self.explained)
        column.addWidget(self.strip)
        self.fields.changed.connect(lambda _key: self._suit())
        self._suit()

    def _suit(self) -> None:
        mode = self.fields["mode"]
        self.fields.show("target", mode == "reverse")
        self.fields.show("intercept", mode == "forward")
        self.fields.show("user", mode == "forward")
        self.fields.show(SECRET, mode == "forward" and bool(self.fields["user"]))
        self.fields.show("digest", mode == "forward" and bool(self.fields["user"]))
        self.fields.show("verify", mode == "forward" and self.fields["intercept"])
        words = [SENTENCES[mode]]
        if self.fields["host"] in ("0.0.0.0", "::"):
            words.append("Everyone who can reach this machine can use it.")
        self.explained.setText(" ".join(words))

    def kept_values(self) -> dict[str, Any]:
        """What the next start finds again: no secret."""
        return {key: value for key, value in self.fields.values().items() if key != SECRET}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the fields; what is strange is ignored."""
        self.fields.set_values(values)
        self._suit()
