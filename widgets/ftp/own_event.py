"""OwnEvent: after something was done, its own event is selected, so that the inspector shows that and nothing older.

A result may come before its events do: `look()`, a few times a second, finds them when they are there. It must not
know who acts, nor the inspector.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from protocols.record.event import monotonic_ns
from widgets.desk import Desk

LOOKS: Final = 10
"""How often it is looked for what may come late."""
LOOK_BACK_ROWS: Final = 2_000


class OwnEvent:
    """What is to be selected: `select(service, kinds, after_ns)` when it is done, then `look()`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._service = ""
        self._kinds: frozenset[str] = frozenset()
        self._after_ns = self._until_ns = 0
        self._left = 0
        self._row: int | None = None

    def select(self, service: str, kinds: Collection[str], after_ns: int) -> None:
        """Select the last message of these kinds from `after_ns` to now, of a service or of its transfers."""
        self._service, self._kinds, self._row = service, frozenset(kinds), None
        self._after_ns, self._until_ns, self._left = after_ns, monotonic_ns(), LOOKS
        self.look()

    def look(self) -> None:
        """Select it as soon as it has come; what a person chose meanwhile stays."""
        if not self._left:
            return
        self._left -= 1
        row = self._found()
        if row is not None and row != self._row:
            self._row = row
            self._desk.selection.select(row)

    def _found(self) -> int | None:
        log, found = self._desk.log, None
        start, transfers = max(log.first, len(log) - LOOK_BACK_ROWS), f"{self._service} transfer "
        for row, raw in enumerate(log.raws(start, len(log)), start):
            if raw[1] == "message" and raw[2] in self._kinds and self._after_ns < raw[0] <= self._until_ns:
                service = raw[3] or ""
                if service == self._service or service.startswith(transfers):
                    found = row
        return found
