"""A bulk of datagrams reads as the events it stands for, survives a file, and is counted by the event."""

from __future__ import annotations

from array import array
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.block import Tables
from protocols.record.bulk import Bulk, counts_in, seen_in, summary_of, unpacked
from protocols.record.bulkblock import BulkBlock
from protocols.record.event import Event
from protocols.record.log import BULK_ROWS, EventLog, Filter
from protocols.record.recorder import Recorder

PEERS = [("127.0.0.1", 4000), ("127.0.0.1", 4001)]
CONNS = ["1", "2"]
LOCAL = ("127.0.0.1", 7739)


def bulk_of(payloads: list[bytes], dropped: int = 0) -> Bulk:
    return Bulk(
        "bucket:7739", LOCAL, array("q", range(len(payloads))), b"".join(payloads),
        array("I", accumulate(map(len, payloads))), array("I", [at % 2 for at in range(len(payloads))]),
        PEERS, CONNS, dropped,
    )  # fmt: skip


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_rows_are_events_with_the_whole_payload(payloads: list[bytes]) -> None:
    events = [Event.of(raw) for raw in bulk_of(payloads, 3).raws()]
    assert [event.data for event in events] == payloads
    for row, event in enumerate(events):
        assert (event.layer, event.kind, event.conn) == ("message", "datagram", CONNS[row % 2])
        assert event.detail["peer"] == list(PEERS[row % 2])
        assert (event.size, event.detail["dropped"]) == (len(payloads[row]), 3)
        assert event.summary.isprintable() or not event.summary


@given(st.lists(st.binary(max_size=50), max_size=30), st.data())
def test_a_bulk_survives_a_file_and_can_be_parted(payloads: list[bytes], data: st.DataObject) -> None:
    bulk = bulk_of(payloads)
    again = unpacked(bulk.packed(), bulk.service, LOCAL, PEERS, CONNS, 0)
    assert list(again.raws()) == list(bulk.raws())
    start = data.draw(st.integers(0, len(payloads)))
    stop = data.draw(st.integers(start, len(payloads)))
    assert list(bulk.part(start, stop).raws()) == list(bulk.raws())[start:stop]


@given(st.lists(st.integers(0, 5) | st.just(3), max_size=30))
def test_a_file_keeps_those_peers_that_sent_something(senders: list[int]) -> None:
    peers, conns = [("127.0.0.1", 4000 + at) for at in range(6)], [str(at) for at in range(6)]
    bulk = Bulk("s", LOCAL, array("q", range(len(senders))), b"", array("I", [0] * len(senders)),
                array("I", senders), peers, conns, 0)  # fmt: skip
    kept = bulk.alone()
    assert list(kept.raws()) == list(bulk.raws())
    assert sorted(kept.peers) == sorted({peers[sender] for sender in senders})
    assert len(kept.conns) == len(kept.peers)
    assert kept.peers is not peers  # which may grow at any time


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=30), st.data())
def test_payloads_in_a_view_of_something_larger_read_the_same(payloads: list[bytes], data: st.DataObject) -> None:
    plain, viewed = bulk_of(payloads), bulk_of(payloads)
    viewed.data = memoryview(b"before" + bytes(plain.data) + b"behind")[6:-6]
    assert list(viewed.raws()) == list(plain.raws())
    assert viewed.packed() == plain.packed()
    assert viewed.nbytes == plain.nbytes
    stop = data.draw(st.integers(1, len(payloads)))
    assert list(viewed.part(0, stop).raws()) == list(plain.raws())[:stop]
    needle = payloads[0][:3].lower()
    plain_hits, viewed_hits = (BulkBlock(0, bulk, Tables()).mask_text(needle) for bulk in (plain, viewed))
    assert viewed_hits == plain_hits


@given(st.binary(max_size=200))
def test_bytes_from_elsewhere_are_refused_with_a_value_error(blob: bytes) -> None:
    with pytest.raises(ValueError):
        unpacked(blob, "s", LOCAL, PEERS, CONNS, 0)


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5), st.data())
def test_a_damaged_bulk_is_refused_or_still_whole(payloads: list[bytes], data: st.DataObject) -> None:
    blob = bytearray(bulk_of(payloads).packed())
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= data.draw(st.integers(1, 255))
    try:
        again = unpacked(bytes(blob), "s", LOCAL, PEERS, CONNS, 0)
    except ValueError:
        return
    assert sum(len(again.payload(row)) for row in range(len(again))) == len(again.data)


def test_consumers_get_events_or_the_bulk_itself_and_drops_count_events() -> None:
    recorder = Recorder()
    plain, mixed, small = recorder.tail(), recorder.tail(), recorder.tail(bound_events=5)
    recorder.note("started", "now")
    recorder.put_bulk(bulk_of([b"a", b"b", b"c", b"d", b"e"]))
    assert recorder.total == 6
    assert len(plain) == len(mixed) == 6
    assert [raw[2] for raw in plain.take()] == ["started"] + ["datagram"] * 5
    items = mixed.take_items()
    assert isinstance(items[1], Bulk)
    assert len(items) == 2
    assert small.dropped == 5
    assert [raw[2] for raw in small.take()] == ["started", "events dropped"]
    assert len(plain) == len(mixed) == len(small) == 0


def test_a_summary_is_one_line_that_acts_on_nothing() -> None:
    assert summary_of(b"plain text\r\n") == "plain text"
    assert summary_of(b"\xff\x00") == r"\xff\x00"
    assert summary_of("\u202eevil\x1b[2J".encode()) == r"\u202eevil\x1b[2J"
    cut = summary_of(("x" * 119 + "\u2603").encode())
    assert cut == "x" * 119 + "\u2026"


@given(
    st.lists(st.text("abAB dx", max_size=6), min_size=BULK_ROWS, max_size=BULK_ROWS + 40),
    st.sampled_from(["ab", "b a", "x", "gram", "conn:1", "conn:2 a", "kind:datagram", "kind:recv", "dir:in", "dir:out",
                     "/^datagram a/", "service:bucket a", "-ab", "errno", "layer:call"]),
)  # fmt: skip
def test_a_log_finds_rows_of_a_bulk_as_it_finds_events(texts: list[str], query: str) -> None:
    bulk = bulk_of([text.encode() for text in texts])
    whole, single = EventLog(), EventLog(block_rows=16)
    note = (0, "note", "started", "x", None, None, None, None, None, "ab conn", None)
    for log in (whole, single):
        log.append([note])  # type: ignore[list-item]
    whole.append_many(bulk)
    single.append(list(bulk.raws()))
    for log in (whole, single):
        log.append([note])  # type: ignore[list-item]
    assert len(whole) == len(single)
    one, other = ([Event.of(log.raw(row)) for row in range(len(log))] for log in (whole, single))
    assert one == other
    assert whole.rows(Filter(query)) == single.rows(Filter(query))
    assert whole.layer_counts() == single.layer_counts()
    assert (whole.services(), sorted(whole.conns())) == (single.services(), sorted(single.conns()))


def test_a_small_bulk_is_events_like_others_and_a_full_log_lets_the_oldest_go() -> None:
    log = EventLog(limit_rows=500)
    log.append_many(bulk_of([b"few"] * 3))
    for _ in range(10):
        log.append_many(bulk_of([b"many"] * 100))
    assert len(log) == 1003
    assert 400 <= len(log) - log.first <= 500
    assert log.event(1002).data == b"many"
    assert log.layer_counts()["message"] == len(log) - log.first


@given(st.lists(st.integers(0, 4) | st.integers(0, 300) | st.just(1 << 20), max_size=40))
def test_senders_are_counted_as_by_a_look_at_each(numbers: list[int]) -> None:
    senders = array("I", numbers)
    assert dict(counts_in(senders)) == dict(Counter(numbers))
    assert seen_in(senders) == set(numbers)
