"""A sketch brings back what was noted of rows, is refused where it can't be theirs, and hides no row from a filter."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.creosote import log as log_module
from protocols.creosote import sieve
from protocols.creosote.filters import LogFilter
from protocols.creosote.finding import Finder, Strides
from protocols.creosote.log import MERGE, DatagramLog
from protocols.creosote.noting import note
from protocols.creosote.parts import Part, Signs, parts_of
from protocols.creosote.programs import PROGRAMS
from protocols.creosote.reading.levels import LEVEL_CODES
from protocols.creosote.reading.reading import LEVEL_WORDS, LEVELS, read
from protocols.creosote.sieve import level_words
from protocols.creosote.sketch import LEAST_ROWS, packed, parts_in, sketch_of
from protocols.creosote.survey import Survey
from protocols.record.bulk import Bulk
from tests.protocols.creosote.test_finding import ROWS, going_back, rows
from tests.protocols.creosote.test_finding import filters as filter_texts
from tests.protocols.creosote.test_log import bulk_of, filled

SENDERS = frozenset((3, 4))
MIXED = [PROGRAMS[n % 5].message(n).encode() for n in range(3000)]


def noted(bulk: Bulk, part_rows: int = 1024) -> list[Part]:
    parts = parts_of(bulk.ends, part_rows)
    for part in parts:
        note(bulk, part, SENDERS)
    return parts


def told(part: Part) -> tuple[object, ...]:
    return (
        part.start,
        part.stop,
        bytes(part.grams or b""),
        bytes(part.pairs or b""),
        part.signs,
        part.levels,
        part.said,
    )


@given(rows, st.integers(1, 20), st.booleans())
def test_a_sketch_says_again_what_was_noted(payloads: list[bytes], part_rows: int, large: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sieve, "LARGE", 1 if large else sieve.LARGE)
        bulk = bulk_of(payloads)
        parts = noted(bulk, part_rows)
    again = parts_in(packed(parts), bulk.ends, SENDERS)
    assert [told(part) for part in again] == [told(part) for part in parts]


@given(rows, st.integers(1, 9), st.booleans())
@example(ROWS, 3, True)
@example(ROWS, 1, False)
def test_no_level_that_a_row_has_is_missing(payloads: list[bytes], part_rows: int, large: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sieve, "LARGE", 1 if large else sieve.LARGE)
        patch.setattr("protocols.creosote.noting._SAMPLES", 1)
        bulk = bulk_of(payloads)
        for part in noted(bulk, part_rows):
            assert part.levels is not None
            for row in range(part.start, part.stop):
                assert part.levels >> LEVEL_CODES[read(bulk.payload(row)).level] & 1, bulk.payload(row)


@given(st.lists(st.sampled_from([
    b'"level"', b'"lvl":', b":", b"= ", b"=", b" ", b'"', b"{", b"}", b",", b"level=", b"severity", b"50", b"3", b"0",
    b"4.", b"error", b"ERROR", b"crit", b"\\", b"\\u0065rror", b"\\t", b"n", b"a=1 ", b"x", b"\x1b[1m", b"<10>",
    b'"time":1,"v":', b"}\n{", b'"short_message":"x"', b'\\"level":',
]), max_size=9).map(b"".join), st.booleans())  # fmt: skip
@example(b'{"level":"\\terror"}', True)
@example(b'a=1 level="\\\\ error"', True)
@example(b'level=" \\n 40 " a=1', True)
@example(b'{"lvl" : 50}', True)
@example(b'{"short_message":"x","a":{"level":3}}', True)
@example(b'{"short_message":"x","a\\"level":3}', True)
def test_no_level_is_missing_however_it_is_written(payload: bytes, large: bool) -> None:
    for data in (payload, b'{"x":1,' + payload + b"}", b"a=1 " + payload):
        test_no_level_that_a_row_has_is_missing.hypothesis.inner_test([b"x", data, b"7"], 9, large)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("message", "there"),
    [
        (b"%06d INFO alert manager got fatal something, no error", "INFO"),
        (b'{"level":30,"time":17%06d,"msg":"an error, it says fatal: no\\n a=b"}', "INFO WARN"),  # pino's, Python's
        (b'{"level":6,"time":17%06d,"short_message":"an error, it says fatal: no"}', "INFO"),
        (b'{"level":"info","seq":%d,"msg":"water level: low, an alert; /srv/error.log"}', "INFO"),
        (b'seq=%d level=warning msg="no panic" path=/srv/crit', "WARN"),
        (b"<30>%d it is critical", "INFO"),
    ],
    ids=["text", "number", "gelf", "json", "logfmt", "syslog"],
)
def test_levels_that_are_only_talked_of_are_not_said_to_be_there(message: bytes, there: str) -> None:
    bulk = bulk_of([message % n for n in range(1024)])
    [part] = noted(bulk)
    assert part.levels == 1 | sum(1 << LEVEL_CODES[level] for level in there.split())


def test_every_word_for_a_level_begins_with_one_that_is_looked_for() -> None:
    for word, level in LEVEL_WORDS.items():
        assert word.encode().startswith(tuple(level_words(frozenset((level,)))))
    assert set(LEVEL_WORDS.values()) == set(LEVELS)


@given(st.binary(max_size=120), st.integers(0, 9))
def test_bytes_from_elsewhere_are_refused(data: bytes, count: int) -> None:
    ends = bulk_of([b"x"] * count).ends
    for sketch in (data, b"NLK1" + data, b"NLK1" + count.to_bytes(4, "little") + data):
        with pytest.raises(ValueError):
            parts_in(sketch, ends, SENDERS)


@given(st.data())
def test_a_damaged_sketch_is_refused_or_is_of_all_rows(data: st.DataObject) -> None:
    bulk = bulk_of(ROWS)
    sketch = bytearray(packed(noted(bulk, 20)))
    for _ in range(data.draw(st.integers(1, 3))):
        sketch[data.draw(st.integers(0, 200) | st.integers(0, len(sketch) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del sketch[data.draw(st.integers(0, len(sketch))) :]
    try:
        parts = parts_in(bytes(sketch), bulk.ends, SENDERS)
    except ValueError:
        return
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == len(bulk)
    log = DatagramLog()
    log.append(bulk)
    log.stretch(0).parts = parts
    for text in ("error", "level:error", "from:db", "kind:json", "status:504"):  # wrong it may be, fail it must not
        going_back(log, Strides(Finder(log, LogFilter(text), 0), 1.0))


@given(
    rows, filter_texts, st.none() | st.frozensets(st.integers(0, 6)), st.integers(1, 80), st.integers(1, 20), st.data()
)
def test_a_filter_finds_the_same_rows_with_sketches_and_without(
    payloads: list[bytes], text: str, senders: frozenset[int] | None, size: int, part_rows: int, data: st.DataObject
) -> None:
    plain, log = filled(payloads, size), DatagramLog()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sieve, "LARGE", data.draw(st.sampled_from((1, sieve.LARGE))))
        patch.setattr(log_module, "LEAST_ROWS", 1)
        for at in range(0, len(payloads), size):
            bulk = bulk_of(payloads[at : at + size], at)
            late = data.draw(st.booleans())
            bulk.sketch = None if late else packed(noted(bulk, part_rows))
            log.append(bulk)
            if late and data.draw(st.booleans()):
                bulk.sketch = packed(noted(bulk, part_rows))
        wanted = LogFilter(text, senders=senders)
        if data.draw(st.booleans()):
            survey = Survey(log, 1, data.draw(st.integers(1, 9)))
            for _ in range(data.draw(st.integers(0, 20))):
                survey.go_on(0, counts_first=data.draw(st.booleans()))
        expected = going_back(plain, Strides(Finder(plain, wanted, 0), 1.0))
        assert going_back(log, Strides(Finder(log, wanted, 0), 1.0)) == expected
    assert log.nbytes == sum(stretch.nbytes for stretch in log.stretches(0, len(log)))


def test_what_cannot_pass_is_known_before_anything_is_surveyed() -> None:
    bulk, log = bulk_of(MIXED), DatagramLog()
    bulk.sketch = sketch_of(bulk)
    log.append(bulk)
    for text in ("nosuchword", "zqx", "/no(such|ne)\\d/", "level:critical", "kind:pickle", "from:nobody"):
        assert Finder(log, LogFilter(text), 0).chance_before(log.stretch(0), 3000) == (0, 0), text
    assert Finder(log, LogFilter("level:error", senders=SENDERS), 0).chance_before(log.stretch(0), 3000) == (0, 3000)
    assert not log.stretch(0).levels
    survey = Survey(log)
    assert survey.go_on(60)
    assert survey.of("", *LEVELS) == 3000
    said = log.stretch(0).parts[0].said
    assert said is not None
    assert said.kinds is not None


def test_a_sketch_that_comes_after_its_rows_is_taken_and_one_of_other_rows_is_not() -> None:
    log, wanted = DatagramLog(), LogFilter("nosuchword")
    right, wrong = bulk_of(MIXED), bulk_of(MIXED[:1000])
    log.append(right)
    log.append(wrong)
    assert Finder(log, wanted, 0).chance_before(log.stretch(0), 3000) == (0, 3000)
    right.sketch = wrong.sketch = sketch_of(right)
    assert Finder(log, wanted, 0).chance_before(log.stretch(0), 3000) == (0, 0)
    assert Finder(log, wanted, 0).chance_before(log.stretch(3000), 1000) == (0, 1000)
    assert log.nbytes == sum(stretch.nbytes for stretch in log.stretches(0, len(log)))


def test_stretches_that_become_one_keep_what_was_noted_of_them() -> None:
    log = DatagramLog()
    for at in range(0, MERGE * LEAST_ROWS, LEAST_ROWS):
        bulk = bulk_of([*MIXED[: LEAST_ROWS - 1], b"#%d" % at], at)
        bulk.sketch = sketch_of(bulk)
        log.append(bulk)
    [stretch] = log.stretches(0, len(log))
    assert [part.start for part in stretch.parts] == list(range(0, len(log), LEAST_ROWS))
    last = MERGE * LEAST_ROWS - LEAST_ROWS
    assert Finder(log, LogFilter(f'"#{last}"'), 0).chance_before(stretch, len(log)) == (last, len(log))
    assert going_back(log, Strides(Finder(log, LogFilter(f'"#{last}"'), 0), 1.0)) == [len(log) - 1]
    assert log.nbytes == stretch.nbytes


def test_few_rows_have_no_sketch_and_a_part_not_noted_can_have_none() -> None:
    assert sketch_of(bulk_of(MIXED[: LEAST_ROWS - 1])) is None
    part = Part(0, 2)
    part.signs = Signs(False, False, frozenset(), b"x", SENDERS)
    with pytest.raises(ValueError, match="noted"):
        packed([part])
