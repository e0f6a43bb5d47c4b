"""The log gives back what was put in, finds what a plain reading finds, and stays within its limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.block import HEAD_BYTES
from protocols.record.event import Event, Raw, detail_of
from protocols.record.log import BLOCK_ROWS, EventLog, Filter
from tests.protocols.record.strategies import events


def call(number: int, kind: str = "send", **over: object) -> Raw:
    service = over.get("service", "echo:7")
    conn = over.get("conn", str(number % 5))
    summary = over.get("summary", f"{kind} number {number}")
    detail = over.get("detail", (("took_ns", "fd", "errno"), 5, 3, over.get("errno")))
    return (number, "call", kind, service, conn, "out", number, 4, b"DATA", summary, detail)  # type: ignore[return-value]


def small_blocks(rows: int, limit_rows: int = 1000) -> EventLog:
    """A log whose blocks hold few rows, so that tests cross their borders."""
    return EventLog(block_rows=rows, limit_rows=limit_rows)


@given(st.lists(events(), max_size=30), st.integers(1, 7))
def test_every_event_comes_back_equal_packed_or_open(given_events: list[Event], rows: int) -> None:
    log = small_blocks(rows)
    log.append([event.raw() for event in given_events])
    assert len(log) == len(given_events)
    assert [log.event(row) for row in range(len(log))] == given_events


def test_lazy_details_stay_lazy_and_equal() -> None:
    log = small_blocks(3)
    raws = [call(number, errno="EPIPE" if number == 2 else None) for number in range(10)]
    log.append(raws)
    assert [log.raw(row) for row in range(10)] == raws
    assert log.event(2).errno == "EPIPE"


def test_what_cannot_be_packed_is_said_another_way() -> None:
    log = small_blocks(2)
    odd: dict[str, object] = {"big": 2**70, "what": object(), "lone": "\udcff"}
    log.append([call(0, detail=odd), call(1, summary="\udcff\n"), call(2, detail={"big": 2**70, "set": {1}})])
    assert str(2**70) in log.event(0).detail["unreadable"]
    assert log.raw(1)[9] == "\udcff\n"
    assert log.rows(Filter("send")) == [0, 1, 2]


def naive(raw: Raw, wanted: Filter) -> bool:
    """The plain reading of what a filter asks, row by row."""
    head = (raw[8] or b"")[:HEAD_BYTES]
    shown = "".join(chr(code) if 32 <= code < 127 else "." for code in head)
    errno = detail_of(raw).get("errno") or ""
    text = f"{raw[2]} {raw[9]} {errno} {shown}".lower()
    ok = all((term.value in text) != term.negated for term in wanted.terms if term.field == "word")
    kinds = [term.value.lower() for term in wanted.terms if term.field == "kind"]
    ok = ok and (not kinds or raw[2].lower() in kinds)
    ok = ok and (not wanted.errors_only or errno not in ("", "EAGAIN"))
    ok = ok and (wanted.layers is None or raw[1] in wanted.layers)
    ok = ok and (wanted.services is None or raw[3] in wanted.services)
    return ok and (wanted.conns is None or raw[4] in wanted.conns)


@given(
    st.lists(events(), min_size=1, max_size=40),
    st.sampled_from(["", "s", "send", "-send", "e -thread", "econn", "kind:send", "kind:recv kind:send r", "zebra"]),
    st.none() | st.frozensets(st.sampled_from(["call", "note", "state"])),
    st.booleans(),
    st.integers(1, 50),
    st.data(),
)
def test_a_search_finds_what_a_plain_reading_finds(
    given_events: list[Event], text: str, layers: frozenset[str] | None, errors: bool, rows: int, data: st.DataObject
) -> None:
    log = small_blocks(rows)
    services = data.draw(st.none() | st.frozensets(st.sampled_from([event.service or "?" for event in given_events])))
    wanted = Filter(text, layers=layers, services=services, errors_only=errors)
    raws = [event.raw() for event in given_events if not set(event.summary + event.kind) & set("\u0130")]
    log.append(raws)
    assert log.rows(wanted) == [row for row, raw in enumerate(raws) if naive(raw, wanted)]


def test_a_common_word_and_a_rare_one_are_found_alike() -> None:
    log = EventLog()
    raws = [call(number) for number in range(BLOCK_ROWS * 2 + 10)]
    log.append(raws)
    assert len(log.rows(Filter("NUMBER"))) == len(raws)
    assert log.rows(Filter('"number 4100"')) == [4100]
    assert log.rows(Filter("number 8195")) == [8195]
    assert log.rows(Filter("data conn:3")) == [row for row in range(len(raws)) if row % 5 == 3]


def test_fields_of_one_name_are_alternatives_and_all_else_must_hold() -> None:
    log = small_blocks(4)
    log.append([call(0), call(1, "recv"), call(2, "recvfrom"), call(3, "thread started"), call(4, "recv", conn="9")])
    assert log.rows(Filter("kind:send kind:recv")) == [0, 1, 4]
    assert log.rows(Filter("kind:recv*")) == [1, 2, 4]
    assert log.rows(Filter('kind:"thread started"')) == [3]
    assert log.rows(Filter("kind:recv conn:9")) == [4]
    assert log.rows(Filter("-kind:recv -conn:0")) == [2, 3]
    assert log.rows(Filter("service:ECHO dir:out")) == [0, 1, 2, 3, 4]
    assert log.rows(Filter("service:mail")) == []
    assert log.rows(Filter("dir:in")) == []
    assert log.rows(Filter("layer:note")) == []


def test_errors_by_symbol_and_at_all() -> None:
    log = small_blocks(4)
    log.append([call(0), call(1, errno="ECONNREFUSED"), call(2, errno="EAGAIN"), call(3), call(4, errno="EPIPE")])
    assert log.rows(Filter("errno")) == [1, 4]
    assert log.rows(Filter("errno:econnrefused")) == [1]
    assert log.rows(Filter("errno:EAGAIN")) == [2]
    assert log.rows(Filter("-errno")) == [0, 2, 3]
    assert log.rows(Filter(errors_only=True)) == [1, 4]
    assert log.rows(Filter("econnrefused")) == [1]


def test_regular_expressions() -> None:
    log = small_blocks(4)
    log.append([call(number) for number in range(30)])
    assert log.rows(Filter(r"/NUMBER 1\d\b/")) == list(range(10, 20))
    assert log.rows(Filter("number [12]$|number 2[12] ", regex=True)) == [21, 22]


def test_a_search_goes_on_with_what_came_later() -> None:
    log = small_blocks(4)
    log.append([call(number) for number in range(6)])
    search = log.search(Filter("number -kind:recv"), start=2)
    assert [row for part in search for row in part] == [2, 3, 4, 5]
    log.append([call(6), call(7, "recv"), call(8)])
    assert [row for part in search for row in part] == [6, 8]
    assert search.step() is None
    assert search.row == 9


def test_counts_by_layer_ignore_the_layers_asked_for() -> None:
    log = small_blocks(3)
    note: Raw = (9, "note", "started", "echo:7", None, None, None, None, None, "send is started", None)
    log.append([call(0), note, call(2), call(3, "recv"), note])
    search = log.search(Filter("send", layers=frozenset(("call",))))
    assert [row for part in search for row in part] == [0, 2]
    assert search.counts == {"call": 2, "note": 2}
    assert log.layer_counts() == {"call": 3, "state": 0, "message": 0, "packet": 0, "note": 2}


def test_services_and_connections_in_order_of_first_sight() -> None:
    log = small_blocks(2)
    log.append([call(0, conn="2"), call(1, service="client 1", conn=None), call(2, conn="1"), call(3, service="b")])
    assert log.services() == ["echo:7", "client 1", "b"]
    assert log.conns() == ["2", "1", "3"]


def test_old_blocks_make_room_and_row_numbers_stay() -> None:
    log = small_blocks(10, limit_rows=35)
    log.append([call(number) for number in range(100)])
    assert len(log) == 100
    assert log.first == log.dropped == 70
    assert log.raw(99)[0] == 99
    assert log.raw(log.first)[0] == log.first
    with pytest.raises(IndexError, match="dropped"):
        log.raw(log.first - 1)
    with pytest.raises(IndexError):
        log.raw(100)
    assert log.rows(Filter("number")) == list(range(log.first, 100))
    assert log.layer_counts()["call"] == 100 - log.first
    assert [raw[0] for raw in log.raws(0, 1000)] == list(range(log.first, 100))


def test_payload_bytes_are_bounded_too() -> None:
    log = EventLog(limit_bytes=20 << 20)
    payload = bytes(64 << 10)
    log.append([(n, "call", "send", "s", "1", "out", 0, len(payload), payload, "send", None) for n in range(1000)])
    assert log.nbytes < 30 << 20
    assert log.first > 500
    assert log.raw(999)[8] == payload


def test_a_search_under_way_survives_that_its_rows_are_dropped() -> None:
    log = small_blocks(10, limit_rows=35)
    log.append([call(number) for number in range(30)])
    search = log.search(Filter("number"))
    assert search.step() == list(range(10))
    log.append([call(number) for number in range(30, 90)])
    found = [row for part in search for row in part]
    assert found == list(range(log.first, 90))


def test_typical_events_take_at_most_250_bytes_a_row() -> None:
    log = EventLog()
    log.append([call(number, summary=f"sendall(b'line {number} of the talk\\n') = 28") for number in range(8192)])
    assert log.nbytes / len(log) < 250
