from __future__ import annotations

from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from tests.gallery import scenes
from tests.protocols.sockets.ends import Log, client_of, serving, started, wait_received
from widgets.inspector.joined import joined_events, overlap, range_of, same_flow
from widgets.selection import ByteRange


def log_of(events: list) -> EventLog:  # type: ignore[type-arg]
    log = EventLog()
    log.append(events)
    return log


def test_a_send_is_joined_to_the_recv_and_the_message_of_its_bytes_only() -> None:
    events = scenes.conversation()
    log = log_of(events)
    row = next(row for row, raw in enumerate(events) if raw[2] == "send" and raw[3] == "client 3")
    assert [(one.kind, one.who) for one in joined_events(log, row)] == [
        ("recv", "upper:2345"),
        ("request", "upper:2345"),
    ]


def test_a_request_in_three_parts_is_joined_to_each_and_marks_its_part() -> None:
    me, it = {"end": "client"}, {"end": "server"}
    events = [
        scenes.raw(1, "call", "send", "client 1", "1", "", "out", 0, b"aaaa", **me),
        scenes.raw(2, "call", "send", "client 1", "1", "", "out", 4, b"bb", **me),
        scenes.raw(3, "call", "recv", "echo", "1", "", "in", 0, b"aaa", **it),
        scenes.raw(4, "call", "recv", "echo", "1", "", "in", 3, b"abb", **it),
        scenes.raw(5, "message", "request", "echo", "1", "", "in", 0, b"aaaabb", **it),
        scenes.raw(6, "call", "send", "echo", "1", "", "out", 0, b"aaaabb", **it),
    ]
    log = log_of(events)
    assert [one.row for one in joined_events(log, 4)] == [0, 1, 2, 3]
    request, part = range_of(events[4]), range_of(events[1])
    assert request is not None
    assert part is not None
    assert overlap(request, part) == (4, 6)


def test_a_datagram_is_joined_to_its_arrival() -> None:
    events = scenes.datagrams()
    joined = joined_events(log_of(events), 0)
    assert ("recvfrom", "echo:11111") in [(one.kind, one.who) for one in joined]
    assert all(one.row != 0 for one in joined)


def test_directions_are_compared_from_end_to_end() -> None:
    sent = ByteRange("1", "client", "out", 0, 5)
    assert same_flow(sent, ByteRange("1", "server", "in", 0, 5))
    assert not same_flow(sent, ByteRange("1", "server", "out", 0, 5))
    assert not same_flow(sent, ByteRange("2", "server", "in", 0, 5))


def test_an_event_without_bytes_is_joined_to_nothing() -> None:
    log = log_of(scenes.conversation())
    assert joined_events(log, 0) == []


def test_a_real_reply_is_joined_to_its_own_way_only() -> None:
    """The same offsets exist in both directions: what the client asked must not stand beside the answer."""
    recorder = Recorder()
    heard = Log(recorder)
    with serving("upper", recorder=recorder) as server:
        client = client_of(server, recorder)
        with started(client):
            client.send(b"hello")
            assert wait_received(heard, client, 5) == b"HELLO"
            heard.wait_kind("reply", 2)
    raws = [event.raw() for event in heard.all()]
    for row, raw in enumerate(raws):
        if raw[1] == "message":
            said = {raws[one.row][8] for one in joined_events(log_of(raws), row)}
            assert said == {raw[8]}, "both ends, calls and messages, of the same five bytes"
