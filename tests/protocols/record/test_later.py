"""Events that are noted first and made when somebody takes them: nobody can tell them from others."""

from __future__ import annotations

from protocols.record.event import Raw
from protocols.record.later import Later, Notes
from protocols.record.log import EventLog
from protocols.record.recorder import Recorder

MADE: list[str] = []


def an_event(text: str, data: bytes | None = None) -> Raw:
    MADE.append(text)
    return (1, "call", "send", "s", "1", "out", 0, len(data or b""), data, text, None)


def single(recorder: Recorder, text: str) -> None:
    recorder.put((1, "note", "k", None, None, None, None, None, None, text, None))


def test_they_come_in_order_between_others_and_each_consumer_gets_them() -> None:
    recorder = Recorder()
    first, second = recorder.tail(), recorder.tail()
    notes = Notes(recorder, "here")
    single(recorder, "before")
    for text in ("a", "b", "c"):
        notes.add((an_event, 0, text))
    assert len(notes) == 3
    notes.put()
    single(recorder, "after")
    assert len(notes) == 0
    assert recorder.total == 5
    assert len(first) == 5
    wanted = ["before", "a", "b", "c", "after"]
    assert [raw[9] for raw in first.take()] == wanted
    items = second.take_items()
    assert all(isinstance(item, tuple) for item in items)
    log = EventLog()
    log.append_items(items)
    assert [log.raw(row)[9] for row in range(len(log))] == wanted


def test_they_are_made_when_they_are_taken_and_once() -> None:
    MADE.clear()
    recorder = Recorder()
    tails = [recorder.tail(), recorder.tail()]
    notes = Notes(recorder, "here")
    notes.add((an_event, 0, "x"))
    notes.put()
    notes.put()
    assert MADE == []
    taken = [tail.take() for tail in tails]
    assert MADE == ["x"]
    assert taken[0][0] is taken[1][0]


def test_taking_some_leaves_the_rest_to_be_made() -> None:
    recorder = Recorder()
    tail = recorder.tail()
    notes = Notes(recorder, "here")
    for text in ("a", "b"):
        notes.add((an_event, 0, text))
        notes.put()
    assert [raw[9] for raw in tail.take(1)] == ["a"]
    assert [raw[9] for raw in tail.take(1)] == ["b"]
    assert tail.take() == []


def test_a_consumer_without_room_for_them_is_told_how_many_it_missed() -> None:
    recorder = Recorder()
    narrow, small, wide = recorder.tail(bound_events=2), recorder.tail(bound_bytes=5), recorder.tail()
    notes = Notes(recorder, "here")
    for text in ("a", "b", "c"):
        notes.add((an_event, 2, text, b"xy"))
    notes.put()
    assert (narrow.dropped, small.dropped, wide.dropped) == (3, 3, 0)
    assert [raw[2] for raw in narrow.take()] == ["events dropped"]
    assert len(wide.take()) == 3


def test_it_knows_its_extent_before_anything_is_made() -> None:
    MADE.clear()
    later = Later([(an_event, 3, "a", b"abc"), (an_event, 0, "b")])
    assert (len(later), later.nbytes, MADE) == (2, 3, [])
