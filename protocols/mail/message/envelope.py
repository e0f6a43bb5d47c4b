"""The envelope of a message beside its header: who it was really from and for, and what of that the header hides.

The envelope is what MAIL FROM and RCPT TO said (RFC 5321 section 2.3.1); a header may say anything (section 7.2 on
blind copies, 7.1 on senders who lie). It must not know servers, nor where an envelope was seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from protocols.mail.message.message import Line, addresses_of

Witness: TypeAlias = Literal["server", "client", "header"]

WITNESSES: Final[dict[Witness, str]] = {
    "server": "as the lab's server got it",
    "client": "as it was sent from here",
    "header": "as the server that kept it wrote it into the header",
}
_RECIPIENTS: Final = ("delivered-to", "x-original-to", "envelope-to")
"""What servers call the recipient that they delivered for; none of it is in a standard."""
NOBODY: Final = "<>"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Sender, "" for nobody, and recipients. witness: who tells it. sender None: nobody tells that."""

    sender: str | None
    recipients: tuple[str, ...]
    witness: Witness


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the envelope. command: "MAIL FROM" or "RCPT TO". odd: the header hides it or says otherwise."""

    command: str
    address: str
    remark: str
    odd: bool


def of_header(lines: Iterable[Line]) -> Envelope | None:
    """What the server that delivered a message wrote down (Return-Path, Delivered-To); None where nothing is."""
    sender: str | None = None
    recipients: list[str] = []
    for line in lines:
        name = line.name.lower()
        if name == "return-path" and sender is None:
            sender = line.text.strip().strip("<>")
        elif name in _RECIPIENTS:
            recipients.append(line.text.strip().strip("<>"))
    if sender is None and not recipients:
        return None
    return Envelope(sender, tuple(dict.fromkeys(recipients)), "header")


def compared(envelope: Envelope, lines: Iterable[Line]) -> list[Told]:
    """The envelope's lines, each beside what the header says."""
    people: dict[str, set[str]] = {}
    for line in lines:
        name = line.name.lower()
        if name in ("from", "sender", "to", "cc", "bcc", "resent-to", "resent-cc"):
            found = addresses_of(line.text.encode("utf-8", "surrogateescape"))
            people.setdefault(name, set()).update(address.casefold() for _, address in found)
    told = []
    if envelope.sender is not None:
        told.append(_sender(envelope.sender, people))
    told += [_recipient(address, people) for address in envelope.recipients]
    return told


def _sender(address: str, people: dict[str, set[str]]) -> Told:
    if not address:
        return Told("MAIL FROM", NOBODY, "nobody: a notice that wants no answer", False)
    if address.casefold() in people.get("from", set()):
        return Told("MAIL FROM", address, "as in From", False)
    if address.casefold() in people.get("sender", set()):
        return Told("MAIL FROM", address, "as in Sender, not as in From", False)
    claimed = ", ".join(sorted(people.get("from", set())))[:200]
    return Told("MAIL FROM", address, f"From says {claimed}" if claimed else "there is no From", True)


def _recipient(address: str, people: dict[str, set[str]]) -> Told:
    for name, title in (("to", "To"), ("cc", "Cc"), ("bcc", "Bcc"), ("resent-to", "Resent-To"),
                        ("resent-cc", "Resent-Cc")):  # fmt: skip
        if address.casefold() in people.get(name, set()):
            return Told("RCPT TO", address, f"as in {title}", False)
    return Told("RCPT TO", address, "in no header: a blind copy", True)


def in_words(told: Iterable[Told]) -> str:
    """What the header hides, as a sentence; "" for nothing."""
    odd = [each for each in told if each.odd]
    words = [f"MAIL FROM is {each.address}, {each.remark}" for each in odd if each.command == "MAIL FROM"]
    hidden = [each.address for each in odd if each.command == "RCPT TO"]
    if hidden:
        more = f" and {len(hidden) - 3} more" if len(hidden) > 3 else ""
        words.append(f"{', '.join(hidden[:3])}{more}: in no header, a blind copy")
    return "; ".join(words)
