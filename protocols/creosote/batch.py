"""Batch: the datagrams that one look at a socket brought, as columns.

About 120 bytes a row for a payload of 100, where an object a row would take three times that. Many
payloads are handed on where they were written, never copied: memory comes in pieces so large that the
system can give it by 2 MB (numpy asks for that), where a page of 4 KB costs as much as reading some
datagrams. It must not know sockets, nor what the payloads mean.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

    Column = np.ndarray[Any, np.dtype[Any]]

SHARED_BYTES: Final = 256 << 10
"""From here on payloads stay where they are; fewer are copied, so that they hold no large piece of memory."""
PIECE_BYTES: Final = 8 << 20
"""Memory that payloads are written into, one behind the other."""
PIECES: Final = 4
"""So many are used again once nobody holds anything in them: memory that the system gives anew costs it a cleaning,
and where the machine is a guest, its host another; that can take longer than what is then written there."""
_FREE: Final = 3
"""References to a piece that nobody uses: the list's, the loop's, and that of who counts them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Datagrams in the order of arrival.

    t: when each arrived, nanoseconds of the monotonic clock. data: all payloads end to end, never
    written again. ends: where each ends in it. senders: for each the number of its sender. dropped:
    datagrams that the kernel had dropped on this socket by then, in all.
    """

    t: Column
    data: bytes | memoryview
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
        return bytes(self.data[start : int(self.ends[row])])

    def payloads(self) -> list[bytes]:
        """All payloads."""
        data, start, parts = bytes(self.data), 0, []
        for end in self.ends.tolist():
            parts.append(data[start:end])
            start = end
        return parts

    def longer_than(self, size: int) -> int:
        """How many payloads are longer than `size` bytes."""
        import numpy as np

        ends = self.ends
        if len(ends) == 0:
            return 0
        return int(np.count_nonzero(ends[1:] - ends[:-1] > size)) + int(ends[0] > size)

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

    def __init__(self, rows: int, piece_bytes: int = PIECE_BYTES, shared_bytes: int = SHARED_BYTES) -> None:
        import numpy as np

        self._np = np
        self._piece_bytes = piece_bytes
        self._shared_bytes = shared_bytes
        self.t = np.empty(rows, np.int64)
        self.ends = np.empty(rows, np.uint32)
        self.senders = np.empty(rows, np.uint32)
        self._pieces: list[Column] = []
        self.data = self._piece(piece_bytes)
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
            fresh = self._piece(max(2 * (self.size + size), self._piece_bytes))
            fresh[: self.size] = self.data[: self.size]
            self.data = fresh

    def _piece(self, size: int) -> Column:
        """Memory for `size` bytes that nobody else holds."""
        for piece in self._pieces:
            if len(piece) >= size and sys.getrefcount(piece) == _FREE:
                return piece
        piece = self._np.empty(size, self._np.uint8)
        if size == self._piece_bytes:
            self._pieces = [*self._pieces[1 - PIECES :], piece]
        return piece

    def added(self, rows: int, size: int, dropped: int) -> int:
        """So many datagrams with so many bytes were written. dropped: in all, by now. Gives the rows."""
        self.rows += rows
        self.size += size
        self.dropped = dropped
        return rows

    def take_all(self) -> Batch:
        """What has gathered, its columns only until something is added again; the block is empty then."""
        rows, data = self.rows, self._take_data()
        batch = Batch(self.t[:rows], data, self.ends[:rows], self.senders[:rows], self.dropped)
        self.rows = self.size = 0
        return batch

    def _take_data(self) -> bytes | memoryview:
        taken = self.data[: self.size]
        if self.size < self._shared_bytes:
            if len(self.data) > 4 * self._piece_bytes:
                self.data = self._piece(self._piece_bytes)
            return taken.tobytes()
        # What is written next lies behind it; the piece is free with the last that lies in it.
        self.data = self.data[self.size :]
        return taken.data.toreadonly()
