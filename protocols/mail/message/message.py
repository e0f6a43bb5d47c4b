"""Message: one raw mail and everything that can be read out of it, each thing when it is asked for.

The source is bytes, or a file that is mapped and not read. It must not know where the mail came from.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from protocols.mail.message import attachments, content, html
from protocols.mail.message.headers import Raw, raw_value, shown_value
from protocols.mail.message.structure import Part, read_structure
from protocols.mail.message.words import decoded_words

ADDRESSES_BYTES: Final = 16 << 10
_RECEIVED: Final = re.compile(
    r"^\s*(?:from\s+(?P<from>.{1,300}?))?\s*(?:\bby\s+(?P<by>\S{1,255}))(?P<rest>.*)$", re.DOTALL
)
_WITH: Final = re.compile(r"\bwith\s+(\S{1,60})")
_FOR: Final = re.compile(r"\bfor\s+<?([^\s<>;]{1,255})")


@dataclass(frozen=True, slots=True)
class Line:
    """A header field as people read it. start, end: its bytes in the source."""

    name: str
    text: str
    start: int
    end: int
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received field: a server's stamp (RFC 5321 section 4.4). when: None where no date can be read."""

    by: str
    sender: str
    protocol: str
    recipient: str
    when: datetime | None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part to be saved. name: safe. claimed: as the mail has it. size: bytes in the source."""

    part: Part
    name: str
    claimed: str
    kind: str
    size: int


class Message:
    """A mail. Make it of bytes, or by `opened`; `close()` gives the file back."""

    def __init__(self, raw: Raw) -> None:
        self.raw: Final = raw

    @classmethod
    def opened(cls, path: Path) -> Message:
        """The mail in a file, mapped. Raises OSError."""
        with path.open("rb") as file:
            size = file.seek(0, 2)
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b"")

    def close(self) -> None:
        """Give the mapped file back; what was read stays."""
        if isinstance(self.raw, mmap.mmap):
            self.raw.close()

    @property
    def size(self) -> int:
        """Bytes of the source."""
        return len(self.raw)

    @cached_property
    def root(self) -> Part:
        """The tree of parts; the root is the message itself."""
        return read_structure(self.raw)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The header fields, decoded, in their order."""
        return self.lines_of(self.root)

    def lines_of(self, part: Part) -> tuple[Line, ...]:
        """The header fields of a part, decoded."""
        found = []
        for field in part.fields:
            text, notice = shown_value(self.raw, field)
            found.append(Line(field.name, text, field.start, field.end, notice))
        return tuple(found)

    def header(self, name: str) -> str:
        """The first field of a name, decoded; "" where there is none."""
        wanted = name.lower()
        return next((line.text for line in self.lines if line.name.lower() == wanted), "")

    def addresses(self, name: str) -> tuple[tuple[str, str], ...]:
        """Display name and address of everybody in the fields of a name."""
        wanted = name.lower()
        found = []
        for field in self.root.fields:
            if field.name.lower() == wanted:
                found.extend(addresses_of(raw_value(self.raw, field)))
        return tuple(found)

    @cached_property
    def date(self) -> datetime | None:
        """When it was written, as it says."""
        return date_of(self.header("Date"))

    @cached_property
    def hops(self) -> tuple[Hop, ...]:
        """The servers that it says it went through, the last one first."""
        return tuple(_hop(line.text) for line in self.lines if line.name.lower() == "received")

    @cached_property
    def notices(self) -> tuple[str, ...]:
        """What is odd about it: of the parts (with their number) and of the header."""
        found = [line.notice for line in self.lines if line.notice]
        for part in self.root.walk():
            where = f"Part {part.number}: " if part.number else ""
            found += [where + each for each in part.notices]
            odd = content.encoding_notice(part)
            found += [where + odd] if odd else []
        if not self.raw:
            found.append("The message is empty")
        elif not self.root.fields:
            found.append("The message has no header")
        elif self.raw.find(b"\0") >= 0:
            found.append("There are NUL bytes in it (RFC 5322 section 4.5.2 calls them obsolete)")
        return tuple(dict.fromkeys(found))

    # Parts

    def part(self, number: str) -> Part | None:
        """The part of a number."""
        return next((each for each in self.root.walk() if each.number == number), None)

    def leaves(self) -> list[Part]:
        """The parts that hold no others."""
        return [part for part in self.root.walk() if not part.children]

    def _body(self, kind: str) -> Part | None:
        for part in self.leaves():
            if part.kind == kind and part.disposition != "attachment":
                return part
        return None

    def text(self) -> tuple[str, tuple[str, ...]]:
        """The text that is meant to be read, and notices; made of the HTML where there is no plain one."""
        part = self._body("text/plain")
        if part is None and self._body("text/html") is None:
            part = next((each for each in self.leaves() if each.kind.startswith("text/")), None)
            if part is None and self.root.kind.startswith("multipart/") and not self.root.children:
                part = self.root
        return content.text(self.raw, part) if part is not None else ("", ())

    def html(self) -> html.Clean | None:
        """The HTML of the mail, sanitised; None where there is none."""
        part = self._body("text/html")
        if part is None:
            return None
        source, notices = content.text(self.raw, part)
        clean = html.sanitised(source)
        return html.Clean(clean.html, clean.remote, (*notices, *clean.notices))

    def inline(self, content_id: str) -> bytes | None:
        """The picture that the HTML calls `cid:..`; None where there is none, or it is no picture."""
        for part in self.leaves():
            if part.content_id == content_id and part.kind.startswith("image/"):
                data, notice = content.content(self.raw, part, 8 << 20)
                return None if notice else data
        return None

    def attachments(self) -> list[Attachment]:
        """What can be saved: every leaf that is no text to be read."""
        shown = {id(part) for part in (self._body("text/plain"), self._body("text/html"))}
        found = []
        for part in self.root.walk():
            whole_mail = part.kind in ("message/rfc822", "message/global") and part is not self.root
            if id(part) in shown or (part.children and not whole_mail) or (part is self.root and not _is_file(part)):
                continue
            name = attachments.safe_name(part.file_name, part.number, part.kind)
            found.append(Attachment(part, name, part.file_name, part.kind, part.size))
        return found

    def save(self, part: Part, folder: Path, name: str = "") -> Path:
        """Write a part's decoded bytes into a new file of `folder`. Raises OSError."""
        name = attachments.safe_name(name or part.file_name, part.number, part.kind)
        return attachments.save(folder, name, content.pieces(self.raw, part))


def _is_file(part: Part) -> bool:
    return part.disposition == "attachment" or not part.kind.startswith(("text/", "multipart/", "message/"))


def addresses_of(value: bytes) -> list[tuple[str, str]]:
    """Display name and address of everybody in one field's value."""
    try:
        pairs = getaddresses([value[:ADDRESSES_BYTES].decode("utf-8", "surrogateescape")])
    except Exception:  # noqa: BLE001  the library raises many things for what strangers send
        return [("", decoded_words(value[:ADDRESSES_BYTES])[0])]
    found = []
    for name, address in pairs:
        if name or address:
            found.append((decoded_words(name.encode("utf-8", "surrogateescape"))[0],
                          address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))  # fmt: skip
    return found


def date_of(text: str) -> datetime | None:
    """The time in a Date field (RFC 5322 section 3.3); None where there is none to be read."""
    try:
        return parsedate_to_datetime(text[:200])
    except Exception:  # noqa: BLE001  TypeError, ValueError, OverflowError, IndexError: as the text pleases
        return None


def _hop(text: str) -> Hop:
    stamp, _, date = text[:4000].rpartition(";")
    found = _RECEIVED.match(stamp or text[:4000])
    rest = found["rest"] if found else ""
    protocol, recipient = _WITH.search(rest), _FOR.search(rest)
    return Hop(
        (found["by"] if found else "") or "", ((found["from"] if found else "") or "").strip(),
        protocol[1] if protocol else "", recipient[1] if recipient else "", date_of(date.strip()),
    )  # fmt: skip
