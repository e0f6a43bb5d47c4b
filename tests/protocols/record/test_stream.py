"""What is exported comes back equal; what is not an event stream is refused with the line's number."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.event import Event, from_json
from protocols.record.recorder import Recorder
from protocols.record.stream import LinePump, LineReader, LineWriter, StreamError, export
from tests.protocols.record.strategies import events

GOOD = b'{"v":1,"t":1,"layer":"note","kind":"x","summary":""}\n'


@given(st.lists(events(), max_size=20), st.integers(0, 2**62))
def test_an_export_comes_back_equal(given_events: list[Event], epoch_ns: int) -> None:
    file = io.BytesIO()
    assert export((event.raw() for event in given_events), file, epoch_ns) == len(given_events)
    file.seek(0)
    reader = LineReader(file)
    assert list(reader) == given_events
    assert reader.epoch_ns == epoch_ns


@given(st.lists(events().filter(lambda event: "epoch_ns" not in event.detail), min_size=1, max_size=5))
def test_a_stream_without_a_header_tells_the_clock_in_its_first_event(given_events: list[Event]) -> None:
    file = io.BytesIO()
    LineWriter(file, 77).write(event.raw() for event in given_events)
    assert from_json(file.getvalue().split(b"\n")[0]).detail["epoch_ns"] == 77
    file.seek(0)
    assert list(LineReader(file)) == given_events


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (GOOD + b"not json\n", "Line 2: Not an event line"),
        (GOOD + GOOD[:-1], "Line 2: cut off"),
        (b"\n", "Line 1"),
        (b"[1]\n", "Line 1"),
        (b'{"v":2,"t":1,"layer":"note","kind":"x","summary":""}\n', "version 2"),
        (b'{"v":1,"t":1,"layer":"wire","kind":"x","summary":""}\n', "Unknown layer"),
        (b'{"v":1,"t":-1,"layer":"note","kind":"x","summary":""}\n', "out of range"),
        (b'{"v":1,"t":%d,"layer":"note","kind":"x","summary":""}\n' % 2**70, "out of range"),
        (b'{"v":1,"t":1,"layer":"note","kind":"' + b"x" * 2000 + b'","summary":""}\n', "longer than the limit"),
        (b"[" * 900 + b"\n", "Line 1"),
        (b"\xff\xfe\n", "Line 1"),
    ],
)
def test_what_is_no_event_stream_is_refused(text: bytes, part: str) -> None:
    with pytest.raises(StreamError, match=part):
        list(LineReader(io.BytesIO(text), limit_line_bytes=1000))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        list(LineReader(io.BytesIO(text)))
    except StreamError as refused:
        assert refused.line >= 1  # noqa: PT017 - both outcomes are right


def test_a_pump_writes_all_that_was_recorded_before_close() -> None:
    recorder, file = Recorder(), io.BytesIO()
    listening = (5, "note", "listening", "echo:1", None, None, None, None, None, "", {"port": 1})
    pump = LinePump(recorder, file, first=listening)  # type: ignore[arg-type]
    for number in range(12_000):
        recorder.emit("note", "n", str(number))
    assert pump.close()
    file.seek(0)
    reader = LineReader(file)
    read = list(reader)
    assert [event.summary for event in read[1:]] == [str(number) for number in range(12_000)]
    assert (read[0].kind, reader.epoch_ns) == ("listening", recorder.epoch_ns)


def test_a_reader_that_goes_away_ends_the_pump_and_not_the_lab() -> None:
    recorder = Recorder()
    read, write = os.pipe()
    with os.fdopen(write, "wb") as file:
        pump = LinePump(recorder, file)
        os.close(read)
        recorder.note("x", "y")
        assert not pump.close()
        assert isinstance(pump.error, BrokenPipeError)
        recorder.note("still", "recording")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file.fileno())  # so that the buffer can be flushed at close
        os.close(nowhere)
