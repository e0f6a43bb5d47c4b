"""What decoding knows of some packets while it goes from header to header, as arrays.

All handlers work on row numbers of one State and set where the next header begins and what it is. It must not know
any protocol.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.files.table import DECODED, NOWHERE

Rows = npt.NDArray[np.intp]

DONE: Final = 0
"""Codes of what comes next: an EtherType as it is, an IP protocol from PROTOCOL on, the others named here."""
PROTOCOL: Final = 0x10000
ETHERNET: Final = 0x20001
BY_NIBBLE: Final = 0x20002
PPP: Final = 0x20003
PPP_PROTOCOL: Final = 0x20004
LLC: Final = 0x20005
WLAN: Final = 0x20006
RADIOTAP: Final = 0x20007
IPV4: Final = 0x0800
IPV6: Final = 0x86DD
PAD: Final = 64
"""So many bytes behind a packet can be read without leaving the array."""


class State:
    """Packets on their way. at: where each begins in `array`. stop: bytes of it that count. full: as on the wire.

    place: offset of the next header; next: its code. The other arrays are those of table.DECODED.
    """

    def __init__(
        self, array: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], captured: npt.NDArray[Any],
        length: npt.NDArray[Any],
    ) -> None:  # fmt: skip
        count = len(at)
        self._array = array
        self._views: dict[int, npt.NDArray[Any]] = {}
        self.at: Final = at
        self.stop: Final = captured.astype(np.int64)
        self.full: Final = length.astype(np.int64)
        self.place: Final = np.zeros(count, np.int64)
        self.next: Final = np.zeros(count, np.uint32)
        self.out: Final = {name: np.zeros(count, kind) for name, kind in DECODED.items()}
        self.out["net"][:] = NOWHERE
        self.out["transport"][:] = NOWHERE

    def read(self, rows: Rows, kind: np.dtype[Any], skip: Any = 0) -> npt.NDArray[Any]:
        """A header of each row as `kind` (at most PAD bytes), from its place on plus `skip`."""
        size = kind.itemsize
        view = self._views.get(size)
        if view is None:
            count = len(self._array) - size + 1
            view = self._views[size] = np.ndarray((count,), f"V{size}", buffer=self._array.data, strides=(1,))
        found: npt.NDArray[Any] = view[self.at[rows] + self.place[rows] + skip].view(kind)
        return found

    def holding(self, rows: Rows, size: int) -> Rows:
        """Those of `rows` whose next `size` bytes are there; the others are done."""
        there = self.place[rows] + size <= self.stop[rows]
        if there.all():
            return rows
        self.next[rows[~there]] = DONE
        return rows[there]

    def go(self, rows: Rows, code: Any, by: Any) -> None:
        """The next header of `rows` is `code`, `by` bytes further on."""
        self.next[rows] = code
        self.place[rows] += by

    def mark(self, rows: Rows, bit: int) -> None:
        """Set a mark."""
        self.out["marks"][rows] |= bit

    def name(self, rows: Rows, kind: Any) -> None:
        """Set the protocol to be named."""
        self.out["kind"][rows] = kind


def fields(size: int, /, **places: tuple[str, int]) -> np.dtype[Any]:
    """A header of `size` bytes: name=(numpy type, offset)."""
    return np.dtype({
        "names": list(places), "formats": [kind for kind, _ in places.values()],
        "offsets": [offset for _, offset in places.values()], "itemsize": size,
    })  # fmt: skip
