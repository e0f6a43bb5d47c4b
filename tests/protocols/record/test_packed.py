"""A lagging consumer gets its events packed, all of them, in order; a log adopts them as they are."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from protocols.record.event import Event, Raw
from protocols.record.log import BULK_ROWS, EventLog, Filter
from protocols.record.packed import PackedRun
from protocols.record.recorder import _FRESH_EVENTS, _PACK_ABOVE, Recorder
from tests.protocols.record.strategies import events


def call(t: int, conn: str, errno: str | None = None) -> Raw:
    detail = {"errno": errno} if errno else None
    return (t, "call", "send", f"client {t % 3}", conn, "out", t, 5, b"hello", f"send({t})", detail)


@given(st.lists(events(), min_size=1, max_size=30))
def test_a_run_gives_its_events_back_and_is_adopted_by_any_log(given_events: list[Event]) -> None:
    run = PackedRun([event.raw() for event in given_events])
    ordered = sorted(given_events, key=lambda event: event.t)
    assert [Event.of(raw) for raw in run.raws()] == ordered
    log, plain = EventLog(), EventLog()
    for one in (log, plain):
        one.append([call(0, "odd"), call(1, "x", "EPIPE")])
    run_block = run.block(len(log), log._tables)
    log._seal()
    log._put(run_block)
    plain.append([event.raw() for event in ordered])
    assert [log.event(row) for row in range(len(log))] == [plain.event(row) for row in range(len(plain))]
    for conn in {event.conn for event in given_events if event.conn}:
        wanted = Filter(conns=frozenset((conn,)))
        assert log.rows(wanted) == plain.rows(wanted)
    assert log.rows(Filter(errors_only=True)) == plain.rows(Filter(errors_only=True))
    assert [Event.of(raw) for raw in run.raws()] == ordered  # the run itself is as it was


def test_errors_of_a_run_are_known_without_a_look_at_each() -> None:
    run = PackedRun([call(0, "1"), call(1, "1", "ECONNRESET"), call(2, "1", "EAGAIN"), call(3, "2", "EPIPE")])
    assert run.errors() == [1, 3]


def test_a_consumer_that_lags_gets_packed_runs_and_loses_nothing() -> None:
    recorder = Recorder()
    tail, quick = recorder.tail(), recorder.tail()
    total = _PACK_ABOVE + 10 * _FRESH_EVENTS
    worker = threading.Thread(target=lambda: [recorder.put(call(t, str(t % 5))) for t in range(total)])
    worker.start()
    worker.join(60)
    assert len(tail) == total
    items = tail.take_items()
    assert sum(isinstance(item, PackedRun) for item in items) >= 5
    log = EventLog()
    log.append_items(items)
    assert len(log) == total
    assert [log.raw(row)[0] for row in range(total)] == list(range(total))
    assert log.layer_counts()["call"] == total
    assert [raw[0] for raw in quick.take()] == list(range(total))
    recorder.put(call(total, "1"))
    assert isinstance(tail.take_items()[0], tuple)


def test_a_short_run_is_single_rows() -> None:
    log = EventLog()
    log.append_many(PackedRun([call(t, "1") for t in range(BULK_ROWS - 1)]))
    assert len(log) == BULK_ROWS - 1
