"""A capture filter over an open file: compiled by libpcap for each link type in it, run over its packets.

It must not know who asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from protocols.packets import bpf
from protocols.packets.columns.gather import distinct
from protocols.packets.filters import bpf_run

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture
    from protocols.packets.filters.fields import View


class CaptureFilter:
    """A filter as tcpdump takes it (pcap-filter(7)). Raises bpf.FilterError, bpf.NoLibpcap.

    Packets of a link type for which libpcap can't compile it do not match.
    """

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        bpf.compiled(self.text)
        self._programs: dict[int, bytes | None] = {}

    def _program(self, linktype: int) -> bytes | None:
        if linktype not in self._programs:
            try:
                self._programs[linktype] = bpf.compiled(self.text, linktype)
            except bpf.FilterError:
                self._programs[linktype] = None
        return self._programs[linktype]

    def matches(self, capture: Capture, start: int = 0, stop: int | None = None) -> npt.NDArray[np.bool_]:
        """Which of the packets from row `start` to before `stop` match."""
        table = capture.table
        at, captured, length, interface = (
            column[start:stop] for column in table.columns("at", "captured", "length", "interface")
        )
        links = np.array([one.linktype for one in capture.interfaces], np.uint16)[interface]
        return self.takes(capture.source.array, at.astype(np.int64), captured, length, links)

    def takes(
        self, array: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], captured: npt.NDArray[Any],
        length: npt.NDArray[Any], links: npt.NDArray[Any],
    ) -> npt.NDArray[np.bool_]:  # fmt: skip
        """Which packets at `at` in `array`, of these lengths and link types, match."""
        if not self.text:
            return np.ones(len(at), bool)
        found = np.zeros(len(at), bool)
        for link in distinct(links):
            program = self._program(link)
            if program is None:
                continue
            rows = np.flatnonzero(links == link)
            if len(rows) == len(at):
                return bpf_run.matches(program, array, at, captured, length)
            found[rows] = bpf_run.matches(program, array, at[rows], captured[rows], length[rows])
        return found


class ByCaptureFilter:
    """A capture filter in the place of a display filter. text: as it was written. Raises as CaptureFilter."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._bpf = CaptureFilter(text)

    def matches(self, view: View, start: int = 0, stop: int | None = None) -> npt.NDArray[np.bool_]:
        """Which of the packets from row `start` to before `stop` it takes."""
        return self._bpf.matches(view.capture, start, stop)
