"""Joined events: which calls and messages share bytes with an event, found by byte range near it.

The same bytes are `out` at one end and `in` at the other. It must not know Qt or views.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from protocols.record.event import Raw, detail_of
from protocols.record.log import EventLog, Filter
from widgets.selection import ByteRange

NEAR_ROWS: Final = 12_000
"""What belongs together is not further apart than this: a search that stays under some 10 ms."""
MOST: Final = 12
ASSEMBLED_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Joined:
    """An event that shares bytes with another one."""

    row: int
    layer: str
    kind: str
    who: str
    bytes: ByteRange


def range_of(raw: Raw) -> ByteRange | None:
    """The byte range of an event, None for one that carries none with a known place."""
    conn, direction, offset, size = raw[4], raw[5], raw[6], raw[7]
    if conn is None or direction is None or offset is None or not size:
        return None
    end = detail_of(raw).get("end")
    side = cast("Literal['client', 'server'] | None", end if end in ("client", "server") else None)
    return ByteRange(conn, side, direction, offset, offset + size)


def to_server(place: ByteRange) -> bool | None:
    """Do these bytes go from client to server? None where the end is not known."""
    if place.end is None:
        return None
    return (place.end == "client") == (place.direction == "out")


def same_flow(one: ByteRange, other: ByteRange) -> bool:
    """Are both about the same direction of the same connection?"""
    if one.conn != other.conn:
        return False
    ways = to_server(one), to_server(other)
    return one.direction == other.direction if None in ways else ways[0] == ways[1]


def overlap(one: ByteRange, other: ByteRange) -> tuple[int, int] | None:
    """The offsets that both hold, start to before stop."""
    if not same_flow(one, other):
        return None
    start, stop = max(one.start, other.start), min(one.stop, other.stop)
    return (start, stop) if start < stop else None


def joined_events(log: EventLog, row: int) -> list[Joined]:
    """The events near `row` that share bytes with it, in order, without itself."""
    raw = log.raw(row)
    conn = raw[4]
    if conn is None or raw[5] is None or not raw[7]:
        return []
    place = range_of(raw)
    found: list[Joined] = []
    search = log.search(Filter(conns=frozenset((conn,))), max(log.first, row - NEAR_ROWS))
    while search.row < row + NEAR_ROWS and (rows := search.step()) is not None:
        for other in rows:
            if other != row and abs(other - row) <= NEAR_ROWS:
                match = _match(log.raw(other), other, raw, place)
                if match is not None:
                    found.append(match)
        if len(found) >= MOST:
            break
    return found[:MOST]


def assembled(log: EventLog, row: int, joined: list[Joined]) -> bytes | None:
    """The bytes of an event that keeps none itself, out of the calls that carried them; None unless all are there."""
    place = range_of(log.raw(row))
    if place is None or place.stop - place.start > ASSEMBLED_BYTES:
        return None
    whole, there = bytearray(place.stop - place.start), bytearray(place.stop - place.start)
    for one in joined:
        data, common = log.raw(one.row)[8] or b"", overlap(place, one.bytes)
        if common is None:
            continue
        start, stop = common[0], min(common[1], one.bytes.start + len(data))
        if start < stop:
            whole[start - place.start : stop - place.start] = data[start - one.bytes.start : stop - one.bytes.start]
            there[start - place.start : stop - place.start] = b"\1" * (stop - start)
    return bytes(whole) if all(there) else None


def _match(raw: Raw, row: int, wanted: Raw, place: ByteRange | None) -> Joined | None:
    if raw[5] is None or not raw[7]:
        return None
    other = range_of(raw)
    if place is not None and other is not None:
        if overlap(place, other) is None:
            return None
        return Joined(row, raw[1], raw[2], raw[3] or "", other)
    if place is None and other is None and raw[8] == wanted[8] and raw[7] == wanted[7]:
        return _same_datagram(raw, row, wanted)
    return None


def _same_datagram(raw: Raw, row: int, wanted: Raw) -> Joined | None:
    """Datagrams have no offsets: the same bytes between the same ends within a second are the same datagram."""
    ends: tuple[Any, Any] = detail_of(raw).get("end"), detail_of(wanted).get("end")
    same_way = (ends[0] == ends[1]) == (raw[5] == wanted[5])
    if not same_way or abs(raw[0] - wanted[0]) > 1_000_000_000:
        return None
    side = cast("Literal['client', 'server'] | None", ends[0])
    place = ByteRange(raw[4] or "", side, raw[5] or "in", 0, raw[7] or 0)
    return Joined(row, raw[1], raw[2], raw[3] or "", place)
