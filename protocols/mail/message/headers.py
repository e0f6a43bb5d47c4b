"""The header section of a message or a part: fields as byte ranges, each read only when asked for.

A line that is no field ends the section, as mail programs have it; nothing raises. It must not know
what a field means.
"""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.mail.message.words import decoded_words, unfolded

Raw: TypeAlias = "bytes | mmap.mmap"

FIELDS_MOST: Final = 5000
SHOWN_BYTES: Final = 64 << 10
"""Of a longer value only so much is decoded and shown; the raw source has it whole."""
_LINE: Final = re.compile(rb"[^\n]*\n?")
_NAME: Final = re.compile(rb"([!-9;-~]+)[ \t]*:")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field. start, end: its byte range in the source, line end included. value: from here."""

    name: str
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """The fields, where the body begins, and what was odd."""

    fields: tuple[Field, ...]
    body: int
    notices: tuple[str, ...]


def read_section(raw: Raw, start: int, end: int) -> Section:
    """The header section that begins at `start` and does not reach beyond `end`."""
    fields: list[Field] = []
    notices: list[str] = []
    at = start
    name, began, value = "", start, start
    while at < end:
        found = _LINE.match(raw, at, end)
        assert found is not None
        line, stop = found, found.end()
        first = raw[at : at + 1]
        if raw[at:stop] in (b"\r\n", b"\n"):
            at = stop
            break
        named = _NAME.match(raw, at, stop)
        if first in (b" ", b"\t") and name:
            at = stop
            continue
        if named is None and not (at == start and raw[at : at + 5] == b"From "):
            notices.append("A line in the header is no field: the body begins there")
            break
        if name:
            fields.append(Field(name, began, value, at))
        name, began, value = "", at, stop
        if named is not None:
            name, value = named[1].decode("latin-1"), named.end()
        at = line.end()
        if len(fields) >= FIELDS_MOST:
            notices.append(f"More than {FIELDS_MOST} header fields: the rest is shown as body")
            break
    if name:
        fields.append(Field(name, began, value, _end_of_fields(raw, at, value)))
    return Section(tuple(fields), at, tuple(notices))


def _end_of_fields(raw: Raw, at: int, least: int) -> int:
    """Where the last field ends: before the blank line, if there was one."""
    if raw[at - 2 : at] == b"\r\n" and raw[at - 3 : at - 2] == b"\n":
        return max(at - 2, least)
    if raw[at - 1 : at] == b"\n" and raw[at - 2 : at - 1] == b"\n":
        return max(at - 1, least)
    return at


def raw_value(raw: Raw, field: Field) -> bytes:
    """A field's value on one line, cut at SHOWN_BYTES."""
    return unfolded(raw[field.value : min(field.end, field.value + SHOWN_BYTES)])


def shown_value(raw: Raw, field: Field) -> tuple[str, str]:
    """A field's value as people read it, and a notice or ""."""
    text, notice = decoded_words(raw[field.value : min(field.end, field.value + SHOWN_BYTES)])
    if field.end - field.value > SHOWN_BYTES:
        size = field.end - field.value
        notice = f"{field.name} is {size} bytes long: the first {SHOWN_BYTES} are shown"
    return text, notice


def first(fields: tuple[Field, ...], name: str) -> Field | None:
    """The first field of a name, in any case."""
    wanted = name.lower()
    return next((field for field in fields if field.name.lower() == wanted), None)
