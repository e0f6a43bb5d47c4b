"""Ranges: which receives carried the bytes of a send, and the reverse, by byte range.

Every payload byte of a recorded connection belongs to exactly one send of one end and one receive
of the other; `verify_ranges` checks that. It works on events alone: it must not know sockets,
logs or views.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from protocols.numbers import grouped
from protocols.record.event import Direction, Raw, detail_of

SENDS: Final = frozenset(("send", "sendall", "sendmsg", "sendfile", "write", "sendto"))
RECEIVES: Final = frozenset(("recv", "recv_into", "recvmsg", "recvmsg_into", "read", "recvfrom", "recvfrom_into"))
Lane: TypeAlias = tuple[str, str, Direction]
"""One direction of one end of a connection: (conn, end, direction); end is "client" or "server"."""
_OTHER_END: Final = {"client": "server", "server": "client"}
_OTHER_WAY: Final[dict[Direction, Direction]] = {"in": "out", "out": "in"}


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes start..stop-1 of a direction that one call carried. row: the caller's number of the event."""

    row: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Bytes that do not belong to exactly one call. kind: "gap", "overlap" or "received but never sent"."""

    lane: Lane
    kind: str
    start: int
    stop: int

    def __str__(self) -> str:
        conn, end, way = self.lane
        return f"connection {conn}, {end}, {way}: {self.kind} of bytes {grouped(self.start)} to {grouped(self.stop)}"


def lane_of(raw: Raw) -> Lane | None:
    """Whose bytes an event tells of; None unless it is a call that carried bytes of a connection."""
    conn, way, offset, size = raw[4], raw[5], raw[6], raw[7]
    if raw[1] != "call" or conn is None or way is None or offset is None or not size:
        return None
    end = detail_of(raw).get("end")
    if end not in _OTHER_END or raw[2] not in (SENDS if way == "out" else RECEIVES):
        return None
    return (conn, end, way)


def other_lane(lane: Lane) -> Lane:
    """Where the same bytes are seen at the other end."""
    conn, end, way = lane
    return (conn, _OTHER_END[end], _OTHER_WAY[way])


class Ranges:
    """The byte ranges of the calls seen so far, of any number of connections. Grows by `add`."""

    def __init__(self, raws: Iterable[tuple[int, Raw]] = ()) -> None:
        self._starts: dict[Lane, list[int]] = {}
        self._parts: dict[Lane, list[Part]] = {}
        for row, raw in raws:
            self.add(row, raw)

    def add(self, row: int, raw: Raw) -> None:
        """Take note of an event; others than calls with bytes are ignored. `row`: the caller's number for it."""
        lane = lane_of(raw)
        if lane is None:
            return
        start = cast(int, raw[6])
        part = Part(row, start, start + cast(int, raw[7]))
        starts, parts = self._starts.setdefault(lane, []), self._parts.setdefault(lane, [])
        at = bisect_right(starts, start)
        starts.insert(at, start)
        parts.insert(at, part)

    def lanes(self) -> list[Lane]:
        """The directions seen."""
        return list(self._parts)

    def carried(self, lane: Lane, start: int, stop: int) -> list[Part]:
        """The calls of a lane that carried bytes of start..stop-1, in order, each cut to those bytes."""
        parts, starts = self._parts.get(lane, []), self._starts.get(lane, [])
        first = max(bisect_right(starts, start) - 1, 0)
        found = []
        for part in parts[first : bisect_left(starts, stop)]:
            low, high = max(part.start, start), min(part.stop, stop)
            if low < high:
                found.append(Part(part.row, low, high))
        return found

    def partners(self, raw: Raw) -> list[Part]:
        """The calls at the other end that carried the same bytes: a send's receives, a receive's sends."""
        lane = lane_of(raw)
        if lane is None:
            return []
        start = cast(int, raw[6])
        return self.carried(other_lane(lane), start, start + cast(int, raw[7]))

    def problems(self) -> list[Problem]:
        """Gaps and overlaps within each lane, and bytes received that nobody was seen to send."""
        found = []
        for lane, parts in self._parts.items():
            position = 0
            for part in parts:
                if part.start > position:
                    found.append(Problem(lane, "gap", position, part.start))
                elif part.start < position:
                    found.append(Problem(lane, "overlap", part.start, min(position, part.stop)))
                position = max(position, part.stop)
            sent = self._parts.get(other_lane(lane))
            if lane[2] == "in" and sent is not None:
                last = max(part.stop for part in sent)
                if position > last:
                    found.append(Problem(lane, "received but never sent", last, position))
        return found


def verify_ranges(raws: Iterable[Raw]) -> list[Problem]:
    """Check that every payload byte of each recorded connection belongs to exactly one call of an end."""
    return Ranges(enumerate(raws)).problems()


def bytes_of(raws: Mapping[int, Raw], parts: Iterable[Part]) -> list[tuple[Part, bytes | None]]:
    """The kept bytes of each part; None where they were not all kept. raws: the events by the parts' rows."""
    found: list[tuple[Part, bytes | None]] = []
    for part in parts:
        raw = raws[part.row]
        low = part.start - cast(int, raw[6])
        kept = (raw[8] or b"")[low : low + part.stop - part.start]
        found.append((part, kept if len(kept) == part.stop - part.start else None))
    return found
