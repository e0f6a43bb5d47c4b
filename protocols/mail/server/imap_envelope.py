"""ENVELOPE (RFC 3501 section 7.4.2) out of a raw header: its words as they stand, encoded where they were.

pymap's own decodes them, which IMAP does not allow, and fails on headers that Python's parser can't read. It
must not know the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import Final

from pymap.bytes import Writeable

ADDRESSES: Final = 1000
_FOLD: Final = re.compile(rb"\r?\n[ \t]*")
_NAMES: Final = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")


class Envelope(Writeable):
    """The envelope of a message. fields: name and lines of each header field, the first of a name counts."""

    def __init__(self, fields: Iterable[tuple[bytes, bytes]]) -> None:
        found = folded(fields)
        self._found: Final = found
        people = {name: _people(found.get(name)) for name in _NAMES}
        for name in (b"sender", b"reply-to"):
            if people[name] == b"NIL":
                people[name] = people[b"from"]
        parts = [string(found.get(b"date")), string(found.get(b"subject")), *(people[name] for name in _NAMES),
                 string(found.get(b"in-reply-to")), string(found.get(b"message-id"))]  # fmt: skip
        self._raw: Final = b"(" + b" ".join(parts) + b")"

    def __bytes__(self) -> bytes:
        return self._raw

    # For SEARCH, decoded

    @property
    def subject(self) -> str:
        """The subject, "" where there is none."""
        return _decoded(self._found.get(b"subject", b""))

    @property
    def date(self) -> _Date | None:
        """When it says that it was sent."""
        try:
            when = parsedate_to_datetime(self._found[b"date"].decode("ascii", "replace"))
        except Exception:  # noqa: BLE001  no date, or none that can be read
            return None
        return _Date(when if when.tzinfo is not None else when.replace(tzinfo=UTC))

    def __getattr__(self, name: str) -> list[str]:
        header = {"from_": b"from", "to": b"to", "cc": b"cc", "bcc": b"bcc"}.get(name)
        if header is None:
            raise AttributeError(name)
        value = self._found.get(header)
        return [] if value is None else [_decoded(value)]


@dataclass(frozen=True)
class _Date:
    datetime: datetime


def _decoded(value: bytes) -> str:
    text = value.decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(text)))
    except Exception:  # noqa: BLE001  an unknown charset, broken base64: it is searched as it stands
        return text


def folded(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """The values by name in lower case, each on one line; the first of a name counts."""
    found: dict[bytes, bytes] = {}
    for name, lines in fields:
        found.setdefault(name.lower(), _FOLD.sub(b" ", lines.partition(b":")[2]).strip())
    return found


def fields_of(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and lines of each header field, as they stand."""
    name, lines = b"", b""
    for line in raw.splitlines(keepends=True):
        if line == b"\r\n":
            break
        if line[:1] in (b" ", b"\t"):
            lines += line
            continue
        if lines:
            yield name, lines
        name, lines = line.partition(b":")[0].strip(), line
    if lines:
        yield name, lines


def string(value: bytes | None) -> bytes:
    """As a quoted string, or as a literal where that can't be."""
    if value is None:
        return b"NIL"
    if len(value) < 1000 and all(31 < one < 127 for one in value):
        return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    value = value.replace(b"\0", b"")
    return b"{%d}\r\n%b" % (len(value), value)


def _people(value: bytes | None) -> bytes:
    if value is None:
        return b"NIL"
    try:
        found = getaddresses([value.decode("utf-8", "surrogateescape")])[:ADDRESSES]
    except Exception:  # noqa: BLE001  a list of addresses that Python's parser can't read is shown as none
        return b"NIL"
    shown = []
    for name, address in found:
        local, at, domain = address.rpartition("@")
        if address:
            shown.append(
                b"(%b NIL %b %b)" % (_word(name), _word(local if at else address), _word(domain if at else ""))
            )
    return b"(" + b"".join(shown) + b")" if shown else b"NIL"


def _word(text: str) -> bytes:
    return string(text.encode("utf-8", "surrogateescape")) if text else b"NIL"
