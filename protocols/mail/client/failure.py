"""Why a mail client failed, in plain words: what the libraries raise, and what lies behind it.

Libraries wrap the real error in their own; the wire remembers the real one. The texts are in
assets/mail/failures.toml. It must not know who shows them.
"""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from protocols.assets import asset
from protocols.connecting import Stopped
from protocols.mail.client.wire import Hangup, Limit
from protocols.mail.dialogue import readable
from protocols.record.explain import Explained, explain
from protocols.service.base import ServiceError

_NAMES: Final[Mapping[str, str]] = {"smtp": "SMTP", "pop3": "POP3", "imap": "IMAP", "nntp": "NNTP"}


class Refused(Exception):
    """The server said no. reply: its words. symbol: for the explanation ("AUTH", "STARTTLS", ..)."""

    def __init__(self, symbol: str, reply: str) -> None:
        super().__init__(reply)
        self.symbol: Final = symbol
        self.reply: Final = reply


def explained(
    error: BaseException, broken: OSError | None, protocol: str, address: tuple[str, int], *, connected: bool,
    asked: bool = True, goodbye: bool = False,
) -> Explained:  # fmt: skip
    """An error of a client, explained. broken: what the wire remembers. connected: whether there was a connection.

    asked: something was asked of the server; goodbye: its last words were that it hangs up.
    """
    cause: BaseException = broken if broken is not None else error
    blanks = {"host": address[0], "port": address[1], "protocol": _NAMES.get(protocol, protocol)}
    if isinstance(cause, Limit):
        return told(cause.symbol, said=str(cause), **blanks)
    if isinstance(cause, Stopped):
        return told("CANCELLED", said="", **blanks)
    if isinstance(cause, Hangup):
        return told("HANGUP" if asked else "GONE", said=cause.said or "nothing at all", **blanks)
    if isinstance(cause, TimeoutError) and connected:
        return told("SILENCE", said="", **blanks)
    if isinstance(cause, OSError) and not isinstance(cause, smtplib.SMTPException):
        return explain(cause, call="recv" if connected else "connect", address=address)
    if isinstance(error, imaplib.IMAP4.abort) and goodbye:
        return told("BYE", said=said_by(error), **blanks)
    if isinstance(error, Refused):
        return told(error.symbol, said=error.reply, **blanks)
    if isinstance(error, ServiceError):
        return told("ENDED", said=str(error), **blanks)
    return _of_library(error, blanks)


def _of_library(error: BaseException, blanks: Mapping[str, Any]) -> Explained:
    said = said_by(error)
    if _cut_by_library(error):
        return told("LONG_LINE", said=f"A line of the answer is longer than {blanks['protocol']} allows", **blanks)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return told("AUTH", said=said, **blanks)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return told("NOT_OFFERED", said=said, **blanks)
    if isinstance(error, (smtplib.SMTPConnectError, smtplib.SMTPHeloError)):
        return told("UNFRIENDLY", said=said, **blanks)
    if isinstance(error, smtplib.SMTPSenderRefused):
        return told("SENDER", said=said, **blanks)
    if isinstance(error, (smtplib.SMTPDataError, smtplib.SMTPResponseException)):
        return told("REFUSED", said=said, **blanks)
    if isinstance(error, (poplib.error_proto, imaplib.IMAP4.error)):
        odd = "unexpected" in said or "parse" in said
        return told("NONSENSE" if odd else "REFUSED", said=said, **blanks)
    if isinstance(error, (ValueError, UnicodeError)):
        return told("CANT_SAY", said=said, **blanks)
    return told("OTHER", said=f"{type(error).__name__}: {said}", **blanks)


def _cut_by_library(error: BaseException) -> bool:
    """Whether a library gave up on a line. It words that as a refusal, which no server has said."""
    if isinstance(error, smtplib.SMTPResponseException):
        return isinstance(error.smtp_error, str) and error.smtp_error.startswith("Line too long")
    return isinstance(error, poplib.error_proto) and error.args == ("line too long",)


def said_by(error: BaseException) -> str:
    """The server's words within a library's error, on one line."""
    text: Any = getattr(error, "smtp_error", None)
    code = getattr(error, "smtp_code", None)
    if text is None:
        text = error.args[0] if error.args else type(error).__name__
    if isinstance(text, str) and text[:2] in ("b'", 'b"'):  # imaplib puts bytes into its texts
        text = text[2:-1]
    shown = readable(text) if isinstance(text, bytes) else readable(str(text).encode("utf-8", "surrogateescape"))
    return f"{code} {shown}" if code not in (None, -1) else shown


def told(symbol: str, **blanks: object) -> Explained:
    """A case by its name in the texts, its blanks filled."""
    entry = _words().get(symbol) or _words()["OTHER"]
    said = str(blanks.get("said", "")).rstrip(".")
    why = entry["why"].format(**{**blanks, "said": said})
    checks = tuple(line.format(**blanks) for line in entry.get("checks", ()))
    return Explained(symbol, entry["title"], entry.get("what", "What a mail client met"), why, checks,
                     tuple(line.format(**blanks) for line in entry.get("mend", ())))  # fmt: skip


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads(asset("mail", "failures.toml").read_text("utf-8"))
