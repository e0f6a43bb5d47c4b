"""Who asks: Basic, Digest, NTLM, bearer, netrc.

It must not know how an identity is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.http.request import Auth, AuthKind
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.text import Label

SECRETS: Final = ("password", "token")
_SAID: Final = {
    "none": "The request says nothing about who asks.",
    "basic": "Name and password go with the first request, readable for everybody on the way unless TLS hides them.",
    "digest": "The server asks first (401), then a hash answers: two exchanges, and the password is never sent.",
    "ntlm": "The server asks first (401), then two messages answer on one connection, its challenge between them: "
            "three exchanges, and the password is never sent. A domain stands before the user: DOMAIN\\user.",
    "bearer": "Whoever has the token is let in.",
    "netrc": "Name and password come from a file, by the host's name. Without a path: .netrc in your home.",
}


def auth_choices() -> tuple[Choice, ...]:
    """The kinds of identity."""
    return (
        Choice("none", "None"), Choice("basic", "Basic"), Choice("digest", "Digest"), Choice("bearer", "Bearer token"),
        Choice("netrc", "netrc file"), Choice("ntlm", "NTLM"),
    )  # fmt: skip


class AuthPage(QWidget):
    """The fields of an identity. `changed`: one is new."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        box, column = QWidget(), QVBoxLayout()
        row = FlowBox(spacing=12)
        row.add(self.fields.choice("kind", "Who asks", auth_choices()))
        row.add(self.fields.line("user", "User", characters=14), 1)
        row.add(self.fields.line("password", "Password", characters=14, tip="Kept in memory, never in a file"), 1)
        row.add(self.fields.line("token", "Token", characters=24, tip="Kept in memory, never in a file"), 1)
        row.add(self.fields.line("netrc_path", "File", hint="~/.netrc", characters=24), 1)
        for name in SECRETS:
            editor = self.fields.editor(name)
            assert isinstance(editor, QLineEdit)
            editor.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
        self.said = Label("", "body", "text2", wrap=True)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(12)
        column.addWidget(row)
        column.addWidget(self.said)
        column.addStretch(1)
        box.setLayout(column)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(box))
        self.fields.changed.connect(self._on_changed)
        self._suit()

    def _on_changed(self, _key: str) -> None:
        self._suit()
        self.changed.emit()

    def _suit(self) -> None:
        kind = self.fields["kind"]
        for key in ("user", "password"):
            self.fields.show(key, kind in ("basic", "digest", "ntlm"))
        user = self.fields.editor("user")
        assert isinstance(user, QLineEdit)
        user.setPlaceholderText("DOMAIN\\user" if kind == "ntlm" else "")
        self.fields.show("token", kind == "bearer")
        self.fields.show("netrc_path", kind == "netrc")
        self.said.setText(_SAID.get(kind, ""))

    def auth(self) -> Auth:
        """The identity as edited."""
        kind: AuthKind = self.fields["kind"]
        if kind == "bearer":
            return Auth(kind, token=self.fields["token"])
        if kind == "netrc":
            return Auth(kind, netrc_path=self.fields["netrc_path"].strip())
        return Auth() if kind == "none" else Auth(kind, self.fields["user"], self.fields["password"])

    def fill(self, auth: Auth) -> None:
        """Show an identity."""
        self.fields.set_values({"kind": auth.kind, "user": auth.user, "password": auth.password, "token": auth.token,
                                "netrc_path": auth.netrc_path})  # fmt: skip
        self._suit()

    def values(self) -> dict[str, Any]:
        """What the next start finds again: no secret."""
        return {key: value for key, value in self.fields.values().items() if key not in SECRETS}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave."""
        self.fields.set_values({key: value for key, value in values.items() if key not in SECRETS})
        self._suit()
