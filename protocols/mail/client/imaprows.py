"""What IMAP says about a folder and its messages, as plain rows. It must not know a connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from protocols.mail.client.imapvalues import Value, ValuesError, pairs, read_values
from protocols.mail.message.parameters import read_value

HEADER_FIELDS: Final = "SUBJECT FROM TO DATE CONTENT-TYPE"
ROW_ITEMS: Final = f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({HEADER_FIELDS})])"


@dataclass(frozen=True, slots=True)
class Folder:
    """name: as people read it. delimiter: of its levels. flags: such as "\\\\HasChildren"."""

    name: str
    delimiter: str
    flags: tuple[str, ...] = ()

    @property
    def selectable(self) -> bool:
        """Whether there may be messages in it."""
        return "\\noselect" not in {flag.lower() for flag in self.flags}


@dataclass(frozen=True, slots=True)
class Selected:
    """The folder that is open. exists: how many messages it has. validity: of its UIDs."""

    name: str
    exists: int
    validity: int = 0
    read_only: bool = False
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A message in a folder. number: its place from 1. header: some fields, raw. size: in bytes. received: as told."""

    number: int
    uid: int
    flags: tuple[str, ...] = ()
    size: int = 0
    received: str = ""
    header: bytes = b""


@dataclass(frozen=True, slots=True)
class Change:
    """Something that the server told unasked. kind: "exists", "expunge" or "flags"; number: of messages, or which."""

    kind: str
    number: int
    flags: tuple[str, ...] = ()


def answers(pieces: Iterable[Any]) -> Iterator[list[Any]]:
    """The pieces of each answer: imaplib gives a tuple for each literal, and a line at each end."""
    kept: list[Any] = []
    for piece in pieces:
        if piece is None:
            continue
        kept.append(piece)
        if not isinstance(piece, tuple):
            yield kept
            kept = []


def rows_of(pieces: Iterable[Any]) -> list[Row]:
    """The rows that FETCH gave; answers without a UID (flags told unasked) are left out. Raises ValuesError."""
    return [row for answer in answers(pieces) if (row := _row(read_values(answer))) is not None]


def _row(values: list[Value]) -> Row | None:
    if len(values) < 2 or not isinstance(values[1], list):
        raise ValuesError("FETCH is not followed by a list")
    items = pairs(values[1])
    uid = number_of(items.get("UID"))
    if not uid:
        return None
    header = next((value for name, value in items.items() if name.startswith("BODY[HEADER")), b"")
    return Row(
        number_of(values[0]), uid, flags_of(items.get("FLAGS")), number_of(items.get("RFC822.SIZE")),
        text_of(items.get("INTERNALDATE")), header if isinstance(header, bytes) else b"",
    )  # fmt: skip


def number_of(value: Value) -> int:
    """A number, 0 where there is none."""
    return int(value) if isinstance(value, bytes) and value.isdigit() and len(value) < 20 else 0


def text_of(value: Value) -> str:
    """A string, "" where there is none."""
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else ""


def flags_of(value: Value) -> tuple[str, ...]:
    """A list of flags."""
    return tuple(text_of(each) for each in value) if isinstance(value, list) else ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part as BODYSTRUCTURE tells it (RFC 9051 section 7.5.2). size: encoded bytes."""

    number: str
    kind: str
    encoding: str = ""
    size: int = 0
    file_name: str = ""


SECTIONS_MOST: Final = 2000


def sections_of(values: Value) -> list[Section]:
    """The leaves of a BODYSTRUCTURE, numbered as FETCH wants them."""
    found: list[Section] = []
    waiting: list[tuple[str, Value]] = [("", values)]
    while waiting and len(found) < SECTIONS_MOST:
        number, value = waiting.pop()
        if not isinstance(value, list) or not value:
            continue
        if isinstance(value[0], list):
            inner = [each for each in value if isinstance(each, list)]
            children = inner[: next((at for at, each in enumerate(value) if not isinstance(each, list)), len(inner))]
            numbered = [(f"{number}.{at}" if number else str(at), each) for at, each in enumerate(children, 1)]
            waiting.extend(reversed(numbered))
            continue
        found.append(_section(number or "1", value))
    return found


def _section(number: str, value: list[Value]) -> Section:
    kind = f"{text_of(value[0])}/{text_of(value[1]) if len(value) > 1 else ''}".lower()
    parameters = _words(value[2] if len(value) > 2 else None)
    name = parameters.get("name", "")
    for each in value[7:]:
        if isinstance(each, list) and len(each) >= 2 and isinstance(each[0], bytes):
            name = _words(each[1]).get("filename", name)
        elif isinstance(each, bytes) and b"filename" in each:  # pymap tells the disposition as one string
            name = read_value(each)[1].get("filename", name)
    return Section(number, kind, text_of(value[5] if len(value) > 5 else None).lower(),
                   number_of(value[6] if len(value) > 6 else None), name)  # fmt: skip


def _words(value: Value) -> dict[str, str]:
    items = value if isinstance(value, list) else []
    return {text_of(name).lower(): text_of(each) for name, each in zip(items[::2], items[1::2], strict=False)}
