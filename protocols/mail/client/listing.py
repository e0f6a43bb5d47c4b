"""Listed: a message as a line of a mailbox's list, whatever protocol it came by. It must not know widgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from protocols.mail.client.imaprows import Row
from protocols.mail.client.pop3 import Entry
from protocols.mail.message.message import Message


@dataclass(frozen=True, slots=True)
class Listed:
    """number: its place from 1. uid: by which IMAP fetches it. sender, subject, date: decoded, one line each."""

    number: int
    uid: int
    sender: str
    subject: str
    date: str
    size: int
    flags: tuple[str, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether it was read."""
        return "\\Seen" in self.flags

    def with_flags(self, flags: tuple[str, ...]) -> Listed:
        """The same with other flags."""
        return replace(self, flags=flags)


def _line(text: str) -> str:
    return " ".join(text.split())[:300]


def _received(internal: str) -> str:
    """INTERNALDATE ("29-Nov-2026 12:20:04 +0000") as the list shows a date."""
    try:
        return datetime.strptime(internal.strip(), "%d-%b-%Y %H:%M:%S %z").strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return internal[:17]


def _listed(number: int, uid: int, header: bytes, size: int, flags: tuple[str, ...], received: str) -> Listed:
    message = Message(header)
    people = message.addresses("From")
    sender = (people[0][0] or people[0][1]) if people else message.header("From")
    date = message.date
    shown = date.strftime("%Y-%m-%d %H:%M") if date is not None else _received(received)
    return Listed(number, uid, _line(sender), _line(message.header("Subject")), shown, size, flags)


def of_rows(rows: Iterable[Row]) -> list[Listed]:
    """What IMAP's FETCH told."""
    return [_listed(row.number, row.uid, row.header, row.size, row.flags, row.received) for row in rows]


def of_heads(entries: Iterable[Entry], heads: Mapping[int, bytes]) -> list[Listed]:
    """What POP3's LIST and TOP told."""
    return [_listed(entry.number, 0, heads.get(entry.number, b""), entry.size, ("\\Seen",), "") for entry in entries]
