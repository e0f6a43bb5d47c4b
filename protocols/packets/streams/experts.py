"""What is odd about the packets of TCP: retransmissions, gaps, duplicate acknowledgments, closed windows, resets.

RFC 9293 and 5681; the words are those of Wireshark. Each direction of a conversation is looked at by itself, all at
once with numpy; what depends on gaps is told packet by packet. It must not know who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.gather import gather
from protocols.packets.columns.state import fields
from protocols.packets.files.table import MARK_BROKEN, MARK_PORTS

if TYPE_CHECKING:
    from protocols.packets.streams.conversations import Streams

RETRANSMISSION: Final = 1
DUPLICATE_ACK: Final = 2
ZERO_WINDOW: Final = 4
RESET: Final = 8
OUT_OF_ORDER: Final = 16
LOST: Final = 32
KEEP_ALIVE: Final = 64
MALFORMED: Final = 128
WORDS: Final = {
    RETRANSMISSION: ("Retransmission", "bytes that were sent before"),
    DUPLICATE_ACK: ("Duplicate ACK", "the same acknowledgment again: the receiver misses something"),
    ZERO_WINDOW: ("Zero window", "the receiver's buffer is full: the sender must wait"),
    RESET: ("Reset", "the connection was broken off, or nobody listens"),
    OUT_OF_ORDER: ("Out of order", "bytes that come later than those behind them"),
    LOST: ("Previous segment not captured", "bytes before these are missing here"),
    KEEP_ALIVE: ("Keep-alive", "asks whether the other end is still there"),
    MALFORMED: ("Malformed", "a length or a version that can't be"),
}  # fmt: skip
"""bit: (name, what it means)."""
_TCP: Final = fields(20, seq=(">u4", 4), ack=(">u4", 8), window=(">u2", 14))
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_APART: Final = 1 << 42
"""Between the numbers of two directions, so that a running maximum of one never reaches into the next."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How often a note was made, and where first."""

    bit: int
    name: str
    meaning: str
    count: int
    first_row: int


def notes(streams: Streams) -> npt.NDArray[np.uint8]:
    """The notes of each packet as bits."""
    table = streams.capture.table
    marks, protocol, flags, payload = table.columns("marks", "protocol", "flags", "payload")
    count = len(streams.number)
    marks, protocol, flags, payload = marks[:count], protocol[:count], flags[:count], payload[:count]
    made = np.where((marks & MARK_BROKEN) != 0, MALFORMED, 0).astype(np.uint8)
    transport = table.column("transport")[:count].astype(np.int64)
    whole = transport + 20 <= table.column("captured")[:count]
    rows = np.flatnonzero((protocol == 6) & ((marks & MARK_PORTS) != 0) & (streams.number >= 0) & whole)
    if not len(rows):
        return made
    order = np.lexsort((rows, streams.forward[rows], streams.number[rows]))
    rows = rows[order]
    at = table.column("at")[rows].astype(np.int64) + transport[rows]
    found = _look(gather(streams.capture.source.array, at, _TCP), flags[rows], payload[rows].astype(np.int64),
                  streams.number[rows].astype(np.int64) * 2 + streams.forward[rows])  # fmt: skip
    made[rows] |= found
    return made


def _look(head: Any, flags: Any, payload: Any, way: Any) -> npt.NDArray[np.uint8]:
    """Notes for packets sorted by direction and, within one, by time."""
    count = len(flags)
    seq = head["seq"].astype(np.int64)
    new = _begins(way, seq, (flags & _SYN) != 0)
    step = np.zeros(count, np.int64)
    step[1:] = (seq[1:] - seq[:-1] + (1 << 31)) % (1 << 32) - (1 << 31)
    step[new] = 0
    place = np.cumsum(step)
    group = np.cumsum(new) - 1  # ports are used again: a direction may have several
    place += group * _APART - place[np.flatnonzero(new)][group]
    size = payload + ((flags & _SYN) != 0) + ((flags & _FIN) != 0)
    reset = (flags & _RST) != 0
    size[reset] = 0
    reach = np.maximum.accumulate(np.where(reset, group * _APART - (1 << 40), place + size))
    before = np.empty(count, np.int64)
    before[0], before[1:] = 0, reach[:-1]
    before[new] = place[new]
    made = np.zeros(count, np.uint8)
    made[reset] |= RESET
    window, ack = head["window"], head["ack"]
    plain = (flags & (_SYN | _FIN | _RST)) == 0
    made[(window == 0) & plain] |= ZERO_WINDOW
    alive = plain & (payload <= 1) & (place == before - 1) & ~new
    made[alive] |= KEEP_ALIVE
    same = np.zeros(count, bool)
    same[1:] = (ack[1:] == ack[:-1]) & (window[1:] == window[:-1]) & (place[1:] == place[:-1])
    bare = plain & (payload == 0) & ((flags & _ACK) != 0)
    same[1:] &= bare[1:] & plain[:-1] & (payload[:-1] == 0)
    made[same & ~new & ~alive & (window != 0)] |= DUPLICATE_ACK
    back = (size > 0) & (place < before) & ~new & ~alive
    ahead = (size >= 0) & (place > before) & ~new & ~reset
    _gaps(made, np.flatnonzero(back | ahead), place, size, before, group)
    return made


def _begins(way: Any, seq: Any, syn: Any) -> npt.NDArray[np.bool_]:
    """Where another direction begins, or the same ports another connection: a SYN that is no repetition of the last."""
    new = np.ones(len(way), bool)
    new[1:] = way[1:] != way[:-1]
    last = np.maximum.accumulate(np.where(syn | new, np.arange(len(way)), 0))
    before = np.concatenate((last[:1], last[:-1]))
    fresh: npt.NDArray[np.bool_] = new | (syn & (seq != seq[before]))
    return fresh


def _gaps(made: Any, rows: Any, place: Any, size: Any, before: Any, way: Any) -> None:
    """Tell what comes late from what comes again: only the first fills a gap."""
    gaps: dict[int, list[tuple[int, int]]] = {}
    for row in rows.tolist():
        start, stop, reach, one = int(place[row]), int(place[row] + size[row]), int(before[row]), int(way[row])
        known = gaps.setdefault(one, [])
        if start > reach:
            made[row] |= LOST
            known.append((reach, start))
            continue
        filled = [gap for gap in known if gap[0] < stop and start < gap[1]]
        if not filled:
            made[row] |= RETRANSMISSION
            continue
        made[row] |= OUT_OF_ORDER
        for gap in filled:
            known.remove(gap)
            known += [part for part in ((gap[0], start), (stop, gap[1])) if part[0] < part[1]]
        del known[:-1000]


def summary(made: npt.NDArray[np.uint8]) -> list[Summary]:
    """Each sort of note that was made."""
    found = []
    for bit, (name, meaning) in WORDS.items():
        rows = np.flatnonzero(made & bit)
        if len(rows):
            found.append(Summary(bit, name, meaning, len(rows), int(rows[0])))
    return found


def names(bits: int) -> list[str]:
    """The notes of one packet in words."""
    return [name for bit, (name, _) in WORDS.items() if bits & bit]
