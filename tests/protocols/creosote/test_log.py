"""The datagram log gives every row back, merges the small, drops the oldest, and filters as a plain look would."""

from __future__ import annotations

import time
from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.creosote.filters import FilterError, LogFilter, parse
from protocols.creosote.finding import Finder
from protocols.creosote.log import DatagramLog
from protocols.creosote.programs import PROGRAMS
from protocols.record.bulk import Bulk

PEERS = [("127.0.0.1", 4000 + number) for number in range(5)]
CONNS = [str(number) for number in range(5)]
HOUR = 3600 * 1_000_000_000


def bulk_of(payloads: list[bytes], start: int = 0, service: str = "bucket:7739", peers: object = None) -> Bulk:
    return Bulk(
        service, ("127.0.0.1", 7739), array("q", range(start, start + len(payloads))), b"".join(payloads),
        array("I", accumulate(map(len, payloads))),
        array("I", [(start + at) % 5 for at in range(len(payloads))]), peers or PEERS, CONNS, 0,  # type: ignore[arg-type]
    )  # fmt: skip


def filled(payloads: list[bytes], size: int) -> DatagramLog:
    log = DatagramLog()
    for at in range(0, len(payloads), size):
        log.append(bulk_of(payloads[at : at + size], at))
    return log


def found(log: DatagramLog, text: str = "", epoch_ns: int = 0, **wanted: object) -> list[int]:
    finder = Finder(log, LogFilter(text, **wanted), epoch_ns)  # type: ignore[arg-type]
    return [row for stretch in log.stretches(0, len(log)) for row in finder.within(stretch)]


def test_a_column_of_senders_is_kept_once_where_the_numbers_are_the_same() -> None:
    log = DatagramLog()
    assert log.append(bulk_of([b"a"] * 10)) == dict.fromkeys(range(5), 2)
    assert log.stretch(0).who is log.stretch(0).bulk.senders
    assert log.append(bulk_of([b"b"] * 10, 10, "bucket:7740", PEERS[::-1])) == dict.fromkeys(range(5, 10), 2)
    assert [log.senders[log.sender(row)] for row in (9, 10, 19)] == [
        ("bucket:7739", PEERS[4]), ("bucket:7740", PEERS[4]), ("bucket:7740", PEERS[0])
    ]  # fmt: skip
    one = bulk_of([b"c"] * 3, 20, "bucket:7740", PEERS[::-1])
    one.senders = array("I", [2, 2, 2])
    assert log.append(one) == {7: 3}
    assert [log.sender(row) for row in range(20, 23)] == [7, 7, 7]
    assert log.counts[7] == 5
    assert log.nbytes == sum(stretch.nbytes for stretch in log.stretches(0, 23))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=200), st.integers(1, 7))
def test_every_row_is_given_back_however_it_came(payloads: list[bytes], size: int) -> None:
    log = filled(payloads, size)
    assert [log.payload(row) for row in range(len(log))] == payloads
    assert [log.t(row) for row in range(len(log))] == list(range(len(payloads)))
    assert [log.senders[log.sender(row)][1] for row in range(len(log))] == [PEERS[n % 5] for n in range(len(payloads))]
    assert sum(log.counts.values()) == len(payloads)
    assert len(log.stretches(0, len(log))) <= max(len(payloads) // size // 32 + 32, 2)


def test_senders_of_two_buckets_are_told_apart() -> None:
    log = DatagramLog()
    log.append(bulk_of([b"a"], service="bucket:1"))
    log.append(bulk_of([b"b"], service="bucket:2"))
    log.append(bulk_of([b"c"], service="bucket:1"))
    assert [log.sender(row) for row in range(3)] == [0, 5, 0]
    assert log.senders[0][0] == "bucket:1"


def test_a_bucket_started_again_has_its_own_list_of_peers() -> None:
    log = DatagramLog()
    log.append(bulk_of([b"a"]))
    log.append(bulk_of([b"b"], peers=list(reversed(PEERS))))
    assert log.senders[log.sender(1)][1] == PEERS[4]


def test_the_oldest_go_and_numbers_stay() -> None:
    log = DatagramLog(limit_bytes=20_000)
    for start in range(0, 1000, 10):
        log.append(bulk_of([b"%05d" % number + bytes(95) for number in range(start, start + 10)], start))
    assert log.nbytes <= 20_000
    assert log.first == log.dropped > 0
    assert log.payload(999).startswith(b"00999")
    assert log.payload(log.first).startswith(b"%05d" % log.first)
    with pytest.raises(IndexError, match="not kept"):
        log.payload(log.first - 1)
    assert sum(log.counts.values()) == 1000 - log.first
    assert found(log, "00999") == [999]


@given(st.integers(-5, 130))
def test_a_time_is_jumped_to(t: int) -> None:
    log = filled([b"x"] * 120, 7)
    assert log.row_at(t) == min(max(t, 0), 120)


words = st.sampled_from(["ab", "B", "a b", "cd", "\u00e9", "#"])


@given(st.lists(st.text("abAB cd\u00e9#", max_size=12), max_size=60), st.integers(1, 9), words, words, st.booleans())
def test_words_are_found_as_by_a_plain_look(texts: list[str], size: int, one: str, two: str, without: bool) -> None:
    log = filled([text.encode() for text in texts], size)
    sign = "-" if without else ""
    plain = [
        row for row, text in enumerate(texts)
        if _in(one, text) and _in(two, text) != without
    ]  # fmt: skip
    assert found(log, f'"{one}" {sign}"{two}"') == plain
    senders = frozenset((0, 3))
    assert found(log, f'"{one}" {sign}"{two}"', senders=senders) == [row for row in plain if row % 5 in senders]


@given(
    st.lists(st.text("abAB cd\u00e9#", max_size=12), min_size=1, max_size=60), words, words, st.booleans(), st.data()
)
def test_a_part_of_a_stretch_is_searched_as_the_whole(
    texts: list[str], one: str, two: str, without: bool, data: st.DataObject
) -> None:
    log = filled([text.encode() for text in texts], 99)
    finder = Finder(log, LogFilter(f'"{one}" {"-" if without else ""}"{two}"'), 0)
    stretch = log.stretch(0)
    start = data.draw(st.integers(0, len(stretch)))
    stop = data.draw(st.integers(start, len(stretch)))
    assert finder.within(stretch, start, stop) == [row for row in finder.within(stretch) if start <= row < stop]


def test_a_source_is_found_however_it_is_written() -> None:
    payloads = [b'{"app":"d\\u0062","msg":"x"}', b'app="d\\b" msg=x', b"<13>DB: up", b"db up", "\u212aim".encode(),
                b'app=DB msg="x"']  # fmt: skip
    log = filled(payloads, 6)
    assert found(log, "from:db") == [0, 1, 2, 5]
    assert all("db" in log.reading(row).source.lower() for row in (0, 1, 2, 5))


def _in(word: str, text: str) -> bool:
    return word.lower().encode() in text.encode().lower()


def test_a_word_is_not_found_across_two_rows() -> None:
    log = filled([b"xab", b"cabc", b"ab"], 3)
    assert found(log, "abca") == []
    assert found(log, "abc") == [1]


def test_levels_fields_kinds_and_senders_are_filtered() -> None:
    payloads = [program.message(number).encode() for number in range(55) for program in PROGRAMS]
    log = filled(payloads, 32)
    errors = found(log, "level:error")
    assert errors == [row for row in range(len(log)) if log.reading(row).level == "ERROR"]
    assert len(errors) > 3
    assert set(found(log, "level>=warn")) > set(errors)
    assert found(log, "-level:error level>=error") == []
    assert found(log, "kind:json") == [row for row in range(len(log)) if log.reading(row).kind == "json"]
    slow = found(log, "status:504")
    assert slow
    assert all(log.reading(row).fields["status"] == "504" for row in slow)
    assert found(log, 'msg:"GET /p*"') == found(log, "/GET \\/p/")
    assert found(log, "from:mailq") == found(log, "kind:logfmt")
    assert found(log, "from:4001") == [row for row in range(len(log)) if row % 5 == 1]


def test_a_regular_expression_can_be_the_whole_filter() -> None:
    log = filled([b"GET /a", b"PUT /b", b"get /c"], 2)
    assert found(log, "^GET|b$", regex=True) == [0, 1, 2]
    assert found(log, r"/^\w+ .a$/") == [0]


def test_time_of_day_cuts() -> None:
    midnight = int(time.mktime((2026, 11, 21, 0, 0, 0, 0, 0, -1))) * 1_000_000_000
    log = DatagramLog()
    bulk = bulk_of([b"x"] * 24)
    bulk.t = array("q", [hour * HOUR for hour in range(24)])
    log.append(bulk)
    assert found(log, "after:10:00 before:12:30", epoch_ns=midnight) == [10, 11, 12]
    assert found(log, "-after:02:00:00.5", epoch_ns=midnight) == [0, 1, 2]


@pytest.mark.parametrize("text", ["level:loud", "after:noon", "/(/", "before:99:99"])
def test_what_is_wrong_with_a_filter_is_said(text: str) -> None:
    with pytest.raises(FilterError):
        LogFilter(text)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_refused_with_a_reason(text: str) -> None:
    try:
        terms = parse(text)
    except FilterError:
        return
    assert all(term.value or term.kind == "field" for term in terms)


def test_an_address_is_a_word() -> None:
    assert [term.kind for term in parse("http://example.org -x")] == ["word", "word"]


def test_a_regular_expression_stands_among_other_conditions() -> None:
    log = filled([b"ERROR time out", b"INFO timed", b"ERROR fine", b"/srv/a"], 2)
    assert found(log, "/tim(e|ed)/ level>=warn") == [0]
    assert found(log, "-/tim[e]/ fine") == [2]
    assert found(log, "/time out/", also="level>=error") == [0]
    assert found(log, "/srv/") == [3]
    with pytest.raises(FilterError):
        parse("/(/ word")
