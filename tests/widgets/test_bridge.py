from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from protocols.lab import Lab
from protocols.record.bulk import Bulk
from protocols.record.event import Raw, monotonic_ns
from protocols.record.recorder import Recorder
from protocols.service.base import Service
from protocols.service.intents import Intents
from protocols.service.running import Running
from tests.stall import StallMeter
from widgets.bridge import ACTIVE_MS, IDLE_MS, Bridge


class House:
    """The parts of a lab that a bridge uses: a recorder, intents and the running services."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.intents = Intents()
        self.running = Running()


@pytest.fixture
def house() -> Iterator[House]:
    house = House()
    yield house
    assert house.intents.close(30)


@pytest.fixture
def bridge(qtbot: Any, house: House) -> Iterator[Bridge]:
    bridge = Bridge(cast(Any, house))
    yield bridge
    bridge.close()


def put(house: House, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        house.recorder.put((number, "note", "n", None, None, None, None, None, None, "", None))


def test_every_event_reaches_every_consumer_once_and_in_order(qtbot: Any, house: House, bridge: Bridge) -> None:
    one: list[int] = []
    two: list[int] = []
    bridge.add_consumer(lambda batch: one.extend(raw[0] for raw in batch))
    bridge.add_consumer(lambda batch: two.extend(raw[0] for raw in batch))
    threads = [threading.Thread(target=put, args=(house, 5000, 5000 * n)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    qtbot.waitUntil(lambda: len(one) == 20000, timeout=10000)
    assert one == two
    for n in range(4):
        mine = [number for number in one if 5000 * n <= number < 5000 * (n + 1)]
        assert mine == sorted(mine)


def test_a_batch_holds_several_events_and_a_flood_is_carried_in_bounded_slices(
    qtbot: Any, house: House, bridge: Bridge
) -> None:
    sizes: list[int] = []
    bridge.add_consumer(lambda batch: sizes.append(len(batch)))
    put(house, 100_000)
    qtbot.waitUntil(lambda: sum(sizes) == 100_000, timeout=10000)
    assert max(sizes) <= 8192
    assert len(sizes) < 2000


def test_a_slow_view_makes_slices_small_instead_of_the_window_deaf(qtbot: Any, house: House, bridge: Bridge) -> None:
    seen = 0

    def slow(batch: list[Raw]) -> None:
        nonlocal seen
        seen += len(batch)
        for _ in range(len(batch) * 60):  # some 5 us an event
            pass

    bridge.add_consumer(slow)
    put(house, 40_000)
    with StallMeter() as meter:
        qtbot.waitUntil(lambda: seen == 40_000, timeout=20000)
    assert meter.max_ms < 100, str(meter)


def test_a_broken_view_does_not_cost_the_others_their_events(
    qtbot: Any, house: House, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: reported.append(kind))
    seen: list[Raw] = []

    def broken(batch: list[Raw]) -> None:
        raise ZeroDivisionError

    bridge.add_consumer(broken)
    bridge.add_consumer(seen.extend)
    put(house, 3)
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert reported == [ZeroDivisionError]


def test_work_runs_elsewhere_and_its_value_comes_back_in_the_gui_thread(
    qtbot: Any, house: House, bridge: Bridge
) -> None:
    outcome: list[tuple[str, str]] = []

    def done(worker: str) -> None:
        outcome.append((worker, threading.current_thread().name))

    bridge.call(lambda: threading.current_thread().name, done)
    assert bridge.pending == 1
    qtbot.waitUntil(lambda: bool(outcome))
    assert outcome[0][0].startswith("lab-intent-")
    assert outcome[0][1] == threading.main_thread().name
    assert bridge.pending == 0


def test_an_error_comes_back_to_the_one_who_asked(qtbot: Any, house: House, bridge: Bridge) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    bridge.call(work, failed=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], ConnectionRefusedError)


def test_an_error_that_nobody_expects_is_reported(
    qtbot: Any, house: House, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: reported.append(error))

    def work() -> None:
        raise ValueError("nobody expects this")

    bridge.call(work)
    qtbot.waitUntil(lambda: bool(reported))
    assert str(reported[0]) == "nobody expects this"


def test_the_outcome_for_a_widget_that_is_gone_is_dropped(qtbot: Any, house: House, bridge: Bridge) -> None:
    called: list[str] = []

    class Card(QWidget):
        def on_done(self, _value: object) -> None:
            called.append("method")

    gate = threading.Event()
    card, owner = Card(), QObject()
    bridge.call(lambda: gate.wait(10), card.on_done)
    bridge.call(lambda: gate.wait(10), lambda _value: called.append("owned"), owner=owner)

    shiboken6.delete(card)
    shiboken6.delete(owner)
    gate.set()
    qtbot.waitUntil(lambda: bridge.pending == 0)
    assert called == []


def test_polls_run_until_they_are_cancelled(qtbot: Any, bridge: Bridge) -> None:
    ticks: list[int] = []
    cancel = bridge.every(30, lambda: ticks.append(1))
    qtbot.waitUntil(lambda: len(ticks) >= 3)
    cancel()
    cancel()
    before = len(ticks)
    others: list[int] = []
    bridge.every(30, lambda: others.append(1))
    qtbot.waitUntil(lambda: len(others) >= 2)
    assert len(ticks) == before


def test_the_pace_is_slow_when_nothing_happens_and_quick_while_a_service_runs(
    qtbot: Any, house: House, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widgets.bridge.LINGER_S", 0.0)
    bridge._busy_until = 0.0
    qtbot.waitUntil(lambda: bridge._timer.interval() == IDLE_MS)
    house.running.add(cast(Service, SimpleNamespace(state="running", name="echo:1")))
    qtbot.waitUntil(lambda: bridge._timer.interval() == ACTIVE_MS)


def test_nothing_is_begun_once_it_is_closed(house: House, bridge: Bridge) -> None:
    """A timer of a panel that is about to go may still ask: closing is silent."""
    bridge.close()
    assert house.intents.close(30)
    begun: list[int] = []
    assert bridge.call(lambda: begun.append(1)) == 0
    assert begun == []


def test_drain_hands_over_what_is_left_and_close_ends_it(qtbot: Any, house: House, bridge: Bridge) -> None:
    seen: list[Raw] = []
    bridge.add_consumer(seen.extend)
    put(house, 30_000)
    assert bridge.drain(5.0) == 0
    assert len(seen) == 30_000
    bridge.close()
    put(house, 5)
    assert bridge.behind == 0


def test_losses_are_told_in_the_batch(qtbot: Any, house: House) -> None:
    bridge = Bridge(cast(Any, house))
    bridge._tail.close()
    bridge._tail = house.recorder.tail(bound_events=10)
    kinds: list[str] = []
    bridge.add_consumer(lambda batch: kinds.extend(raw[2] for raw in batch))
    put(house, 25)
    qtbot.waitUntil(lambda: "events dropped" in kinds)
    assert kinds.count("n") == 10
    bridge.close()


def test_a_bulk_goes_whole_to_who_wants_it_so_and_as_events_to_the_rest(qtbot: Any) -> None:
    with Lab() as lab:
        bridge = Bridge(lab)
        got: list[tuple[str, object]] = []
        bridge.add_consumer(lambda batch: got.append(("plain", [raw[2] for raw in batch])))
        bridge.add_consumer(
            lambda batch: got.append(("both", len(batch))), lambda bulk: got.append(("both, bulk", len(bulk)))
        )
        bridge.add_bulk_consumer(lambda bulk: got.append(("bulks", len(bulk))))
        lab.recorder.note("started", "x")
        payload = b"ab"
        lab.recorder.put_bulk(
            Bulk("b", ("127.0.0.1", 1), array("q", [1, 2]), payload, array("I", [1, 2]), array("I", [0, 0]),
                 [("127.0.0.1", 2)], ["1"], 0)
        )  # fmt: skip
        lab.recorder.note("stopped", "x")
        qtbot.waitUntil(lambda: bridge.behind == 0, timeout=3000)
        assert got == [
            ("plain", ["started"]), ("both", 1),
            ("plain", ["datagram", "datagram"]), ("both, bulk", 2), ("bulks", 2),
            ("plain", ["stopped"]), ("both", 1),
        ]  # fmt: skip
        bridge.close()


def test_a_call_told_late_comes_in_the_batch_of_what_it_caused(
    qtbot: Any, house: House, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widgets.bridge.HOLD_NS", 60 * 10**9)
    batches: list[list[str]] = []
    bridge.add_consumer(lambda batch: batches.append([raw[2] for raw in sorted(batch, key=lambda raw: raw[0])]))
    began = monotonic_ns()
    house.recorder.note("accept", "the server's call, told at once")
    bridge._on_timer_timeout()
    assert batches == []  # too young: its cause may still be on the way
    house.recorder.emit("note", "connect", "the client's call, stamped when it began", t=began)
    monkeypatch.setattr("widgets.bridge.HOLD_NS", 0)
    qtbot.waitUntil(lambda: bool(batches))
    assert batches == [["connect", "accept"]]
    assert bridge.behind == 0


def test_what_is_held_back_is_counted_and_drained(
    house: House, bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widgets.bridge.HOLD_NS", 60 * 10**9)
    got: list[str] = []
    bridge.add_consumer(lambda batch: got.extend(raw[2] for raw in batch))
    house.recorder.note("young", "")
    bridge._on_timer_timeout()
    assert bridge.behind == 1
    assert bridge.drain() == 0
    assert got == ["young"]


def test_a_look_ends_with_the_object_whose_it_was(qtbot: Any, bridge: Bridge) -> None:
    class Looker(QObject):
        seen = 0

        def look(self) -> None:
            Looker.seen += 1

    looker = Looker()
    bridge.every(1, looker.look)
    qtbot.waitUntil(lambda: Looker.seen > 0)
    shiboken6.delete(looker)
    assert len(bridge._polls) == 1
    qtbot.waitUntil(lambda: not bridge._polls)
