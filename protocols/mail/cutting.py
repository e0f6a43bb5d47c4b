"""Cutters: a stream of bytes as the lines and literals that it consists of, for whoever sees chunks only.

`LineCutter` cuts at line feeds; `ImapCutter` also counts literals (RFC 9051 section 4.3), so that a line
feed inside one ends nothing. They must not know events: what they cut goes to functions.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

LINE_LIMIT: Final = 64 << 10
"""A line that is longer is handed on in pieces: memory stays small whatever comes."""
HEAD_BYTES: Final = 64 << 10
_LITERAL: Final = re.compile(rb"\{(\d{1,19})[+-]?\}\r?\n$")


class LineCutter:
    """Calls `line` with each line, its end included."""

    def __init__(self, line: Callable[[bytes], None]) -> None:
        self._line = line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        data = self._rest + data
        begin = 0
        while (end := data.find(b"\n", begin)) >= 0:
            self._line(data[begin : end + 1])
            begin = end + 1
        while len(data) - begin > LINE_LIMIT:
            self._line(data[begin : begin + LINE_LIMIT])
            begin += LINE_LIMIT
        self._rest = data[begin:]

    def flush(self) -> None:
        """Hand on what has no line end yet: nothing more will come, or somebody else goes on with the stream."""
        rest, self._rest = self._rest, b""
        if rest:
            self._line(rest)


class ImapCutter:
    """Calls `line` with each line and `literal(size, head)` with each literal."""

    def __init__(self, line: Callable[[bytes], None], literal: Callable[[int, bytes], None]) -> None:
        self._lines = LineCutter(self._cut)
        self._line = line
        self._literal = literal
        self._left = 0
        self._size = 0
        self._head = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        begin = 0
        while begin < len(data):
            if self._left:
                begin = self._take(data, begin)
                continue
            end = data.find(b"\n", begin) + 1 or len(data)  # a line may announce a literal: no further than its end
            self._lines.feed(data[begin:end])
            begin = end

    def _take(self, data: bytes, begin: int) -> int:
        end = min(len(data), begin + self._left)
        if len(self._head) < HEAD_BYTES:
            self._head += data[begin : min(end, begin + HEAD_BYTES - len(self._head))]
        self._left -= end - begin
        if not self._left:
            self._literal(self._size, bytes(self._head))
            self._head.clear()
        return end

    def _cut(self, line: bytes) -> None:
        self._line(line)
        found = _LITERAL.search(line[-32:])
        if found and int(found[1]):
            self._left = self._size = int(found[1])

    def flush(self) -> None:
        """Hand on what is not whole."""
        self._lines.flush()
        if self._left and self._size - self._left:
            self._literal(self._size - self._left, bytes(self._head))
        self._left = 0
        self._head.clear()
