"""BulkBlock: a bulk of datagrams standing among the blocks of an event log, as it is: nothing is copied.

Its rows read, filter and search as those of any block do; the whole payload is searched. It must
not know who asks.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection
from typing import Final

from protocols.record.block import Codes, Tables, codes_mask
from protocols.record.bulk import Bulk
from protocols.record.event import Raw

KIND: Final = "datagram"
_KIND_BYTES: Final = KIND.encode()


class BulkBlock:
    """Rows of a bulk. `base` is the first one's number in the log, `count` how many there are."""

    __slots__ = ("_tables", "base", "bulk", "count", "errnos", "nbytes")

    def __init__(self, base: int, bulk: Bulk, tables: Tables) -> None:
        self.base = base
        self.bulk = bulk
        self.count = len(bulk)
        self.nbytes = bulk.nbytes
        self.errnos: Codes | None = None
        self._tables = tables
        tables.kinds[KIND]
        tables.services[bulk.service]
        for sender in bulk.seen():
            tables.conns[bulk.conns[sender]]

    @property
    def layers(self) -> Codes:
        """The number of each row's layer."""
        return bytes([self._tables.layers["message"]]) * self.count

    @property
    def kinds(self) -> Codes:
        """The number of each row's kind."""
        return self._same(self._tables.kinds[KIND])

    @property
    def services(self) -> Codes:
        """The number of each row's service."""
        return self._same(self._tables.services[self.bulk.service])

    @property
    def conns(self) -> Codes:
        """The number of each row's connection."""
        known = {sender: self._tables.conns[self.bulk.conns[sender]] for sender in self.bulk.seen()}
        return array("I", [known[sender] for sender in self.bulk.senders])

    def _same(self, code: int) -> Codes:
        return bytes([code]) * self.count if code < 256 else array("I", [code]) * self.count

    def raw(self, at: int) -> Raw:
        """Row `at` of this block as an event's tuple."""
        return self.bulk.raw(at)

    def mask_of(self, codes: Codes, wanted: Collection[int]) -> bytes:
        """For each row 1 where its number in a column is one of `wanted`, else 0."""
        return codes_mask(codes, wanted)

    def mask_direction(self, direction: str) -> bytes:
        """For each row 1 where it went this way."""
        return bytes([direction == "in"]) * self.count

    def mask_text(self, needle: bytes) -> bytes:
        """For each row 1 where its kind or its payload holds `needle` (lower case)."""
        if needle in _KIND_BYTES:
            return b"\1" * self.count
        data, ends = bytes(self.bulk.data).lower(), self.bulk.ends
        mask = bytearray(self.count)
        found, row = data.find(needle), 0
        while found >= 0:
            row = bisect_left(ends, found + 1, row)
            end = ends[row]
            if found + len(needle) <= end:
                mask[row] = 1
                found = data.find(needle, end)
            else:
                found = data.find(needle, found + 1)
        return bytes(mask)

    def mask_lines(self, accepts: Callable[[bytes], object]) -> bytes:
        """For each row 1 where `accepts` finds something in its text."""
        payload = self.bulk.payload
        return bytes([1 if accepts(b"datagram " + payload(row).lower()) else 0 for row in range(self.count)])
