"""Tally: how far one transfer has come, and how it ended. Written by its thread, read by any.

It must not know sockets or files.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from protocols.record.event import monotonic_ns

Mode: TypeAlias = Literal["binary", "text"]
Caller: TypeAlias = Literal["function", "method", "object"]
"""Which kind of callable gets the blocks; all do the same."""
SIZES_KEPT: Final = 2000


@dataclass
class Tally:
    """One transfer. size: of the whole file, None where nobody says. offset: where it began. moved: bytes since then.

    blocks: calls of the block callback; sizes: of the first of them. line_ends: how many text mode has changed.
    whole: all of it went. sha256: of the whole file afterwards, "" where nobody asked.
    """

    size: int | None = None
    offset: int = 0
    moved: int = 0
    blocks: int = 0
    sizes: list[int] = field(default_factory=list)
    line_ends: int = 0
    whole: bool = False
    sha256: str = ""
    begun_ns: int = 0
    ended_ns: int = 0
    path: str = ""
    part: str = ""

    @property
    def done(self) -> int:
        """Bytes of the file that are there."""
        return self.offset + self.moved

    @property
    def seconds(self) -> float:
        """How long the data moved, until now or the end."""
        return ((self.ended_ns or monotonic_ns()) - self.begun_ns) / 1e9 if self.begun_ns else 0.0

    def begin(self) -> None:
        """The data begin to move."""
        self.begun_ns, self.ended_ns = monotonic_ns(), 0

    def forget(self) -> None:
        """What has moved counts no more: all of it comes once again."""
        self.moved = self.blocks = self.begun_ns = self.ended_ns = 0
        self.sizes.clear()

    def block(self, size: int) -> None:
        """A block has gone to the callback, or to the socket."""
        self.blocks += 1
        if len(self.sizes) < SIZES_KEPT:
            self.sizes.append(size)


class Collector:
    """The three kinds of callable that a course shows for `retrbinary`: each gets a block and passes it on."""

    def __init__(self, take: Callable[[memoryview], None]) -> None:
        self._take = take

    def method(self, block: memoryview) -> None:
        """A bound method as callback."""
        self._take(block)

    def __call__(self, block: memoryview) -> None:
        """The object itself as callback."""
        self._take(block)

    def of_kind(self, kind: Caller) -> Callable[[memoryview], None]:
        """The callable of that kind."""

        def function(block: memoryview) -> None:
            self._take(block)

        return function if kind == "function" else self.method if kind == "method" else self
