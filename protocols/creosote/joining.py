"""Joins: which datagrams look like the pieces of one message that a sender cut at 1,024 bytes.

A guess for the eye, never for what is kept: the protocol has no header that would tell. A piece of
exactly 1,024 bytes goes on with the same sender's next datagram if that comes at once. It must not
know who shows it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from protocols.creosote.log import DatagramLog, Stretch
from protocols.creosote.wire import BUFSIZE

GAP_NS: Final = 20_000_000
"""A sender's next piece comes within this: it has nothing else to do between the two."""
MOST_PIECES: Final = 64
"""More would be a program whose records happen to be as long."""


class Joins:
    """Groups of rows over one log, found as it grows, oldest first."""

    def __init__(self, log: DatagramLog) -> None:
        self._log = log
        self._row = log.first
        self._first = log.first
        self._open: dict[int, list[int]] = {}
        """By sender: the rows of the group that its next datagram may go on with."""
        self._until = 0
        self._groups: dict[int, list[int]] = {}
        self._lead: dict[int, int] = {}
        self.later: array[int] = array("Q")
        """Rows that go on with an earlier one, ascending."""

    def pieces(self, row: int) -> Sequence[int]:
        """All rows of a row's group, ascending; the row alone where it has none."""
        return self._groups.get(self._lead.get(row, row)) or (row,)

    def payload(self, row: int) -> bytes:
        """The bytes of all pieces of a row's group."""
        return b"".join([self._log.payload(each) for each in self.pieces(row)])

    def before(self, row: int) -> int:
        """How many rows before this one go on with another."""
        return bisect_left(self.later, row)

    def go_on(self) -> None:
        """Look at what has come since, and forget what has left the log."""
        self._forget_gone()
        end = len(self._log)
        for stretch in self._log.stretches(self._row, end):
            self._look_through(stretch, max(self._row - stretch.base, 0))
        self._row = max(end, self._row)

    def _look_through(self, stretch: Stretch, at: int) -> None:
        import numpy as np

        ends = np.frombuffer(stretch.bulk.ends, stretch.bulk.ends.typecode)
        whole: list[int] = np.flatnonzero(np.diff(ends, prepend=ends.dtype.type(0)) == BUFSIZE).tolist()
        times, count = stretch.bulk.t, len(stretch)
        while at < count:
            if self._open and times[at] > self._until:
                self._open.clear()
            if not self._open:
                place = bisect_left(whole, at)
                if place == len(whole):
                    return
                at = whole[place]
            self._look_at(stretch, at)
            at += 1

    def _look_at(self, stretch: Stretch, at: int) -> None:
        ends, t = stretch.bulk.ends, stretch.bulk.t[at]
        row, sender, size = stretch.base + at, stretch.who[at], ends[at] - (ends[at - 1] if at else 0)
        group = self._open.pop(sender, None)
        if group is not None and 0 < size <= BUFSIZE and t - self._log.t(group[-1]) <= GAP_NS:
            group.append(row)
            self._groups[group[0]] = group
            self._lead[row] = group[0]
            self.later.append(row)
        else:
            group = [row]
        if size == BUFSIZE and len(group) < MOST_PIECES:
            self._open[sender] = group
            self._until = t + GAP_NS

    def _forget_gone(self) -> None:
        first = self._log.first
        if first == self._first:
            return
        self._first = first
        self._open = {sender: rows for sender, rows in self._open.items() if rows[0] >= first}
        for lead in [lead for lead in self._groups if lead < first]:
            for row in self._groups.pop(lead)[1:]:
                del self._lead[row]
        self.later = array("Q", [row for row in self.later if row in self._lead])
        self._row = max(self._row, first)
