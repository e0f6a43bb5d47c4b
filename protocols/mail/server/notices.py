"""Notices of delivery: what a sender gets who asked for one (RFC 3461), as a report (RFC 3464).

Only "delivered" is told: whoever can't get a mail here is refused at RCPT, and the client knows. It must not know
connections.
"""

from __future__ import annotations

import email.utils
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

HEAD_BYTES: Final = 64 << 10
_HEX: Final = re.compile(r"\+([0-9A-F]{2})")


@dataclass(slots=True)
class Asked:
    """Who wants to know of what. envelope_id: ENVID; recipients: with the ORCPT of each, "" without. Both as given."""

    envelope_id: str = ""
    recipients: list[tuple[str, str]] = field(default_factory=list)

    def add(self, address: str, parameters: dict[str, str]) -> None:
        """A recipient that was taken, with the parameters of its RCPT."""
        if "SUCCESS" in parameters.get("NOTIFY", "").upper().split(","):
            self.recipients.append((address, parameters.get("ORCPT", "")))


def head_of(content: bytes) -> bytes:
    """The header of a mail, as far as `content` goes, without its blank line."""
    head, blank, _ = content.partition(b"\r\n\r\n")
    return head if blank else head.rpartition(b"\r\n")[0]


def delivered(sender: str, asked: Asked, head: bytes, host: str) -> bytes:
    """The mail that says so, CRLF between its lines. head: the header of the mail; of a success no more comes back
    (RFC 3461 section 4.3), whatever RET says. host: which server reports."""
    mark, date = f"=-netlab-{secrets.token_hex(12)}", email.utils.formatdate(localtime=True)
    names = [_plain(address) for address, _ in asked.recipients]
    lines = [
        f"From: Mail delivery <postmaster@{host}>", f"To: <{_plain(sender)}>", "Subject: Notice: delivered",
        f"Date: {date}", f"Message-ID: {email.utils.make_msgid(domain=host)}", "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0", f'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="{mark}"', "",
        f"--{mark}", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
        "Your mail lies in the mailbox of:", *(f"  {name}" for name in names), "",
        f"--{mark}", "Content-Type: message/delivery-status", "", f"Reporting-MTA: dns; {host}",
    ]  # fmt: skip
    if asked.envelope_id:
        lines.append(f"Original-Envelope-Id: {_plain(_decoded(asked.envelope_id))}")
    lines.append(f"Arrival-Date: {date}")
    for (_, original), name in zip(asked.recipients, names, strict=True):
        lines.append("")
        if original:
            lines.append(f"Original-Recipient: {_plain(_decoded(original))}")
        lines += [f"Final-Recipient: {'rfc822' if name.isascii() else 'utf-8'}; {name}", "Action: delivered",
                  "Status: 2.0.0"]  # fmt: skip
    lines += ["", f"--{mark}", "Content-Type: text/rfc822-headers", "", ""]
    end = f"\r\n\r\n--{mark}--\r\n"
    return "\r\n".join(lines).encode("utf-8", "replace") + head + end.encode()


def _decoded(xtext: str) -> str:
    """RFC 3461 section 4: + and two hex digits are a byte."""
    return _HEX.sub(lambda found: chr(int(found[1], 16)), xtext)


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)
