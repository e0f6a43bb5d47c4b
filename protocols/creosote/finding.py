"""Finder: the rows of a stretch of the log that pass a filter, found quickly.

Senders, levels and times are columns; words are looked for in the bytes of all rows at once; what must be
read is read only where the bytes leave it possible. It must not know who shows the rows.
"""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase
from itertools import compress
from typing import Final, TypeAlias

from protocols.creosote.chances import Chances, codes_of, pattern_of
from protocols.creosote.filters import LogFilter, Term
from protocols.creosote.log import UNREAD, DatagramLog, Stretch
from protocols.creosote.parts import part_at
from protocols.creosote.patterns import literals
from protocols.creosote.reading.reading import Reading
from protocols.creosote.sieve import Run, of_kind, of_level, saying, with_field

NO_LIMIT: Final = 1 << 62
_FIRST_ROWS: Final = 1024
_LEAST_ROWS: Final = 64
_MOST_ROWS: Final = 1 << 18
_PLAIN_LOOKS: Final = 16
"""Where nearly all rows can pass, so many looks are not sieved, then it is tried again."""
_MOST_READ: Final = 100
"""Readings between two looks at the clock: one and a half milliseconds."""
_REGEX_COST: Final = 0.1
"""A regular expression on a row, measured in readings."""
_SPARSE: Final = 30
"""One row in so many is left: then looking at the bytes of all takes as long as reading those left."""
_TOGETHER: Final = 256
"""Parts that are asked for their chance at once."""
_INVERTED: Final = bytes([1, 0]) + bytes(254)
Rows: TypeAlias = "array[int] | range"
"""Rows within a stretch, ascending."""


class TooMuch(Exception):
    """More rows of a stretch must be read than were allowed."""


class Finder:
    """A filter made ready for one log. epoch_ns: what turns its times into time of day."""

    def __init__(self, log: DatagramLog, wanted: LogFilter, epoch_ns: int) -> None:
        log.take_sketches()
        self._log = log
        self._wanted = wanted
        self._epoch_ns = epoch_ns
        self._named: dict[str, bytearray] = {}
        # What is quick goes first: it leaves fewer rows to be read.
        order = ("after", "before", "word", "regex", "from", "level", "kind", "field")
        self._terms = sorted(wanted.terms, key=lambda term: order.index(term.kind))
        self._chances = Chances(wanted, log.senders)

    def within(
        self, stretch: Stretch, start: int = 0, stop: int | None = None, most: int = NO_LIMIT, *, sieved: bool = True
    ) -> list[int]:
        """The log's numbers of the rows of a stretch that pass; start and stop are places within it.

        sieved: first leave out by their bytes what need not be read; it costs time where nearly all can pass.

        Raises TooMuch where more than `most` rows would have to be read for one condition: then ask for fewer.
        """
        rows: Rows = range(start, len(stretch) if stop is None else stop)
        if self._wanted.senders is not None:
            mask = bytearray(len(self._log.senders))
            for sender in self._wanted.senders:
                if sender < len(mask):
                    mask[sender] = 1
            rows = _picked(rows, _senders_mask(stretch, rows, mask))
        look = _Look(stretch, most, sieved)
        for term in self._terms:
            if not len(rows):
                break
            rows = self._pass(term, look, rows)
        base = stretch.base
        return [base + row for row in rows]

    def chance_before(self, stretch: Stretch, stop: int) -> tuple[int, int]:
        """Rows of a stretch before `stop` that may pass, as far as is known without a look: the last ones together.

        Gives their first and the one behind them: rows from that on to `stop` can't pass.
        """
        parts, may = stretch.parts, self._chances.may
        if not parts or not self._chances.tell:
            return 0, stop
        at = part_at(parts, stop - 1)
        while at >= 0 and not may(parts[at]):
            at -= 1
        if at < 0:
            return 0, 0
        last = at
        while at > 0 and last - at < _TOGETHER and may(parts[at - 1]):
            at -= 1
        return parts[at].start, min(parts[last].stop, stop)

    def _pass(self, term: Term, look: _Look, rows: Rows) -> Rows:
        if term.kind in ("after", "before"):
            return self._timed(term, look.stretch, rows)
        if term.kind == "word":
            return _worded(term, look, rows)
        if term.kind == "regex":
            search = re.compile(term.value.encode("utf-8", "surrogatepass"), re.IGNORECASE).search
            payload = look.stretch.bulk.payload
            return look.read(rows, term.negated, lambda run: _matching(run, term.value),
                             lambda row: search(payload(row)) is not None, cost=_REGEX_COST)  # fmt: skip
        if term.kind == "from":
            return self._from(term, look, rows)
        if term.kind == "level":
            return _levelled(term, look, rows)
        reading, base = self._log.reading, look.stretch.base
        if term.kind == "kind":
            return look.read(rows, term.negated, lambda run: of_kind(run, term.value),
                             lambda row: reading(base + row).kind == term.value)  # fmt: skip
        return look.read(rows, term.negated, lambda run: with_field(run, term.compare, term.value.lower()),
                         lambda row: _field_holds(reading(base + row), term))  # fmt: skip

    def _from(self, term: Term, look: _Look, rows: Rows) -> Rows:
        """By the sender's address, a column; where that does not have it, by what the message claims."""
        stretch, reading = look.stretch, self._log.reading
        mask = _senders_mask(stretch, rows, self._addressed(term.value))
        there = _picked(rows, mask)
        rest = rows if not len(there) else _picked(rows, mask.translate(_INVERTED))
        claim = look.read(rest, False, lambda run: saying(run, term.value),
                          lambda row: term.value in reading(stretch.base + row).source.lower())  # fmt: skip
        return _sifted(rows, {*there, *claim}, term.negated)

    def _addressed(self, value: str) -> bytearray:
        """For each sender of the log 1 where its address or its bucket holds this."""
        mask = self._named.setdefault(value, bytearray())
        for service, (host, port) in self._log.senders[len(mask) :]:
            mask.append(value in f"{host}:{port} {service}".lower())
        return mask

    def _timed(self, term: Term, stretch: Stretch, rows: Rows) -> Rows:
        """Rows of a stretch are in the order of time: a cut, not a look at each."""
        midnight = _midnight_ns((stretch.bulk.t[0] if len(stretch) else 0) + self._epoch_ns)
        at = bisect_left(stretch.bulk.t, midnight + int(term.number * 1e9) - self._epoch_ns)
        after = (term.kind == "after") != term.negated
        place = bisect_left(rows, at)
        return rows[place:] if after else rows[:place]


class Strides:
    """How a filter goes through a log: as many rows at once as take about `aim_s`, never many readings at once.

    aim_s may be changed at any time: short looks let others run between them, long ones cost less for each row.
    """

    def __init__(self, finder: Finder, aim_s: float) -> None:
        self._finder = finder
        self.aim_s = aim_s
        self._rows = _FIRST_ROWS
        self._plain = 0

    def back(self, stretch: Stretch, stop: int, bottom: int = 0) -> tuple[int, list[int]]:
        """Look at rows before `stop`, none before `bottom`: at the first of these, and the log's rows that pass."""
        bottom = max(bottom, 0)
        low, stop = self._finder.chance_before(stretch, stop)
        if stop <= bottom:
            return bottom, []
        while True:
            start = max(stop - self._rows, bottom, low)
            found = self._look(stretch, start, stop)
            if found is not None:
                return start, found

    def on(self, stretch: Stretch, start: int) -> tuple[int, list[int]]:
        """Look at rows from `start` on: at where these end, and the log's rows that pass."""
        while True:
            stop = min(len(stretch), start + self._rows)
            found = self._look(stretch, start, stop)
            if found is not None:
                return stop, found

    def _look(self, stretch: Stretch, start: int, stop: int) -> list[int] | None:
        rows, began = stop - start, time.perf_counter()
        if self._plain:
            self._plain -= 1
            return self._finder.within(stretch, start, stop, sieved=False)
        try:
            found = self._finder.within(stretch, start, stop, NO_LIMIT if rows <= _LEAST_ROWS else _MOST_READ)
        except TooMuch:
            self._rows = max(rows // 8, _LEAST_ROWS)
            self._plain = _PLAIN_LOOKS if rows <= 2 * _LEAST_ROWS else 0
            return None
        ideal = rows * self.aim_s / max(time.perf_counter() - began, 1e-6)
        self._rows = int(min(max(ideal, self._rows / 4, _LEAST_ROWS), self._rows * 2, _MOST_ROWS))
        return found


class _Look:
    """One look at a stretch: its bytes as a run, made when first asked for, and how many rows may be read."""

    def __init__(self, stretch: Stretch, most: int, sieved: bool) -> None:
        self.stretch = stretch
        self._sieved = sieved
        self._most = most
        self._run: Run | None = None

    def run(self, rows: Rows) -> Run:
        """The bytes of these rows and those between; of more, if more were asked for before."""
        if self._run is None:
            self._run = Run(self.stretch.bulk, rows[0], rows[-1] + 1)
        return self._run

    def read(
        self, rows: Rows, negated: bool, sieve: Callable[[Run], Collection[int] | None], holds: Callable[[int], bool],
        cost: float = 1.0,
    ) -> Rows:  # fmt: skip
        """Rows that hold; those are asked that the sieve leaves. cost: of asking one, in readings."""
        if not len(rows):
            return rows
        dense = self._sieved and len(rows) * _SPARSE > rows[-1] - rows[0]
        left = sieve(self.run(rows)) if dense else None
        asked: Iterable[int] = rows if left is None else _sifted(rows, left, False)
        if (len(rows) if left is None else min(len(left), len(rows))) * cost > self._most:
            raise TooMuch
        passed = array("I", filter(holds, asked))
        return _sifted(rows, passed, True) if negated else passed


def _picked(rows: Rows, mask: bytes) -> Rows:
    """Rows where the mask (a byte for each of them) has a 1."""
    if b"\0" not in mask:
        return rows
    return array("I", compress(rows, mask)) if b"\1" in mask else array("I")


def _sifted(rows: Rows, found: Collection[int], negated: bool) -> Rows:
    """Rows that are among those found, or are not."""
    if not found:
        return rows if negated else array("I")
    among = found if isinstance(found, set) else set(found)
    if negated:
        return array("I", [row for row in rows if row not in among])
    return array("I", sorted(among.intersection(rows) if len(among) > len(rows) else _only(among, rows)))


def _only(found: set[int], rows: Rows) -> Iterable[int]:
    if isinstance(rows, range):
        return [row for row in found if row in rows]
    return found.intersection(rows)


def _senders_mask(stretch: Stretch, rows: Rows, mask: bytearray) -> bytes:
    """For each row 1 where its sender has one in `mask`."""
    who = stretch.who
    numbers = who[rows.start : rows.stop] if isinstance(rows, range) else map(who.__getitem__, rows)
    return bytes(map(mask.__getitem__, numbers))


def _levelled(term: Term, look: _Look, rows: Rows) -> Rows:
    """By the column of levels where it is known; else what can have the level is read, once."""
    codes, stretch = codes_of(term), look.stretch
    span = range(rows[0], rows[-1] + 1)
    known = bytes(stretch.levels[span.start : span.stop])
    if known and UNREAD not in known:
        wanted = bytes((code in codes) != term.negated for code in range(256))
        mask = known.translate(wanted)
        return _picked(rows, mask if len(rows) == len(span) else bytes([mask[row - span.start] for row in rows]))
    return look.read(rows, term.negated, lambda run: of_level(run, codes), lambda row: stretch.level(row) in codes)


def _matching(run: Run, pattern: str) -> Collection[int] | None:
    certain = literals(pattern.encode("utf-8", "surrogatepass"))
    return None if certain is None else run.any_of(certain)


def _midnight_ns(wall_ns: int) -> int:
    parts = time.localtime(wall_ns / 1e9)
    return int(time.mktime((parts.tm_year, parts.tm_mon, parts.tm_mday, 0, 0, 0, 0, 0, -1))) * 1_000_000_000


def _field_holds(reading: Reading, term: Term) -> bool:
    for name, value in reading.fields.items():
        if name.lower() == term.compare and fnmatchcase(value.lower(), pattern_of(term.value)):
            return True
    return False


def _worded(term: Term, look: _Look, rows: Rows) -> Rows:
    """Rows whose payload holds a word."""
    needle = term.value.encode("utf-8", "surrogatepass")
    if not isinstance(rows, range) and len(rows) * 4 < rows[-1] - rows[0]:
        payload = look.stretch.bulk.payload
        return array("I", [row for row in rows if (needle in payload(row).lower()) != term.negated])
    hits = look.run(rows).hits(needle)
    whole = isinstance(rows, range) and not term.negated
    return hits if whole else _sifted(rows, hits, term.negated)
