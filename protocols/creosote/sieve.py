"""Sieve: which rows of a stretch can pass a condition at all, told from their bytes as one run.

To read what a row says takes a hundred times as long as to look for a word in it. So the bytes are asked
first, and only rows that can pass are read: never fewer than pass, mostly few more. A reading says what
the payload says byte for byte, but for what stands here. It must not know filters, nor what a row says.
"""

from __future__ import annotations

import ctypes
import re
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable
from functools import cache, cached_property
from itertools import compress
from typing import Any, Final, TypeAlias

from protocols.creosote.reading.reading import LEVEL_WORDS, LEVELS, level_of, syslog_level
from protocols.record.bulk import Bulk

_APART: Final = re.compile(r'[{}\[\],:"\\\x00-\x1f\x7f]|[^\x00-\x7f]')
"""Where a reading may join what the payload has apart (nested JSON), or writes it in another case."""
_NUMERIC: Final = re.compile(r"[-0-9.+enul]*")
"""What a number or null of JSON may be written as: `5.04e2` is read as 504.0."""
_NUMBERS: Final = bytes(ord("0") if chr(code) in "0123456789." else code for code in range(256))
_ODD: Final = (b"0e0", b"0e+0", b"0e-0", b"0" * 17)
"""Numbers that may be read as written otherwise, digits and points as 0: powers, more digits than a float holds."""
_UNTOLD: Final = frozenset(("host", "tag", "pid", "app", "msgid", "exception", "file", "line", "function"))
"""Fields that a reader names itself; their values stand in the payload, their names need not."""
_TRACE: Final = b"traceback (most recent call last):"
_PRIORITY: Final = re.compile(rb"<(\d{1,3})>")
_LEVEL_KEYS: Final = (b"level", b"lvl", b"severity")
_UNWORDED: Final = re.compile(rb"(?:level|lvl|severity)[a-z]*[\"']?\s*[:=]\s*\"?\s*[^a-z\s\"]")
"""A level that is no word."""
_KELVIN, _DOTTED_I = "\u212a".encode(), "\u0130".encode()
"""The only two letters outside ASCII whose small letters are (or begin with) ASCII."""
_LARGE: Final = 8192
"""So many bytes are worth the call into the C library."""
Bytes: TypeAlias = "bytes | bytearray | memoryview"


class Run:
    """Rows start..stop-1 of a bulk as one run of bytes, searched in small letters."""

    def __init__(self, bulk: Bulk, start: int, stop: int) -> None:
        self.bulk, self.start, self.stop = bulk, start, stop
        self._first = bulk.ends[start - 1] if start else 0
        self._raw = memoryview(bulk.data)[self._first : bulk.ends[stop - 1] if stop > start else self._first]

    def hits(self, needle: bytes) -> array[int]:
        """Which rows hold `needle` whole; a find that runs over a row's end is none. Each once, ascending."""
        if len(self._raw) < _LARGE:
            return self._hits(self._small, needle, needle)
        if needle.upper() == needle:  # has no letters: as it came
            return self._hits(self._raw, needle, needle)
        return self._hits(self._folded, needle, bytes(code | 32 for code in needle))

    @cached_property
    def _small(self) -> bytes:
        return bytes(self._raw).lower()

    @cached_property
    def _folded(self) -> bytearray:
        """A few times as fast as making letters small; some other bytes look alike then."""
        import numpy as np

        data = bytearray(len(self._raw))
        np.bitwise_or(np.frombuffer(self._raw, np.uint8), 32, out=np.frombuffer(data, np.uint8))
        return data

    def _hits(self, data: Bytes, needle: bytes, like: bytes) -> array[int]:
        """like: what to look for in `data`; what is found there is a hit where the row holds `needle`."""
        hits: array[int] = array("I")
        found = first_of(data, like)
        if found < 0:
            return hits
        ends, row, first = self.bulk.ends, self.start, self._first
        find, size, raw = bytes(data).find if isinstance(data, memoryview) else data.find, len(needle), self._raw
        while found >= 0:
            row = bisect_right(ends, found + first, row)
            end = ends[row] - first
            if found + size <= end and (like is needle or bytes(raw[found : found + size]).lower() == needle):
                hits.append(row)
                found = find(like, end)
            else:
                found = find(like, found + 1)
        return hits

    def any_of(self, needles: Iterable[bytes]) -> set[int]:
        """Which rows hold one of these."""
        return set().union(*map(self.hits, needles))

    def heads(self, firsts: bytes) -> list[int]:
        """Which rows begin with one of these bytes; an empty row may be among them."""
        wanted = bytes(code in firsts for code in range(256))
        return list(compress(range(self.start, self.stop), self._firsts.translate(wanted)))

    @cached_property
    def _firsts(self) -> bytes:
        data, first = bytes(self._raw) + b"\0", self._first
        begins = [first, *self.bulk.ends[self.start : self.stop - 1]]
        return bytes([data[at - first] for at in begins])

    @cached_property
    def indirect(self) -> set[int]:
        """Rows whose reading may say what the bytes do not: escapes, packed data, pieces of a longer message."""
        payload = self.bulk.payload
        packed = {row for row in self.heads(b"x") if payload(row)[1:2] in (b"\x01", b"^", b"\x9c", b"\xda")}
        return set(self.hits(b"\\")) | packed | set(self.heads(b"\x1e\x1f"))

    @cached_property
    def odd_numbers(self) -> set[int]:
        """Rows with numbers that JSON may write otherwise."""
        plain = self._small.translate(_NUMBERS)
        return set().union(*[self._hits(plain, odd, odd) for odd in _ODD]) | set(self.hits(b"0.000"))


def first_of(data: Bytes, needle: bytes) -> int:
    """Where `needle` stands first in `data`, -1 where it does not: by the C library, others may run meanwhile."""
    size = len(data)
    if not needle or size < _LARGE or (search := _memmem()) is None:
        return (bytes(data) if isinstance(data, memoryview) else data).find(needle)
    import numpy as np

    begin = np.frombuffer(data, np.uint8).ctypes.data  # a reference to `data` is held: it stays where it is
    found: int | None = search(begin, size, needle, len(needle))
    return -1 if found is None else found - begin


@cache
def _memmem() -> Any:
    """memmem(3), two to three times as fast as bytes.find; None where the C library has none."""
    try:
        search = ctypes.CDLL(None).memmem
    except (OSError, TypeError, AttributeError):
        return None
    search.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
    search.restype = ctypes.c_void_p
    return search


def saying(run: Run, text: str) -> Collection[int] | None:
    """Rows whose reading can hold `text` (small letters) in a name or a value; None where any may."""
    piece = max(_APART.split(text), key=len)
    if not piece:
        return None
    rows = run.any_of((piece.encode(),)) | run.indirect
    if "k" in piece:
        rows |= run.any_of((_KELVIN,))
    if "i" in piece:
        rows |= run.any_of((_DOTTED_I,))
    return rows | run.odd_numbers if _NUMERIC.fullmatch(piece) else rows


def with_field(run: Run, name: str, value: str) -> Collection[int] | None:
    """Rows that can have a field of that name whose value holds this, * ? and [ as in a pattern; None where any may."""
    literal = max(re.split(r"[*?]", value.split("[", 1)[0]), key=len)
    valued = saying(run, literal)
    named = None if name in _UNTOLD else saying(run, max(name.split("."), key=len))
    rows = _both(valued, named)
    return None if rows is None else _made(run, name).union(rows)


def _both(one: Collection[int] | None, other: Collection[int] | None) -> Collection[int] | None:
    if one is None or other is None:
        return one if other is None else other
    return set(one).intersection(other)


def _made(run: Run, name: str) -> set[int]:
    """Rows to which a reader gives a field of that name that does not stand in them."""
    if name in ("facility", "severity"):
        return set(run.heads(b"<"))
    if name == "frames":
        return set(run.hits(_TRACE))
    return set(run.heads(b"\x80\0")) if name in ("size", "protocol") else set()


def of_kind(run: Run, kind: str) -> Collection[int] | None:
    """Rows that can be read as that kind; None where any may."""
    if kind == "json":
        return run.heads(b"{ \t\r\n")
    if kind == "syslog":
        return run.heads(b"<")
    if kind == "gelf":
        return run.any_of((b'"short_message"',)) | run.indirect
    if kind == "logfmt":
        return run.hits(b"=")
    if kind == "trace":
        return run.hits(_TRACE)
    return run.heads(b"\x80\0") if kind == "pickle" else None


def of_level(run: Run, codes: Collection[int]) -> Collection[int]:
    """Rows whose level can be one of these (1 for DEBUG to 5 for CRITICAL)."""
    levels = {LEVELS[code - 1] for code in codes if code}
    rows = run.any_of(_shortest(word.encode() for word, level in LEVEL_WORDS.items() if level in levels))
    payload = run.bulk.payload
    for row in run.heads(b"<"):
        found = _PRIORITY.match(payload(row))
        if found is not None and syslog_level(int(found[1])) in levels:
            rows.add(row)
    for row in run.any_of(_LEVEL_KEYS) - rows:
        if _UNWORDED.search(payload(row).lower()):
            rows.add(row)
    if level_of(1) in levels:  # GELF without a level
        rows |= run.any_of((b'"short_message"',))
    if "WARN" in levels:  # what is refused
        rows.update(run.heads(b"\x80\0"))
    if "ERROR" in levels:
        rows.update(run.hits(_TRACE))
    return rows | run.indirect


def _shortest(words: Iterable[bytes]) -> list[bytes]:
    """Words without those that hold another of them."""
    kept: list[bytes] = []
    for word in sorted(words, key=len):
        if not any(each in word for each in kept):
            kept.append(word)
    return kept
