"""Sieve: which rows of a stretch can pass a condition at all, told from their bytes as one run.

To read what a row says takes a hundred times as long as to look for a word in it. So the bytes are asked
first, and only rows that can pass are read: never fewer than pass, mostly few more. A reading says what
the payload says byte for byte, but for what stands here. It must not know filters, nor what a row says.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from functools import cache, cached_property
from typing import Final

from protocols.creosote.parts import Signs
from protocols.creosote.reading.jsonline import levels_of
from protocols.creosote.reading.levels import LEVEL_CODES
from protocols.creosote.reading.reading import LEVEL_WORDS, LEVELS, level_of, syslog_level
from protocols.creosote.wide import LARGE, Wide, first_of
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
TRACE: Final = b"traceback (most recent call last):"
_PRIORITY: Final = re.compile(rb"<(\d{1,3})>")
_LEVEL_KEYS: Final = (b"level", b"lvl", b"severity")
_UNWORDED: Final = re.compile(rb"(?:level|lvl|severity)[a-z]*[\"']?\s*[:=]\s*\"?\s*[^a-z\s\"]")
"""A level that is no word."""
_KELVIN, _DOTTED_I = "\u212a".encode(), "\u0130".encode()
"""The only two letters outside ASCII whose small letters are (or begin with) ASCII."""
SHORT_MESSAGE: Final = b'"short_message"'
PICKLES: Final = b"\x80\0"


class Run:
    """Rows start..stop-1 of a bulk as one run of bytes, searched in small letters."""

    def __init__(self, bulk: Bulk, start: int, stop: int) -> None:
        self.bulk, self.start, self.stop = bulk, start, stop  # raw: the bytes as they came
        self._first = bulk.ends[start - 1] if start else 0
        self.raw = memoryview(bulk.data)[self._first : bulk.ends[stop - 1] if stop > start else self._first]
        self._wide = Wide(self.raw, bulk.ends, self._first, start, stop) if len(self.raw) >= LARGE else None

    def hits(self, needle: bytes) -> array[int]:
        """Which rows hold `needle` whole; a find that runs over a row's end is none. Each once, ascending."""
        return self._hits(self._small, needle) if self._wide is None else self._wide.hits(needle)

    def holds(self, needle: bytes) -> bool:
        """Whether a row may hold `needle`: never no where one does."""
        return needle in self._small if self._wide is None else self._wide.holds(needle)

    @cached_property
    def _small(self) -> bytes:
        return bytes(self.raw).lower()

    def _hits(self, data: bytes, needle: bytes) -> array[int]:
        hits: array[int] = array("I")
        found = first_of(data, needle)
        ends, row, first, size = self.bulk.ends, self.start, self._first, len(needle)
        while found >= 0:
            row = bisect_right(ends, found + first, row)
            end = ends[row] - first
            if found + size <= end:
                hits.append(row)
                found = data.find(needle, end)
            else:
                found = data.find(needle, found + 1)
        return hits

    def any_of(self, needles: Iterable[bytes]) -> set[int]:
        """Which rows hold one of these."""
        return set().union(*map(self.hits, needles))

    def heads(self, firsts: bytes, seconds: Iterable[int] = range(256)) -> Sequence[int]:
        """Which rows begin with one of these bytes, and go on with one of those; an empty row may be among them."""
        if self._wide is not None:
            return self._wide.heads(firsts, seconds)
        data, wanted = bytes(self.raw) + b"\0\0", frozenset(seconds)
        begins = (at - self._first for at in (self._first, *self.bulk.ends[self.start : self.stop - 1]))
        return [row for row, at in enumerate(begins, self.start) if data[at] in firsts and data[at + 1] in wanted]

    def prioritized(self, severities: Collection[int]) -> Iterable[int]:
        """Which rows begin with a syslog priority of one of these severities."""
        if self._wide is not None:
            return self._wide.prioritized(severities)
        payload = self.bulk.payload
        found = ((row, _PRIORITY.match(payload(row))) for row in self.heads(b"<"))
        return [row for row, match in found if match is not None and int(match[1]) & 7 in severities]

    @property
    def severities(self) -> frozenset[int]:
        """The syslog severities that rows begin with."""
        if self._wide is not None:
            return self._wide.severities()
        return frozenset(severity for severity in range(8) if self.prioritized((severity,)))

    @property
    def firsts(self) -> bytes:
        """The first bytes of all rows, each once; of an empty row that of the next may be among them."""
        if self._wide is not None:
            return self._wide.firsts()
        payload = self.bulk.payload
        return bytes(sorted({payload(row)[0] for row in range(self.start, self.stop) if payload(row)}))

    @cached_property
    def unworded(self) -> list[int]:
        """Which rows name a level that is no word."""
        return list(filter(self._is_unworded, self._maybe_unworded()))

    def _maybe_unworded(self) -> Iterable[int]:
        return self.any_of(_LEVEL_KEYS) if self._wide is None else self._wide.unworded()

    def _is_unworded(self, row: int) -> bool:
        return _UNWORDED.search(self.bulk.payload(row).lower()) is not None

    @property
    def names_unworded(self) -> bool:
        """Whether a row names a level that is no word."""
        return any(map(self._is_unworded, self._maybe_unworded()))

    def levelled(self, word: bytes) -> Collection[int]:
        """Which rows may name their level by this word, or one that begins with it."""
        return self.hits(word) if self._wide is None else self._wide.levelled(word)

    def numbered(self, code: int) -> Iterable[int]:
        """Which rows may name the level of this code (1 to 5) by a number."""
        return self.unworded if self._wide is None else self._wide.numbered(1 << code, _meanings())

    @cached_property
    def veiled(self) -> set[int]:
        """Rows whose level may stand in no word and no number of their bytes: packed, in pieces, or behind escapes."""
        # Of JSON's escapes only \u gives a letter; logfmt takes any letter behind a backslash as that letter.
        escaped = set(self.hits(b"\\"))
        if escaped:
            escaped.intersection_update(self.hits(b"="))
            escaped.difference_update(self.heads(b"{"))
            escaped.update(self.hits(b"\\u"))
        return escaped.union(self._packed)

    @cached_property
    def _packed(self) -> set[int]:
        return {*self.heads(b"x", b"\x01^\x9c\xda"), *self.heads(b"\x1e\x1f")}

    @cached_property
    def indirect(self) -> set[int]:
        """Rows whose reading may say what the bytes do not: escapes, packed data, pieces of a longer message."""
        return self._packed.union(self.hits(b"\\"))

    @cached_property
    def odd_numbers(self) -> set[int]:
        """Rows with numbers that JSON may write otherwise."""
        plain = self._small.translate(_NUMBERS)
        return set().union(*[self._hits(plain, odd) for odd in _ODD]) | set(self.hits(b"0.000"))


def signs_of(run: Run, senders: frozenset[int]) -> Signs:
    """What can be told of rows without reading them. senders: who sent them."""
    firsts = run.firsts
    indirect = run.holds(b"\\") or any(code in firsts for code in b"\x1e\x1fx")
    return Signs(indirect, run.names_unworded, run.severities, firsts, senders)


def pieces_of(text: str) -> str:
    """The longest part of a text (small letters) that stands as it is in each row whose reading holds the text."""
    return max(_APART.split(text), key=len)


def is_number(piece: str) -> bool:
    """Whether a number in a reading may hold this, which the payload writes otherwise."""
    return _NUMERIC.fullmatch(piece) is not None


def saying(run: Run, text: str) -> Collection[int] | None:
    """Rows whose reading can hold `text` (small letters) in a name or a value; None where any may."""
    piece = pieces_of(text)
    if not piece:
        return None
    rows = run.any_of((piece.encode(),)) | run.indirect
    rows |= run.any_of(strange_letters(piece))
    return rows | run.odd_numbers if is_number(piece) else rows


def strange_letters(piece: str) -> Sequence[bytes]:
    """Letters outside ASCII that a small letter of this may be written as."""
    return [letter for small, letter in (("k", _KELVIN), ("i", _DOTTED_I)) if small in piece]


def with_field(run: Run, name: str, value: str) -> Collection[int] | None:
    """Rows that can have a field of that name whose value holds this, * ? and [ as in a pattern; None where any may."""
    valued, named = (None if text is None else saying(run, text) for text in field_texts(name, value))
    rows = _both(valued, named)
    return None if rows is None else _made(run, name).union(rows)


def field_texts(name: str, value: str) -> tuple[str, str | None]:
    """What rows with such a field say: of its value, and of its name; None where a reader gives that name itself."""
    literal = max(re.split(r"[*?]", value.split("[", 1)[0]), key=len)
    return literal, None if name in _UNTOLD else max(name.split("."), key=len)


def _both(one: Collection[int] | None, other: Collection[int] | None) -> Collection[int] | None:
    if one is None or other is None:
        return one if other is None else other
    return set(one).intersection(other)


def _made(run: Run, name: str) -> set[int]:
    """Rows to which a reader gives a field of that name that does not stand in them."""
    if name in ("facility", "severity"):
        return set(run.heads(b"<"))
    if name == "frames":
        return set(run.hits(TRACE))
    return set(run.heads(PICKLES)) if name in ("size", "protocol") else set()


JSON_HEADS: Final = b"{ \t\r\n"


def of_kind(run: Run, kind: str) -> Collection[int] | None:
    """Rows that can be read as that kind; None where any may."""
    if kind == "json":
        return run.heads(JSON_HEADS)
    if kind == "syslog":
        return run.heads(b"<")
    if kind == "gelf":
        return run.any_of((SHORT_MESSAGE,)) | run.indirect
    if kind == "logfmt":
        return run.hits(b"=")
    if kind == "trace":
        return run.hits(TRACE)
    return run.heads(PICKLES) if kind == "pickle" else None


def of_level(run: Run, codes: Collection[int]) -> Collection[int]:
    """Rows whose level can be one of these (1 for DEBUG to 5 for CRITICAL)."""
    levels = frozenset(LEVELS[code - 1] for code in codes if code)
    rows = run.any_of(level_words(levels))
    rows.update(run.prioritized(severities_of(levels)), run.unworded, run.indirect)
    if level_of(1) in levels:  # GELF without a level
        rows.update(run.hits(SHORT_MESSAGE))
    if "WARN" in levels:  # what is refused
        rows.update(run.heads(PICKLES))
    if "ERROR" in levels:
        rows.update(run.hits(TRACE))
    return rows


@cache
def _meanings() -> bytes:
    """Of each number below 1000 the levels that it may mean, a bit for each code."""
    return bytes(sum(1 << LEVEL_CODES[level] for level in levels_of(number)) for number in range(1000))


@cache
def severities_of(levels: frozenset[str]) -> frozenset[int]:
    """The syslog severities that are one of these levels."""
    return frozenset(severity for severity in range(8) if syslog_level(severity) in levels)


@cache
def level_words(levels: frozenset[str]) -> Sequence[bytes]:
    """Words of which a row that names one of these levels in words holds one."""
    return _shortest(word.encode() for word, level in LEVEL_WORDS.items() if level in levels)


def _shortest(words: Iterable[bytes]) -> list[bytes]:
    """Words without those that hold another of them."""
    kept: list[bytes] = []
    for word in sorted(words, key=len):
        if not any(each in word for each in kept):
            kept.append(word)
    return kept
