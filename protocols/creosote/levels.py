"""LevelCount: how many datagrams of each level there are, counted a little at a time.

What a datagram says must be read to know its level; at a hundred thousand a second nobody can.
So the count runs behind when it must, and says by how much. It must not know who shows it.
"""

from __future__ import annotations

import time
from typing import Final

from protocols.creosote.log import LEVEL_NAMES, DatagramLog

_CHUNK: Final = 64


class LevelCount:
    """Counts rows of a log by level, oldest first; rows that left the log uncounted are skipped."""

    def __init__(self, log: DatagramLog) -> None:
        self._log = log
        self._row = log.first
        self._counts = [0] * len(LEVEL_NAMES)

    @property
    def behind(self) -> int:
        """Rows not counted yet."""
        return len(self._log) - max(self._row, self._log.first)

    def of(self, *levels: str) -> int:
        """How many rows counted so far have one of these levels ("" for none)."""
        return sum(self._counts[LEVEL_NAMES.index(level)] for level in levels)

    def go_on(self, budget_s: float) -> bool:
        """Count for about so long; True once every row is counted."""
        deadline = time.perf_counter() + budget_s
        self._row = max(self._row, self._log.first)
        while self._row < len(self._log):
            stretch = self._log.stretch(self._row)
            stop = min(stretch.base + len(stretch), self._row + _CHUNK)
            for at in range(self._row - stretch.base, stop - stretch.base):
                self._counts[stretch.level(at)] += 1
            self._row = stop
            if time.perf_counter() > deadline:
                break
        return self._row >= len(self._log)
