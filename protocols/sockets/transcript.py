"""Transcript: what one client sent, got and was told, in order, bounded.

Written by the client's worker, read by a view in batches. It must not know sockets.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from protocols.record.event import monotonic_ns
from protocols.sockets.payload import readable

BOUND_LINES: Final = 10_000
BOUND_BYTES: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """One entry. t: monotonic ns. data: the bytes sent or got (empty for a note). said: words in place of the bytes.

    kind narrows a note: "note", "error", "eof", "opened", "closed"; for bytes it is "data" or "frame".
    chunks: the first and the last receive, counted from 1, that brought a frame; None where nothing was put together.
    """

    t: int
    direction: Literal["in", "out", "note"]
    data: bytes
    said: str = ""
    kind: str = "note"
    chunks: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """For reading; made when it is looked at, as most bytes of a bulk transfer never are."""
        return self.said or readable(self.data)


class Transcript:
    """Lines in order. `since(n)` gives those from number n on; `total` is the number of the next one."""

    def __init__(self, bound_lines: int = BOUND_LINES, bound_bytes: int = BOUND_BYTES) -> None:
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._bound_lines = bound_lines
        self._bound_bytes = bound_bytes
        self.first = 0
        self.total = 0

    def add(self, line: Line) -> None:
        """Append a line; the oldest go when the bound is reached."""
        with self._lock:
            self._lines.append(line)
            self._bytes += len(line.data)
            self.total += 1
            while len(self._lines) > 1 and (len(self._lines) > self._bound_lines or self._bytes > self._bound_bytes):
                self._bytes -= len(self._lines.popleft().data)
                self.first += 1

    def bytes_line(
        self, direction: Literal["in", "out"], data: bytes, kind: str = "data", chunks: tuple[int, int] | None = None
    ) -> None:
        """Append bytes that moved."""
        self.add(Line(monotonic_ns(), direction, data, "", kind, chunks))

    def note(self, text: str, kind: str = "note") -> None:
        """Append what the client tells about itself."""
        self.add(Line(monotonic_ns(), "note", b"", text, kind))

    def since(self, number: int) -> list[Line]:
        """The lines from `number` on that are still kept."""
        with self._lock:
            skip = max(0, number - self.first)
            if skip >= len(self._lines):
                return []
            return list(self._lines)[skip:]
