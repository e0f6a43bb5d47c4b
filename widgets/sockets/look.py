"""From a connection of the bench to the same one on the time line: its first event is selected, the ladder follows.

The log is searched elsewhere, on a snapshot. It must not know the time line, only the selection
that all views share and the ids of two actions.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from protocols.record.log import EventLog, Filter
from widgets.desk import Desk

LADDER: Final = "timeline.ladder"
ONLY_CONNECTION: Final = "timeline.this_conn"


class Look(QObject):
    """Selects connections on the time line; of several asked for in a row the last one counts."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._asked = 0

    def at(self, conn: str | None, then: str = "") -> None:
        """Select a connection's first event, then trigger the action of that id; nothing without such an event."""
        if not conn:
            return
        self._asked += 1
        asked, log = self._asked, self._desk.log.snapshot()
        self._desk.bridge.call(
            lambda: first_event(log, conn),
            lambda row: self._on_found(asked, row, then),
            lambda _error: None,
            owner=self,
        )

    def _on_found(self, asked: int, row: int | None, then: str) -> None:
        if asked != self._asked or row is None or row < self._desk.log.first:
            return
        self._desk.selection.select(row)
        if then in self._desk.actions:
            self._desk.actions.get(then).trigger()


def first_event(log: EventLog, conn: str) -> int | None:
    """The first row of a connection that is still kept."""
    for rows in log.search(Filter(conns=frozenset((conn,)))):
        if rows:
            return rows[0]
    return None
