"""Wakes: who wants to be called when. The clock of an event loop's connections.

A later wish replaces an earlier one; what it leaves behind is swept when it is the larger part.
It must not know who is called, nor how time passes.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_SWEEP_ABOVE: Final = 64


class Wakes(Generic[T]):
    """One time for each key, in seconds of one clock. Used in one thread."""

    def __init__(self) -> None:
        self._times: dict[T, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, T]] = []
        self._count = itertools.count()

    def __bool__(self) -> bool:
        return bool(self._times)

    def __len__(self) -> int:
        return len(self._times)

    def set(self, key: T, when: float) -> None:
        """Wake `key` then; what was wished for it before is forgotten."""
        entry = (when, next(self._count))
        self._times[key] = entry
        heapq.heappush(self._heap, (*entry, key))
        if len(self._heap) > _SWEEP_ABOVE and len(self._heap) > 2 * len(self._times):
            self._heap = [(*entry, key) for key, entry in self._times.items()]
            heapq.heapify(self._heap)

    def drop(self, key: T) -> None:
        """Do not wake it."""
        self._times.pop(key, None)

    def first(self) -> float | None:
        """When the next is due."""
        while self._heap and self._times.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[T]:
        """Whose time has come, earliest first; they are woken once."""
        found: list[T] = []
        while (first := self.first()) is not None and first <= now:
            key = heapq.heappop(self._heap)[2]
            del self._times[key]
            found.append(key)
        return found
