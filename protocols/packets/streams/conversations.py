"""Conversations: packets between the same two ends, numbered in the order in which they began.

An end is an address and, where there are ports, a port; a conversation is two ends and the protocol in IP. It must
not know who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.gather import gather
from protocols.packets.columns.kinds import IP_PROTOCOLS, KINDS
from protocols.packets.columns.texts import Texts
from protocols.packets.files.table import MARK_PORTS, NO_TIME

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

_PAIR: Final = np.dtype([("high", ">u8"), ("low", ">u8")])
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Conversation:
    """Two ends, `a` that sent the first packet and `b`. Times in ns since 1970, None where packets have none."""

    number: int
    protocol: str
    a: str
    a_port: int | None
    b: str
    b_port: int | None
    packets_ab: int
    bytes_ab: int
    packets_ba: int
    bytes_ba: int
    begin: int | None
    end: int | None
    first_row: int

    @property
    def packets(self) -> int:
        """Of both directions."""
        return self.packets_ab + self.packets_ba

    @property
    def bytes(self) -> int:
        """On the wire, of both directions."""
        return self.bytes_ab + self.bytes_ba


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address, and what it sent and received."""

    address: str
    sent_packets: int
    sent_bytes: int
    received_packets: int
    received_bytes: int


class Streams:
    """The conversations of a capture as it is now. number: of each packet's, -1 for none; forward: it goes as the
    conversation's first packet did.
    """

    def __init__(self, capture: Capture) -> None:
        self.capture: Final = capture
        table = capture.table
        family, marks, protocol, sport, dport, length, time = table.columns(
            "family", "marks", "protocol", "sport", "dport", "length", "time"
        )
        count = len(family)
        self._length, self._time = length, time
        rows = np.flatnonzero((family == 4) | (family == 6))
        ports = (marks[rows] & MARK_PORTS) != 0
        ends = [_end(capture, rows, family[rows], side) for side in (0, 1)]
        numbers = [np.where(ports, column[rows], 0).astype(np.uint64) for column in (sport, dport)]
        tail = protocol[rows].astype(np.uint64) << np.uint64(1) | ports.astype(np.uint64)
        swapped = _above(ends[0], numbers[0], ends[1], numbers[1])
        low, high = (_pick(swapped, ends[one], ends[1 - one]) for one in (0, 1))
        key = [*low, np.where(swapped, numbers[1], numbers[0]), *high, np.where(swapped, numbers[0], numbers[1]), tail]
        found, first = _grouped(key)
        self.number: Final = np.full(count, -1, np.int32)
        self.number[rows] = found
        self.forward: Final = np.zeros(count, bool)
        self.forward[rows] = swapped == swapped[first][found] if len(rows) else False
        self._first = rows[first]

    def __len__(self) -> int:
        return len(self._first)

    def rows(self, number: int) -> npt.NDArray[np.int64]:
        """The packets of a conversation, in order."""
        return np.flatnonzero(self.number == number)

    def conversations(self) -> list[Conversation]:
        """All of them, in order."""
        count = len(self)
        inside = self.number >= 0
        number, forward = self.number[inside], self.forward[inside]
        length = self._length[inside].astype(np.float64)
        packets = [np.bincount(number[one], minlength=count) for one in (forward, ~forward)]
        sizes = [np.bincount(number[one], length[one], count).astype(np.int64) for one in (forward, ~forward)]
        time = self._time[inside]
        begin, end = np.full(count, np.iinfo(np.int64).max), np.full(count, NO_TIME)
        known = time != NO_TIME
        np.minimum.at(begin, number[known], time[known])
        np.maximum.at(end, number[known], time[known])
        return self._made(packets, sizes, begin, end)

    def _made(self, packets: list[Any], sizes: list[Any], begin: Any, end: Any) -> list[Conversation]:
        texts, table = Texts(self.capture), self.capture.table
        first = self._first
        marks, protocol, sport, dport = (table.column(name)[first].tolist() for name in
                                         ("marks", "protocol", "sport", "dport"))  # fmt: skip
        sides = zip(texts.sources(first), texts.destinations(first), strict=True)
        made = []
        for number, (a, b) in enumerate(sides):
            ports = marks[number] & MARK_PORTS
            stop = int(end[number])
            made.append(Conversation(
                number, IP_PROTOCOLS.get(protocol[number], f"IP {protocol[number]}"),
                a, sport[number] if ports else None, b, dport[number] if ports else None,
                int(packets[0][number]), int(sizes[0][number]), int(packets[1][number]), int(sizes[1][number]),
                None if stop == NO_TIME else int(begin[number]), None if stop == NO_TIME else stop,
                int(first[number]),
            ))  # fmt: skip
        return made


def _end(capture: Capture, rows: Any, family: Any, side: int) -> tuple[Words, Words]:
    """The address of one side as two words."""
    high, low = np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.uint64)
    low[:] = capture.table.column("destination" if side else "source")[rows]
    six = np.flatnonzero(family == 6)
    if len(six):
        at, net = capture.table.columns("at", "net")
        place = at[rows[six]].astype(np.int64) + net[rows[six]] + 8 + side * 16
        pair = gather(capture.source.array, place, _PAIR)
        high[six], low[six] = pair["high"], pair["low"]
    return high, low


def _pick(swapped: Any, one: tuple[Words, Words], other: tuple[Words, Words]) -> tuple[Words, Words]:
    return np.where(swapped, other[0], one[0]), np.where(swapped, other[1], one[1])


def _above(a: tuple[Words, Words], a_port: Words, b: tuple[Words, Words], b_port: Words) -> npt.NDArray[np.bool_]:
    """Whether end a sorts behind end b."""
    made: npt.NDArray[np.bool_] = (a[0] > b[0]) | (
        (a[0] == b[0]) & ((a[1] > b[1]) | ((a[1] == b[1]) & (a_port > b_port)))
    )
    return made


def _grouped(key: list[Words]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Numbers for equal keys in the order of their first row, and those rows.

    Keys are told apart by a hash of 64 bits; groups in which two keys share one are told apart word by word.
    """
    mixed = np.zeros(len(key[0]), np.uint64)
    for word in key:
        mixed = (mixed ^ word) * _MIX
        mixed ^= mixed >> np.uint64(29)
    _, first, number = np.unique(mixed, return_index=True, return_inverse=True)
    if any((word != word[first][number]).any() for word in key):
        whole = np.rec.fromarrays(key)
        _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return rank[number], first[order]


def endpoints(conversations: list[Conversation]) -> list[Endpoint]:
    """The addresses, the busiest first."""
    found: dict[str, list[int]] = {}
    for one in conversations:
        for address, sent, sent_bytes, got, got_bytes in (
            (one.a, one.packets_ab, one.bytes_ab, one.packets_ba, one.bytes_ba),
            (one.b, one.packets_ba, one.bytes_ba, one.packets_ab, one.bytes_ab),
        ):
            total = found.setdefault(address, [0, 0, 0, 0])
            for place, value in enumerate((sent, sent_bytes, got, got_bytes)):
                total[place] += value
    made = [Endpoint(address, *totals) for address, totals in found.items()]
    return sorted(made, key=lambda one: (-one.sent_bytes - one.received_bytes, one.address))


@dataclass(frozen=True, slots=True)
class Share:
    """A protocol's part of the capture."""

    protocol: str
    packets: int
    bytes: int


def shares(capture: Capture) -> list[Share]:
    """Packets and bytes of each protocol, the largest first."""
    kind, length = capture.table.columns("kind", "length")
    packets = np.bincount(kind, minlength=len(KINDS))
    sizes = np.bincount(kind, length.astype(np.float64), len(KINDS))
    made = [Share(KINDS[number] or "other", int(packets[number]), int(sizes[number]))
            for number in np.flatnonzero(packets).tolist()]  # fmt: skip
    return sorted(made, key=lambda one: (-one.bytes, one.protocol))


@dataclass(frozen=True, slots=True)
class Rate:
    """Packets and bytes in each step of time. begin: ns since 1970; step: ns."""

    begin: int
    step: int
    packets: tuple[int, ...]
    bytes: tuple[int, ...]


def rate(capture: Capture, rows: npt.NDArray[np.int64] | None = None, steps: int = 200) -> Rate:
    """The I/O graph of all packets or of some, in at most `steps` steps of 1, 2 or 5 times a power of ten."""
    time, length = capture.table.columns("time", "length")
    if rows is not None:
        time, length = time[rows], length[rows]
    known = time != NO_TIME
    time, length = time[known], length[known]
    if not len(time):
        return Rate(0, 1, (), ())
    begin, end = int(time.min()), int(time.max())
    step = 1000
    while (end - begin) // step >= steps:
        step *= 2 if str(step)[0] in "15" else 1
        step = step if str(step)[0] != "2" or (end - begin) // step < steps else step // 2 * 5
    places = ((time - begin) // step).astype(np.int64)
    packets, sizes = np.bincount(places), np.bincount(places, length.astype(np.float64))
    return Rate(begin, step, tuple(packets.tolist()), tuple(int(size) for size in sizes))
