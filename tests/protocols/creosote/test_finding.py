"""What is found quickly, by bytes and columns, is what a look at each row finds: for any rows and any filter."""

from __future__ import annotations

import gzip
import operator
import pickle
import re
import sys
import zlib
from collections.abc import Callable
from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocols.creosote import sieve
from protocols.creosote.filters import LogFilter, Term
from protocols.creosote.finding import Finder, Strides, TooMuch
from protocols.creosote.log import DatagramLog
from protocols.creosote.patterns import literals
from protocols.creosote.programs import PROGRAMS
from protocols.creosote.reading.levels import LEVEL_NAMES
from protocols.creosote.survey import Survey
from tests.protocols.creosote.test_log import filled

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    ":": operator.eq, ">=": operator.ge, ">": operator.gt,
    "<=": lambda level, wanted: 0 < level <= wanted, "<": lambda level, wanted: 0 < level < wanted,
}  # fmt: skip


def holds(log: DatagramLog, row: int, term: Term) -> bool:
    """Whether a row passes, by reading it: slow and plain."""
    payload, reading = log.payload(row), log.reading(row)
    service, (host, port) = log.senders[log.sender(row)]
    if term.kind == "word":
        return term.value.encode() in payload.lower()
    if term.kind == "regex":
        return re.search(term.value.encode(), payload, re.IGNORECASE) is not None
    if term.kind == "level":
        return _COMPARE[term.compare](LEVEL_NAMES.index(reading.level), int(term.number))
    if term.kind == "from":
        return term.value in f"{host}:{port} {service}".lower() or term.value in reading.source.lower()
    if term.kind == "kind":
        return reading.kind == term.value
    pattern = term.value.lower()
    pattern = pattern if any(sign in pattern for sign in "*?[") else f"*{pattern}*"
    return any(name.lower() == term.compare and fnmatchcase(value.lower(), pattern)
               for name, value in reading.fields.items())  # fmt: skip


_CHUNK = b"\x1e\x0f" + b"12345678"
ROWS = [
    b"", b".", b"error", b"ERROR: disk", b"[WARN] db up", b"INFO queue 12", b"x^mailq", b"fine \xff\xfe ERROR",
    b'{"level":"error","app":"db","status":504}', b'{"level":50,"host":"DB-2","status":5.04e2,"ms":0.00001}',
    b'{"lvl": "3", "name": {"a": 1, "b": [1, 2]}, "status": "5\\u00304"}', b'{"severity":"\xd9\xa3","status":504.50}',
    b'{"level":"\\u0065rror","logger":"d\\u0062"}', b'{"name":1e2,"n":299999999999999999999.0}',
    b'{"a.b":"c","k":null}',
    b'{"loglevel":" 40","service":"\xe2\x84\xaaim"}', b'{"level":true,"logger":"\xc4\xb0d"}', b'{"broken": ',
    b' {"level":null,"severity":2,"app":"x"}', b'{"n":0.30000000000000000001,"m":[ 1.50 , {"a" : 2 } ]}',
    b'{"level":50,"time":1,"pid":7,"msg":"pino"}',
    b'{"level":"info","status":200,"app":"db"}\n{"status":504,"level":"err"}\n',
    b'{"short_message":"hi","_path":"/pay"}', b'{"short_message":"hi","level":6,"host":"web"}',
    b"<11>Nov 21 10:00:00 pg db[7]: error in it", b"<191>1 - db pg 800 m - debug", b"<13>tag: x", b"<999>ERROR no",
    b'<165>1 2026-11-21T10:00:00Z web app 1 ID47 [ex@32473 iut="3" event="a\\"b"] started', b"<3>x", b"<7>",
    b'level=error service=mailq msg="x y"', b'lvl="40" app=db', b'level= status=504', b'severity="e\\rror" a=b',
    b'level="\x1c30" a=b', b"path=/pay status=504", b"Traceback (most recent call last):\n  boom",
    b'x\nTraceback (most recent call last):\n  File "/srv/db.py", line 7, in run\nOSError: [Errno 5] io',
    b'Traceback (most recent call last):\n  File "c:\\\\mail\\db.py", line 7, in run\nKeyError: 5',
    pickle.dumps({"level": 3}), b"\0\0\0\3}q.", gzip.compress(b'{"short_message":"zip","host":"db","level":3}'),
    zlib.compress(b'{"short_message":"zip","_status":504}', 1), gzip.compress(b"\0" * (1 << 21)), b"x\x01nozip!",
    _CHUNK + b'\0\2{"short_message":"in pie', _CHUNK + b'\1\2ces","host":"db","level":3}', _CHUNK + b"\5\2bad",
]  # fmt: skip
FILTERS = [
    "error", "db", '"queue 1"', "504", "level:error", "level>=warn", "level>error", "level<=warn", "level<info",
    "level:critical", "level:debug", "level:info", "level>=debug", "from:db", "from:4001", "from:kim", "from:id",
    "from:127.0.0.1", "from:bucket", "from:1e", "from:100", 'from:{"a"', 'from:"1,2"', "from:nobody", "from:b\u00e9",
    "status:504", "status:5?4*", "status:*504*",
    "status:200*", "status:50[0-9]", 'status:""', "status:*", "a.b:c", "path:/pay", "k:null", 'k:""',
    "n:0.3", "n:3e", "n:30000", "m:1.5", 'm:"2}"', "host:db", "tag:db", "severity:3", "facility:local", "frames:1",
    "exception:oserror", "function:run", "line:7", "ms:1e-5", "ms:0.0000", "ex@32473.iut:3", "ex@32473.event:b",
    "size:bytes", "protocol:4", "chunk:of", "chunks:2", "short_message:zip", "nosuch:504", "app:DB",
    *(f"kind:{kind}" for kind in ("text", "bytes", "json", "syslog", "gelf", "logfmt", "trace", "pickle", "other")),
    "/mx\\d/", "/^ERROR/", "/err(or)?:/", "/(db|disk)$/", "/(?:error|x+)/", "/[de]b/", "/(?=x)y|error/", "/a{0}db/",
    "/(?i:DB).up/", "/(?:db){2,}|queue/", "/\\bup\\b/", "/(d)(?(1)b|x)/", "/\\xff/",
    "/[dx]b.?(u|d)/", "/m(a|x[012])/", "/e(|r)ror$/", "/er{2}or/",
]  # fmt: skip
rows = st.lists(
    st.sampled_from(ROWS)
    | st.builds(lambda program, number: program.message(number).encode(), st.sampled_from(PROGRAMS), st.integers(0, 99))
    | st.binary(max_size=8),
    min_size=1, max_size=70,
)  # fmt: skip
filters = st.lists(
    st.tuples(st.sampled_from(("", "-")), st.sampled_from(FILTERS)), min_size=1, max_size=3
).map(lambda terms: " ".join(sign + text for sign, text in terms))  # fmt: skip


@given(rows, filters, st.none() | st.frozensets(st.integers(0, 6)), st.integers(1, 80), st.booleans(), st.data())
@example(ROWS, "level:error", None, 99, False, None)
def test_quickly_found_is_found_by_reading_each_row(
    payloads: list[bytes], text: str, senders: frozenset[int] | None, size: int, levels_known: bool,
    data: st.DataObject | None,
) -> None:  # fmt: skip
    log, plain = filled(payloads, size), filled(payloads, size)
    wanted = LogFilter(text, senders=senders)
    expected = [
        row for row in range(len(log))
        if (senders is None or log.sender(row) in senders)
        and all(holds(plain, row, term) != term.negated for term in wanted.terms)
    ]  # fmt: skip
    if levels_known:
        known = len(log) if data is None else data.draw(st.integers(0, len(log)))
        for stretch in log.stretches(0, known):
            for at in range(min(len(stretch), known - stretch.base)):
                stretch.level(at)
    if data is not None:
        surveyed(log, data)
    finder = Finder(log, wanted, 0)
    assert [row for stretch in log.stretches(0, len(log)) for row in finder.within(stretch)] == expected
    assert going_back(log, Strides(finder, 1.0)) == expected


@given(rows, filters, st.integers(1, 80))
def test_whatever_is_searched_at_once_is_found(payloads: list[bytes], text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sieve, "LARGE", 1)
        test_quickly_found_is_found_by_reading_each_row.hypothesis.inner_test(  # type: ignore[attr-defined]
            payloads, text, None, size, False, None
        )


def surveyed(log: DatagramLog, data: st.DataObject) -> None:
    """Note what its parts hold; of some all, of some a part."""
    log.sealed = data.draw(st.integers(0, len(log)))
    survey = Survey(log, 1, data.draw(st.integers(1, 9)))
    for _ in range(data.draw(st.integers(0, 60))):
        survey.go_on(0, counts_first=data.draw(st.booleans()))


def going_back(log: DatagramLog, strides: Strides) -> list[int]:
    """What is found newest first, as the window does; oldest first."""
    found: list[int] = []
    for stretch in reversed(log.stretches(0, len(log))):
        stop = len(stretch)
        while stop:
            stop, rows = strides.back(stretch, stop)
            found[:0] = rows
    return found


@pytest.mark.parametrize("large", [1, sieve.LARGE], ids=["at once", "row by row"])
@pytest.mark.parametrize("text", FILTERS)
def test_each_condition_alone_finds_what_reading_finds(
    text: str, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "LARGE", large)
    log, plain = filled(ROWS, 99), filled(ROWS, 99)
    for sign in ("", "-"):
        wanted = LogFilter(sign + text)
        [term] = wanted.terms
        expected = [row for row in range(len(log)) if holds(plain, row, term) != term.negated]
        assert Finder(log, wanted, 0).within(log.stretch(0)) == expected


def test_no_other_letter_becomes_an_ascii_one() -> None:
    strange = [code for code in range(128, sys.maxunicode + 1) if any(c < "\x80" for c in chr(code).lower())]
    assert strange == [0x130, 0x212A]


@given(st.binary(max_size=30), st.sampled_from([text[1:-1] for text in FILTERS if text.startswith("/")]))
def test_what_a_pattern_must_hold_stands_in_whatever_it_matches(data: bytes, pattern: str) -> None:
    certain = literals(pattern.encode())
    for text in (data, b"db" + data, data + b" error: x", b"dbdb up " + data):
        if certain is not None and re.search(pattern.encode(), text, re.IGNORECASE):
            assert any(literal in text.lower() for literal in certain)


def test_patterns_are_known_by_the_most_telling_bytes() -> None:
    assert literals(b"mx\\d") == [b"mx"]
    assert literals(b"Queue [12]\\d\\d$") == [b"queue 1", b"queue 2"]
    assert literals(b"^time(out|d)\\b") == [b"timeout", b"timed"]
    assert literals(b"no(such|ne)\\d") == [b"nosuch", b"none"]
    assert literals(b"a[b-e](xx|yzz)[^q]k?lm+") == [b"xx", b"yzz"]
    assert literals(b"one|three|(two)+") == [b"one", b"three", b"two"]
    assert literals(b"\\d+") is None
    assert literals(b"(x|\\d)y*") is None


def test_many_rows_are_not_read_at_once() -> None:
    log = filled([b"a=1 level=info"] * 1000, 1000)
    finder, stretch = Finder(log, LogFilter("a:1"), 0), log.stretch(0)
    with pytest.raises(TooMuch):
        finder.within(stretch, 0, 1000, most=100)
    strides, stop, found = Strides(finder, 1.0), 1000, 0
    while stop:
        stop, passed = strides.back(stretch, stop)
        found += len(passed)
    assert found == 1000
    start = 0
    while start < 1000:
        start, passed = strides.on(stretch, start)
        found += len(passed)
    assert found == 2000
