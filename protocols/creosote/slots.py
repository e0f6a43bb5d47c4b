"""Slots: the memory that recvmmsg(2) fills, a slot a datagram.

Each slot has a short part and a long one for what does not fit: the common short ones lie close together
in memory, and those of datagrams that will probably be all of one size end to end, so that all of a call
are one piece. It must not know sockets, nor who sent what.
"""

from __future__ import annotations

from typing import Any, Final

from protocols.creosote.backlog import ROWS
from protocols.creosote.batch import Block
from protocols.numeric import one_thread_numpy

CONTROL: Final = 64
"""Bytes of control data that a datagram may bring: its time and the count of drops."""
WIDEST: Final = 2048
"""Longer datagrams have a part of their slot elsewhere."""
_HEAD: Final = 512
_REST: Final = 65536
_NAME: Final = 16


class Slots:
    """Slots for ROWS datagrams.

    address: of the array of mmsghdr that the call wants. names: for each the sender's sockaddr_in as a
    number. control, control_sizes: for each the bytes of control data, and how many came.
    Two programs that take turns, each with a size of its own, gain nothing and lose nothing.
    """

    def __init__(self) -> None:
        np = self._np = one_thread_numpy()
        self._heads = np.zeros(ROWS * WIDEST, np.uint8)  # pages are only touched as far as slots reach
        self._rests = np.empty((ROWS, _REST), np.uint8)
        self._names = np.zeros((ROWS, 2), np.uint64)
        self.names = self._names[:, 0]
        self.control = np.zeros((ROWS, CONTROL), np.uint8)
        self._ramp = np.arange(ROWS, dtype=np.uint64)
        self._vectors = np.zeros((ROWS, 4), np.uint64)
        self._vectors[:, 2] = self._rests.ctypes.data + self._ramp * _REST
        self._vectors[:, 3] = _REST
        self._headers = self._build(np)
        self.address: int = self._headers.ctypes.data
        self.control_sizes = self._headers["control_size"]
        self._sizes = self._headers["size"]
        self._width = 0
        self.lay(0)
        for room in (self._heads[: ROWS * _HEAD], self.control):
            room.fill(0)  # the pages are there before they are needed

    def _build(self, np: Any) -> Any:
        header = np.dtype(
            [("name", "u8"), ("name_size", "u4"), ("", "u4"), ("vectors", "u8"), ("vector_count", "u8"),
             ("control", "u8"), ("control_size", "u8"), ("flags", "i4"), ("", "i4"), ("size", "u4"), ("", "u4")]
        )  # fmt: skip
        headers = np.zeros(ROWS, header)
        headers["name"] = self._names.ctypes.data + self._ramp * _NAME
        headers["name_size"] = _NAME  # an IPv4 address is as long as the kernel finds room for: it stays so
        headers["vectors"] = self._vectors.ctypes.data + self._ramp * 32
        headers["vector_count"] = 2
        headers["control"] = self.control.ctypes.data + self._ramp * CONTROL
        return headers

    def ask_control(self, every: int, *, clear: bool) -> None:
        """Room for the control data of every so manieth datagram. clear: and for no other."""
        if clear:
            self.control_sizes[:] = 0
        self.control_sizes[::every] = CONTROL

    def lay(self, even: int) -> None:
        """Make ready for the next call. even: the size that each datagram will probably have, 0 for any."""
        width = even if 0 < even <= WIDEST else _HEAD
        if width != self._width:
            self._width = width
            starts = self._ramp * width
            self._vectors[:, 0] = self._heads.ctypes.data + starts
            self._vectors[:, 1] = width
            self._even_ends = (starts + width).astype(self._np.uint32)

    def gather(self, count: int, block: Block) -> tuple[int, int]:
        """Payloads of the first slots into a block, and where each ends.

        Gives how many bytes they are, and how long each is if all are as long, else 0.
        """
        np, size, width = self._np, block.size, self._width
        sizes = self._sizes[:count]
        ends, first = block.ends[block.rows : block.rows + count], int(sizes[0])
        even = 0 if np.count_nonzero(sizes != first) else first
        if even == width:
            total = even * count
            np.add(self._even_ends[:count], np.uint32(size), out=ends)
            block.make_room(total)
            block.data[size : size + total] = self._heads[:total]
        else:
            sizes.cumsum(dtype=np.uint32, out=ends)
            total = int(ends[-1])
            ends += np.uint32(size)
            block.make_room(total)
            block.data[size : size + total] = memoryview(b"".join(self._parts(sizes.tolist())))
        return total, even

    def _parts(self, sizes: list[int]) -> list[bytes]:
        width = self._width
        flat = self._heads[: len(sizes) * width].tobytes()  # slices of bytes are quicker than those of a view
        starts = range(0, len(sizes) * width, width)
        if max(sizes) <= width:
            return [flat[at : at + size] for at, size in zip(starts, sizes, strict=True)]
        parts = []
        for row, (at, size) in enumerate(zip(starts, sizes, strict=True)):
            parts.append(flat[at : at + min(size, width)])
            if size > width:
                parts.append(self._rests[row, : size - width].tobytes())
        return parts
