"""From a packet of a capture to the row of the event log that tells of the same traffic.

It must not know views.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from protocols.packets.joining.known import SLACK_NS, Known
from protocols.packets.joining.wire import SYN, TCP, Spot, spot
from protocols.record.connections import Role
from protocols.record.event import Raw, detail_of
from protocols.record.log import EventLog

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

NEAR_ROWS: Final = 6000
"""What belongs to a packet is not further from its time than this in the log."""
_TOLD: Final = re.compile(r"reconstructed: connection (\S+), (client|server) end")
_FIN, _RST = 1, 4
_OTHER: Final[dict[Role, Role]] = {"client": "server", "server": "client"}
_BY_FLAG: Final = (
    (SYN, ("connect", "accept")), (_RST, ("close", "recv", "send", "sendall")), (_FIN, ("shutdown", "close")),
)  # fmt: skip
_STREAM_CALLS: Final = ("call", "message")


@dataclass(frozen=True, slots=True)
class Joined:
    """Where a packet belongs. row: of the log. start, stop: bytes of what `sender` sent, equal where there are none."""

    row: int
    conn: str | None
    sender: Role
    start: int = 0
    stop: int = 0


def joined(log: EventLog, known: Known, capture: Capture, row: int, epoch_ns: int) -> Joined | None:
    """The event that tells most of this packet; None for a packet that is not the lab's own."""
    known.learn(log)
    about = spot(capture, row)
    if about is None or not len(log) - log.first:
        return None
    t = about.time - epoch_ns
    if not log.raw(log.first)[0] - SLACK_NS <= t <= log.raw(len(log) - 1)[0] + SLACK_NS:
        return None
    if about.protocol != TCP:
        return _datagram(log, about, t)
    told = _TOLD.match(capture.comment(row))
    whose: tuple[str, Any] | None = (told[1], told[2]) if told else None
    whose = whose or known.find(about.source, about.target, t)
    return _segment(log, about, t, *whose, made=told is not None) if whose is not None else None


def row_at(log: EventLog, t: int) -> int:
    """The first row of about this time: rows are nearly in order."""
    low, high = log.first, len(log)
    while low < high:
        middle = (low + high) // 2
        if log.raw(middle)[0] < t:
            low = middle + 1
        else:
            high = middle
    return low


def _near(log: EventLog, t: int) -> list[tuple[int, Raw]]:
    middle = row_at(log, t)
    start = max(log.first, middle - NEAR_ROWS)
    return list(enumerate(log.raws(start, min(len(log), middle + NEAR_ROWS)), start))


def _segment(log: EventLog, about: Spot, t: int, conn: str, sender: Role, *, made: bool) -> Joined | None:
    mine = [(row, raw) for row, raw in _near(log, t) if raw[4] == conn and raw[1] != "packet"]
    start, size = about.offset, about.size
    if not made and any(raw[1] == "call" and detail_of(raw).get("tls") for _, raw in mine):
        start = None  # the places of plaintext say nothing of what crossed the wire
    best: tuple[tuple[int, int], int] | None = None
    for row, raw in mine:
        rank = _rank_bytes(raw, sender, start, start + size) if start is not None and size else None
        rank = rank if rank is not None else _rank_call(raw, about.flags)
        if rank is not None and (best is None or (rank, abs(raw[0] - t)) < best[0]):
            best = ((rank, abs(raw[0] - t)), row)
    if best is None:
        return None
    place = (start, start + size) if start is not None and size else (0, 0)
    return Joined(best[1], conn, sender, *place)


def _rank_bytes(raw: Raw, sender: Role, start: int, stop: int) -> int | None:
    """The sender's call comes first, then the receiver's, then what the protocol said."""
    offset, size, way, end = raw[6], raw[7], raw[5], detail_of(raw).get("end")
    if raw[1] not in _STREAM_CALLS or offset is None or not size or offset >= stop or offset + size <= start:
        return None
    if (end == sender) != (way == "out") or end not in _OTHER:
        return None
    return (0 if way == "out" else 1) + (2 if raw[1] == "message" else 0)


def _rank_call(raw: Raw, flags: int) -> int | None:
    if raw[1] not in ("call", "state"):
        return None
    for flag, kinds in _BY_FLAG:
        if flags & flag and raw[2] in kinds:
            return 4
    return 5 if raw[1] == "call" else 6


def _datagram(log: EventLog, about: Spot, t: int) -> Joined | None:
    """Datagrams have no places: the same bytes, at the same time, to or from one of the ports."""
    best: tuple[tuple[int, int], Joined] | None = None
    for row, raw in _near(log, t):
        if raw[5] is None or raw[6] is not None or raw[7] != about.size or abs(raw[0] - t) > SLACK_NS:
            continue
        kept = raw[8] or b""
        if raw[1] not in _STREAM_CALLS or not about.payload.startswith(kept) or not _fits(raw, about):
            continue
        end = detail_of(raw).get("end")
        sender: Role = "server" if (end == "server") == (raw[5] == "out") else "client"
        rank = (0 if raw[1] == "call" and raw[5] == "out" else 1 if raw[1] == "call" else 2, abs(raw[0] - t))
        if best is None or rank < best[0]:
            best = (rank, Joined(row, raw[4], sender, 0, about.size))
    return best[1] if best is not None else None


def _fits(raw: Raw, about: Spot) -> bool:
    """Whether an event's addresses, as far as it has any, are among the packet's."""
    detail = detail_of(raw)
    ports = {about.source[1], about.target[1]}
    told = [detail[name] for name in ("peer", "local") if isinstance(detail.get(name), (list, tuple))]
    return all(one[1] in ports for one in told if len(one) > 1 and one[1])
