"""Line: how fast and how late one direction of the proxy passes bytes on.

A bucket of tokens, shared by all connections as a slow line would be, and a delay for each
piece. It must not know sockets; nothing here waits.
"""

from __future__ import annotations

import threading
from typing import Final

_BURST_S: Final = 0.1
_STEP_S: Final = 0.05


class Line:
    """One direction. Settings may change at any time, from any thread. bytes_per_s: None for as fast as it goes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.bytes_per_s: int | None = None
        self.delay_ms = 0
        self._tokens = 0.0
        self._since: float | None = None

    @property
    def slows(self) -> bool:
        """Whether it does anything."""
        return self.bytes_per_s is not None or self.delay_ms > 0

    def set(self, bytes_per_s: int | None, delay_ms: int) -> None:
        """Raises ValueError for what is no speed and no delay."""
        if (bytes_per_s is not None and bytes_per_s < 1) or not 0 <= delay_ms <= 3_600_000:
            raise ValueError("A line carries at least 1 byte a second, and delays by 0 to 3,600,000 ms")
        with self._lock:
            self.bytes_per_s, self.delay_ms = bytes_per_s, delay_ms
            self._tokens, self._since = 0.0, None

    def allow(self, size: int, now: float) -> int:
        """How many of `size` bytes may go now; they are taken. None before a step's worth has gathered.

        Who asks in a loop would else get a few bytes each time, each in a call of its own.
        """
        with self._lock:
            rate = self.bytes_per_s
            if rate is None:
                return size
            bound = max(1.0, rate * _BURST_S)
            if self._since is None:
                self._tokens = min(bound, 1.0)
            else:
                self._tokens = min(bound, self._tokens + (now - self._since) * rate)
            self._since = now
            count = min(size, int(self._tokens))
            if count < min(size, int(rate * _STEP_S)):
                return 0
            self._tokens -= count
            return count

    def give_back(self, count: int) -> None:
        """So many bytes were allowed and did not go."""
        with self._lock:
            self._tokens += count

    def pause_s(self) -> float:
        """How long to wait for more, once `allow` gave nothing."""
        rate = self.bytes_per_s
        return 0.0 if rate is None else max(_STEP_S, 1.0 / rate)
