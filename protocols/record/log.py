"""EventLog: all events of this run in memory, appended to, read by row and searched in slices.

Rows have absolute numbers from 0 on, for good: when the log is full the oldest blocks go, are
counted, and the numbers of the rest stay. For one thread (the GUI's): it has no lock. It must not
know Qt, files or who looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Final

from protocols.record.block import Block, Rows, Tables, block_at
from protocols.record.bulk import Bulk, Many
from protocols.record.bulkblock import BulkBlock
from protocols.record.event import LAYERS, Event, Raw
from protocols.record.packed import PackedRun
from protocols.record.query import Bound
from protocols.record.query import Filter as Filter
from protocols.record.query import QueryError as QueryError

BLOCK_ROWS: Final = 4096
BLOCK_PAYLOAD_BYTES: Final = 1 << 20
"""A block is sealed early when its payloads have come to this: joining more would hold the window up."""
BULK_ROWS: Final = 64
"""A bulk of fewer rows than this is not worth a block of its own."""
LIMIT_ROWS: Final = 4_000_000
LIMIT_BYTES: Final = 512 << 20


class EventLog:
    """The events so far. `len()` is the number of rows ever appended: one more than the last row.

    first: the oldest row still kept; dropped: how many went (the same number). nbytes: memory of
    the packed rows and the payloads of the open ones.
    """

    def __init__(
        self, *, limit_rows: int = LIMIT_ROWS, limit_bytes: int = LIMIT_BYTES, block_rows: int = BLOCK_ROWS
    ) -> None:
        self._block_rows = block_rows
        self._limit_rows = limit_rows
        self._limit_bytes = limit_bytes
        self._tables = Tables()
        self._blocks: list[Rows] = []
        self._bases: list[int] = []
        self._open: list[Raw] = []
        self._open_base = 0
        self._open_bytes = 0
        self._sealed_bytes = 0
        self._layer_counts: Counter[str] = Counter()
        self.first = 0
        self.epoch_ns: int | None = None
        """Of a log read from a session: what turns its times into nanoseconds since 1970. None: the recorder's."""

    def begin_at(self, row: int) -> None:
        """Say before anything is appended that so many rows came earlier and are not here."""
        self.first = self._open_base = row

    def __len__(self) -> int:
        return self._open_base + len(self._open)

    @property
    def dropped(self) -> int:
        """Rows that had to make room."""
        return self.first

    @property
    def nbytes(self) -> int:
        """Bytes of memory held, about."""
        return self._sealed_bytes + self._open_bytes

    def append(self, raws: Sequence[Raw]) -> None:
        """Add events; 20,000 at once take some 50 ms."""
        at = 0
        while at < len(raws):
            room = self._block_rows - len(self._open)
            part = raws[at : at + room]
            payload = sum([len(raw[8]) for raw in part if raw[8]])
            if self._open_bytes + payload > BLOCK_PAYLOAD_BYTES and len(part) > 1:
                part, payload = self._fitting(part)
            self._open += part
            self._open_bytes += payload
            at += len(part)
            if len(self._open) >= self._block_rows or self._open_bytes >= BLOCK_PAYLOAD_BYTES:
                self._seal()

    def _fitting(self, raws: Sequence[Raw]) -> tuple[Sequence[Raw], int]:
        """As many of these as fill the open block."""
        total = 0
        for count, raw in enumerate(raws, 1):
            total += len(raw[8] or b"")
            if self._open_bytes + total >= BLOCK_PAYLOAD_BYTES:
                return raws[:count], total
        return raws, total

    def append_many(self, many: Many) -> None:
        """Add many events at once; they are kept as they are. A few are events like others."""
        if len(many) < BULK_ROWS or not isinstance(many, (Bulk, PackedRun)):
            self.append(list(many.raws()))
            return
        if self._open:
            self._seal()
        if isinstance(many, Bulk):
            self._layer_counts["message"] += len(many)
            self._put(BulkBlock(self._open_base, many, self._tables))
            return
        block = many.block(self._open_base, self._tables)
        names = self._tables.layers.names
        self._layer_counts.update({names[code]: count for code, count in Counter(block.layers).items()})
        self._put(block)

    def append_items(self, items: Iterable[Raw | Many]) -> None:
        """Add events and bulks in their order."""
        run: list[Raw] = []
        for item in items:
            if isinstance(item, tuple):
                run.append(item)
                continue
            self.append(run)
            run = []
            self.append_many(item)
        self.append(run)

    def _seal(self) -> None:
        block = Block(self._open_base, self._open, self._tables)
        self._layer_counts.update([raw[1] for raw in self._open])
        self._open = []
        self._open_bytes = 0
        self._put(block)

    def _put(self, block: Rows) -> None:
        self._blocks.append(block)
        self._bases.append(block.base)
        self._sealed_bytes += block.nbytes
        self._open_base += block.count
        self._make_room()

    def _make_room(self) -> None:
        gone = 0
        while gone < len(self._blocks) - 1 and (
            len(self) - self.first > self._limit_rows or self._sealed_bytes > self._limit_bytes
        ):
            block = self._blocks[gone]
            self._sealed_bytes -= block.nbytes
            self.first = block.base + block.count
            names = self._tables.layers.names
            self._layer_counts.subtract({names[code]: count for code, count in Counter(block.layers).items()})
            gone += 1
        del self._blocks[:gone]
        del self._bases[:gone]

    def raw(self, row: int) -> Raw:
        """The hot-path tuple of a row. Raises IndexError for a row not there (any more)."""
        if row >= self._open_base:
            return self._open[row - self._open_base]
        if row < self.first:
            raise IndexError(f"row {row} has been dropped, the first kept is {self.first}")
        block = self._blocks[block_at(self._bases, row)]
        return block.raw(row - block.base)

    def event(self, row: int) -> Event:
        """The event of a row."""
        return Event.of(self.raw(row))

    def raws(self, start: int, stop: int) -> Iterator[Raw]:
        """The tuples of rows start..stop-1 that are kept, as an iterator that does not hold them."""
        for row in range(max(start, self.first), min(stop, len(self))):
            yield self.raw(row)

    def search(self, wanted: Filter, start: int = 0) -> Search:
        """Look for rows from `start` on, a block at a time. See Search."""
        return Search(self, wanted, start)

    def rows(self, wanted: Filter) -> list[int]:
        """All rows that pass, at once: for tests and scripts; a window uses `search`."""
        return [row for part in self.search(wanted) for row in part]

    def snapshot(self) -> EventLog:
        """The log as it is now, for another thread to read: packed rows are shared, for they never change."""
        copy = EventLog()
        copy._tables = self._tables
        copy._blocks, copy._bases = list(self._blocks), list(self._bases)
        copy._open, copy._open_base = list(self._open), self._open_base
        copy.first = self.first
        return copy

    def services(self) -> list[str]:
        """The services seen so far, in order."""
        return self._distinct(3, self._tables.services.names)

    def conns(self) -> list[str]:
        """The connections seen so far, in order."""
        return self._distinct(4, self._tables.conns.names)

    def _distinct(self, field: int, known: list[str | None]) -> list[str]:
        opened: dict[str | None, None] = dict.fromkeys(raw[field] for raw in self._open)  # type: ignore[misc]
        return [name for name in dict.fromkeys([*known, *opened]) if name is not None]

    def layer_counts(self) -> dict[str, int]:
        """How many kept rows there are of each layer."""
        opened = Counter([raw[1] for raw in self._open])
        return {layer: self._layer_counts[layer] + opened[layer] for layer in LAYERS}

    def _stretch(self, row: int) -> Rows | None:
        """The block that holds `row`; the open rows from there on are packed for the occasion."""
        if row >= len(self):
            return None
        if row >= self._open_base:
            return Block(row, self._open[row - self._open_base :], self._tables)
        return self._blocks[block_at(self._bases, row)]


class Search:
    """A look through the log that can stop after each block and go on later, also when rows have come since.

    row: the next row not looked at yet. counts: rows that pass all but the filter's layers, by layer.
    Iterating gives a list of rows for each block, until the log's end; iterate again for what came after it.
    """

    def __init__(self, log: EventLog, wanted: Filter, start: int = 0) -> None:
        self._log = log
        self._bound = Bound(wanted, log._tables)
        self.wanted: Final = wanted
        self.row = start
        self.counts: Final[Counter[str]] = Counter()

    def __iter__(self) -> Iterator[list[int]]:
        while (rows := self.step()) is not None:
            yield rows

    def step(self) -> list[int] | None:
        """The rows of the next block that pass, an empty list too; None at the end of the log."""
        self.row = max(self.row, self._log.first)
        block = self._log._stretch(self.row)
        if block is None:
            return None
        skip = self.row - block.base
        self.row = block.base + block.count
        mask = self._bound.mask(block)
        if mask == 0:
            return []
        if skip:
            mask = _from(skip, mask, block.count)
        self._count(block, mask)
        if self._bound.layer_codes is not None:
            layers = int.from_bytes(block.mask_of(block.layers, self._bound.layer_codes), "little")
            mask = layers if mask is None else mask & layers
        numbers = range(block.base, self.row)
        return list(numbers) if mask is None else list(compress(numbers, mask.to_bytes(block.count, "little")))

    def _count(self, block: Rows, mask: int | None) -> None:
        names = self._log._tables.layers.names
        codes = block.layers if mask is None else bytes(compress(block.layers, mask.to_bytes(block.count, "little")))
        for code in set(codes):
            self.counts[names[code]] += codes.count(code)


def _from(skip: int, mask: int | None, count: int) -> int:
    """The mask without the rows before `skip`."""
    ones = int.from_bytes(bytes(skip) + b"\1" * (count - skip), "little")
    return ones if mask is None else mask & ones
