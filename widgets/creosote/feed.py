"""Feed: all datagrams that came in, and what is counted of them as they come.

Takes bulks as the bridge hands them over and tells its views once a tick, never once a datagram.
It must not know views, filters or how a bucket is run.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from protocols.creosote.alarms import Alarm, Hit, Watch
from protocols.creosote.log import DatagramLog, Stretch
from protocols.creosote.rates import Rates
from protocols.creosote.reading.reading import read
from protocols.creosote.reopened import datagrams_of
from protocols.creosote.survey import Survey
from protocols.record.bulk import Bulk
from protocols.record.event import monotonic_ns
from protocols.record.log import EventLog
from widgets.creosote.wording import address_text, shown
from widgets.desk import Desk

TICK_MS: Final = 30
LEVELS_S: Final = 0.008
LEVELS_FEW_S: Final = 0.003
LEVELS_BUSY_S: Final = 0.001
"""Time for levels and what the parts hold: enough to catch up; while few datagrams come in; while many do, in a turn
of the event loop that has nothing else to do."""
SPARE_S: Final = 0.010
SPARE_MS: Final = 6
"""When nothing comes in, the survey goes on so long at a time, and rests so long: whoever clicks waits for one."""
LATER_MS: Final = 8
"""What is told once a second has a turn of the event loop for itself, not the one in which rows came."""
COUNTED_S: Final = 0.25
BUSY_ROWS: Final = 1000
BUSY_S: Final = 0.3
"""So long after the last row it counts as busy: rows do not come at every tick."""
NAME_ROWS: Final = 200
NAMED_STRETCHES: Final = 64
NAME_TRIES: Final = 4
NAME_CHARACTERS: Final = 40
SECOND_NS: Final = 1_000_000_000


class Kept:
    """One log and what belongs to it: the live one, or that of a session which is looked at (past).

    watch: the alarms on it. marks: its bookmarked rows, in order.
    """

    def __init__(self, log: DatagramLog, epoch_ns: int, *, past: bool = False) -> None:
        self.log = log
        self.epoch_ns = epoch_ns
        self.watch = Watch(log, (), epoch_ns, past=past)
        self.marks: list[int] = []
        self.rates = Rates()
        self.levels = Survey(log)
        self.names: dict[int, str] = {}
        self.tries: dict[int, int] = {}

    def marked(self, row: int) -> bool:
        """Whether a row has a bookmark."""
        at = bisect_left(self.marks, row)
        return at < len(self.marks) and self.marks[at] == row

    def name_senders(self, stretch: Stretch, counts: Iterable[int]) -> None:
        """A sender is called what its first messages say they come from, if they say it."""
        wanted = {number for number in counts if number not in self.names}
        if not wanted:
            return
        for at in range(len(stretch) - 1, max(len(stretch) - NAME_ROWS, 0) - 1, -1):
            number = stretch.who[at]
            if number in wanted:
                wanted.discard(number)
                self._name(number, stretch.bulk.payload(at))
                if not wanted:
                    return

    def name(self, sender: int) -> str:
        """What a sender says it is, else its address."""
        return self.names.get(sender, "") or self.address(sender)

    def address(self, sender: int) -> str:
        """A sender's address, as its datagrams bear it."""
        return address_text(self.log.senders[sender][1])

    def _name(self, number: int, payload: bytes) -> None:
        reading = read(payload)
        tries = self.tries[number] = self.tries.get(number, 0) + 1
        if reading.source and reading.kind != "trace":
            self.names[number] = shown(reading.source, NAME_CHARACTERS)
        elif tries >= NAME_TRIES:
            self.names[number] = ""


class Feed(QObject):
    """The log and its counts. live: what comes in; seen: what is looked at, the live one or a session's.

    grew: rows have come since the last tick. counted: levels were counted. ticked: a second is over.
    alarmed(hits): alarms went off on what comes in. watched: hits were counted in the log that is looked at.
    emptied: the log begins anew.
    """

    grew = Signal()
    counted = Signal()
    ticked = Signal()
    alarmed = Signal(list)
    watched = Signal()
    emptied = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.live = self.seen = Kept(DatagramLog(), desk.lab.recorder.epoch_ns)
        self._events = desk.log if desk.log.epoch_ns is None else None
        self._new = False
        self._grew_s = self._counted_s = 0.0
        self._spare = QTimer(self)
        self._spare.setSingleShot(True)
        self._spare.setInterval(SPARE_MS)
        self._spare.timeout.connect(lambda: self._go_on(LEVELS_BUSY_S if self._hurried else SPARE_S))
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(LATER_MS)
        self._later.timeout.connect(self.ticked)
        self._second = self.now_second()
        desk.bridge.add_bulk_consumer(self.take)
        desk.bridge.every(TICK_MS, self.tick)

    # Coming in

    def take(self, bulk: Bulk) -> None:
        """Keep a bulk; views are told at the next tick."""
        if not len(bulk):
            return
        live = self.live
        counts = live.log.append(bulk)
        live.rates.add(bulk.t[-1] // SECOND_NS, counts)
        if len(live.names) < len(live.log.senders):
            live.name_senders(live.log.stretch(len(live.log) - 1), counts)
        self._new = True

    # Which log is looked at

    @property
    def log(self) -> DatagramLog:
        """The datagrams that are looked at."""
        return self.seen.log

    @property
    def levels(self) -> Survey:
        """How many of each level there are."""
        return self.seen.levels

    @property
    def epoch_ns(self) -> int:
        """What turns the log's times into nanoseconds since 1970."""
        return self.seen.epoch_ns

    def _look_at(self, events: EventLog) -> None:
        """The time line shows another log: a session that was opened, or the live one again."""
        self._events = events
        if events.epoch_ns is None:
            self._see(self.live)
            return
        epoch_ns = events.epoch_ns
        self.desk.bridge.call(
            lambda: Kept(datagrams_of(events), epoch_ns, past=True),
            lambda kept: self._on_read(events, kept),
            owner=self,
        )

    def _on_read(self, events: EventLog, kept: Kept) -> None:
        if events is not self._events:
            return
        for stretch in kept.log.stretches(0, len(kept.log))[:NAMED_STRETCHES]:
            kept.name_senders(stretch, set(stretch.who))
        self._see(kept)

    def _see(self, kept: Kept) -> None:
        if kept is not self.seen:
            self.seen = kept
            kept.watch.set_alarms(self.alarms)
            self.emptied.emit()

    def tick(self) -> None:
        """Tell what is new; count on; see whether a second is over."""
        if self.desk.log is not self._events:
            self._look_at(self.desk.log)
        new, self._new = self._new, False
        if new:
            self._grew_s = time.monotonic()
        if new and self.seen is self.live:
            self.grew.emit()
        self._look_at_alarms()
        if not self._spare.isActive():
            if self._hurried:
                self._spare.start()
            else:
                self._go_on(LEVELS_FEW_S if self.busy else LEVELS_S)
        second = self.now_second()
        if second != self._second:
            self._second = second
            self._later.start()

    @property
    def busy(self) -> bool:
        """Whether rows came in just now."""
        return time.monotonic() - self._grew_s < BUSY_S

    @property
    def _hurried(self) -> bool:
        """Whether many rows are coming in."""
        return self.busy and self.levels.behind > BUSY_ROWS

    def _go_on(self, budget_s: float) -> None:
        """Count levels and note what the parts hold, for about so long; then again soon, if nothing else is to do."""
        survey = self.levels
        if survey.done:
            return
        behind, busy = survey.behind, self.busy
        survey.go_on(budget_s, counts_first=busy)
        now = time.monotonic()
        if behind and (now - self._counted_s > COUNTED_S or not survey.behind):
            self._counted_s = now
            self.counted.emit()
        if not busy and not survey.done:
            self._spare.start()

    def _look_at_alarms(self) -> None:
        hits: list[Hit] = []
        if self.live.watch.behind:
            hits = self.live.watch.look(time.monotonic())
            if hits:
                self.alarmed.emit(hits)
        if self.seen is not self.live and self.seen.watch.behind:
            hits = self.seen.watch.look(time.monotonic())
        if hits:
            self.watched.emit()

    # What there is

    @staticmethod
    def now_second() -> int:
        """The running second of the recorder's clock."""
        return monotonic_ns() // SECOND_NS

    def name(self, sender: int) -> str:
        """What a sender says it is, else its address."""
        return self.seen.name(sender)

    def address(self, sender: int) -> str:
        """A sender's address, as its datagrams bear it."""
        return self.seen.address(sender)

    def senders_of(self, service: str) -> list[int]:
        """The numbers of the senders that a bucket has heard and that are in the live log, busiest first."""
        senders = self.live.log.senders
        counts = self.live.log.counts.items()
        heard = [(count, -number) for number, count in counts if count and senders[number][0] == service]
        return [-number for _, number in sorted(heard, reverse=True)]

    def per_second(self, service: str) -> int:
        """Datagrams that a bucket took in the last whole second."""
        senders = self.live.log.senders
        last = self.live.rates.last(self.now_second())
        return sum(count for number, count in last.items() if number >= 0 and senders[number][0] == service)

    def clear(self) -> None:
        """Begin anew; what was recorded stays in the session."""
        alarms = self.alarms
        self.live = Kept(DatagramLog(), self.live.epoch_ns)
        self.live.watch.set_alarms(alarms)
        self._see(self.live)

    # Alarms

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is watched for."""
        return self.live.watch.alarms

    def set_alarms(self, alarms: tuple[Alarm, ...]) -> None:
        """Watch for these from now on, and in all of a session that is looked at. Raises FilterError."""
        self.live.watch.set_alarms(alarms)
        if self.seen is not self.live:
            self.seen.watch.set_alarms(alarms)
        self.watched.emit()
