"""What a packet list shows of some rows, as text: addresses, times, ports, protocol, info; made when it is asked for.

It must not know who shows it.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns import info
from protocols.packets.columns.gather import gather
from protocols.packets.columns.kinds import KINDS
from protocols.packets.files.table import MARK_PORTS, NO_TIME

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

Rows = npt.NDArray[np.int64]
_V6: Final = np.dtype("V16")
_MACS: Final = np.dtype("V12")
_CACHED: Final = 1 << 16
_COOKED: Final = {113: (6, 4), 276: (12, 11)}
"""Where the sender's address lies in a Linux cooked header, and where its length."""


class Texts:
    """Texts of a capture's rows. Not for several threads at once.

    relative: sequence numbers as in streams.sequence; as they were sent without it.
    """

    def __init__(self, capture: Capture, relative: info.Relative | None = None) -> None:
        self._capture = capture
        self._relative = relative
        self._known4: dict[int, str] = {}
        self._known: dict[bytes, str] = {}

    def sources(self, rows: Rows) -> list[str]:
        """The address that each packet comes from: of IP where it has one, else of its link."""
        return self._addresses(rows, "source", 0)

    def destinations(self, rows: Rows) -> list[str]:
        """The address that each packet goes to."""
        return self._addresses(rows, "destination", 1)

    def _addresses(self, rows: Rows, column: str, side: int) -> list[str]:
        table = self._capture.table
        family = table.column("family")[rows]
        made = [""] * len(rows)
        four = np.flatnonzero(family == 4)
        if len(four) == len(rows):
            return self._four(table.column(column)[rows])
        for place, text in zip(four.tolist(), self._four(table.column(column)[rows[four]]), strict=True):
            made[place] = text
        six = np.flatnonzero(family == 6)
        for place, text in zip(six.tolist(), self._six(rows[six], side), strict=True):
            made[place] = text
        for place in np.flatnonzero((family != 4) & (family != 6)).tolist():
            made[place] = self._link(int(rows[place]), side)
        return made

    def _four(self, numbers: npt.NDArray[Any]) -> list[str]:
        if len(self._known4) > _CACHED:
            self._known4.clear()
        known = self._known4
        return [known.get(number) or known.setdefault(number, _four_text(number)) for number in numbers.tolist()]

    def _six(self, rows: Rows, side: int) -> list[str]:
        at, net = self._capture.table.columns("at", "net")
        if len(self._known) > _CACHED:
            self._known.clear()
        place = at[rows].astype(np.int64) + net[rows] + 8 + side * 16
        known = self._known
        return [
            known.get(one) or known.setdefault(one, socket.inet_ntop(socket.AF_INET6, one))
            for one in gather(self._capture.source.array, place, _V6).tolist()
        ]

    def _link(self, row: int, side: int) -> str:
        """The hardware address, where the link has one."""
        link, data = self._capture.linktype(row), self._capture.packet(row)[:40]
        if link == 1 and len(data) >= 12:
            return data[6:12].hex(":") if side == 0 else data[:6].hex(":")
        if link in _COOKED and side == 0 and len(data) >= 20:
            at, length = _COOKED[link]
            size = data[length] if link == 276 else int.from_bytes(data[length : length + 2], "big")
            return data[at : at + min(size, 8)].hex(":")
        return ""

    def protocols(self, rows: Rows) -> list[str]:
        """The name of each packet's protocol."""
        return [KINDS[kind] for kind in self._capture.table.column("kind")[rows].tolist()]

    def ports(self, rows: Rows, column: str) -> list[str]:
        """`sport` or `dport` as text, "" for packets without ports."""
        values, marks = self._capture.table.columns(column, "marks")
        return [str(value) if mark & MARK_PORTS else "" for value, mark in
                zip(values[rows].tolist(), marks[rows].tolist(), strict=True)]  # fmt: skip

    def infos(self, rows: Rows) -> list[str]:
        """What each packet does."""
        return info.make(self._capture, rows, self._relative)

    def times(self, rows: Rows) -> list[str]:
        """Seconds since 1970 with nine digits, "" for a packet without a time."""
        times = self._capture.table.column("time")[rows]
        second, rest = np.divmod(times, 1_000_000_000)
        made = [f"{whole}.{part:09d}" for whole, part in zip(second.tolist(), rest.tolist(), strict=True)]
        for place in np.flatnonzero(times == NO_TIME).tolist():
            made[place] = ""
        return made


def _four_text(number: int) -> str:
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
