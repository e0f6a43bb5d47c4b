"""A capture filter over an open file: compiled by libpcap for each link type in it, run over its packets.

It must not know who asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from protocols.packets import bpf
from protocols.packets.filters import bpf_run

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture


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
        if not self.text:
            return np.ones(len(at), bool)
        links = np.array([one.linktype for one in capture.interfaces], np.int64)[interface]
        found = np.zeros(len(at), bool)
        for link in np.unique(links).tolist():
            program = self._program(link)
            if program is None:
                continue
            rows = np.flatnonzero(links == link)
            places = at.astype(np.int64)
            if len(rows) == len(at):
                return bpf_run.matches(program, capture.source.array, places, captured, length)
            found[rows] = bpf_run.matches(
                program, capture.source.array, places[rows], captured[rows], length[rows]
            )
        return found
