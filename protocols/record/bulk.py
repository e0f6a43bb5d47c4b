"""Bulk: many datagrams of one socket, kept as columns until somebody looks at one.

A listener may take a million datagrams a second: as objects they would cost three times the
memory and all of the time. Each row is an event (layer "message", kind "datagram") like any other,
made when asked for. It must not know sockets, nor what the payloads mean.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from protocols.record.event import Raw

_NAMES: Final = ("peer", "call", "dropped", "local")
_HEAD: Final = struct.Struct("<4sIQ")
_MAGIC: Final = b"NLD1"
_FEW_SENDERS: Final = 16
_FEW: Final = bytes(range(_FEW_SENDERS))
SUMMARY_BYTES: Final = 120
"""How much of a payload stands in a row's summary."""


class Many:
    """Several events as one item of a queue: how many they are, their bytes, and each as a hot-path tuple."""

    __slots__ = ()

    def __len__(self) -> int:
        raise NotImplementedError

    @property
    def nbytes(self) -> int:
        """Bytes that it counts for in a bounded queue."""
        raise NotImplementedError

    def raws(self) -> Iterator[Raw]:
        """The events one by one."""
        raise NotImplementedError


class Bulk(Many):
    """Datagrams in the order of arrival.

    service, local: who received them, and where. t: arrival, nanoseconds of the monotonic clock.
    data: all payloads end to end, never written again; ends: where each ends. senders: for each the
    number of its sender, an index into `peers` ((host, port) pairs) and `conns` (ids). dropped: how many
    datagrams of this socket had been lost by the end of this bulk, in all. sketch: what was noted of its
    rows, by whoever can read it; comes some time after the rows, or never.
    """

    __slots__ = (
        "__weakref__", "conns", "data", "dropped", "ends", "local", "peers", "senders", "service", "sketch", "t",
    )  # fmt: skip

    def __init__(
        self,
        service: str,
        local: tuple[str, int],
        t: array[int],
        data: bytes | memoryview,
        ends: array[int],
        senders: array[int],
        peers: Sequence[tuple[str, int]],
        conns: Sequence[str],
        dropped: int,
    ) -> None:
        self.service = service
        self.local = local
        self.t = t
        self.data = data
        self.ends = ends
        self.senders = senders
        self.peers = peers
        self.conns = conns
        self.dropped = dropped
        self.sketch: bytes | None = None

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def nbytes(self) -> int:
        """Bytes of memory held; peers are shared by all bulks of a socket and not counted."""
        columns = (self.t, self.ends, self.senders)
        return len(self.data) + sum(column.itemsize * len(column) for column in columns)

    def payload(self, row: int) -> bytes:
        """The payload of a row."""
        return bytes(self.data[self.ends[row - 1] if row else 0 : self.ends[row]])

    def peer(self, row: int) -> tuple[str, int]:
        """The sender's address, as it claims to be."""
        return self.peers[self.senders[row]]

    def seen(self) -> set[int]:
        """The numbers of all senders in it."""
        return seen_in(self.senders)

    def raw(self, row: int) -> Raw:
        """The event of a row, as a hot-path tuple."""
        data, sender = self.payload(row), self.senders[row]
        peer = self.peers[sender]
        detail = (_NAMES, list(peer), "recvmmsg", self.dropped, list(self.local))
        summary = summary_of(data)
        return (
            self.t[row], "message", "datagram", self.service, self.conns[sender], "in", None, len(data), data,
            summary, detail,
        )  # fmt: skip

    def raws(self) -> Iterator[Raw]:
        """The events of all rows."""
        return map(self.raw, range(len(self)))

    def part(self, start: int, stop: int) -> Bulk:
        """Rows start..stop-1 as a bulk of their own."""
        first = self.ends[start - 1] if start else 0
        ends = array(self.ends.typecode, [end - first for end in self.ends[start:stop]])
        data = self.data[first : self.ends[stop - 1] if stop > start else first]  # of a view: a view
        return Bulk(self.service, self.local, self.t[start:stop], data, ends, self.senders[start:stop], self.peers,
                    self.conns, self.dropped)  # fmt: skip

    def alone(self) -> Bulk:
        """The same with only those peers that sent something in it, numbered anew: what a file keeps."""
        senders = self.senders
        one = bool(senders) and senders.tobytes() == senders[:1].tobytes() * len(self)  # no look at each
        known = [senders[0]] if one else sorted(self.seen())
        if known and known[-1] >= len(known):
            numbers = {old: new for new, old in enumerate(known)}
            size = senders.itemsize * len(self)
            senders = array("I", bytes(size)) if one else array("I", map(numbers.__getitem__, senders))
        peers, conns = [self.peers[old] for old in known], [self.conns[old] for old in known]
        return Bulk(self.service, self.local, self.t, self.data, self.ends, senders, peers, conns, self.dropped)

    def halves(self, most_bytes: int) -> Iterator[Bulk]:
        """The same in parts of at most `most_bytes` bytes, if a single row is not larger."""
        if self.nbytes <= most_bytes or len(self) < 2:
            yield self
            return
        middle = len(self) // 2
        yield from self.part(0, middle).halves(most_bytes)
        yield from self.part(middle, len(self)).halves(most_bytes)

    # In a file

    def packed(self) -> bytes:
        """The columns as bytes: a head, then t, ends, senders as little-endian 64-bit and 32-bit numbers, then data."""
        columns = array("q", self.t), array("I", self.ends), array("I", self.senders)
        return b"".join((_HEAD.pack(_MAGIC, len(self), len(self.data)), *map(_little, columns), self.data))


def unpacked(
    blob: bytes, service: str, local: tuple[str, int], peers: Sequence[tuple[str, int]], conns: Sequence[str],
    dropped: int,
) -> Bulk:  # fmt: skip
    """The bulk of `Bulk.packed`. Raises ValueError for bytes that are none: a file is believed nothing."""
    if len(blob) < _HEAD.size:
        raise ValueError("too short for a block of datagrams")
    magic, count, size = _HEAD.unpack_from(blob)
    if magic != _MAGIC or len(blob) != _HEAD.size + count * 16 + size:
        raise ValueError("not a block of datagrams, or cut short")
    columns: list[array[int]] = []
    at = _HEAD.size
    for code, width in (("q", 8), ("I", 4), ("I", 4)):
        column: array[int] = array(code)
        column.frombytes(blob[at : at + count * width])
        columns.append(_native(column))
        at += count * width
    t, ends, senders = columns
    places = ends.tolist()
    if (places[-1] if places else 0) != size or places != sorted(places):
        raise ValueError("datagrams that overlap or end beyond the block")
    if senders and max(seen_in(senders)) >= len(peers):
        raise ValueError("a datagram of an unknown sender")
    return Bulk(service, local, t, blob[at:], ends, senders, peers, conns, dropped)


def seen_in(senders: array[int]) -> set[int]:
    """Which numbers stand in a column of senders."""
    few = _few(senders)
    return set(senders) if few is None else {number for number in range(_FEW_SENDERS) if number in few}


def counts_in(senders: array[int]) -> dict[int, int]:
    """How often each number stands in a column of senders."""
    few = _few(senders)
    return Counter(senders) if few is None else {number: few.count(number) for number in seen_in(senders)}


def _few(senders: array[int]) -> bytes | None:
    """A column with a byte a row, where all numbers are small: asked by the bytes, a tenth of the time of a look at
    each number. Else None."""
    column = _little(senders)
    lowest = column[:: senders.itemsize]
    higher = len(column.translate(None, b"\0")) > len(lowest.translate(None, b"\0"))
    return None if higher or lowest.translate(None, _FEW) else lowest


def _little(column: array[int]) -> bytes:
    return _native(array(column.typecode, column)).tobytes()


def _native(column: array[Any]) -> array[Any]:
    """Swaps bytes on a big-endian machine, both ways."""
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        column.byteswap()
    return column


def summary_of(data: bytes) -> str:
    """A payload as one line: the text where it is UTF-8, escapes where not or where a character would act."""
    head = data[:SUMMARY_BYTES]
    more = "\u2026" if len(data) > SUMMARY_BYTES else ""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if not (more and error.start > len(head) - 4 and error.reason == "unexpected end of data"):
            return repr(head)[2:-1] + more
        text = head[: error.start].decode("utf-8")
    text = text.rstrip("\r\n")
    return (text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)) + more
