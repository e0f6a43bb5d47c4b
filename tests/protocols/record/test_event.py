"""An event's JSON form says all of it and comes back equal; what is not one is refused with a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.event import Event, EventError, Raw, detail_of, from_json, raw_to_json, to_json
from tests.protocols.record.strategies import events


@given(events())
def test_every_event_comes_back_equal(event: Event) -> None:
    line = to_json(event)
    assert b"\n" not in line
    assert from_json(line) == event
    assert from_json(line.decode()) == event
    assert Event.of(event.raw()) == event


@given(events())
def test_the_json_form_is_what_its_documentation_says(event: Event) -> None:
    read = json.loads(to_json(event))
    names = ["v", "t", "layer", "kind", "service", "conn", "dir", "offset", "size", "summary", "data", "detail"]
    assert list(read) == names
    assert (read["v"], read["t"], read["dir"]) == (1, event.t, event.direction)


def test_payload_is_base64() -> None:
    line = to_json(Event(1, "call", "send", data=b"\xff\x00hi"))
    assert json.loads(line)["data"] == "/wBoaQ=="


def test_a_lazy_detail_becomes_a_mapping_without_its_empty_values() -> None:
    raw: Raw = (1, "call", "send", None, None, "out", 0, 1, b"x", "", (("took_ns", "errno", "fd"), 5, None, 3))
    assert detail_of(raw) == {"took_ns": 5, "fd": 3}
    assert Event.of(raw).errno is None
    assert from_json(raw_to_json(raw)) == Event.of(raw)
    failed: Raw = (*raw[:10], (("took_ns", "errno", "fd"), 5, "EPIPE", 3))
    assert Event.of(failed).errno == "EPIPE"


ODD: list[object] = [object(), {1, 2}, b"b", bytearray(b"b"), memoryview(b"m"), 2**100, float("nan"), "\udcff"]


@pytest.mark.parametrize("value", [*ODD, {"\udcff": [("\udcff",)]}])
def test_what_json_cannot_say_never_breaks_the_way_out(value: object) -> None:
    raw: Raw = (1, "note", "k", None, None, None, None, None, None, "\udcff", {"value": value})
    event = from_json(raw_to_json(raw))
    assert event.summary == "\\udcff"
    assert "value" in event.detail


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("", "Not an event"),
        ("nonsense", "Not an event"),
        ("[]", "Not an event"),
        ('{"v":1}', "missing required field"),
        ('{"v":1,"t":"x","layer":"note","kind":"k","summary":""}', "t"),
        ('{"v":3,"t":1,"layer":"note","kind":"k","summary":""}', "version 3"),
        ('{"v":1,"t":1,"layer":"wire","kind":"k","summary":""}', "layer"),
        ('{"v":1,"t":1,"layer":"note","kind":"k","summary":"","dir":"up"}', "direction"),
        ('{"v":1,"t":1,"layer":"note","kind":"k","summary":"","data":"?"}', "Not an event"),
        ('{"v":1,"t":1,"layer":"note","kind":"k","summary":"","detail":[]}', "detail"),
        ("[" * 100_000, "Not an event"),
        (b"\xff\xfe", "Not an event"),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(line: bytes | str, part: str) -> None:
    with pytest.raises(EventError, match=part):
        from_json(line)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(line: bytes) -> None:
    with pytest.raises(EventError):
        from_json(line)


def test_keys_that_a_later_version_adds_are_ignored() -> None:
    assert from_json('{"v":1,"t":1,"layer":"note","kind":"k","summary":"","colour":"red"}').kind == "k"


def test_events_do_not_share_their_default_detail() -> None:
    line = '{"v":1,"t":1,"layer":"note","kind":"k","summary":""}'
    one, two = from_json(line), from_json(line)
    assert one.detail == {}
    assert one.detail is not two.detail
