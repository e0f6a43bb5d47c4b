"""LadderFeed: which events the ladder shows, found in the log in slices and then as they come.

A subject is one connection, or one service where no connection stands (a refused connect). With
no subject given it is the newest one. It must not know how a ladder is painted.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from protocols.record.event import Raw
from protocols.record.log import EventLog, Filter, Search
from widgets.timeline.ladder_layout import LadderLayout

SLICE_BUDGET_S: Final = 0.008
FEW_ROWS: Final = 256
"""Up to so many new rows are looked at one by one."""
TELL_S: Final = 0.15
LOOK_BACK: Final = 256


@dataclass(frozen=True, slots=True)
class Subject:
    """A connection's id, or a service's name where there is no connection; both None: the newest."""

    conn: str | None = None
    service: str | None = None

    @property
    def newest(self) -> bool:
        """True for "whatever happened last"."""
        return self.conn is None and self.service is None

    @property
    def title(self) -> str:
        """How people call it."""
        return f"conn {self.conn}" if self.conn is not None else self.service or ""

    def filter(self) -> Filter:
        """The same question for the log's search."""
        if self.conn is not None:
            return Filter(conns=frozenset((self.conn,)))
        return Filter(services=frozenset((self.service or "",)))

    def holds(self, raw: Raw) -> bool:
        """Does this event belong on the ladder?"""
        if self.conn is not None:
            return raw[4] == self.conn
        return raw[3] == self.service and self.service is not None


class LadderFeed(QObject):
    """Fills `layout` with the subject's events.

    restarted: the layout is new. grew: it has more steps. Both at most once per slice.
    """

    restarted = Signal()
    grew = Signal()

    def __init__(self, log: EventLog, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.log = log
        self.layout = LadderLayout()
        self.layers: frozenset[str] | None = None
        self.asked = Subject()
        self.subject = Subject()
        self.floor = 0
        self._next = 0
        self._active = False
        self._stop: int | None = None
        self._search: Search | None = None
        self._found: list[int] = []
        self._told = 0
        self._told_at = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._advance)

    def set_active(self, active: bool) -> None:
        """Work only while somebody looks; catch up when they do."""
        self._active = active
        if active:
            self.catch_up()
        else:
            self._timer.stop()

    def set_frozen(self, frozen: bool) -> None:
        """Take no more events for now, or go on with what has come meanwhile."""
        self._stop = len(self.log) if frozen else None
        if not frozen:
            self.catch_up()

    def ask(self, subject: Subject) -> None:
        """Show this subject; the newest one if it names none."""
        self.asked = subject
        wanted = self._newest() if subject.newest else subject
        if wanted != self.subject:
            self._restart(wanted)

    def set_layers(self, layers: frozenset[str] | None) -> None:
        """Show these layers only."""
        if layers != self.layers:
            self.layers = layers
            self._restart(self.subject)

    def set_log(self, log: EventLog) -> None:
        """Another log: a session that was opened."""
        self.log = log
        self.floor, self._next, self.subject = log.first, log.first, Subject()
        self._restart(self._newest() if self.asked.newest else self.asked)

    def set_floor(self, log_row: int) -> None:
        """Forget what happened before this row of the log."""
        self.floor = log_row
        self._restart(self._newest() if self.asked.newest else self.subject)

    def catch_up(self) -> None:
        """Take what has come since the last time."""
        if self._stop is not None or not self._active:
            return
        if self.asked.newest:
            newest = self._newest(since=self._next)
            if newest != self.subject:
                self._restart(newest)
                return
        if not self._timer.isActive():
            self._advance()

    def _newest(self, since: int = 0) -> Subject:
        """The subject of the newest event that has one, among the last few; none: as it is."""
        for row in range(len(self.log) - 1, max(since, self.floor, self.log.first, len(self.log) - LOOK_BACK) - 1, -1):
            raw = self.log.raw(row)
            if raw[4] is not None:
                return Subject(conn=raw[4])
            if raw[1] == "call" and raw[2] == "connect" and raw[3] is not None:
                return Subject(service=raw[3])
        return self.subject

    def _restart(self, subject: Subject) -> None:
        self._timer.stop()
        self._search, self._found, self._told = None, [], 0
        to_scale = self.layout.to_scale
        self.subject = subject
        self.layout = LadderLayout()
        self.layout.set_to_scale(to_scale)
        self._next = max(self.floor, self.log.first)
        self.restarted.emit()
        if self._active:
            self._advance()

    def _advance(self) -> None:
        stop = len(self.log) if self._stop is None else self._stop
        if self.subject.newest:
            self._next = stop
            return
        if self._search is not None or stop - self._next > FEW_ROWS:
            self._look_through(time.perf_counter() + SLICE_BUDGET_S, stop)
        else:
            self._take(range(max(self._next, self.log.first), stop))
            self._next = stop
        if self.searching:
            self._timer.start(0)
        self._tell()

    @property
    def searching(self) -> bool:
        """True while the log is still being looked through."""
        return self._search is not None

    def _look_through(self, deadline: float, stop: int) -> None:
        """Many rows: the log's own search is faster than looking at each."""
        if self._search is None:
            self._search = self.log.search(self.subject.filter(), self._next)
        while time.perf_counter() < deadline:
            if self._found:
                self._take(self._found[:FEW_ROWS])
                del self._found[:FEW_ROWS]
                continue
            rows = self._search.step() if self._search.row < stop else None
            if rows is None:
                self._next, self._search = max(self._next, min(self._search.row, stop)), None
                return
            self._found = [row for row in rows if row < stop]
        self._next = self._search.row

    def _tell(self) -> None:
        """Tell about new steps; while the log is looked through, a few times a second."""
        now = time.perf_counter()
        if len(self.layout.places) == self._told or (self.searching and now - self._told_at < TELL_S):
            return
        self._told, self._told_at = len(self.layout.places), now
        self.grew.emit()

    def _take(self, rows: Iterable[int]) -> None:
        raw_of, holds, layers = self.log.raw, self.subject.holds, self.layers
        for row in rows:
            raw = raw_of(row)
            if holds(raw) and (layers is None or raw[1] in layers):
                self.layout.add(row, raw)
