"""Table: the packets of a file as columns, 48 bytes a packet; one thread appends, any thread reads.

It must not know where the rows come from, or what the columns mean to a person.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

RECORD: Final[dict[str, np.dtype[Any]]] = {
    "at": np.dtype(np.uint64), "time": np.dtype(np.int64), "captured": np.dtype(np.uint32),
    "length": np.dtype(np.uint32), "interface": np.dtype(np.uint16),
}  # fmt: skip
"""What the file says of a packet. at: where its bytes begin in the file. time: nanoseconds since 1970 (NO_TIME for
none). captured, length: bytes in the file and on the wire. interface: index into the file's interfaces."""
DECODED: Final[dict[str, np.dtype[Any]]] = {
    "net": np.dtype(np.uint16), "transport": np.dtype(np.uint16), "source": np.dtype(np.uint32),
    "destination": np.dtype(np.uint32), "sport": np.dtype(np.uint16), "dport": np.dtype(np.uint16),
    "payload": np.dtype(np.uint16), "family": np.dtype(np.uint8), "protocol": np.dtype(np.uint8),
    "kind": np.dtype(np.uint8), "flags": np.dtype(np.uint8), "marks": np.dtype(np.uint8),
}  # fmt: skip
"""What the packet says of itself. net, transport: offsets of the innermost IP header and of what it carries (NOWHERE
for none). source, destination: IPv4 addresses as numbers, IPv6 addresses folded. payload: bytes that TCP or UDP
carries, at most 65,535. family: 4, 6, 2 (ARP) or 0. protocol: the number in IP. kind: columns.kinds. flags: of TCP.
marks: bits, see MARK_*."""
NOWHERE: Final = 0xFFFF
NO_TIME: Final = -(1 << 63)
MARK_PORTS: Final = 1
MARK_FRAGMENT: Final = 2
MARK_BROKEN: Final = 4
"""A length or version that can't be."""
MARK_CUT: Final = 8
"""Fewer bytes were kept than crossed the wire."""
MARK_TUNNEL: Final = 16
MARK_VLAN: Final = 32
COLUMNS: Final = RECORD | DECODED
_FIRST: Final = 1 << 14
_GROWTH: Final = 1.25


class Table:
    """Grows by `append`. Reading: `column(name)` is an array of `len(table)` values at the time of the call."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {name: np.empty(0, kind) for name, kind in COLUMNS.items()}
        self._room = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def reserve(self, count: int) -> None:
        """Make room for `count` rows in all; no memory is touched before rows come."""
        if count <= self._room:
            return
        self._room = max(count, int(self._room * _GROWTH), _FIRST)
        fresh = {}
        for name, array in self._arrays.items():
            fresh[name] = np.empty(self._room, array.dtype)
            fresh[name][: self._count] = array[: self._count]
        self._arrays = fresh

    def append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        """Add rows: all of COLUMNS, equally long."""
        more = len(columns["at"])
        self.reserve(self._count + more)
        for name in COLUMNS:
            self._arrays[name][self._count : self._count + more] = columns[name]
        self._count += more  # last: a reader sees whole rows only

    def column(self, name: str) -> npt.NDArray[Any]:
        """The values of one column, in the order of the file."""
        count = self._count  # before the array: a longer one holds these rows too
        return self._arrays[name][:count]

    def columns(self, *names: str) -> tuple[npt.NDArray[Any], ...]:
        """Several columns, equally long."""
        count, arrays = self._count, self._arrays
        return tuple(arrays[name][:count] for name in names)

    def nbytes(self) -> int:
        """Bytes that the rows take."""
        return self._count * sum(kind.itemsize for kind in COLUMNS.values())
