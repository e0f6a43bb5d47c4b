"""What just happened, chosen on the time line: after each thing done here the inspector shows that thing.

Waits until the log has caught up: an answer may be shown before its events are. It must not know what was done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject

from widgets.desk import Desk
from widgets.failed_call import event_of
from widgets.timeline_link import TimelineLink

LOOKS_MOST: Final = 20
"""Where the log never rests, the newest event is taken after so many looks."""


class Latest(QObject):
    """Of several things asked for in a row the last one counts. Nothing is chosen before the next `poll`."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._link = TimelineLink(desk, self)
        self._wanted: Callable[[], object] | None = None
        self._service = ""
        self._looks = 0

    def choose(self, service: str, *kinds: str) -> None:
        """The last event of one of these kinds of a service."""
        self._want(service, lambda: self._link.choose(kinds, service, None, None))

    def choose_failure(self, service: str, errno: str) -> None:
        """The call of a service that failed so; where no call did, the last thing the server said."""

        def look() -> None:
            if event_of(self._desk, {service}, errno) is None:
                self._link.choose(("reply", "command"), service, None, None)

        self._want(service, look)

    def _want(self, service: str, look: Callable[[], object]) -> None:
        self._wanted, self._service, self._looks = look, service, 0

    def poll(self) -> None:
        """Choose what was asked for, once its events are in the log."""
        if self._wanted is None:
            return
        self._looks += 1
        if self._desk.bridge.behind and self._looks < LOOKS_MOST:
            return
        look = self._wanted
        if self._looks >= LOOKS_MOST or self._is_there():
            self._wanted = None
        look()

    def _is_there(self) -> bool:
        """Whether an event of the service is chosen by now; an answer may be shown before its event is told."""
        row = self._desk.selection.row
        return row is not None and row >= self._desk.log.first and self._desk.log.raw(row)[3] == self._service
