"""Every event reaches every consumer once and in order, or is counted; no worker is ever held up."""

from __future__ import annotations

import threading
import time

from protocols.record.event import Raw
from protocols.record.recorder import Recorder, Tail

WORKERS, EACH = 8, 5_000


def hammer(recorder: Recorder) -> None:
    """Many workers at once, each with numbered events of its own."""
    start = threading.Barrier(WORKERS)

    def work(number: int) -> None:
        start.wait(10)
        for count in range(EACH):
            recorder.put((count, "note", "n", str(number), None, None, None, None, b"x" * (count % 7), "", None))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()


def collect(tail: Tail, found: list[Raw], ended: threading.Event, limit: int | None) -> None:
    while not ended.is_set() or len(tail):
        tail.wait(0.05)
        found += tail.take(limit)


def in_order_and_whole(found: list[Raw]) -> bool:
    of_each = {str(number): [raw[0] for raw in found if raw[3] == str(number)] for number in range(WORKERS)}
    return all(counts == list(range(EACH)) for counts in of_each.values())


def test_many_workers_and_consumers_lose_nothing_and_keep_each_workers_order() -> None:
    recorder = Recorder()
    ended = threading.Event()
    tails = [(recorder.tail(), list[Raw](), limit) for limit in (None, 100, 1)]
    consumers = [threading.Thread(target=collect, args=(tail, found, ended, limit)) for tail, found, limit in tails]
    for consumer in consumers:
        consumer.start()
    hammer(recorder)
    ended.set()
    for consumer in consumers:
        consumer.join(60)
        assert not consumer.is_alive()
    assert recorder.total == WORKERS * EACH
    assert recorder.dropped == 0
    for tail, found, _ in tails:
        assert len(found) == WORKERS * EACH
        assert in_order_and_whole(found)
        assert tail._bytes == 0


def test_drops_are_counted_exactly_and_told_in_the_batch() -> None:
    recorder = Recorder()
    tail = recorder.tail(bound_events=1_000)
    hammer(recorder)
    taken = tail.take()
    note = taken.pop()
    assert len(taken) == 1_000
    assert tail.dropped == recorder.dropped == WORKERS * EACH - 1_000
    assert (note[1], note[2]) == ("note", "events dropped")
    assert note[10] == {"dropped": WORKERS * EACH - 1_000}
    assert tail.take() == []
    recorder.note("after", "there is room again")
    assert [raw[2] for raw in tail.take()] == ["after"]


def test_payload_bytes_are_bounded_too() -> None:
    recorder = Recorder()
    tail = recorder.tail(bound_bytes=1_000)
    for _ in range(5):
        recorder.emit("call", "send", data=bytes(300))
    assert [raw[2] for raw in tail.take(2)] == ["send", "send", "events dropped"]
    recorder.emit("call", "send", data=bytes(300))
    recorder.emit("call", "send", data=bytes(300))
    assert [raw[2] for raw in tail.take()] == ["send"] * 3
    assert tail.dropped == 2


def test_a_slow_consumer_costs_the_others_nothing() -> None:
    recorder = Recorder()
    slow, fast = recorder.tail(bound_events=2), recorder.tail()
    for number in range(10):
        recorder.note("n", str(number))
    assert len(fast.take()) == 10
    assert (slow.dropped, fast.dropped, recorder.dropped) == (8, 0, 8)


def test_a_consumer_gets_what_comes_after_it_and_until_it_closes() -> None:
    recorder = Recorder()
    recorder.note("before", "")
    tail = recorder.tail()
    recorder.note("during", "")
    tail.close()
    tail.close()
    recorder.note("after", "")
    assert [raw[2] for raw in tail.take()] == ["during"]
    assert recorder.total == 3


def test_wait_ends_by_an_event_or_by_wake() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    assert not tail.wait(0)
    tail.wake()
    assert tail.wait(0)
    tail.take()
    assert not tail.wait(0)
    worker = threading.Thread(target=recorder.note, args=("n", "now"))
    worker.start()
    assert tail.wait(10)
    worker.join(10)
    recorder.put_many([tail.take()[0]] * 3)
    tail.take(2)
    assert tail.wait(0)
    assert len(tail) == 1


def test_the_epoch_makes_wall_clock_time() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    recorder.note("now", "")
    (raw,) = tail.take()
    assert abs(raw[0] + recorder.epoch_ns - time.time_ns()) < 60_000_000_000
