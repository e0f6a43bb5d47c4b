"""Shown: everything that a view shows of a message, read at once, so that no view has to wait for a file.

Bounded whatever the message is; saving an attachment goes back to the file. It must not know widgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from protocols.mail.message import content
from protocols.mail.message.html import Clean
from protocols.mail.message.message import Hop, Line, Message
from protocols.mail.message.structure import Part

SOURCE_BYTES: Final = 512 << 10
TEXT_CHARS: Final = 1 << 20
PARTS_SHOWN: Final = 2000
LINES_SHOWN: Final = 500
INLINE_BYTES: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the source text, in characters: the header or the body of part `number`."""

    number: str
    start: int
    end: int
    header: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A part in the tree. depth: below the message. name: to save it as, "" for what holds others. start, end: bytes.

    notices: what was odd about it.
    """

    number: str
    depth: int
    kind: str
    encoding: str
    name: str
    size: int
    start: int
    end: int
    notices: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """A message, read. source: its text, cut at SOURCE_BYTES; spans mark the parts in it. path: None for a draft."""

    path: Path | None
    size: int
    subject: str
    sender: str
    recipients: str
    date: str
    lines: tuple[Line, ...]
    text: str
    html: Clean | None
    inline: dict[str, bytes]
    rows: tuple[Row, ...]
    source: str
    spans: tuple[Span, ...]
    hops: tuple[Hop, ...]
    notices: tuple[str, ...]
    message_id: str = ""


def read_file(path: Path) -> Shown:
    """Read the message in a file. Raises OSError."""
    message = Message.opened(path)
    try:
        return read(message, path)
    finally:
        message.close()


def read(message: Message, path: Path | None = None) -> Shown:
    """Read a message."""
    text, notices = message.text()
    html = message.html()
    source, spans = _source(message)
    more = list(message.notices) + list(notices) + (list(html.notices) if html is not None else [])
    if message.size > SOURCE_BYTES:
        more.append(f"The source has {message.size} bytes: the first {SOURCE_BYTES} are shown")
    return Shown(
        path, message.size, message.header("Subject"), message.header("From"), message.header("To"),
        message.header("Date"), message.lines[:LINES_SHOWN], text[:TEXT_CHARS], html, _inline(message), _rows(message),
        source, spans, message.hops, tuple(dict.fromkeys(more)), message.header("Message-ID").strip()[:998],
    )  # fmt: skip


def save_part(path: Path, number: str, folder: Path) -> Path:
    """Write a part of the message in a file into a new file of `folder`. Raises OSError, LookupError."""
    message = Message.opened(path)
    try:
        part = message.part(number)
        if part is None:
            raise LookupError(f"There is no part {number}")
        return message.save(part, folder)
    finally:
        message.close()


def _inline(message: Message) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    left = INLINE_BYTES
    for part in message.leaves()[:PARTS_SHOWN]:
        if part.content_id and part.kind.startswith("image/") and part.size <= left:
            data, notice = content.content(message.raw, part, left)
            if not notice:
                found.setdefault(part.content_id, data)
                left -= len(data)
    return found


def _rows(message: Message) -> tuple[Row, ...]:
    names = {id(each.part): each.name for each in message.attachments()}
    rows: list[Row] = []
    waiting: list[tuple[int, Part]] = [(0, message.root)]
    while waiting and len(rows) < PARTS_SHOWN:
        depth, part = waiting.pop()
        rows.append(
            Row(part.number, depth, part.kind, part.encoding, names.get(id(part), ""), part.size, part.start, part.end,
                tuple(part.notices))
        )  # fmt: skip
        waiting.extend((depth + 1, child) for child in reversed(part.children))
    return tuple(rows)


def _source(message: Message) -> tuple[str, tuple[Span, ...]]:
    """The source as text, each byte that is no UTF-8 as an escape, and where the parts are in it."""
    end = min(message.size, SOURCE_BYTES)
    parts = [part for part in message.root.walk() if part.start < end][:PARTS_SHOWN]
    marks = sorted({0, end, *(min(at, end) for part in parts for at in (part.start, part.body, part.end))})
    at_char, pieces, length = {0: 0}, [], 0
    for start, stop in pairwise(marks):
        piece = _readable(message.raw[start:stop])
        pieces.append(piece)
        length += len(piece)
        at_char[stop] = length
    spans = []
    for part in parts:
        spans.append(Span(part.number, at_char[min(part.start, end)], at_char[min(part.body, end)], True))
        if not part.children:
            spans.append(Span(part.number, at_char[min(part.body, end)], at_char[min(part.end, end)], False))
    return "".join(pieces), tuple(spans)


def _readable(data: bytes) -> str:
    """Line ends become one character each, so that a text field counts as we do; controls become visible."""
    text = data.replace(b"\r\n", b"\n").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" or char.isprintable() else _picture(char) for char in text)


def _picture(char: str) -> str:
    """One character for one that has no face."""
    return chr(0x2400 + ord(char)) if ord(char) < 32 else "\N{REPLACEMENT CHARACTER}"
