"""MailSetup: what a person orders when they start a mail server. Data, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from protocols.mail.server.rules import Rule

SIZE_LIMIT: Final = 100 << 20
"""An attachment of 50 MB is 70 MB on the wire."""
TIME_OUT_S: Final = 300.0
FOLDERS: Final = ("Sent", "Drafts", "Trash", "Junk")
_FORBIDDEN: Final = frozenset('/\\:"<>@ ')


class SetupError(ValueError):
    """An order that can't be carried out; the message is a sentence."""


@dataclass(frozen=True)
class MailSetup:
    """The order for a mail server.

    host: address to bind. smtp_port, pop3_port, imap_port: 0 takes a free one, None leaves the protocol out; with
    `tls` also smtps_port, pop3s_port, imaps_port, whose connections begin with TLS. users: password by name.
    domain: the one whose mail is taken; None takes mail for NAME at any. store: the folder with a Maildir a user;
    None makes one that goes with the server. tls: STARTTLS and the implicit ports, with the lab's certificate.
    login_needs_tls: no password is taken in plain. auth_needed: mail is taken from who has logged in only.
    size_limit: bytes of one mail. lenient: bare line feeds and a wrong order of commands are let pass.
    sync: a mail is taken when the disk has it: safe when
    the machine ends, and slower. received: Return-Path and Received are put in front of each mail, as RFC 5321 section
    4.4 asks of a server; without, a mail comes back byte for byte. timeout_s: of silence. rules: failures on purpose.
    """

    host: str = "127.0.0.1"
    smtp_port: int | None = 0
    pop3_port: int | None = 0
    imap_port: int | None = 0
    smtps_port: int | None = 0
    pop3s_port: int | None = 0
    imaps_port: int | None = 0
    users: Mapping[str, str] = field(default_factory=lambda: {"ann": "ann", "bob": "bob"})
    domain: str | None = None
    store: Path | None = None
    tls: bool = False
    login_needs_tls: bool = False
    auth_needed: bool = False
    size_limit: int = SIZE_LIMIT
    lenient: bool = False
    sync: bool = False
    received: bool = False
    timeout_s: float = TIME_OUT_S
    rules: tuple[Rule, ...] = ()

    def doors(self) -> dict[str, int]:
        """The port by the name of each door that is to be opened."""
        plain = {"smtp": self.smtp_port, "pop3": self.pop3_port, "imap": self.imap_port}
        sealed = {"smtps": self.smtps_port, "pop3s": self.pop3s_port, "imaps": self.imaps_port}
        wanted = {**plain, **sealed} if self.tls else plain
        return {name: port for name, port in wanted.items() if port is not None and plain[name[:4]] is not None}

    def check(self) -> None:
        """Raises SetupError for what can't be."""
        if not self.users:
            raise SetupError("A mail server needs at least one user: without one nobody can receive mail.")
        for name in self.users:
            if not name or name.startswith(".") or any(one in _FORBIDDEN or not one.isprintable() for one in name):
                raise SetupError(f"{name!r} is no user's name: letters, digits, dots and dashes, without blanks.")
        if self.size_limit < 1:
            raise SetupError("The size limit is a number of bytes, 1 or more.")
        if self.timeout_s <= 0:
            raise SetupError("The time-out is a number of seconds above 0.")
        if self.login_needs_tls and not self.tls:
            raise SetupError("Logins need TLS, but the server has none: nobody could log in.")
        if not self.doors():
            raise SetupError("All three protocols are left out: nothing is to be served.")
