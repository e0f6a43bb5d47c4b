"""What a packet of a capture is about: its ends, the bytes of its direction that it carries, its time.

Sequence numbers are turned into places in the stream of bytes (RFC 9293 section 3.4). It must not know events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from protocols.headers import Address
from protocols.packets.columns.gather import gather
from protocols.packets.columns.state import fields
from protocols.packets.columns.texts import Texts
from protocols.packets.files.table import MARK_PORTS, NO_TIME

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

_TCP: Final = fields(20, seq=(">u4", 4), size=("u1", 12))
TCP: Final = 6
UDP: Final = 17
SYN: Final = 2

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spot:
    """One packet. offset: of its first byte of payload in its direction, None where it carries none of a stream.

    time: ns since 1970. flags: of TCP. payload: what a datagram carries, b"" for TCP.
    """

    source: Address
    target: Address
    protocol: int
    time: int
    flags: int = 0
    offset: int | None = None
    size: int = 0
    payload: bytes = b""


def spot(capture: Capture, row: int) -> Spot | None:
    """What the packet is about; None for one without ports or time."""
    table = capture.table
    if not int(table.column("marks")[row]) & MARK_PORTS or int(table.column("time")[row]) == NO_TIME:
        return None
    one, texts = np.array([row]), Texts(capture)
    ends = [(host, int(table.column(name)[row])) for host, name in
            ((texts.sources(one)[0], "sport"), (texts.destinations(one)[0], "dport"))]  # fmt: skip
    protocol, size = int(table.column("protocol")[row]), int(table.column("payload")[row])
    time, flags = int(table.column("time")[row]), int(table.column("flags")[row])
    if protocol == UDP:
        return Spot(ends[0], ends[1], protocol, time, size=size, payload=_datagram(capture, row, size))
    if protocol != TCP:
        return None
    offset = None
    if size:
        way = _alike(capture, row)
        offset = int(offsets(capture, way[way <= row])[-1])
    return Spot(ends[0], ends[1], protocol, time, flags, offset, size)


def _datagram(capture: Capture, row: int, size: int) -> bytes:
    begin = int(capture.table.column("transport")[row]) + 8
    return capture.packet(row)[begin : begin + size]


def _alike(capture: Capture, row: int) -> Rows:
    """The packets of TCP in the same direction between the same ends."""
    table = capture.table
    names = ("protocol", "sport", "dport", "source", "destination", "family")
    same = np.ones(len(table), bool)
    for column in table.columns(*names):
        same = same[: len(column)] & (column == column[row])
    return np.flatnonzero(same)


def between(capture: Capture, source: Address, target: Address, protocol: int) -> Rows:
    """The packets from one end to another."""
    kind, marks, sport, dport = capture.table.columns("protocol", "marks", "sport", "dport")
    rows = np.flatnonzero((kind == protocol) & (sport == source[1]) & (dport == target[1]) & (marks & MARK_PORTS != 0))
    texts = Texts(capture)
    pairs = zip(texts.sources(rows), texts.destinations(rows), strict=True)
    found: Rows = rows[np.array([pair == (source[0], target[0]) for pair in pairs], bool)]
    return found


def offsets(capture: Capture, rows: Rows) -> npt.NDArray[np.int64]:
    """Where the payload of packets of one direction lies in it: from the last SYN before each, else from the first."""
    table = capture.table
    at = table.column("at")[rows].astype(np.int64) + table.column("transport")[rows]
    seq = gather(capture.source.array, at, _TCP)["seq"].astype(np.int64)
    begins = (table.column("flags")[rows] & SYN) != 0
    base = np.where(begins, seq + 1, 0)
    place = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), -1))
    made: npt.NDArray[np.int64] = (seq - np.where(place >= 0, base[place], seq[:1])) % (1 << 32)
    return made
