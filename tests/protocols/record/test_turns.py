"""A turn recorded in one step tells what the single calls tell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.record.connections import KEEP_CALL_BYTES, KEEP_WHOLE_BYTES
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.record.trace import Trace, preview
from protocols.record.turns import Turns


def make():
    recorder = Recorder()
    end = recorder.connections.opened("tcp", "server", ("127.0.0.1", 7), ("127.0.0.1", 50000))
    return recorder.tail(), Trace(recorder, "echo:7", end)


def timeless(tail):
    """The events without what the clock gave."""
    told = []
    for raw in tail.take():
        event = Event.of(raw)
        detail = {name: value for name, value in event.detail.items() if name != "took_ns"}
        told.append((*event.raw()[1:10], detail))
    return told


payloads = st.one_of(st.binary(min_size=1, max_size=80), st.integers(33, KEEP_CALL_BYTES).map(lambda n: b"x" * n))


@given(st.lists(payloads, min_size=1, max_size=6))
def test_the_call_of_a_turn_is_the_one_that_a_single_call_gives(received):
    fast_tail, fast = make()
    slow_tail, slow = make()
    turns = Turns(fast, 9, "MainThread", 65536)
    for data in received:
        assert turns.received(1, data)
        assert turns.sent(2, data)
        slow.received("recv", 1, 9, data, 65536, 0)
        slow.sent("send", 2, 9, data, len(data), len(data), 0, preview(data))
    told = timeless(fast_tail)
    assert [event for event in told if event[0] == "call"] == timeless(slow_tail)
    assert [event[1] for event in told] == ["recv", "request", "reply", "send"] * len(received)
    assert (fast.end.received, fast.end.sent, fast.end.kept) == (slow.end.received, slow.end.sent, slow.end.kept)


@given(st.lists(payloads, min_size=1, max_size=6))
def test_a_message_has_the_bytes_and_the_range_of_its_call(received):
    tail, trace = make()
    turns = Turns(trace, 9, "MainThread", 65536)
    for data in received:
        turns.received(1, data)
        turns.sent(2, data)
    events = tail.take()
    for recv, request, reply, send in zip(*(events[n::4] for n in range(4)), strict=True):
        assert recv[0] == request[0]
        assert reply[0] == send[0]
        assert recv[3:9] == request[3:9]
        assert reply[3:9] == send[3:9]
        assert request[9].startswith(f"request {preview(request[8])}")
        assert request[9].endswith("bytes") == (len(request[8]) > 32)


def test_what_is_not_kept_whole_and_the_end_of_the_stream_are_left_to_the_single_calls():
    tail, trace = make()
    turns = Turns(trace, 9, "MainThread", 1 << 20)
    assert not turns.received(1, b"")
    assert not turns.received(1, b"x" * (KEEP_CALL_BYTES + 1))
    assert not turns.sent(1, b"x" * (KEEP_CALL_BYTES + 1))
    trace.end.kept = KEEP_WHOLE_BYTES
    assert not turns.received(1, b"x" * 5000)
    assert turns.received(1, b"short")
    assert [raw[2] for raw in tail.take()] == ["recv", "request"]
