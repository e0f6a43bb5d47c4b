"""Draft: what somebody wrote, made a message in a file: text, HTML, attachments of any size.

Attachments are encoded piece by piece, so that a big one takes no memory. Headers are those of the
draft and nobody else's: a blank copy leaves no trace in them. It must not know how it is sent.
"""

from __future__ import annotations

import binascii
import mimetypes
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import BinaryIO, Final

from protocols.mail.message.attachments import safe_name

_PIECE_BYTES: Final = 57 * 16_384
"""A multiple of 57: so many bytes are one line of base64."""


class DraftError(ValueError):
    """A draft of which no message can be made; the sentence says why."""


@dataclass(frozen=True)
class Draft:
    """What is to be sent. sender, to, cc: for the headers. bcc: for the envelope alone.

    envelope_from, envelope_to: None takes them from the headers; RFC 5321 section 2.3.1 keeps both apart.
    headers: more fields, in order. attachments: paths. raw: the message itself, in place of all else but the
    envelope. date, message_id: "" makes them.
    """

    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    envelope_from: str | None = None
    envelope_to: tuple[str, ...] | None = None
    raw: bytes | None = None
    date: str = ""
    message_id: str = ""

    def mail_from(self) -> str:
        """The address for MAIL FROM; "" is the null sender of bounces."""
        return bare(self.sender) if self.envelope_from is None else bare(self.envelope_from)

    def rcpt_to(self) -> tuple[str, ...]:
        """The addresses for RCPT TO, each once."""
        named = (*self.to, *self.cc, *self.bcc) if self.envelope_to is None else self.envelope_to
        return tuple(dict.fromkeys(bare(each) for each in named if bare(each)))

    def lies(self) -> bool:
        """Whether the envelope's sender is another one than the header's."""
        return self.raw is None and bool(self.sender) and self.mail_from() != bare(self.sender)


def bare(text: str) -> str:
    """The address alone, of "Ann <ann@example.org>" or "<ann@example.org>"."""
    start, end = text.rfind("<"), text.rfind(">")
    return text[start + 1 : end].strip() if 0 <= start < end else text.strip()


def split_addresses(text: str) -> tuple[str, ...]:
    """The addresses of one line, separated by commas or semicolons outside of quotes."""
    found, kept, quoted, deep = [], "", False, 0
    for char in text:
        quoted ^= char == '"'
        deep += 0 if quoted else (char in "<(") - (char in ">)")
        if char in ",;\n" and not quoted and deep <= 0:
            found.append(kept.strip())
            kept, deep = "", 0
        else:
            kept += char
    return tuple(each for each in (*found, kept.strip()) if each)


def _mailbox(text: str) -> Address:
    """An address for a header field. Raises DraftError."""
    spec, name = bare(text), ""
    if "<" in text:
        name = text[: text.rfind("<")].strip().strip('"')
    user, at, domain = spec.rpartition("@")
    if not at:
        user, domain = spec, ""
    try:
        return Address(display_name=name, username=user.strip('"'), domain=domain)
    except Exception as error:  # noqa: BLE001  the library raises many things
        raise DraftError(f"{text!r} can't stand in a header: {error}") from None


def needs_utf8(draft: Draft) -> bool:
    """Whether an address of the envelope has characters beyond ASCII: only SMTPUTF8 (RFC 6531) carries those."""
    return not all(each.isascii() for each in (draft.mail_from(), *draft.rcpt_to()))


def _head(draft: Draft, utf8: bool) -> EmailMessage:
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP.clone(cte_type="7bit"))
    try:
        if draft.sender:
            message["From"] = [_mailbox(each) for each in split_addresses(draft.sender)]
        if draft.to:
            message["To"] = [_mailbox(each) for each in draft.to]
        if draft.cc:
            message["Cc"] = [_mailbox(each) for each in draft.cc]
        message["Subject"] = draft.subject
        message["Date"] = draft.date or formatdate(localtime=True)
        message["Message-ID"] = draft.message_id or make_msgid(domain=_domain(draft))
        for name, value in draft.headers:
            if name.lower() in message and name.lower() in ("subject", "date", "message-id", "from", "to", "cc"):
                del message[name]
            message[name] = value
    except DraftError:
        raise
    except Exception as error:  # noqa: BLE001  ValueError for line ends in a field, TypeError, LookupError ..
        raise DraftError(f"The headers can't be written: {error}") from None
    return message


def _domain(draft: Draft) -> str:
    domain = draft.mail_from().rpartition("@")[2]
    return domain if domain.isascii() and domain.replace(".", "").replace("-", "").isalnum() else "netlab.example"


def _body(draft: Draft) -> EmailMessage:
    """The part that is read: text, HTML, or both as alternatives."""
    part = EmailMessage(policy=SMTP.clone(cte_type="7bit"))  # a server need not offer 8BITMIME
    if draft.html and not draft.text:
        part.set_content(_lines(draft.html), subtype="html")
    else:
        part.set_content(_lines(draft.text))
        if draft.html:
            part.add_alternative(_lines(draft.html), subtype="html")
    return part


def _lines(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return clean.encode("utf-8", "replace").decode("utf-8")


def write(draft: Draft, file: BinaryIO, *, utf8: bool = False, went_on: Callable[[int], None] | None = None) -> int:
    """Write the message with CRLF line ends; its size. Raises DraftError, OSError for an attachment.

    utf8: headers in UTF-8 (SMTPUTF8) instead of encoded words. went_on: told the bytes written so far.
    """
    if draft.raw is not None:
        file.write(draft.raw)
        return len(draft.raw)
    head, body = _head(draft, utf8), _body(draft)
    if not draft.attachments:
        for name, value in body.items():
            head[name] = value
        head.set_payload(body.get_payload())
        return _put(file, _as_bytes(head))
    boundary = f"=-netlab-{secrets.token_hex(16)}"
    head["MIME-Version"] = "1.0"
    head["Content-Type"] = f'multipart/mixed; boundary="{boundary}"'
    size = _put(file, _header_of(head))
    size += _put(file, f"--{boundary}\r\n".encode() + _without_version(_as_bytes(body)).rstrip(b"\r\n") + b"\r\n")
    for path in draft.attachments:
        size += _put(file, f"--{boundary}\r\n".encode() + _attachment_head(path))
        size += _encoded(file, path, size, went_on)
    return size + _put(file, f"--{boundary}--\r\n".encode())


def _as_bytes(message: EmailMessage) -> bytes:
    try:
        return message.as_bytes()
    except Exception as error:  # noqa: BLE001  the generator raises many things for odd headers
        raise DraftError(f"The message can't be written: {error}") from None


def _header_of(message: EmailMessage) -> bytes:
    """The header section with its blank line: for an empty multipart the generator adds delimiters of its own."""
    return _as_bytes(message).partition(b"\r\n\r\n")[0].rstrip(b"\r\n") + b"\r\n\r\n"


def _without_version(data: bytes) -> bytes:
    return data.replace(b"MIME-Version: 1.0\r\n", b"", 1)


def _put(file: BinaryIO, data: bytes) -> int:
    file.write(data)
    return len(data)


def _attachment_head(path: str) -> bytes:
    name = safe_name(os.path.basename(path), kind="application/octet-stream")
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith(("text/", "message/", "multipart/")) or "/" not in kind:
        kind = kind if kind.startswith("text/") else "application/octet-stream"
    part = EmailMessage(policy=SMTP)
    part["Content-Type"] = kind
    part["Content-Transfer-Encoding"] = "base64"
    part.add_header("Content-Disposition", "attachment", filename=name)
    return _header_of(part)


def _encoded(file: BinaryIO, path: str, before: int, went_on: Callable[[int], None] | None) -> int:
    size = 0
    with Path(path).open("rb") as source:
        while data := source.read(_PIECE_BYTES):
            text = binascii.b2a_base64(data, newline=False)
            lines = b"\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)) + b"\r\n"
            size += _put(file, lines)
            if went_on is not None:
                went_on(before + size)
    return size
