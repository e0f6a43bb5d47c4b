"""Feed: all datagrams that came in, and what is counted of them as they come.

Takes bulks as the bridge hands them over and tells its views once a tick, never once a datagram.
It must not know views, filters or how a bucket is run.
"""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QObject, Signal

from protocols.creosote.alarms import Alarm, Hit, Watch
from protocols.creosote.levels import LevelCount
from protocols.creosote.log import DatagramLog
from protocols.creosote.rates import Rates
from protocols.creosote.reading.reading import read
from protocols.record.bulk import Bulk
from protocols.record.event import monotonic_ns
from widgets.creosote.wording import address_text, shown
from widgets.desk import Desk

TICK_MS: Final = 30
LEVELS_S: Final = 0.008
LEVELS_BUSY_S: Final = 0.001
"""Time a tick may spend on counting levels: little while datagrams come in, more when it can catch up."""
BUSY_ROWS: Final = 1000
NAME_TRIES: Final = 4
NAME_CHARACTERS: Final = 40
SECOND_NS: Final = 1_000_000_000


class Feed(QObject):
    """The log and its counts.

    grew: rows have come since the last tick. counted: levels were counted. ticked: a second is over.
    alarmed(hits): alarms went off. emptied: the log begins anew.
    """

    grew = Signal()
    counted = Signal()
    ticked = Signal()
    alarmed = Signal(list)
    emptied = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.epoch_ns = desk.lab.recorder.epoch_ns
        self.log = DatagramLog()
        self.rates = Rates()
        self.levels = LevelCount(self.log)
        self.names: dict[int, str] = {}
        self._tries: dict[int, int] = {}
        self._watch = Watch(self.log, (), self.epoch_ns)
        self._new = False
        self._second = self.now_second()
        desk.bridge.add_bulk_consumer(self.take)
        desk.bridge.every(TICK_MS, self.tick)

    # Coming in

    def take(self, bulk: Bulk) -> None:
        """Keep a bulk; views are told at the next tick."""
        if not len(bulk):
            return
        counts = self.log.append(bulk)
        self.rates.add(bulk.t[-1] // SECOND_NS, counts)
        if len(self.names) < len(self.log.senders):
            self._name_senders(bulk, counts)
        self._new = True

    def _name_senders(self, bulk: Bulk, counts: dict[int, int]) -> None:
        """A sender is called what its first messages say they come from, if they say it."""
        wanted = {number for number in counts if number not in self.names}
        if not wanted:
            return
        stretch = self.log.stretch(len(self.log) - 1)
        for at in range(len(stretch) - 1, max(len(stretch) - 200, 0) - 1, -1):
            number = stretch.who[at]
            if number in wanted:
                wanted.discard(number)
                self._name(number, stretch.bulk.payload(at))
                if not wanted:
                    return

    def _name(self, number: int, payload: bytes) -> None:
        reading = read(payload)
        tries = self._tries[number] = self._tries.get(number, 0) + 1
        if reading.source and reading.kind != "trace":
            self.names[number] = shown(reading.source, NAME_CHARACTERS)
        elif tries >= NAME_TRIES:
            self.names[number] = ""

    def tick(self) -> None:
        """Tell what is new; count on; see whether a second is over."""
        busy, self._new = self._new, False
        if busy:
            self.grew.emit()
            self._look_at_alarms()
        if self.levels.behind:
            self.levels.go_on(LEVELS_BUSY_S if busy and self.levels.behind > BUSY_ROWS else LEVELS_S)
            self.counted.emit()
        second = self.now_second()
        if second != self._second:
            self._second = second
            self.ticked.emit()

    def _look_at_alarms(self) -> None:
        hits: list[Hit] = self._watch.look(time.monotonic())
        if hits:
            self.alarmed.emit(hits)

    # What there is

    @staticmethod
    def now_second() -> int:
        """The running second of the recorder's clock."""
        return monotonic_ns() // SECOND_NS

    def name(self, sender: int) -> str:
        """What a sender says it is, else its address."""
        return self.names.get(sender, "") or self.address(sender)

    def address(self, sender: int) -> str:
        """A sender's address, as its datagrams bear it."""
        return address_text(self.log.senders[sender][1])

    def senders_of(self, service: str) -> list[int]:
        """The numbers of the senders that a bucket has heard and that are still in the log, busiest first."""
        senders = self.log.senders
        counts = self.log.counts.items()
        heard = [(count, -number) for number, count in counts if count and senders[number][0] == service]
        return [-number for _, number in sorted(heard, reverse=True)]

    def per_second(self, service: str) -> int:
        """Datagrams that a bucket took in the last whole second."""
        senders = self.log.senders
        last = self.rates.last(self.now_second())
        return sum(count for number, count in last.items() if number >= 0 and senders[number][0] == service)

    def clear(self) -> None:
        """Begin anew; what was recorded stays in the session."""
        alarms = self._watch.alarms
        self.log = DatagramLog()
        self.rates = Rates()
        self.levels = LevelCount(self.log)
        self.names.clear()
        self._tries.clear()
        self._watch = Watch(self.log, alarms, self.epoch_ns)
        self.emptied.emit()

    # Alarms

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is watched for."""
        return self._watch.alarms

    def set_alarms(self, alarms: tuple[Alarm, ...]) -> None:
        """Watch for these from now on. Raises FilterError."""
        self._watch = Watch(self.log, alarms, self.epoch_ns)
