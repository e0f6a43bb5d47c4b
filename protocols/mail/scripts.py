"""Scripts of this room: what each is called, its values, and which conditions hold in its template.

It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from protocols.script_plans import Plan

Params = Mapping[str, Any]
_THERE: Final[Params] = {
    "host": "127.0.0.1", "port": 2525, "user": "", "password": "", "security": "none", "verify": True, "ca_file": "",
    "timeout_s": 15.0,
}  # fmt: skip

TITLES: Final[Mapping[str, str]] = {
    "mail-send": "Send a mail with smtplib",
    "mail-pop3": "Read a mailbox with poplib",
    "mail-imap": "Read a mailbox with imaplib",
    "mail-imap-tools": "Read a mailbox with imap-tools",
    "mail-news": "Read news over a plain socket",
    "mail-hand": "A session by hand over a plain socket",
}
"""Every script of the room."""
MODULES: Final[Mapping[str, str]] = {"mail-imap-tools": "imap_tools"}
"""The packages that some of them need besides the standard library."""
DEFAULTS: Final[Mapping[str, Params]] = {
    "mail-send": {
        **_THERE, "envelope_from": "ann@example.org", "envelope_to": ("bob@example.org",),
        "sender": "Ann <ann@example.org>", "to": "bob@example.org", "subject": "Hello", "text": "Hello Bob\n",
        "html": "", "files": (), "raw": b"",
    },
    "mail-pop3": {**_THERE, "port": 1100, "shown": 20, "delete": False, "cut": False},
    "mail-imap": {**_THERE, "port": 1430, "folder": "INBOX", "criteria": "ALL", "shown": 20, "seen": False},
    "mail-imap-tools": {**_THERE, "port": 1430, "folder": "INBOX", "criteria": "ALL", "shown": 20, "wait_s": 0},
    "mail-news": {
        "host": "127.0.0.1", "port": 1119, "group": "netlab.test", "shown": 20, "timeout_s": 15.0, "post": False,
        "sender": "Ann <ann@example.org>", "subject": "A test", "text": "Hello\n",
    },
    "mail-hand": {"host": "127.0.0.1", "port": 2525, "lines": ("EHLO me", "QUIT"), "patience_s": 1.0},
}  # fmt: skip


def plan(name: str) -> Callable[[Params], Plan]:
    """What makes the plan of one script from its values."""

    def made(params: Params) -> Plan:
        security = params.get("security", "none")
        flags = {key for key in ("user", "html", "files", "raw", "delete", "cut", "seen", "post") if params.get(key)}
        flags |= {"starttls"} if security == "starttls" else {"implicit"} if security == "tls" else set()
        flags |= {"secure"} if security != "none" else set()
        flags |= {"ca"} if params.get("ca_file") and security != "none" else set()
        flags |= {"unverified"} if not params.get("verify", True) else set()
        return Plan(name, params, frozenset(flags))

    return made
