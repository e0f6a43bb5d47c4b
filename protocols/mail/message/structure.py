"""The parts of a message as a tree of byte ranges in its source.

One pass over the lines that may be delimiters, no recursion, bounded in depth and number: whatever
somebody sends, it ends, and what was odd is a notice at its part. It must not know what a part shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from protocols.mail.message.headers import Field, Raw, first, raw_value, read_section
from protocols.mail.message.parameters import read_value

DEPTH_MOST: Final = 256
PARTS_MOST: Final = 10_000
LOOKALIKES_MOST: Final = 1_000_000
"""Lines that begin as a delimiter does; of a message with more, the rest is not looked into."""
_DELIMITER: Final = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r?$", re.MULTILINE)
_PLAIN_ENCODINGS: Final = ("", "7bit", "8bit", "binary")


@dataclass(slots=True)
class Part:
    """A part, or the message itself.

    number: as IMAP counts ("" for the message, "1", "2.1"). start, body, end: where header, body and what
    follows begin, in bytes. kind: "text/plain". parameters: of Content-Type. disposition: "attachment",
    "inline" or "". file_name: as sent, believed nothing. encoding: in lower case. notices: what was odd.
    """

    number: str
    start: int
    body: int
    end: int
    fields: tuple[Field, ...] = ()
    kind: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    disposition: str = ""
    file_name: str = ""
    encoding: str = ""
    content_id: str = ""
    children: list[Part] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes of the body, as they lie in the source."""
        return self.end - self.body

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the source's order."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


@dataclass(slots=True)
class _Open:
    """A container whose end has not come. boundary b"" for a message within a message."""

    part: Part
    boundary: bytes
    depth: int


class _Reader:
    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.stack: list[_Open] = []
        self.known: dict[bytes, list[int]] = {}
        self.parts = 0

    def begin(self, number: str, start: int, end: int, depth: int, assumed: str = "text/plain") -> Part:
        """Read a part's header, and open it where it holds others."""
        section = read_section(self.raw, start, end)
        part = Part(number, start, section.body, end, section.fields, kind=assumed, notices=list(section.notices))
        self.parts += 1
        _describe(self.raw, part)
        if part.kind.startswith("multipart/"):
            self._open_multipart(part, depth)
        elif part.kind in ("message/rfc822", "message/global") and part.encoding in _PLAIN_ENCODINGS and part.size:
            self._open_message(part, depth)
        return part

    def _open_multipart(self, part: Part, depth: int) -> None:
        boundary = part.parameters.get("boundary", "").encode("utf-8", "surrogateescape").rstrip()
        if not boundary:
            part.notices.append("A multipart without a boundary: shown as text")
        elif depth >= DEPTH_MOST:
            part.notices.append(f"Nested more than {DEPTH_MOST} deep: not looked into any further")
        else:
            self.known.setdefault(boundary, []).append(len(self.stack))
            self.stack.append(_Open(part, boundary, depth))

    def _open_message(self, part: Part, depth: int) -> None:
        if depth >= DEPTH_MOST:
            part.notices.append(f"Nested more than {DEPTH_MOST} deep: not looked into any further")
            return
        self.stack.append(_Open(part, b"", depth))
        part.children.append(self.begin(part.number + ".1" if part.number else "1", part.body, part.end, depth + 1))

    def close_down_to(self, level: int, end: int) -> None:
        """Everything above `level` ends at `end`."""
        while len(self.stack) > level:
            opened = self.stack.pop()
            if opened.boundary:
                self.known[opened.boundary].pop()
                kind = "No part was found" if not opened.part.children else "The last delimiter is missing"
                opened.part.notices.append(f"{kind}: the boundary {opened.boundary[:70]!r} never ended the parts")
            _cut(opened.part, end)

    def end_at_delimiter(self, level: int, end: int) -> None:
        """The child under way in the multipart at `level` ends, with all that is open in it."""
        self.close_down_to(level + 1, end)
        children = self.stack[level].part.children
        if children and children[-1].end > end:
            _cut(children[-1], end)

    def delimiter(self, line_start: int, line_end: int, text: bytes) -> int:
        """Act on a line that may be a delimiter; where to go on reading."""
        last = text.endswith(b"--") and not self.known.get(text)
        boundary = text[:-2] if last else text
        levels = self.known.get(boundary)
        if not levels:
            return line_end
        level = levels[-1]
        opened = self.stack[level]
        end = _before_line(self.raw, line_start, opened.part.body)
        self.end_at_delimiter(level, end)
        if last:
            self.stack.pop()
            levels.pop()
            return line_end
        if self.parts >= PARTS_MOST:
            opened.part.notices.append(f"More than {PARTS_MOST} parts: the rest is not looked into")
            return len(self.raw)
        start = min(line_end + 1, opened.part.end)
        base = opened.part.number
        number = f"{base}.{len(opened.part.children) + 1}" if base else str(len(opened.part.children) + 1)
        assumed = "message/rfc822" if opened.part.kind == "multipart/digest" else "text/plain"
        child = self.begin(number, start, opened.part.end, opened.depth + 1, assumed)
        opened.part.children.append(child)
        return self._deepest_body(child)

    def _deepest_body(self, part: Part) -> int:
        while part.children:
            part = part.children[-1]
        return part.body


def read_structure(raw: Raw) -> Part:
    """The tree of a message's parts. Never raises for what the message holds."""
    reader = _Reader(raw)
    root = reader.begin("", 0, len(raw), 0)
    at = reader._deepest_body(root)
    looked = 0
    while reader.stack:
        found = _DELIMITER.search(raw, _line_start(raw, at))
        looked += 1
        if found is None or looked > LOOKALIKES_MOST:
            break
        at = reader.delimiter(found.start(), found.end(), found[1])
    reader.close_down_to(0, len(raw))
    return root


def _line_start(raw: Raw, at: int) -> int:
    """`at`, or the start of the next line where it is amid one: a pattern would take any place for a start."""
    if at == 0 or raw[at - 1 : at] == b"\n":
        return at
    following = raw.find(b"\n", at)
    return len(raw) if following < 0 else following + 1


def _before_line(raw: Raw, start: int, least: int) -> int:
    """The end of what comes before a delimiter: its line end belongs to the delimiter (RFC 2046 section 5.1.1)."""
    if raw[start - 2 : start] == b"\r\n":
        return max(start - 2, least)
    return max(start - 1, least)


def _cut(part: Part, end: int) -> None:
    part.end = max(min(part.end, end), part.start)
    part.body = min(part.body, part.end)
    if part.children and part.children[-1].end > part.end:
        _cut_chain(part.children[-1], part.end)


def _cut_chain(part: Part, end: int) -> None:
    """Cut the last children all the way down; a loop, since they may be 200 deep."""
    while True:
        part.end = max(min(part.end, end), part.start)
        part.body = min(part.body, part.end)
        if not part.children or part.children[-1].end <= end:
            return
        part = part.children[-1]


def _describe(raw: Raw, part: Part) -> None:
    """Fill in what the part's own header says about it."""
    typed = first(part.fields, "Content-Type")
    if typed is not None:
        value, part.parameters = read_value(raw_value(raw, typed))
        if value.count("/") == 1 and not value.startswith("/") and not value.endswith("/"):
            part.kind = value
        elif value:
            part.notices.append(f"{value[:60]!r} is no content type: taken for {part.kind}")
    disposed = first(part.fields, "Content-Disposition")
    parameters: Mapping[str, str] = {}
    if disposed is not None:
        part.disposition, parameters = read_value(raw_value(raw, disposed))
    part.file_name = parameters.get("filename", "") or part.parameters.get("name", "")
    encoding = first(part.fields, "Content-Transfer-Encoding")
    if encoding is not None:
        part.encoding = raw_value(raw, encoding)[:60].decode("latin-1").strip().strip('"').lower()
    named = first(part.fields, "Content-ID")
    if named is not None:
        part.content_id = raw_value(raw, named)[:500].decode("latin-1").strip("<> ")
