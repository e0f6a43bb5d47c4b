"""Survey: the rows of a log counted by level, and what each part of it holds noted, a little at a time.

What a datagram says must be read to know its level; at a hundred thousand a second nobody can. So it runs behind
when it must, says by how much, and comes after when there is time. It must not know filters, nor who shows the counts.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.creosote.log import LEVEL_CODES, LEVEL_NAMES, UNREAD, DatagramLog, Stretch
from protocols.creosote.parts import PART_ROWS, Part, Said, grams_of, pairs_of, part_at, parts_of
from protocols.creosote.reading.reading import Reading, read

LEAST_ROWS: Final = 128
"""Shorter stretches are asked as they are."""
SOURCES: Final = 64
VALUES: Final = 16
NAMES: Final = 64
_VALUE_CHARACTERS: Final = 64
_CHUNK: Final = 64
_KNOWN: Final = 4096
Fields: TypeAlias = "tuple[tuple[str, frozenset[str] | None], ...]"
SaidKey: TypeAlias = "tuple[int, frozenset[str] | None, frozenset[str] | None, Fields | None, frozenset[int]]"


@dataclass(frozen=True, slots=True)
class _Place:
    """A part's place in a stretch, and in the list of its parts."""

    stretch: Stretch
    number: int


class _Hearing:
    """What the rows of one part say, gathered row by row."""

    def __init__(self, stretch: Stretch, part: Part) -> None:
        self.stretch, self.part = stretch, part
        self.at = part.start
        self._levels = 0
        self._kinds: set[str] = set()
        self._sources: set[str] | None = set()
        self._fields: dict[str, set[str] | None] | None = {}
        self._whole = True
        if not stretch.levels:
            stretch.levels = bytearray([UNREAD]) * len(stretch)

    def go_on(self, rows: int) -> bool:
        """Read so many more rows; True once the part is read to its end."""
        payload, levels = self.stretch.bulk.payload, self.stretch.levels
        stop = min(self.at + rows, self.part.stop)
        for at in range(self.at, stop):
            found = read(payload(at))
            code = levels[at] = LEVEL_CODES[found.level]
            self._levels |= 1 << code
            self._add(found)
        self.at = stop
        return stop == self.part.stop

    def _add(self, found: Reading) -> None:
        self._kinds.add(found.kind)
        if found.kind == "gelf" and "chunk" in found.fields:
            self._whole = False  # what the whole message says is known with its last piece
        if self._sources is not None:
            self._sources.add(found.source)
            if len(self._sources) > SOURCES:
                self._sources = None
        fields = self._fields
        if fields is None:
            return
        for name, value in found.fields.items():
            values = fields.setdefault(name, set())
            if values is not None and value not in values:
                values.add(value)
                if len(values) > VALUES or len(value) > _VALUE_CHARACTERS:
                    fields[name] = None
        if len(fields) > NAMES:
            self._fields = None

    def said(self) -> SaidKey:
        """All of it, as Said takes it."""
        senders = frozenset(self.stretch.who[self.part.start : self.part.stop])
        if not self._whole:
            return self._levels, None, None, None, senders
        sources = None if self._sources is None else frozenset(source.lower() for source in self._sources)
        return self._levels, frozenset(self._kinds), sources, self._said_fields(), senders

    def _said_fields(self) -> Fields | None:
        if self._fields is None:
            return None
        found: dict[str, frozenset[str] | None] = {}
        for name, values in self._fields.items():
            small = name.lower()
            before = found.get(small, frozenset())
            if values is None or before is None:
                found[small] = None
            else:
                found[small] = before | {value.lower() for value in values}
        return tuple(sorted(found.items(), key=lambda pair: pair[0]))


class Survey:
    """Notes what a log holds, oldest first, and counts its rows by level; rows that left it uncounted are skipped."""

    def __init__(self, log: DatagramLog, least_rows: int = LEAST_ROWS, part_rows: int = PART_ROWS) -> None:
        self._log = log
        self._least_rows = least_rows
        self._part_rows = part_rows
        self._counted = self._mapped = self._heard = log.first
        self._counts = [0] * len(LEVEL_NAMES)
        self._hearing: _Hearing | None = None
        self._known: dict[SaidKey, Said] = {}

    @property
    def behind(self) -> int:
        """Rows whose level is not counted yet."""
        return len(self._log) - max(self._counted, self._log.first)

    @property
    def done(self) -> bool:
        """Whether there is nothing to do before new rows come."""
        return not self.behind and min(self._mapped, self._heard) >= self._log.sealed

    def of(self, *levels: str) -> int:
        """How many rows counted so far have one of these levels ("" for none)."""
        return sum(self._counts[LEVEL_NAMES.index(level)] for level in levels)

    def go_on(self, budget_s: float, *, counts_first: bool = True) -> bool:
        """Go on for about so long; True once all is done. counts_first: levels before bitmaps."""
        deadline = time.perf_counter() + budget_s
        self._counted = max(self._counted, self._log.first)
        steps = (self._count, self._map, self._hear) if counts_first else (self._map, self._count, self._hear)
        while any(step() for step in steps):
            if time.perf_counter() > deadline:
                return self.done
        return True

    # A step each: True where there was something to do

    def _count(self) -> bool:
        log = self._log
        if self._counted >= len(log):
            return False
        stretch = log.stretch(self._counted)
        start, stop = self._counted - stretch.base, len(stretch)
        if self._counted < log.sealed and len(stretch) >= self._least_rows:
            if self._heard <= self._counted and not self._hear():
                return False
            stop = min(stop, self._heard - stretch.base)
        else:
            stop = min(stop, start + _CHUNK)
            for at in range(start, stop):
                stretch.level(at)
        if stop > start:
            for code, count in Counter(stretch.levels[start:stop]).items():
                self._counts[code] += count
            self._counted = stretch.base + stop
        return True

    def _map(self) -> bool:
        self._mapped, place = self._next(self._mapped)
        if place is None:
            return False
        stretch, part = place.stretch, place.stretch.parts[place.number]
        ends = stretch.bulk.ends
        data = stretch.bulk.data[ends[part.start - 1] if part.start else 0 : ends[part.stop - 1]]
        part.grams, part.pairs = grams_of(data), pairs_of(data)
        self._log.nbytes += len(part.grams) + len(part.pairs)
        self._mapped = stretch.base + part.stop
        return True

    def _hear(self) -> bool:
        if self._hearing is None or self._hearing.stretch.base < self._log.first:
            self._heard, place = self._next(self._heard)
            if place is None:
                self._hearing = None
                return False
            self._hearing = _Hearing(place.stretch, place.stretch.parts[place.number])
        hearing = self._hearing
        if hearing.go_on(_CHUNK):
            said = hearing.said()
            if len(self._known) >= _KNOWN:
                self._known.clear()
            hearing.part.said = self._known.get(said) or self._known.setdefault(said, Said(*said))
            self._heard = hearing.stretch.base + hearing.part.stop
            self._hearing = None
        return True

    def _next(self, row: int) -> tuple[int, _Place | None]:
        """The first row from this one on that stands in a part, and where; short stretches have none."""
        log = self._log
        row = max(row, log.first)
        while row < log.sealed:
            stretch = log.stretch(row)
            if len(stretch) >= self._least_rows:
                stretch.parts = stretch.parts or parts_of(stretch.bulk.ends, self._part_rows)
                return row, _Place(stretch, part_at(stretch.parts, row - stretch.base))
            row = stretch.base + len(stretch)
        return row, None
