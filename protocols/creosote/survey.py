"""Survey: the rows of a log counted by level, and what each part of it holds noted, a little at a time.

What a datagram says must be read to know its level; at a hundred thousand a second nobody can. So it runs behind
when it must, says by how much, and comes after when there is time. What the bytes of rows tell it need not ask where a
sketch has it (sketch.py). It must not know filters, nor who shows the counts.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import Final, TypeAlias

from protocols.creosote.log import UNREAD, DatagramLog, Stretch
from protocols.creosote.noting import note
from protocols.creosote.parts import PART_ROWS, Part, Said, part_at, parts_of
from protocols.creosote.reading.levels import LEVEL_CODES, LEVEL_NAMES
from protocols.creosote.reading.reading import Reading, read
from protocols.creosote.sieve import Run, of_level

LEAST_ROWS: Final = 128
"""Shorter stretches are asked as they are."""
SOURCES: Final = 64
VALUES: Final = 16
NAMES: Final = 64
_VALUE_CHARACTERS: Final = 64
_CHUNK: Final = 64
_KNOWN: Final = 4096
_ASKED: Final = 64
"""Stretches that are asked at a time whether they have got a sketch: some 30 microseconds."""
Fields: TypeAlias = "tuple[tuple[str, frozenset[str] | None], ...]"
SaidKey: TypeAlias = "tuple[frozenset[str] | None, frozenset[str] | None, Fields | None]"
_LEVELLED: Final = range(1, len(LEVEL_NAMES))


@dataclass(frozen=True, slots=True)
class _Place:
    """A part's place in a stretch, and in the list of its parts."""

    stretch: Stretch
    number: int


class _Counting:
    """The levels of rows start..stop-1 of a stretch: none where the bytes say so, the rest read row by row."""

    def __init__(self, stretch: Stretch, start: int, stop: int) -> None:
        self.stretch, self.start, self.stop = stretch, start, stop
        self._left = sorted(of_level(Run(stretch.bulk, start, stop), _LEVELLED))
        self._at = 0
        found = bytearray(stop - start)
        for row in self._left:
            found[row - start] = UNREAD
        known = stretch.all_levels()
        if known.count(UNREAD, start, stop) < stop - start:
            found = bytearray(new if old == UNREAD else old for new, old in zip(found, known[start:stop], strict=True))
        known[start:stop] = found

    def go_on(self, rows: int) -> bool:
        """Read so many more rows; True once all are."""
        level = self.stretch.level
        for row in self._left[self._at : self._at + rows]:
            level(row)
        self._at += rows
        return self._at >= len(self._left)


class _Hearing:
    """What the rows of one part say, gathered row by row."""

    def __init__(self, stretch: Stretch, part: Part) -> None:
        self.stretch, self.part = stretch, part
        self.at = part.start
        self._kinds: set[str] = set()
        self._sources: set[str] | None = set()
        self._fields: dict[str, set[str] | None] | None = {}
        self._whole = True

    def go_on(self, rows: int) -> bool:
        """Read so many more rows; True once the part is read to its end."""
        payload, levels = self.stretch.bulk.payload, self.stretch.all_levels()
        stop = min(self.at + rows, self.part.stop)
        for at in range(self.at, stop):
            found = read(payload(at))
            levels[at] = LEVEL_CODES[found.level]
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
        if not self._whole:
            return None, None, None
        sources = None if self._sources is None else frozenset(source.lower() for source in self._sources)
        return frozenset(self._kinds), sources, self._said_fields()

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
        self._counting: _Counting | None = None
        self._hurries = True
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
        """Go on for about so long; True once all is done. counts_first: levels before all else, and alone."""
        deadline = time.perf_counter() + budget_s
        self._log.take_sketches(_ASKED)
        self._hurries = counts_first
        self._counted = max(self._counted, self._log.first)
        steps = (self._count, self._map, self._hear) if counts_first else (self._map, self._count, self._hear)
        while any(step() for step in steps):
            if time.perf_counter() > deadline:
                return self.done
        return True

    # A step each: True where there was something to do

    def _count(self) -> bool:
        log = self._log
        if self._counting is not None and self._counting.stretch.base < log.first:
            self._counting = None
        if self._counting is None:
            if self._counted >= len(log):
                return False
            stretch = log.stretch(self._counted)
            start = self._counted - stretch.base
            if self._counted >= log.sealed or len(stretch) < self._least_rows:
                self._count_rows(stretch, start, min(len(stretch), start + _CHUNK))
                return True
            if not self._hurries:  # who reads all of a row anyway knows its level
                if self._heard <= self._counted and not self._hear():
                    return False
                if (stop := min(len(stretch), self._heard - stretch.base)) > start:
                    self._count_rows(stretch, start, stop)
                return True
            part = self._parts(stretch)[part_at(stretch.parts, start)]
            self._counting = _Counting(stretch, start, part.stop)
        counting = self._counting
        if counting.go_on(_CHUNK):
            self._counting = None
            self._count_rows(counting.stretch, counting.start, counting.stop)
            part = counting.stretch.parts[part_at(counting.stretch.parts, counting.start)]
            _note_levels(counting.stretch, part)
        return True

    def _count_rows(self, stretch: Stretch, start: int, stop: int) -> None:
        for at in range(start, stop):
            if not stretch.levels or stretch.levels[at] == UNREAD:
                stretch.level(at)
        for code, count in Counter(stretch.levels[start:stop]).items():
            self._counts[code] += count
        self._counted = stretch.base + stop

    def _map(self) -> bool:
        self._mapped, place = self._next(self._mapped)
        if place is None:
            return False
        stretch, part = place.stretch, place.stretch.parts[place.number]
        if part.grams is None:  # else whoever recorded these rows has noted it, or it was in their file
            note(stretch.bulk, part, frozenset(stretch.who[part.start : part.stop]))
            self._log.nbytes += part.nbytes
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
            _note_levels(hearing.stretch, hearing.part)  # rows that were counted before their part was made
            self._heard = hearing.stretch.base + hearing.part.stop
            self._hearing = None
        return True

    def _parts(self, stretch: Stretch) -> list[Part]:
        stretch.parts = stretch.parts or parts_of(stretch.bulk.ends, self._part_rows)
        return stretch.parts

    def _next(self, row: int) -> tuple[int, _Place | None]:
        """The first row from this one on that stands in a part, and where; short stretches have none."""
        log = self._log
        row = max(row, log.first)
        while row < log.sealed:
            stretch = log.stretch(row)
            if len(stretch) >= self._least_rows:
                return row, _Place(stretch, part_at(self._parts(stretch), row - stretch.base))
            row = stretch.base + len(stretch)
        return row, None


def _note_levels(stretch: Stretch, part: Part) -> None:
    """Which levels the rows of a part have, once all are known."""
    known = set(stretch.levels[part.start : part.stop])
    if known and UNREAD not in known:
        part.levels = sum(1 << code for code in known)
