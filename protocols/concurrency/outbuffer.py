"""What a connection of an event loop could not send yet. Chunks stay apart: a sequenced packet must not grow."""

from __future__ import annotations

from collections import deque


class OutBuffer:
    """Chunks in order; true while there are any. waiting: the chunks; size: bytes in all."""

    __slots__ = ("size", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[memoryview] = deque()
        self.size = 0

    def __bool__(self) -> bool:
        return bool(self.waiting)

    def add(self, chunk: memoryview) -> None:
        """Keep a chunk for later."""
        self.waiting.append(chunk)
        self.size += len(chunk)

    def first(self) -> memoryview:
        """What is to be sent next."""
        return self.waiting[0]

    def sent(self, count: int) -> bool:
        """So many bytes of `first()` are sent; whether that was all of it."""
        self.size -= count
        first = self.waiting[0]
        if count < len(first):
            self.waiting[0] = first[count:]
            return False
        self.waiting.popleft()
        return True

    def clear(self) -> None:
        """Drop all."""
        self.waiting.clear()
        self.size = 0
