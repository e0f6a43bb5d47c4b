"""Parts: what is known of some thousand rows of a log, so that a filter passes over what it need not ask.

A bitmap tells which four bytes stand side by side in them (letters in either case count the same), a small one
which two, for short words; beside them stands what was read. A part may be said to hold more than it does, never
less. It must not know logs, nor filters.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeAlias

PART_ROWS: Final = 1024
PART_BYTES: Final = 1 << 17
"""A part ends with the row that reaches either; its bitmap takes 6 to 12 % of the payload."""
LEAST_BITS, MOST_BITS = 13, 18
PAIRS_BYTES: Final = 512
_FACTOR: Final = 2654435761
_FOLD: Final = 0x20202020
_WINDOW: Final = 4
_WINDOWS: Final = 24
_ALONE: Final = b"abcdefghijklmnopqrstuvwxyz0123456789"
_KINDS: Final = bytes(
    _ALONE.find(bytes((code,)).lower()) if bytes((code,)).lower() in _ALONE else 36 + code % 28 for code in range(256)
)
Bits: TypeAlias = "bytes | memoryview"


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the rows of a part say, as far as it was read.

    kinds, sources, fields (name and values): small letters but for kinds; None where there may be any.
    """

    kinds: frozenset[str] | None
    sources: frozenset[str] | None
    fields: tuple[tuple[str, frozenset[str] | None], ...] | None


@dataclass(frozen=True, slots=True)
class Signs:
    """What can be told of a part's rows without reading them.

    indirect: some may say what their bytes do not. unworded: some name a level by no word. severities: of syslog.
    firsts: the first bytes of its rows. senders: their numbers in the log.
    """

    indirect: bool
    unworded: bool
    severities: frozenset[int]
    firsts: bytes
    senders: frozenset[int]


class Part:
    """Rows start..stop-1 of a stretch. grams, pairs: their bitmaps; signs; levels: a bit for each level's code
    that its rows may have; said: what was read. None until noted."""

    __slots__ = ("grams", "levels", "pairs", "said", "signs", "start", "stop")

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.stop = stop
        self.grams: Bits | None = None
        self.pairs: Bits | None = None
        self.signs: Signs | None = None
        self.levels: int | None = None
        self.said: Said | None = None

    def moved(self, rows: int) -> Part:
        """The same, so many rows further on in a longer stretch."""
        part = Part(self.start + rows, self.stop + rows)
        part.grams, part.pairs, part.signs, part.levels, part.said = (
            self.grams, self.pairs, self.signs, self.levels, self.said
        )  # fmt: skip
        return part

    @property
    def nbytes(self) -> int:
        """Bytes of memory that its bitmaps take."""
        return len(self.grams or b"") + len(self.pairs or b"")


def parts_of(ends: array[int], most_rows: int = PART_ROWS) -> list[Part]:
    """Rows, told by where each one's bytes end, cut into parts of which nothing is known yet."""
    parts: list[Part] = []
    start = first = 0
    while start < len(ends):
        most = min(start + most_rows, len(ends))
        stop = max(bisect_right(ends, first + PART_BYTES, start, most), start + 1)
        parts.append(Part(start, stop))
        start, first = stop, ends[stop - 1]
    return parts


def part_at(parts: Sequence[Part], row: int) -> int:
    """Which part holds a row of the stretch."""
    return bisect_right(parts, row, key=lambda part: part.stop)


def pairs_of(data: bytes | memoryview) -> bytes:
    """The bitmap of all pairs of bytes: letters and digits each by itself, all others in 28 kinds."""
    import numpy as np

    there = np.zeros(1 << 16, bool)
    for offset in range(min(2, max(len(data) - 1, 0))):
        there[np.frombuffer(data, "<u2", (len(data) - offset) // 2, offset).astype(np.intp)] = True
    flags = np.zeros(PAIRS_BYTES * 8, bool)
    flags[_kinds_of_pairs()[there]] = True
    return np.packbits(flags, bitorder="little").tobytes()


@cache
def _kinds_of_pairs() -> Any:
    """For each two bytes, as a little-endian number, their place in the bitmap."""
    import numpy as np

    kinds, pairs = np.frombuffer(_KINDS, np.uint8).astype(np.intp), np.arange(1 << 16)
    return kinds[pairs & 255] << 6 | kinds[pairs >> 8]


def may_pair(pairs: Bits, needle: bytes) -> bool:
    """Whether bytes with that bitmap can hold a word (small letters)."""
    kinds = needle.translate(_KINDS)
    bits = (one << 6 | other for one, other in pairwise(kinds))
    return all(pairs[bit >> 3] >> (bit & 7) & 1 for bit in bits)


def windows_of(needle: bytes) -> tuple[int, ...]:
    """What a part's bitmap is asked for a word (small letters): its runs of four bytes, as `may_hold` wants them."""
    last = len(needle) - _WINDOW
    places = range(0, last + 1, max(1, (last + _WINDOWS) // _WINDOWS))
    return tuple(
        ((int.from_bytes(needle[at : at + _WINDOW], "little") | _FOLD) * _FACTOR) & 0xFFFFFFFF for at in places
    )


def may_hold(grams: Bits, windows: Iterable[int]) -> bool:
    """Whether bytes with that bitmap can hold a word; always for one shorter than four bytes."""
    shift = 33 - (len(grams) * 8).bit_length()
    for window in windows:
        bit = window >> shift
        if not grams[bit >> 3] >> (bit & 7) & 1:
            return False
    return True


def grams_of(data: bytes | memoryview) -> bytes:
    """The bitmap of all runs of four bytes; letters and some signs count the same in either case."""
    import numpy as np

    bits = min(max(len(data).bit_length() - 1, LEAST_BITS), MOST_BITS)
    flags = np.zeros(1 << bits, bool)
    for offset in range(min(_WINDOW, max(len(data) - _WINDOW + 1, 0))):
        runs: Any = np.frombuffer(data, "<u4", (len(data) - offset) // _WINDOW, offset) | np.uint32(_FOLD)
        runs *= np.uint32(_FACTOR)
        runs >>= np.uint32(32 - bits)
        flags[runs.astype(np.intp)] = True  # of another size, numpy makes them so a piece at a time: twice as long
    return np.packbits(flags, bitorder="little").tobytes()
