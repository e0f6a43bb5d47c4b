"""Levels are counted a little at a time, every row once, and parts hold what their rows hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote.filters import LogFilter
from protocols.creosote.finding import Finder, Strides
from protocols.creosote.log import DatagramLog
from protocols.creosote.parts import grams_of, may_hold, may_pair, pairs_of, windows_of
from protocols.creosote.programs import PROGRAMS
from protocols.creosote.reading.reading import read
from protocols.creosote.survey import Survey
from protocols.creosote.wide import first_of
from tests.protocols.creosote.test_log import bulk_of, filled


def test_every_row_is_counted_once_however_small_the_slices() -> None:
    log = filled([b"ERROR one", b"nothing", b"WARN two", b'{"level":"error","msg":"x"}', b"DEBUG"] * 100, 7)
    levels = Survey(log)
    assert levels.behind == 500
    while not levels.go_on(0):
        assert levels.behind < 500
    assert (levels.behind, levels.of("ERROR"), levels.of("WARN"), levels.of("")) == (0, 200, 100, 100)
    log.append(bulk_of([b"CRITICAL more"], 500))
    assert levels.behind == 1
    assert levels.go_on(1.0)
    assert levels.of("ERROR", "CRITICAL") == 201


def test_a_snapshot_stays_as_it_was() -> None:
    log = filled([b"a", b"b"], 1)
    before = log.snapshot()
    for at in range(2, 200):
        log.append(bulk_of([b"c"], at))
    assert len(before) == 2
    assert [before.payload(row) for row in range(2)] == [b"a", b"b"]
    assert before.senders[before.sender(1)] == log.senders[log.sender(1)]


def surveyed(payloads: list[bytes]) -> DatagramLog:
    log = filled(payloads, len(payloads))
    survey = Survey(log)
    assert not survey.done
    assert survey.go_on(60)
    assert survey.done
    return log


def test_what_cannot_pass_is_not_looked_at() -> None:
    log = surveyed([PROGRAMS[n % 5].message(n).encode() for n in range(3000)])
    stretch = log.stretch(0)
    assert [(part.start, part.stop) for part in stretch.parts] == [(0, 1024), (1024, 2048), (2048, 3000)]
    for text in ("nosuchword", "zq", "zqx", "/no(such|ne)\\d/", "level:critical", "kind:pickle", "from:nobody",
                 "status:599"):  # fmt: skip
        assert Finder(log, LogFilter(text), 0).chance_before(stretch, 3000) == (0, 0), text
    late = Finder(log, LogFilter('"seq=2998 "'), 0)
    assert late.chance_before(stretch, 3000) == (2048, 3000)
    assert late.chance_before(stretch, 2500) == (2048, 2500)
    assert late.chance_before(stretch, 2048) == (0, 0)
    assert Strides(late, 1.0).back(stretch, 2048) == (0, [])
    assert Finder(log, LogFilter("-level:error", senders=frozenset((3,))), 0).chance_before(stretch, 3000) == (0, 3000)
    assert Finder(log, LogFilter("seq", senders=frozenset((7,))), 0).chance_before(stretch, 3000) == (0, 0)


def test_rows_without_a_byte_are_surveyed_as_well() -> None:
    log = surveyed([b""] * 3000)
    assert Finder(log, LogFilter("x"), 0).chance_before(log.stretch(0), 3000) == (0, 3000)  # too short a word to know
    assert Finder(log, LogFilter("level:error"), 0).chance_before(log.stretch(0), 3000) == (0, 0)
    for data in (b"", b"a"):
        assert not may_pair(pairs_of(data), b"ab")


def test_what_bytes_alone_rule_out_is_not_looked_at_before_it_is_read() -> None:
    payloads = [PROGRAMS[n % 5].message(n).encode() for n in range(2048)]
    log = filled([*payloads, *[b'{"level":50,"msg":"x"}'] * 1024], 3072)
    survey, stretch = Survey(log), log.stretch(0)
    while survey.go_on(0, counts_first=False) or stretch.parts[-1].signs is None:
        pass
    assert all(part.said is None for part in stretch.parts)
    assert not stretch.levels
    for text in ("level:critical", "kind:pickle", "kind:gelf", "from:nobody", "path:nosuch", "size:1"):
        low, stop = Finder(log, LogFilter(text), 0).chance_before(stretch, 3072)
        assert stop in ((0, 3072) if text == "level:critical" else (0,)), text
        assert low == (2048 if stop else 0)  # a number may be any level
    assert Finder(log, LogFilter("kind:syslog"), 0).chance_before(stretch, 3072) == (0, 2048)
    assert Finder(log, LogFilter("from:4001"), 0).chance_before(stretch, 3072) == (0, 3072)
    while survey.behind:
        survey.go_on(0)
    assert (survey.of("CRITICAL"), survey.of("")) == (1024, sum(not read(each).level for each in payloads))
    assert [part.levels for part in stretch.parts] == [0b11111, 0b11111, 0b100000]


def test_parts_of_large_rows_are_short_and_pieces_of_a_message_may_say_anything() -> None:
    chunk = b"\x1e\x0f12345678\0\2" + b"{" * 50_000
    log = surveyed([chunk] * 2 + [b"x" * 200_000] + [b"a=1 b=2"] * 2045)
    parts = log.stretch(0).parts
    assert [(part.start, part.stop) for part in parts] == [(0, 2), (2, 3), (3, 1027), (1027, 2048)]
    assert parts[0].said is not None
    assert parts[0].said.fields is None
    assert parts[2].said is not None
    assert parts[2].said.fields == (("a", frozenset("1")), ("b", frozenset("2")))
    assert log.nbytes == log.stretch(0).nbytes > sum(map(len, (chunk, chunk))) + 200_000


def test_many_small_stretches_become_large_ones() -> None:
    log = DatagramLog()
    for at in range(5000):
        log.append(bulk_of([b"%d" % at], at))
    assert len(log.stretches(0, 5000)) < 100
    assert 0 < log.sealed <= 5000
    assert [log.payload(row) for row in range(0, 5000, 7)] == [b"%d" % row for row in range(0, 5000, 7)]


@given(st.binary(max_size=9), st.integers(0, 20_000), st.integers(1, 6))
def test_bytes_are_found_by_the_c_library_as_by_python(word: bytes, place: int, step: int) -> None:
    data = bytes(range(33, 121)) * 200
    data = data[:place] + word + data[place::step]
    for view in (data, bytearray(data), memoryview(data)):
        assert first_of(view, word) == data.find(word)
    assert may_hold(grams_of(data), windows_of(word.lower()))
    assert may_pair(pairs_of(data), word.lower())
    assert not may_pair(pairs_of(b"a1-B"), b"ab")
