"""Rates: datagrams a second for each sender, over the last minutes. Fed by the log; no clock of its own."""

from __future__ import annotations

from collections import deque
from typing import Final

SECONDS: Final = 300
SENDERS: Final = 64
"""Senders that are counted one by one in a second; the rest of that second is counted together as OTHERS."""
OTHERS: Final = -1


class Rates:
    """Counts by second and sender."""

    def __init__(self, seconds: int = SECONDS) -> None:
        self._seconds: deque[tuple[int, dict[int, int]]] = deque(maxlen=seconds)

    def add(self, second: int, counts: dict[int, int]) -> None:
        """Count datagrams that arrived in this second; seconds may come late by a few."""
        bucket = self._bucket(second)
        for sender, count in counts.items():
            key = sender if sender in bucket or len(bucket) < SENDERS else OTHERS
            bucket[key] = bucket.get(key, 0) + count

    def _bucket(self, second: int) -> dict[int, int]:
        for known, bucket in reversed(self._seconds):
            if known == second:
                return bucket
            if known < second:
                break
        if self._seconds and second < self._seconds[-1][0]:
            return self._seconds[-1][1]
        self._seconds.append((second, {}))
        return self._seconds[-1][1]

    def series(self, senders: list[int], now: int, seconds: int) -> list[list[int]]:
        """For each sender its counts in the `seconds` seconds before `now`, oldest first."""
        known = dict(self._seconds)
        span = range(now - seconds, now)
        return [[known.get(second, {}).get(sender, 0) for second in span] for sender in senders]

    def last(self, now: int) -> dict[int, int]:
        """The counts of the last whole second."""
        return dict(self._seconds).get(now - 1, {})
