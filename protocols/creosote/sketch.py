"""Sketch: what was noted of a bulk's parts, as bytes that stand beside it in the session file.

    head   "NLK1", then how many rows and how many parts, 32-bit little-endian
    parts  of each: its last row + 1 (32 bits), the levels its rows may have (a bit for each code), flags (1 indirect,
           2 unworded), the syslog severities in it (a bit each), the bitmap of runs of four: 2 to this power bits; the
           first bytes of its rows (a bit each, 32 bytes)
    then   of each part the bitmap of pairs (512 bytes) and that of runs of four

Whoever records makes it (`sketching`), whoever opens the file need not look at the rows again (`parts_in`). That a
sketch is of just these rows is the seal's business; here it is refused where it could not be. It must not know files.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator
from typing import Final

from protocols.creosote.noting import note
from protocols.creosote.parts import LEAST_BITS, MOST_BITS, PAIRS_BYTES, Part, Signs, parts_of
from protocols.creosote.reading.levels import LEVEL_NAMES
from protocols.record.bulk import Bulk

LEAST_ROWS: Final = 256
"""Of fewer rows a sketch would take a third of their bytes; they are surveyed together with others."""
_MAGIC: Final = b"NLK1"
_HEAD: Final = struct.Struct("<4sII")
_PART: Final = struct.Struct("<IBBBB32s")
_INDIRECT, _UNWORDED = 1, 2
_NOBODY: Final[frozenset[int]] = frozenset()


def sketching(bulk: Bulk) -> Iterator[bytes | None]:
    """Make the sketch of a bulk: gives None after each part, some milliseconds of work, and the sketch at last.

    Of few rows it gives none: it would not be worth its place.
    """
    if len(bulk) < LEAST_ROWS:
        return
    parts = parts_of(bulk.ends)
    for part in parts:
        note(bulk, part, _NOBODY)
        yield None
    yield packed(parts)


def sketch_of(bulk: Bulk) -> bytes | None:
    """The sketch of a bulk at once; None of few rows."""
    return next(filter(None, sketching(bulk)), None)


def packed(parts: list[Part]) -> bytes:
    """The sketch of parts of which all is noted that their bytes tell. Their senders are not in it."""
    heads, bitmaps = [_HEAD.pack(_MAGIC, parts[-1].stop if parts else 0, len(parts))], list[bytes | memoryview]()
    for part in parts:
        signs, grams, pairs = part.signs, part.grams, part.pairs
        if signs is None or grams is None or pairs is None or part.levels is None:
            raise ValueError("a part of which not all is noted")
        flags = _INDIRECT * signs.indirect + _UNWORDED * signs.unworded
        power = (len(grams) * 8).bit_length() - 1
        heads.append(_PART.pack(part.stop, part.levels, flags, _bits(signs.severities), power,
                                _bits(signs.firsts).to_bytes(32, "little")))  # fmt: skip
        bitmaps += (pairs, grams)
    return b"".join((*heads, *bitmaps))


def parts_in(sketch: bytes, ends: array[int], senders: frozenset[int]) -> list[Part]:
    """The parts of a sketch. ends: where its rows end; senders: who sent any of them, by the log's numbers.

    Raises ValueError for bytes that are no sketch, or none of so many rows.
    """
    if len(sketch) < _HEAD.size:
        raise ValueError("too short for a sketch")
    magic, rows, count = _HEAD.unpack_from(sketch)
    at = _HEAD.size + count * _PART.size
    if magic != _MAGIC or rows != len(ends) or count > rows or at > len(sketch):
        raise ValueError("not a sketch of these rows, or cut short")
    view, parts, start = memoryview(sketch), list[Part](), 0
    for stop, levels, flags, severities, power, firsts in _PART.iter_unpack(view[_HEAD.size : at]):
        if not start < stop <= rows or levels >> len(LEVEL_NAMES) or not LEAST_BITS <= power <= MOST_BITS or flags > 3:
            raise ValueError("a part that can't be")
        middle = at + PAIRS_BYTES
        part, at = Part(start, stop), middle + (1 << power >> 3)
        part.pairs, part.grams = view[middle - PAIRS_BYTES : middle], view[middle:at]
        part.levels = levels
        first = bytes(_places(int.from_bytes(firsts, "little")))
        part.signs = Signs(bool(flags & _INDIRECT), bool(flags & _UNWORDED), frozenset(_places(severities)), first,
                           senders)  # fmt: skip
        parts.append(part)
        start = stop
    if start != rows or at != len(sketch):
        raise ValueError("a sketch that is not of all rows, or longer than its parts")
    return parts


def _bits(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


def _places(bits: int) -> list[int]:
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return found
