"""Batch: the datagrams that one look at a socket brought, as columns.

About 120 bytes a row for a payload of 100, where an object a row would take three times that. It
must not know sockets, nor what the payloads mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Column = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Datagrams in the order of arrival.

    t: when each arrived, nanoseconds of the monotonic clock. data: all payloads end to end. ends:
    where each ends in it. senders: for each the number of its sender. dropped: datagrams that the
    kernel had dropped on this socket by then, in all.
    """

    t: Column
    data: bytes
    ends: Column
    senders: Column
    dropped: int

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def nbytes(self) -> int:
        """Bytes of memory held."""
        return len(self.data) + int(self.t.nbytes + self.ends.nbytes + self.senders.nbytes)

    def payload(self, row: int) -> bytes:
        """The payload of a row."""
        start = int(self.ends[row - 1]) if row else 0
        return self.data[start : int(self.ends[row])]

    def payloads(self) -> list[bytes]:
        """All payloads."""
        data, start, parts = self.data, 0, []
        for end in self.ends.tolist():
            parts.append(data[start:end])
            start = end
        return parts

    def longer_than(self, size: int) -> int:
        """How many payloads are longer than `size` bytes."""
        import numpy as np

        return int((np.diff(self.ends, prepend=0) > size).sum())

    def cut(self, size: int) -> Batch:
        """The same with every payload cut to `size` bytes."""
        import numpy as np

        if not self.longer_than(size):
            return self
        parts = [payload[:size] for payload in self.payloads()]
        ends = np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts))).astype(np.uint32)
        return Batch(self.t, b"".join(parts), ends, self.senders, self.dropped)

    def by_sender(self) -> list[tuple[int, int, int, int]]:
        """For each sender: its number, how many rows, and its first and last row."""
        import numpy as np

        senders = self.senders
        if len(senders) == 0:
            return []
        if bool((senders == senders[0]).all()):
            return [(int(senders[0]), len(senders), 0, len(senders) - 1)]
        numbers, first, counts = np.unique(senders, return_index=True, return_counts=True)
        last = len(senders) - 1 - np.unique(senders[::-1], return_index=True)[1]
        return list(zip(numbers.tolist(), counts.tolist(), first.tolist(), last.tolist(), strict=True))


class Block:
    """Room for datagrams of several looks, used again and again; `take_all` gives what has gathered.

    A reader writes behind what is there already and tells with `added` how much it was. t, ends, senders:
    a column each. data: payloads end to end, as bytes. rows, size: how much of them is in use.
    """

    def __init__(self, rows: int, data_bytes: int) -> None:
        import numpy as np

        self._np = np
        self._usual_bytes = data_bytes
        self.t = np.empty(rows, np.int64)
        self.ends = np.empty(rows, np.uint32)
        self.senders = np.empty(rows, np.uint32)
        self.data = np.empty(data_bytes, np.uint8)
        self.rows = 0
        self.size = 0
        self.dropped = 0

    @property
    def room(self) -> int:
        """How many more datagrams fit in."""
        return len(self.ends) - self.rows

    def make_room(self, size: int) -> None:
        """Let so many more bytes of payload fit in."""
        if self.size + size > len(self.data):
            larger = self._np.empty(max(self.size + size, 2 * len(self.data)), self._np.uint8)
            larger[: self.size] = self.data[: self.size]
            self.data = larger

    def added(self, rows: int, size: int, dropped: int) -> int:
        """So many datagrams with so many bytes were written. dropped: in all, by now. Gives the rows."""
        self.rows += rows
        self.size += size
        self.dropped = dropped
        return rows

    def take_all(self) -> Batch:
        """What has gathered, its columns only until something is added again; the block is empty then."""
        rows, data = self.rows, self.data[: self.size].tobytes()
        batch = Batch(self.t[:rows], data, self.ends[:rows], self.senders[:rows], self.dropped)
        self.rows = self.size = 0
        if len(self.data) > 4 * self._usual_bytes:
            self.data = self._np.empty(self._usual_bytes, self._np.uint8)
        return batch
