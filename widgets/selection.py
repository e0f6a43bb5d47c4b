"""Selection: what is chosen, once for all views.

Views subscribe to `changed` and call `select`; they never call each other. It holds a row of
the event log and a byte range of a connection. It must not know any view, log or service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` to before `stop` of one direction of a connection, seen from one end."""

    conn: str
    end: Literal["client", "server"] | None
    direction: Literal["in", "out"]
    start: int
    stop: int


class Selection(QObject):
    """One selected event row and, optionally, one marked byte range; both may be None."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._row: int | None = None
        self._bytes: ByteRange | None = None

    @property
    def row(self) -> int | None:
        """The selected row of the event log, counted from 0, not a row of any filtered view."""
        return self._row

    @property
    def bytes(self) -> ByteRange | None:
        """The marked byte range; it may be wider or narrower than the selected event's own."""
        return self._bytes

    def select(self, row: int | None, byte_range: ByteRange | None = None) -> None:
        """Choose a row of the event log (None: nothing) and what of its bytes is marked."""
        if (row, byte_range) == (self._row, self._bytes):
            return
        self._row, self._bytes = row, byte_range
        self.changed.emit()

    def select_bytes(self, byte_range: ByteRange | None) -> None:
        """Mark bytes and keep the selected row."""
        self.select(self._row, byte_range)

    def clear(self) -> None:
        """Nothing is selected any more."""
        self.select(None)
