"""Sequence numbers counted from the begin of their connection, as people read them: the SYN is 0, the first byte 1.

As Wireshark does: each SYN begins anew, for ports are used again; a direction whose begin is not in the capture counts
from its first packet, or from what the other end first acknowledged, as 1. RFC 9293 section 3.4. It must not know who
shows them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.gather import gather
from protocols.packets.columns.state import fields
from protocols.packets.files.table import MARK_PORTS

if TYPE_CHECKING:
    from protocols.packets.streams.conversations import Streams

_TCP: Final = fields(20, seq=(">u4", 4), ack=(">u4", 8))
_SYN, _ACK = 2, 16
_ROW_BITS: Final = 32
"""A way (conversation and direction) and a packet's number in one word."""

Rows = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int64]


class Sequence:
    """From where each direction of each conversation counts, for the packets that were there."""

    def __init__(self, streams: Streams) -> None:
        self._number, self._forward = streams.number, streams.forward
        table = streams.capture.table
        count = len(streams.number)
        marks, protocol, flags, transport = (one[:count] for one in
                                             table.columns("marks", "protocol", "flags", "transport"))  # fmt: skip
        whole = transport.astype(np.int64) + 20 <= table.column("captured")[:count]
        rows = np.flatnonzero((protocol == 6) & ((marks & MARK_PORTS) != 0) & (streams.number >= 0) & whole)
        at = table.column("at")[rows].astype(np.int64) + transport[rows]
        head = gather(streams.capture.source.array, at, _TCP)
        self._keys, self._bases = _begins(self._ways(rows), rows, head, flags[rows])

    def _ways(self, rows: Rows) -> Numbers:
        return self._number[rows].astype(np.int64) * 2 + self._forward[rows]

    def relative(self, rows: Rows, seq: npt.NDArray[Any], ack: npt.NDArray[Any]) -> tuple[Numbers, Numbers]:
        """These numbers of these packets, counted from their connection's begin; as they are where it is not known."""
        made = seq.astype(np.int64), ack.astype(np.int64)
        inside = np.flatnonzero(rows < len(self._number))
        known = inside[self._number[rows[inside]] >= 0]
        ways = self._ways(rows[known])
        for values, way in ((made[0], ways), (made[1], ways ^ 1)):
            place = np.searchsorted(self._keys, way << _ROW_BITS | rows[known], side="right") - 1
            there = (place >= 0) & (self._keys[place] >> _ROW_BITS == way) if len(self._keys) else place >= 0
            values[known[there]] = (values[known[there]] - self._bases[place[there]]) % (1 << 32)
        return made


def _begins(ways: Numbers, rows: Rows, head: Any, flags: Any) -> tuple[Numbers, Numbers]:
    """Where counting begins, as (way and packet, base), sorted: at each SYN, else at what tells of a way first."""
    syn, ack = (flags & _SYN) != 0, (flags & (_SYN | _ACK)) == _ACK
    seq = head["seq"].astype(np.int64)
    first = _firsts(ways)
    own = np.flatnonzero(syn | first)
    told = np.flatnonzero(ack)
    told = told[_firsts(ways[told])]
    keys = np.concatenate((ways[own] << _ROW_BITS | rows[own], (ways[told] ^ 1) << _ROW_BITS | rows[told]))
    bases = np.concatenate((seq[own] - ~syn[own], head["ack"][told].astype(np.int64) - 1))
    begins = np.concatenate((syn[own], np.zeros(len(told), bool)))
    order = np.argsort(keys, kind="stable")
    keys, bases, begins = keys[order], bases[order], begins[order]
    way = keys >> _ROW_BITS
    leads = np.ones(len(keys), bool)
    leads[1:] = way[1:] != way[:-1]
    kept = leads | begins
    return keys[kept], bases[kept]


def _firsts(ways: Numbers) -> npt.NDArray[np.bool_]:
    """Which is the first of its way."""
    made = np.zeros(len(ways), bool)
    order = np.argsort(ways, kind="stable")
    sorted_ways = ways[order]
    new = np.ones(len(ways), bool)
    new[1:] = sorted_ways[1:] != sorted_ways[:-1]
    made[order[new]] = True
    return made
