"""Bridge: the one crossing between the workers and the window.

One timer in the GUI thread takes what the recorder has, in batches, and hands each batch to
every consumer; intents go the other way and their outcomes come back in the same tick. It must
not know what an event means, and no Qt signal is ever emitted per event.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

from protocols.record import precedence
from protocols.record.bulk import Bulk, Many
from protocols.record.event import monotonic_ns

if TYPE_CHECKING:
    from protocols.lab import Lab
    from protocols.record.event import Raw

T = TypeVar("T")
Consumer: TypeAlias = "Callable[[list[Raw]], None]"
ManyConsumer: TypeAlias = "Callable[[Many], None]"
BulkConsumer: TypeAlias = "Callable[[Bulk], None]"

ACTIVE_MS: Final = 30
IDLE_MS: Final = 250
BACKLOG_MS: Final = 4
"""Between two ticks while more is queued than one tick may carry: painting and clicks come first."""
BUDGET_S: Final = 0.010
"""Time one tick may spend on events. A tick plus the repaint it causes stays well under 40 ms."""
SLICE: Final = 1024
"""Events handed over at a time, at the start; then as many as take about a third of the budget."""
SLICE_MIN: Final = 64
SLICE_MAX: Final = 8192
HOLD_NS: Final = 10_000_000
"""Events younger than this wait for the next tick: a call is stamped when it began and told when it returned, so
what it caused may be told before it (a server's accept before the client's connect)."""
LINGER_S: Final = 2.0
"""How long the quick pace is kept after the last event."""


@dataclass(slots=True)
class _Poll:
    interval_s: float
    due: float
    run: Callable[[], object]


@dataclass(slots=True)
class _Waiting:
    done: Callable[[Any], object] | None
    failed: Callable[[BaseException], object] | None
    owner: QObject | None


class Bridge(QObject):
    """Carries events to the views and intents to the workers.

    lab: its recorder is read and its intents are run. Everything but the work given to `call`
    runs in the GUI thread.
    """

    def __init__(self, lab: Lab, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lab = lab
        self._tail = lab.recorder.tail()
        self._consumers: dict[Consumer, ManyConsumer | None] = {}
        self._bulk_consumers: list[BulkConsumer] = []
        self._waiting: dict[int, _Waiting] = {}
        self._outcomes: deque[Any] = deque()
        self._polls: list[_Poll] = []
        self._closed = False
        self._slice = SLICE
        self._held: list[Raw | Many] = []
        self._gave_way = False
        self._busy_until = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._timer.start(ACTIVE_MS)
        self._turn_end = QTimer(self)
        self._turn_end.setSingleShot(True)
        self._turn_end.timeout.connect(precedence.give_back)

    @property
    def behind(self) -> int:
        """Events that have happened and that no view has been given yet."""
        return len(self._tail) + len(self._held)

    @property
    def pending(self) -> int:
        """Intents that have been given and have not come back yet."""
        return len(self._waiting)

    def add_consumer(self, consume: Consumer, many: ManyConsumer | None = None) -> None:
        """From now on hand every batch of events, oldest first, to `consume` too.

        Events that come as one item (a bulk of datagrams, a packed run) go to `many` as they are; without it,
        `consume` gets them one by one.
        """
        self._consumers[consume] = many

    def remove_consumer(self, consume: Consumer) -> None:
        """Hand over no more; unknown consumers are ignored."""
        self._consumers.pop(consume, None)

    def add_bulk_consumer(self, consume: BulkConsumer) -> None:
        """From now on hand every bulk of datagrams to `consume`, and nothing else."""
        self._bulk_consumers.append(consume)

    def remove_bulk_consumer(self, consume: BulkConsumer) -> None:
        """Hand over no more; unknown consumers are ignored."""
        if consume in self._bulk_consumers:
            self._bulk_consumers.remove(consume)

    def call(
        self,
        work: Callable[[], T],
        done: Callable[[T], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        *,
        owner: QObject | None = None,
    ) -> int:
        """Run `work` on a lab thread, then `done(value)` or `failed(error)` in the GUI thread.

        An error without `failed` goes to the crash report. Outcomes for a widget that is gone
        (`owner`, or the object whose method `done`/`failed` is) are dropped. Returns a number.
        Once the bridge is closed nothing is begun: a timer of what is about to go may ask for a look even then.
        """
        if self._closed:
            return 0
        number = self._lab.intents.submit(work)
        self._waiting[number] = _Waiting(done, failed, owner)
        self.wake()
        return number

    def every(self, interval_ms: int, run: Callable[[], object]) -> Callable[[], None]:
        """Call `run` about each `interval_ms` in the GUI thread; returns what ends it.

        For light looks (a label, a counter) only. While nothing happens the pace is IDLE_MS. It ends by itself with
        the object whose method `run` is.
        """
        poll = _Poll(interval_ms / 1000, time.monotonic() + interval_ms / 1000, run)
        self._polls.append(poll)

        def cancel() -> None:
            if poll in self._polls:
                self._polls.remove(poll)

        return cancel

    def wake(self) -> None:
        """Take the quick pace now: something is about to happen."""
        self._busy_until = time.monotonic() + LINGER_S
        if self._timer.isActive() and self._timer.interval() > ACTIVE_MS:
            self._timer.start(ACTIVE_MS)

    def drain(self, limit_s: float = 2.0) -> int:
        """Hand over all that is queued, outcomes included, at once; returns the events left after `limit_s`."""
        self._run_outcomes()
        deadline = time.monotonic() + limit_s
        while self.behind and time.monotonic() < deadline:
            held, self._held = self._held, []
            self._hand_over(held + self._tail.take_items(SLICE_MAX))
        return self.behind

    def close(self) -> None:
        """End the timer and take no more events. What was not handed over is for `drain` before this."""
        self._closed = True
        self._timer.stop()
        precedence.give_back()
        self._tail.close()
        self._consumers.clear()
        self._bulk_consumers.clear()
        self._polls.clear()
        self._waiting.clear()

    def _on_timer_timeout(self) -> None:
        started = time.monotonic()
        precedence.take()
        self._turn_end.start(0)  # it comes after what this turn changes has been laid out and painted
        self._run_outcomes()
        now = time.monotonic()
        self._gave_way = not self._gave_way and now - started > BUDGET_S
        if self._gave_way:  # the window's own turn comes first, but not twice in a row
            self._busy_until = now + LINGER_S
            self._pace(now)
            return
        if self._carry(started + BUDGET_S):
            self._busy_until = started + LINGER_S
        self._run_polls(started)
        self._pace(time.monotonic())

    def _carry(self, deadline: float) -> int:
        """Hand over events until `deadline`; the slice follows how long the consumers take."""
        carried = 0
        while self.behind:
            before = time.monotonic()
            held, self._held = self._held, []
            batch = held + self._tail.take_items(self._slice)
            if not len(self._tail):
                self._hold_back(batch)
                if not batch:
                    return carried + len(self._held)  # the quick pace goes on
            rows = self._hand_over(batch)
            carried += rows
            now = time.monotonic()
            if rows == len(batch) >= self._slice:  # packed rows cost next to nothing, and say nothing of the rest
                self._slice = _next_slice(self._slice, now - before)
            if self._held or now >= deadline:
                break
        return carried

    def _hold_back(self, batch: list[Raw | Many]) -> None:
        """Keep the youngest events of the batch for the next tick."""
        now, at = monotonic_ns(), len(batch)
        while at and isinstance(item := batch[at - 1], tuple) and abs(now - item[0]) < HOLD_NS:
            at -= 1
        self._held = batch[at:]
        del batch[at:]

    def _hand_over(self, items: list[Raw | Many]) -> int:
        """Give items to the consumers in order, runs of events together; how many rows they were."""
        rows, run = 0, list[Any]()
        for item in items:
            if isinstance(item, tuple):
                run.append(item)
                continue
            if run:
                self._give(run)
                run = []
            self._give_many(item)
            rows += len(item) - 1
        if run:
            self._give(run)
        return rows + len(items)

    def _give(self, batch: list[Raw]) -> None:
        for consume in tuple(self._consumers):
            _guarded(consume, batch)

    def _give_many(self, many: Many) -> None:
        for consume, whole in tuple(self._consumers.items()):
            if whole is not None:
                _guarded(whole, many)
            else:
                _guarded(consume, list(many.raws()))
        if isinstance(many, Bulk):
            for listener in tuple(self._bulk_consumers):
                _guarded(listener, many)

    def _run_outcomes(self) -> None:
        self._outcomes.extend(self._lab.intents.take())
        while self._outcomes:
            outcome = self._outcomes.popleft()
            waiting = self._waiting.pop(outcome.number, None)
            if waiting is None or not _alive(waiting):
                continue
            try:
                if outcome.error is None:
                    if waiting.done is not None:
                        waiting.done(outcome.value)
                elif waiting.failed is not None:
                    waiting.failed(outcome.error)
                else:
                    _report(outcome.error)
            except Exception as error:  # noqa: BLE001 - the next outcome belongs to somebody else
                _report(error)

    def _run_polls(self, now: float) -> None:
        for poll in tuple(self._polls):
            owner = getattr(poll.run, "__self__", None)
            if isinstance(owner, QObject) and not isValid(owner):
                self._polls.remove(poll)  # it is gone, and with it what it looked at
            elif poll.due <= now:
                poll.due = now + poll.interval_s
                try:
                    poll.run()
                except Exception as error:  # noqa: BLE001 - see _guarded
                    _report(error)

    def _pace(self, now: float) -> None:
        if len(self._tail):
            wanted = BACKLOG_MS
        elif self._waiting or now < self._busy_until or any(s.state == "running" for s in self._lab.running.all()):
            wanted = ACTIVE_MS
        else:
            wanted = IDLE_MS
        if self._timer.isActive() and self._timer.interval() != wanted:
            self._timer.start(wanted)


def _next_slice(size: int, took_s: float) -> int:
    """The slice that would have taken a third of the budget, at most doubled or halved."""
    ideal = size * (BUDGET_S / 3) / max(took_s, 1e-6)
    return int(min(max(ideal, size / 2, SLICE_MIN), size * 2, SLICE_MAX))


def _alive(waiting: _Waiting) -> bool:
    owners = [waiting.owner, getattr(waiting.done, "__self__", None), getattr(waiting.failed, "__self__", None)]
    return all(isValid(owner) for owner in owners if isinstance(owner, QObject))


def _guarded(consume: Callable[[Any], None], what: object) -> None:
    """One broken view must not cost the others their events."""
    try:
        consume(what)
    except Exception as error:  # noqa: BLE001
        _report(error)


def _report(error: BaseException) -> None:
    sys.excepthook(type(error), error, error.__traceback__)
