"""PackedRun: a run of events that waits in a queue packed, at less than half the memory.

When a consumer lags far behind, whoever puts events packs them before they are queued: the queue
stays small, and the view adopts the packed rows as they are. It must not know who put them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

from protocols.record.block import SOFT_ERRORS, Block, Tables
from protocols.record.bulk import Many
from protocols.record.event import Raw

_BY_TIME = itemgetter(0)


class PackedRun(Many):
    """Events in the order of time. Never changed once made: several consumers may hold it."""

    __slots__ = ("_block", "_tables")

    def __init__(self, raws: Sequence[Raw]) -> None:
        self._tables = Tables()
        self._block = Block(0, sorted(raws, key=_BY_TIME), self._tables)

    def __len__(self) -> int:
        return self._block.count

    @property
    def nbytes(self) -> int:
        """Bytes of payload."""
        return self._block.payload_bytes

    def raws(self) -> Iterator[Raw]:
        """The events one by one."""
        return map(self._block.raw, range(self._block.count))

    def block(self, base: int, tables: Tables) -> Block:
        """The same rows as a block of a log, from row `base` on."""
        return self._block.adopted(base, tables)

    def errors(self) -> list[int]:
        """Which rows tell a failed call or state; what would merely have had to wait is none."""
        errnos = self._block.errnos
        if errnos is None:
            return []
        names, layers = self._tables.errnos.names, self._tables.layers.names
        bad = [name is not None and name not in SOFT_ERRORS for name in names]
        return [
            row for row, code in enumerate(errnos) if bad[code] and layers[self._block.layers[row]] != "note"
        ]  # fmt: skip
