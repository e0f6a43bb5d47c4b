"""What a connection of an event loop could not send yet. Chunks stay apart: a sequenced packet must not grow."""

from __future__ import annotations

from collections import deque


class OutBuffer:
    """Chunks in order; true while there are any. size: bytes in all."""

    __slots__ = ("_chunks", "size")

    def __init__(self) -> None:
        self._chunks: deque[memoryview] = deque()
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def add(self, chunk: memoryview) -> None:
        """Keep a chunk for later."""
        self._chunks.append(chunk)
        self.size += len(chunk)

    def first(self) -> memoryview:
        """What is to be sent next."""
        return self._chunks[0]

    def sent(self, count: int) -> bool:
        """So many bytes of `first()` are sent; whether that was all of it."""
        self.size -= count
        first = self._chunks[0]
        if count < len(first):
            self._chunks[0] = first[count:]
            return False
        self._chunks.popleft()
        return True

    def clear(self) -> None:
        """Drop all."""
        self._chunks.clear()
        self.size = 0
