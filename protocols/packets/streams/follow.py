"""Follow: the bytes that two ends said to each other, put together from their packets; also while more come.

    follow = Follow(capture, first_row)
    follow.more()                    # again whenever the capture has grown
    for piece in follow.pieces: ...

TCP is put in order by its sequence numbers (RFC 9293 section 3.4), bytes that came twice are told once, a gap is told
as a gap; a datagram is a piece of its own. It must not know who shows it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from protocols.packets.columns.texts import Texts
from protocols.packets.files.table import MARK_PORTS, NOWHERE

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

MOST_BYTES: Final = 64 << 20
"""So many bytes of a conversation are kept."""
WAITING_BYTES: Final = 4 << 20
"""So many bytes behind a gap are waited with; then the gap is told."""
_SYN: Final = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes in one direction. ours: as the first packet went. row: the packet that brought them; missing: bytes
    before these that were never captured.
    """

    ours: bool
    row: int
    time: int
    data: bytes
    missing: int = 0


class _Way:
    """One direction of a TCP connection. next: the sequence number that is due, None before the first packet."""

    def __init__(self) -> None:
        self.next: int | None = None
        self.waiting: dict[int, tuple[int, bytes]] = {}
        self.waiting_bytes = 0


class Follow:
    """The conversation that packet `row` belongs to. Raises ValueError for a packet without one.

    pieces: what was said, in order. full: more than MOST_BYTES, so the rest is left out.
    """

    def __init__(self, capture: Capture, row: int) -> None:
        table = capture.table
        protocol, marks = int(table.column("protocol")[row]), int(table.column("marks")[row])
        if protocol not in (6, 17, 136) or not marks & MARK_PORTS:
            raise ValueError("This packet belongs to no conversation of TCP or UDP.")
        self.capture: Final = capture
        self.protocol: Final = protocol
        self.pieces: list[Piece] = []
        self.full = False
        self._row = row
        self._looked = 0
        self._bytes = 0
        self._ways = (_Way(), _Way())
        self._texts = Texts(capture)
        self._key = self._ends(np.array([row]))[0]
        self.client, self.server = self._key
        self._turned = False
        self._begun = False

    def _ends(self, rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[tuple[str, str]]:
        """Both ends of each packet as text: addresses of IPv6 are told apart exactly."""
        table, texts = self.capture.table, self._texts
        return [
            (f"{source}|{sport}", f"{destination}|{dport}")
            for source, destination, sport, dport in zip(
                texts.sources(rows), texts.destinations(rows), table.column("sport")[rows].tolist(),
                table.column("dport")[rows].tolist(), strict=True)
        ]  # fmt: skip

    def more(self) -> int:
        """Look at the packets that have come since the last call; how many pieces that gave."""
        table = self.capture.table
        names = ("protocol", "marks", "source", "destination", "sport", "dport", "payload", "transport")
        protocol, marks, source, destination, sport, dport, _, transport = (
            column[self._looked :] for column in table.columns(*names)
        )
        here = tuple(int(table.column(name)[self._row]) for name in ("source", "destination", "sport", "dport"))
        same = (source == here[0]) & (destination == here[1]) & (sport == here[2]) & (dport == here[3])
        back = (source == here[1]) & (destination == here[0]) & (sport == here[3]) & (dport == here[2])
        ports = (marks & MARK_PORTS) != 0
        fits = (same | back) & (protocol == self.protocol) & ports & (transport != NOWHERE)
        rows = np.flatnonzero(fits) + self._looked
        self._looked += len(protocol)
        before = len(self.pieces)
        for row, ends in zip(rows.tolist(), self._ends(rows), strict=True):
            if ends != self._key and ends != self._key[::-1]:
                continue  # an address of IPv6 that is folded like this one's
            if not self._begun:
                self._begin(ends)
            ours = ends == self._key
            (self._segment if self.protocol == 6 else self._datagram)(row, ours)
        return len(self.pieces) - before

    def _begin(self, ends: tuple[str, str]) -> None:
        """Whoever sent the first packet is the client."""
        self._begun = True
        self._key = ends
        self.client, self.server = ends

    def _payload(self, row: int, skip: int) -> bytes:
        table = self.capture.table
        begin = int(table.column("transport")[row]) + skip
        data = self.capture.packet(row)
        return data[begin : begin + int(table.column("payload")[row])]

    def _add(self, row: int, ours: bool, data: bytes, missing: int = 0) -> None:
        if self._bytes + len(data) > MOST_BYTES:
            self.full = True
        if self.full:
            return
        self._bytes += len(data)
        self.pieces.append(Piece(ours, row, int(self.capture.table.column("time")[row]), data, missing))

    def _datagram(self, row: int, ours: bool) -> None:
        self._add(row, ours, self._payload(row, 8))

    def _segment(self, row: int, ours: bool) -> None:
        start = int(self.capture.table.column("transport")[row])
        head = self.capture.packet(row)[start : start + 20]
        if len(head) < 20:
            return
        seq, size, flags = struct.unpack("!4xI4xBB6x", head)
        data = self._payload(row, (size >> 4) * 4)
        way = self._ways[0 if ours else 1]
        if flags & _SYN:
            seq += 1
            if way.next is None or not data:
                way.next = seq & 0xFFFFFFFF if way.next is None else way.next
        if not data:
            return
        if way.next is None:
            way.next = seq & 0xFFFFFFFF
        self._take(way, row, ours, seq & 0xFFFFFFFF, data)
        if way.waiting_bytes > WAITING_BYTES:
            self._jump(way, ours)

    def _take(self, way: _Way, row: int, ours: bool, seq: int, data: bytes, missing: int = 0) -> None:
        assert way.next is not None
        ahead = (seq - way.next + (1 << 31)) % (1 << 32) - (1 << 31)
        if ahead > 0:
            if seq not in way.waiting or len(way.waiting[seq][1]) < len(data):
                way.waiting_bytes += len(data) - len(way.waiting.get(seq, (0, b""))[1])
                way.waiting[seq] = (row, data)
            return
        fresh = data[-ahead:]
        if fresh:
            self._add(row, ours, fresh, missing)
            way.next = (way.next + len(fresh)) & 0xFFFFFFFF
            self._take_waiting(way, ours)

    def _take_waiting(self, way: _Way, ours: bool) -> None:
        """What waited for the bytes that have just come."""
        while way.waiting and way.next is not None:
            due = way.next
            reached = [seq for seq in way.waiting if (seq - due + (1 << 31)) % (1 << 32) <= 1 << 31]
            if not reached:
                return
            for seq in sorted(reached, key=lambda one: (one - due + (1 << 31)) % (1 << 32)):
                row, data = way.waiting.pop(seq)
                way.waiting_bytes -= len(data)
                behind = (way.next - seq) & 0xFFFFFFFF
                if behind < len(data):
                    self._add(row, ours, data[behind:])
                    way.next = (way.next + len(data) - behind) & 0xFFFFFFFF

    def _jump(self, way: _Way, ours: bool) -> None:
        """Wait no longer for what is missing: tell the gap and go on behind it."""
        due = way.next or 0
        seq = min(way.waiting, key=lambda one: (one - due) & 0xFFFFFFFF)
        row, data = way.waiting.pop(seq)
        way.waiting_bytes -= len(data)
        way.next = seq
        self._take(way, row, ours, seq, data, (seq - due) & 0xFFFFFFFF)

    def finish(self) -> None:
        """Nothing more will come: tell what still waits, with its gaps."""
        for place, way in enumerate(self._ways):
            while way.waiting:
                self._jump(way, place == 0)

    def side(self, ours: bool) -> bytes:
        """All that one end said."""
        return b"".join(piece.data for piece in self.pieces if piece.ours == ours)
