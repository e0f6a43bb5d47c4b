"""From a request to its events on the time line: chosen there, so that every view looks at the same.

The log is searched elsewhere, on a snapshot. It must not know the time line, only the selection
that all views share.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from protocols.record.event import detail_of
from protocols.record.log import EventLog, Filter
from widgets.desk import Desk

ROWS: Final = 200_000
"""How far back the log is searched."""


class TimelineLink(QObject):
    """Chooses rows of the time line; of several asked for in a row the last one counts."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._asked = 0

    def choose(self, kinds: tuple[str, ...], service: str, conn: str | None, offset: int | None) -> None:
        """Choose the event of one of these kinds of a service, at this place of a connection (None: any place)."""
        self._asked += 1
        asked, log = self._asked, self._desk.log.snapshot()
        self._desk.bridge.call(
            lambda: find_row(log, kinds, service, conn, offset), lambda row: self._on_found(asked, row),
            lambda _error: None, owner=self,
        )  # fmt: skip

    def _on_found(self, asked: int, row: int | None) -> None:
        if asked == self._asked and row is not None and row >= self._desk.log.first:
            self._desk.selection.select(row)


def find_row(log: EventLog, kinds: tuple[str, ...], service: str, conn: str | None, offset: int | None) -> int | None:
    """The last such event; runs on a lab thread. A note's place is what its detail says."""
    wanted = Filter(text="", services=frozenset({service}))
    found: int | None = None
    for rows in log.search(wanted, max(log.first, len(log) - ROWS)):
        for row in rows:
            raw = log.raw(row)
            if raw[2] not in kinds or (conn is not None and raw[4] != conn):
                continue
            place = raw[6] if raw[1] == "message" else detail_of(raw).get("begin")
            if offset is None or place is None or place == offset:
                found = row
    return found
