"""Wide: many rows of a bulk as one run of bytes, and which of them hold what, for all of them at once.

A step for each row takes Python longer than to look at all its bytes takes numpy and the C library; both let other
threads run meanwhile. It must not know filters, nor what a row says.
"""

from __future__ import annotations

import ctypes
import sys
from array import array
from collections.abc import Collection, Iterable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Places = np.ndarray[Any, np.dtype[Any]]

LARGE: Final = 8192
"""So many bytes are worth the calls."""
_FEW: Final = 12
"""So many finds are searched for one by one; where there are more, all bytes are compared at once."""
_WORD: Final = 4
_LEVEL_KEYS: Final = (b"level", b"lvl", b"severity")
_DIGITS: Final = 3
_BEHIND_NUMBERS: Final = b',}] "\r\n\t'
_ANYTHING: Final = 255
_INNER: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,;@#([{<>|*'"
"""What does not stand right before a level that is a value."""
_NAME_LETTERS: Final = 16
"""Letters that may follow a key's name ("levelname"); behind more of them the row is asked itself."""


class Wide:
    """Rows start..stop-1, whose bytes are `raw`; `ends` tells where each row of the whole ends, `first` where `raw`
    begins. At least one byte."""

    def __init__(self, raw: memoryview, ends: array[int], first: int, start: int, stop: int) -> None:
        import numpy as np

        self._np = np
        self._start = start
        self.raw = np.frombuffer(raw, np.uint8)
        self.ends = np.frombuffer(ends, f"u{ends.itemsize}")[start:stop] - first

    @cached_property
    def folded(self) -> Places:
        """The bytes with letters small; some others look alike then: a find is asked again."""
        return self._np.bitwise_or(self.raw, 32)

    @cached_property
    def _begins(self) -> Places:
        begins = self._np.zeros(len(self.ends), self.ends.dtype)
        begins[1:] = self.ends[:-1]
        return begins

    @cached_property
    def _firsts(self) -> Places:
        """The first byte of each row; of an empty one that of the next, 0 where there is none."""
        firsts = self._at(self._begins)
        firsts[self._begins >= len(self.raw)] = 0
        return firsts

    def _at(self, places: Places) -> Places:
        """The bytes at these places; behind the end the last one again."""
        return self.raw[self._np.minimum(places, len(self.raw) - 1)]

    # Places

    def places(self, needle: bytes) -> Places:
        """Where `needle` (small letters) stands, in either case."""
        if needle.upper() == needle:  # has no letters: as it came
            return self._found(self.raw, needle)
        found = self._found(self.folded, bytes(code | 32 for code in needle))
        for at, code in enumerate(needle):
            if len(found) and not 97 <= code <= 122:
                found = found[self.raw[found + at] == code]
        return found

    def holds(self, needle: bytes) -> bool:
        """Whether `needle` may stand in it, in either case; it may run over a row's end."""
        if needle.upper() == needle:
            return first_of(self.raw, needle) >= 0
        return first_of(self.folded, bytes(code | 32 for code in needle)) >= 0

    def _found(self, data: Places, like: bytes) -> Places:
        search, size, found, at = _memmem(), len(data), list[int](), 0
        if search is None:
            return self._compared(data, like)
        begin = self._raw_at if data is self.raw else self._folded_at
        while (place := search(begin + at, size - at, like, len(like))) is not None:
            if len(found) == _FEW:
                return self._compared(data, like)
            found.append(place - begin)
            at = place - begin + 1
        places: Places = self._np.array(found, self._np.int64)
        return places

    @cached_property
    def _raw_at(self) -> int:
        return int(self.raw.ctypes.data)

    @cached_property
    def _folded_at(self) -> int:
        return int(self.folded.ctypes.data)

    def _compared(self, data: Places, like: bytes) -> Places:
        np, last = self._np, max(len(data) - len(like), -1)
        if len(like) < _WORD:
            mask = data[: last + 1] == like[0]
            for at in range(1, len(like)):
                mask &= data[at : last + 1 + at] == like[at]
            found: Places = np.flatnonzero(mask)
            return found
        word = np.uint32(int.from_bytes(like[:_WORD], sys.byteorder))
        four = [
            np.flatnonzero(np.frombuffer(data, np.uint32, (len(data) - at) // _WORD, at) == word) * _WORD + at
            for at in range(_WORD)
        ]
        found = np.sort(np.concatenate(four))
        found = found[found <= last]
        for at in range(_WORD, len(like)):
            found = found[data[found + at] == like[at]]
        return found

    # Rows

    def hits(self, needle: bytes) -> array[int]:
        """Which rows hold `needle` whole. Each once, ascending."""
        places = self.places(needle)
        return self._numbered(self._rows(places, len(needle))) if len(places) else array("I")

    def _rows(self, places: Places, size: int) -> Places:
        """The rows in which these places are, and so many bytes from there on; each once."""
        rows = self._np.searchsorted(self.ends, places, side="right")
        rows = rows[places + size <= self.ends[rows]]
        fresh = self._np.ones(len(rows), bool)
        fresh[1:] = rows[1:] != rows[:-1]
        return rows[fresh]

    def _numbered(self, rows: Places) -> array[int]:
        numbers: array[int] = array("I")
        numbers.frombytes((rows + self._start).astype(f"u{numbers.itemsize}").tobytes())
        return numbers

    def heads(self, firsts: Iterable[int], seconds: Iterable[int] = range(256)) -> array[int]:
        """Which rows begin with one of these bytes, and go on with one of those; an empty row may be among them."""
        rows = self._np.flatnonzero(self._among(firsts)[self._firsts])
        if not len(rows):
            return array("I")
        return self._numbered(rows[self._among(seconds)[self._at(self._begins[rows] + 1)]])

    def _among(self, codes: Iterable[int]) -> Places:
        table = self._np.zeros(256, bool)
        table[list(codes)] = True
        return table

    def prioritized(self, severities: Collection[int]) -> array[int]:
        """Which rows begin with a syslog priority "<134>" of one of these severities; a few more may be."""
        rows, numbers = self._priorities
        return self._numbered(rows[self._among(severities)[numbers]]) if len(rows) else array("I")

    def severities(self) -> frozenset[int]:
        """The syslog severities that rows begin with."""
        return frozenset(self._np.flatnonzero(self._np.bincount(self._priorities[1])).tolist())

    def firsts(self) -> bytes:
        """The first bytes of all rows, each once; of an empty row that of the next may be among them."""
        return bytes(sorted(set(self._firsts.tobytes())))

    @cached_property
    def _priorities(self) -> tuple[Places, Places]:
        """The rows that begin with a syslog priority, and the severity of each."""
        np = self._np
        rows = np.flatnonzero(self._firsts == ord("<"))
        if not len(rows):
            return rows, np.zeros(0, np.uint8)
        bytes_ = [self._at(self._begins[rows] + at) for at in range(1, 5)]
        ones = [byte - np.uint8(48) for byte in bytes_[:3]]
        ends = [byte == ord(">") for byte in bytes_[1:]]
        first, second, third = (one < 10 for one in ones)
        short, middle, long = first & ends[0], first & second & ends[1], first & second & third & ends[2]
        # Tens count 2 and hundreds 4 among eight severities.
        number = ones[2] + 2 * ones[1] + 4 * ones[0]
        number = np.where(middle, ones[1] + 2 * ones[0], number)
        number = np.where(short, ones[0], number) & 7
        valid = short | middle | long
        return rows[valid], number[valid]

    def unworded(self) -> array[int]:
        """Which rows name a level that may be no word: few that name one by a word are among them."""
        return self._numbered(self._rows(self._values[0] - 1, 1)) if len(self._values[0]) else array("I")

    def levelled(self, word: bytes) -> array[int]:
        """Which rows hold a word (letters) where it may name a level: first in a value, or in capitals.

        In small letters it names none behind a letter, or behind a blank that has a letter before it; behind an escape
        it may.
        """
        places, np = self.places(word), self._np
        if not len(places):
            return array("I")
        before = [self.raw[np.maximum(places - back, 0)] for back in (1, 2, 3)]
        inner, escape = self._among(_INNER), ord("\\")
        within = (inner[before[0]] & (before[1] != escape)) | (
            (before[0] == ord(" ")) & inner[before[1]] & (before[2] != escape)
        )
        left = places[~within | (self.raw[places] & 32 == 0)]
        return self._numbered(self._rows(left, len(word))) if len(left) else array("I")

    def numbered(self, bit: int, meanings: bytes) -> array[int]:
        """Which rows may name the level of this bit by a number. meanings: bits of what each number below 1000 may
        mean."""
        ends = self._values[0]
        if not len(ends):
            return array("I")
        mask = self._meant(meanings) & self._np.uint8(bit) != 0
        return self._numbered(self._rows(ends[mask] - 1, 1)) if mask.any() else array("I")

    @cached_property
    def _values(self) -> tuple[Places, Places]:
        """Where the keys end whose level may be no word, in order, and where their values begin."""
        np = self._np
        ends = np.concatenate([self.places(key) + len(key) for key in _LEVEL_KEYS])
        at = ends
        for _ in range(_NAME_LETTERS):
            letters = self._letters(at)
            if not letters.any():
                break
            at = at + letters
        sign, colon = self._at(at), self._at(at + 1)
        value = at + 1 + (sign == ord('"'))
        value = value + (self._at(value) == ord(" "))
        value = value + (self._at(value) == ord('"'))
        named = (sign == ord("=")) | (sign == ord(":")) | ((sign == ord('"')) & (colon == ord(":")))
        left = np.flatnonzero(~(named & self._letters(value)))
        left = left[np.argsort(ends[left], kind="stable")]
        return ends[left], value[left]

    def _meant(self, meanings: bytes) -> Places:
        """For each of these values what the number there may mean; anything where it is written otherwise."""
        np = self._np
        ends, values = self._values
        behind = self.ends[np.searchsorted(self.ends, ends - 1, side="right")]
        number, digits = np.zeros(len(values), np.intp), np.zeros(len(values), np.intp)
        more = np.ones(len(values), bool)
        for _ in range(_DIGITS):
            digit = self._at(values + digits) - np.uint8(48)
            more &= (digit < 10) & (values + digits < behind)
            number = np.where(more, number * 10 + digit, number)
            digits += more
        ended = (values + digits >= behind) | self._among(_BEHIND_NUMBERS)[self._at(values + digits)]
        found: Places = np.where((digits > 0) & ended, np.frombuffer(meanings, np.uint8)[number], np.uint8(_ANYTHING))
        return found

    def _letters(self, places: Places) -> Places:
        return (self._at(places) | 32) - self._np.uint8(97) < 26


def first_of(data: bytes | bytearray | memoryview | Places, needle: bytes) -> int:
    """Where `needle` stands first in `data`, -1 where it does not: by the C library, others may run meanwhile."""
    size = len(data)
    if not needle or size < LARGE or (search := _memmem()) is None:
        return (data if isinstance(data, (bytes, bytearray)) else bytes(data)).find(needle)
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
