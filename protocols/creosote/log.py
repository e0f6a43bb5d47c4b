"""DatagramLog: every datagram of a day, in memory, read by row. For one thread; it has no lock.

Ten million rows of 100 bytes take about 1.3 GB: beyond `limit_bytes` the oldest go and are counted,
and the numbers of the rest stay. What a row says is read when somebody looks. It must not know Qt.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Sequence
from typing import Final

from protocols.creosote.parts import Part
from protocols.creosote.reading.gelf import Assembler
from protocols.creosote.reading.levels import LEVEL_CODES, level
from protocols.creosote.reading.reading import Reading, read
from protocols.creosote.sketch import LEAST_ROWS, parts_in
from protocols.creosote.wire import BUFSIZE
from protocols.record.bulk import Bulk, counts_in

LIMIT_BYTES: Final = 1350 << 20
SMALL_ROWS: Final = 2048
MERGE: Final = 32
"""This many small blocks in a row become one."""
UNSEALED: Final = 3 * MERGE
"""So many of the last stretches may still become one with others."""
AWAITED: Final = 4096
"""So many stretches that came last may still get a sketch from whoever records them."""
_NO_END: Final = 1 << 62
UNREAD: Final = 255
READINGS: Final = 8192


class Stretch:
    """Rows that came together: a bulk, its place in the log, its senders' numbers there, and what is known by now.

    levels: a byte for each row, UNREAD where it was not read; parts: all rows, or none of which anything is noted.
    """

    __slots__ = ("base", "bulk", "levels", "parts", "who")

    def __init__(self, base: int, bulk: Bulk, who: array[int]) -> None:
        self.base = base
        self.bulk = bulk
        self.who = who
        self.levels = bytearray()
        self.parts: list[Part] = []

    def __len__(self) -> int:
        return len(self.bulk)

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        noted = sum(part.nbytes for part in self.parts)
        who = 0 if self.who is self.bulk.senders else self.who.itemsize * len(self.who)
        return self.bulk.nbytes + who + noted

    def all_levels(self) -> bytearray:
        """The column of levels, made when it is first asked for."""
        if not self.levels:
            self.levels = bytearray([UNREAD]) * len(self.bulk)
        return self.levels

    def level(self, at: int) -> int:
        """The level of a row as a code, 0 for none; read once."""
        levels = self.levels or self.all_levels()
        code = levels[at]
        if code == UNREAD:
            code = levels[at] = LEVEL_CODES[level(self.bulk.payload(at))]
        return code


class DatagramLog:
    """All datagrams, oldest first. `len()` is one more than the last row's number.

    first: the oldest row still kept. sealed: stretches before this row stay as they are. senders: (bucket,
    address) by number. counts: datagrams by sender.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._stretches: list[Stretch] = []
        self._bases: list[int] = []
        self._numbers: dict[tuple[str, tuple[str, int]], int] = {}
        self._maps: dict[object, tuple[object, array[int]]] = {}
        self._readings: OrderedDict[int, Reading] = OrderedDict()
        self._gelf = Assembler()
        self._awaited: deque[tuple[Stretch, frozenset[int]]] = deque(maxlen=AWAITED)
        self._small = 0
        self._rows = 0
        self.nbytes = 0
        self.first = 0
        self.sealed = 0
        self.senders: list[tuple[str, tuple[str, int]]] = []
        self.counts: Counter[int] = Counter()

    def __len__(self) -> int:
        return self._rows

    @property
    def dropped(self) -> int:
        """Rows that had to make room."""
        return self.first

    def append(self, bulk: Bulk) -> dict[int, int]:
        """Add a bulk; gives how many of it came from each sender (by the log's number)."""
        if not len(bulk):
            return {}
        who, seen = _renumbered(bulk.senders, self._numbers_of(bulk))
        stretch = Stretch(self._rows, bulk, who)
        self._stretches.append(stretch)
        self._bases.append(stretch.base)
        self._rows += len(bulk)
        self.nbytes += stretch.nbytes
        self.counts.update(seen)
        if len(bulk) >= LEAST_ROWS and not self._take_sketch(stretch, senders := frozenset(seen)):
            self._awaited.append((stretch, senders))
        self._small = self._small + 1 if len(bulk) < SMALL_ROWS else 0
        if self._small >= MERGE:
            self._merge()
        self.sealed = self._sealed_now()
        self._make_room()
        return seen

    def take_sketches(self, most: int = _NO_END) -> None:
        """Note of stretches what was noted of their rows where they were recorded, meanwhile or before. most: so many
        are asked; each call goes on where the one before ended."""
        for _ in range(min(len(self._awaited), most)):
            stretch, senders = self._awaited.popleft()
            if stretch.base >= self.first and not self._take_sketch(stretch, senders):
                self._awaited.append((stretch, senders))

    def _take_sketch(self, stretch: Stretch, senders: frozenset[int]) -> bool:
        """Whether nothing of the kind is to come any more."""
        sketch = stretch.bulk.sketch
        if sketch is None or stretch.parts:
            return bool(stretch.parts)
        try:
            stretch.parts = parts_in(sketch, stretch.bulk.ends, senders)
        except ValueError:  # of another release, perhaps: it is surveyed as if there were none
            return True
        self.nbytes += sum(part.nbytes for part in stretch.parts)
        return True

    def _numbers_of(self, bulk: Bulk) -> array[int]:
        """The log's numbers of a bulk's peers; a socket's list of peers only ever grows."""
        key = (bulk.service, bulk.local)
        peers, numbers = self._maps.get(key, (None, array("I")))
        if peers is not bulk.peers:
            numbers = array("I")
            self._maps[key] = (bulk.peers, numbers)
        for peer in bulk.peers[len(numbers) :]:
            numbers.append(self._number(bulk.service, peer))
        return numbers

    def _number(self, service: str, peer: tuple[str, int]) -> int:
        key = (service, peer)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.senders)
            self.senders.append(key)
        return number

    def _merge(self) -> None:
        """The last small stretches of one bucket become one: a quiet day would make millions of them."""
        self._join_last(self._alike_last(self._small))
        self._small = 0
        while (count := self._alike_last(MERGE, SMALL_ROWS)) >= MERGE:  # what was joined before, and is small still
            self._join_last(count)

    def _alike_last(self, most: int, below_rows: int = 1 << 32) -> int:
        """How many of the last stretches are of one bucket and shorter than that."""
        last = self._stretches[-1].bulk
        count = 0
        for stretch in reversed(self._stretches[-most:]):
            if len(stretch) >= below_rows or not _alike(stretch.bulk, last):
                break
            count += 1
        return count

    def _join_last(self, count: int) -> None:
        if count < 2:
            return
        self.take_sketches()
        parts = self._stretches[-count:]
        self.nbytes -= sum(part.nbytes for part in parts)
        bulk, shared = _joined([part.bulk for part in parts]), all(part.who is part.bulk.senders for part in parts)
        merged = Stretch(parts[0].base, bulk, bulk.senders if shared else _chained([part.who for part in parts]))
        if any(part.levels for part in parts):
            merged.levels = bytearray().join(part.levels or bytearray([UNREAD]) * len(part) for part in parts)
        merged.parts = _side_by_side(parts)
        self._awaited = deque((one for one in self._awaited if one[0].base < merged.base), AWAITED)
        self._stretches[-count:] = [merged]
        self._bases[-count:] = [merged.base]
        self.nbytes += merged.nbytes

    def _sealed_now(self) -> int:
        at = len(self._stretches)
        while at and len(self._stretches[at - 1]) < SMALL_ROWS and len(self._stretches) - at < UNSEALED:
            at -= 1
        return self._bases[at] if at < len(self._bases) else self._rows

    def _make_room(self) -> None:
        gone = 0
        while self.nbytes > self._limit_bytes and gone < len(self._stretches) - 1:
            stretch = self._stretches[gone]
            self.nbytes -= stretch.nbytes
            self.counts.subtract(stretch.who)
            gone += 1
        if gone:
            del self._stretches[:gone]
            del self._bases[:gone]
            self.first = self._bases[0]

    # Rows

    def stretch(self, row: int) -> Stretch:
        """The stretch that holds a row. Raises IndexError for one not there (any more)."""
        if not self.first <= row < self._rows:
            raise IndexError(f"row {row} is not kept: {self.first} to {self._rows - 1} are")
        return self._stretches[bisect_right(self._bases, row) - 1]

    def payload(self, row: int) -> bytes:
        """The bytes of a row."""
        stretch = self.stretch(row)
        return stretch.bulk.payload(row - stretch.base)

    def t(self, row: int) -> int:
        """When a row arrived, nanoseconds of the monotonic clock."""
        stretch = self.stretch(row)
        return stretch.bulk.t[row - stretch.base]

    def sender(self, row: int) -> int:
        """The number of a row's sender."""
        stretch = self.stretch(row)
        return stretch.who[row - stretch.base]

    def would_be_cut(self, row: int) -> bool:
        """Whether an original bucket would have cut this row at 1,024 bytes."""
        return len(self.payload(row)) > BUFSIZE

    def reading(self, row: int) -> Reading:
        """What a row says; kept for the rows looked at last."""
        found = self._readings.get(row)
        if found is not None:
            self._readings.move_to_end(row)
            return found
        stretch = self.stretch(row)
        data = stretch.bulk.payload(row - stretch.base)
        found = read(data)
        if found.kind == "gelf" and "chunk" in found.fields:
            found = self._gelf.add(data, stretch.who[row - stretch.base], stretch.bulk.t[row - stretch.base]) or found
        self._readings[row] = found
        if len(self._readings) > READINGS:
            self._readings.popitem(last=False)
        return found

    def row_at(self, t: int) -> int:
        """The first row kept that arrived at `t` or later (nanoseconds, monotonic); `len()` if none did."""
        low, high = self.first, self._rows
        while low < high:
            middle = (low + high) // 2
            if self.t(middle) < t:
                low = middle + 1
            else:
                high = middle
        return low

    def snapshot(self) -> DatagramLog:
        """The log as it is now, for another thread to read: stretches are shared, their rows never change."""
        copy = DatagramLog(self._limit_bytes)
        copy._stretches, copy._bases = list(self._stretches), list(self._bases)
        copy._rows, copy.nbytes, copy.first = self._rows, self.nbytes, self.first
        copy.senders, copy.counts = list(self.senders), Counter(self.counts)
        return copy

    def stretches(self, start: int, stop: int) -> list[Stretch]:
        """The stretches that hold rows start..stop-1, oldest first."""
        start = max(start, self.first)
        if start >= min(stop, self._rows):
            return []
        begin = bisect_right(self._bases, start) - 1
        return self._stretches[begin : bisect_right(self._bases, stop - 1)]


def _renumbered(senders: array[int], numbers: Sequence[int]) -> tuple[array[int], dict[int, int]]:
    """A column of senders in the log's numbers, the same one where they are the same; and how many rows of each."""
    first, count = senders[0], len(senders)
    if senders.tobytes() == senders[:1].tobytes() * count:  # of one program: no look at each row
        number = numbers[first]
        return senders if number == first else array("I", [number]) * count, {number: count}
    known = counts_in(senders)
    if all(numbers[sender] == sender for sender in known):
        return senders, known
    return array("I", map(numbers.__getitem__, senders)), _sums((numbers[old], rows) for old, rows in known.items())


def _sums(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    found: Counter[int] = Counter()
    for number, count in pairs:
        found[number] += count
    return found


def _alike(one: Bulk, other: Bulk) -> bool:
    return one.service == other.service and one.local == other.local and one.peers is other.peers


def _joined(bulks: Sequence[Bulk]) -> Bulk:
    ends: array[int] = array("I")
    shift = 0
    for bulk in bulks:
        ends.extend(array("I", [end + shift for end in bulk.ends]) if shift else bulk.ends)
        shift += len(bulk.data)
    last = bulks[-1]
    return Bulk(
        last.service, last.local, _chained([bulk.t for bulk in bulks]), b"".join([bulk.data for bulk in bulks]), ends,
        _chained([bulk.senders for bulk in bulks]), last.peers, last.conns, last.dropped,
    )  # fmt: skip


def _side_by_side(stretches: Sequence[Stretch]) -> list[Part]:
    """The parts of stretches that become one: none unless all have some, and none so short that the whole is quicker
    asked."""
    if not all(stretch.parts for stretch in stretches):
        return []
    first = stretches[0].base
    parts = [part.moved(stretch.base - first) for stretch in stretches for part in stretch.parts]
    return parts if sum(map(len, stretches)) >= LEAST_ROWS * len(parts) else []


def _chained(columns: Sequence[array[int]]) -> array[int]:
    whole = array(columns[0].typecode)
    for column in columns:
        whole.extend(column)
    return whole
