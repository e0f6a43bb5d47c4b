"""LogFilter: which datagrams to show, as typed, and how a stretch of the log is looked through quickly.

    hello world       both words, upper or lower case alike          "two words"   exactly this
    -word             not this                                       /re(g|x)/     a regular expression
                      (alone it may hold blanks)
    level>=warn       this level or worse (level:error is exact)     -level:debug
    from:web-02       a sender: a part of its address or of the name it claims
    path:/pay         a field of what was read; path:/pay* is a pattern
    kind:json         how it was read                                after:10:58 before:11:00  time of day

All must hold together. Words are looked for in the payload; it must not know who shows the rows.
"""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

from protocols.creosote.log import LEVEL_NAMES, DatagramLog, Stretch
from protocols.creosote.reading.reading import Reading, level_of
from protocols.record.bulk import Bulk

TermKind: TypeAlias = Literal["word", "regex", "level", "from", "field", "kind", "after", "before"]
_TOKEN: Final = re.compile(
    r'(?P<minus>-?)(?:/(?P<regex>(?:[^/\\\s]|\\.)+)/(?=\s|$)|level(?P<compare>>=|<=|>|<|:|=)(?P<level>[A-Za-z]+)'
    r'|(?P<name>[A-Za-z_@][\w.@\-]*):(?!//)(?:"(?P<quotedvalue>[^"]*)"?|(?P<value>[^\s"]\S*))'
    r'|"(?P<quoted>[^"]*)"?|(?P<bare>\S+))'
)
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$")


class FilterError(ValueError):
    """A filter that can't be understood; the message says which part."""


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. value: lower-case word, pattern or name; number: a level's code or seconds of the day."""

    kind: TermKind
    value: str
    negated: bool = False
    compare: str = ""
    number: float = 0.0


@dataclass(frozen=True)
class LogFilter:
    """A filter. text: as typed, see the module. regex: the whole text is one regular expression. senders: their
    numbers in the log, None for all. also: more of the same, from elsewhere than the text. Raises FilterError."""

    text: str = ""
    regex: bool = False
    senders: frozenset[int] | None = None
    also: str = ""
    terms: tuple[Term, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        text = self.text.strip()
        typed = [_regex(text, False)] if self.regex and text else parse(text)
        object.__setattr__(self, "terms", (*typed, *parse(self.also)))

    @property
    def everything(self) -> bool:
        """Whether every row passes."""
        return not self.terms and self.senders is None


def parse(text: str) -> list[Term]:
    """The conditions of a filter as typed. Raises FilterError."""
    if len(text) > 2 and text[0] == text[-1] == "/":
        return [_regex(text[1:-1], False)]
    terms = []
    for match in _TOKEN.finditer(text):
        term = _term(match)
        if term is not None:
            terms.append(term)
    return terms


def _term(match: re.Match[str]) -> Term | None:
    negated = bool(match["minus"])
    if match["regex"]:
        return _regex(match["regex"], negated)
    if match["level"]:
        level = level_of(match["level"])
        if not level:
            raise FilterError(f"There is no level {match['level']}: there are {', '.join(LEVEL_NAMES[1:]).lower()}")
        return Term("level", level, negated, match["compare"], LEVEL_NAMES.index(level))
    if match["name"]:
        value = match["quotedvalue"] if match["quotedvalue"] is not None else match["value"]
        return _named(match["name"].lower(), value, negated)
    word = match["quoted"] if match["quoted"] is not None else match["bare"]
    if not word or word == "-":
        return None
    return Term("word", word.lower(), negated)


def _named(name: str, value: str, negated: bool) -> Term:
    if name in ("after", "before"):
        return Term("after" if name == "after" else "before", value, negated, number=_seconds(value))
    if name in ("from", "kind"):
        return Term("from" if name == "from" else "kind", value.lower(), negated)
    return Term("field", value, negated, compare=name)


def _seconds(clock: str) -> float:
    found = _CLOCK.match(clock)
    if found is None or int(found[1]) > 24 or int(found[2]) > 59:
        raise FilterError(f"{clock} is no time of day: write it as 10:58 or 10:58:14")
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3] or 0)


def _regex(pattern: str, negated: bool) -> Term:
    try:
        re.compile(pattern.encode("utf-8", "surrogatepass"))
    except (re.error, RecursionError, OverflowError) as error:
        raise FilterError(f"Not a regular expression: {error}") from None
    return Term("regex", pattern, negated)


Rows: TypeAlias = "array[int] | range"
"""Rows within a stretch, ascending."""


class Finder:
    """A filter made ready for one log. epoch_ns: what turns its times into time of day."""

    def __init__(self, log: DatagramLog, wanted: LogFilter, epoch_ns: int) -> None:
        self._log = log
        self._wanted = wanted
        self._epoch_ns = epoch_ns
        # What is quick goes first: it leaves fewer rows to be read.
        order = ("word", "regex", "from", "after", "before", "level", "kind", "field")
        self._terms = sorted(wanted.terms, key=lambda term: order.index(term.kind))

    def within(self, stretch: Stretch, start: int = 0, stop: int | None = None) -> list[int]:
        """The log's numbers of the rows of a stretch that pass; start and stop are places within it."""
        end = len(stretch) if stop is None else stop
        rows: Rows = range(start, end)
        if self._wanted.senders is not None:
            senders, who = self._wanted.senders, stretch.who
            rows = array("I", [row for row in rows if who[row] in senders])
        for term in self._terms:
            if not len(rows):
                break
            rows = self._pass(term, stretch, rows)
        base = stretch.base
        return [base + row for row in rows]

    def _pass(self, term: Term, stretch: Stretch, rows: Rows) -> Rows:
        if term.kind in ("word", "regex"):
            return _searched(term, stretch, rows)
        if term.kind in ("after", "before"):
            return self._timed(term, stretch, rows)
        check = self._check(term, stretch)
        return array("I", [row for row in rows if check(row) != term.negated])

    def _check(self, term: Term, stretch: Stretch) -> Callable[[int], bool]:
        if term.kind == "level":
            compare = _COMPARE[term.compare]
            return lambda row: compare(stretch.level(row), int(term.number))
        if term.kind == "from":
            return self._from(term, stretch)
        log, base = self._log, stretch.base
        if term.kind == "kind":
            return lambda row: log.reading(base + row).kind == term.value
        return lambda row: _field_holds(log.reading(base + row), term)

    def _from(self, term: Term, stretch: Stretch) -> Callable[[int], bool]:
        log, base, known = self._log, stretch.base, {}
        needle = term.value.encode("utf-8", "surrogatepass")

        def holds(row: int) -> bool:
            sender = stretch.who[row]
            if sender not in known:
                service, (host, port) = log.senders[sender]
                known[sender] = term.value in f"{host}:{port} {service}".lower()
            if known[sender]:
                return True
            return _may_name(stretch.bulk.payload(row), needle) and term.value in log.reading(base + row).source.lower()

        return holds

    def _timed(self, term: Term, stretch: Stretch, rows: Rows) -> Rows:
        """Rows of a stretch are in the order of time: a cut, not a look at each."""
        midnight = _midnight_ns((stretch.bulk.t[0] if len(stretch) else 0) + self._epoch_ns)
        at = bisect_left(stretch.bulk.t, midnight + int(term.number * 1e9) - self._epoch_ns)
        after = (term.kind == "after") != term.negated
        place = bisect_left(rows, at)
        return rows[place:] if after else rows[:place]


def _may_name(payload: bytes, needle: bytes) -> bool:
    """Whether a message's source can hold `needle`: what has neither escapes nor braces names it as it is."""
    if needle in payload.lower():
        return True
    return not payload.isascii() or b"{" in payload or b"\\" in payload or payload[:1] == _CHUNK_HEAD


def _midnight_ns(wall_ns: int) -> int:
    parts = time.localtime(wall_ns / 1e9)
    return int(time.mktime((parts.tm_year, parts.tm_mon, parts.tm_mday, 0, 0, 0, 0, 0, -1))) * 1_000_000_000


_CHUNK_HEAD: Final = b"\x1e"
"""A piece of a GELF message: its source may stand in another piece."""
_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    ":": lambda level, wanted: level == wanted,
    "=": lambda level, wanted: level == wanted,
    ">=": lambda level, wanted: level >= wanted,
    ">": lambda level, wanted: level > wanted,
    "<=": lambda level, wanted: 0 < level <= wanted,
    "<": lambda level, wanted: 0 < level < wanted,
}


def _field_holds(reading: Reading, term: Term) -> bool:
    for name, value in reading.fields.items():
        if name.lower() == term.compare and fnmatchcase(value.lower(), _pattern(term.value.lower())):
            return True
    return False


def _pattern(value: str) -> str:
    return value if any(sign in value for sign in "*?[") else f"*{value}*"


def _searched(term: Term, stretch: Stretch, rows: Rows) -> Rows:
    """Rows whose payload holds a word or a pattern. Many rows are searched as one run of bytes."""
    bulk = stretch.bulk
    if term.kind == "regex":
        search = re.compile(term.value.encode("utf-8", "surrogatepass"), re.IGNORECASE).search
        return array("I", [row for row in rows if bool(search(bulk.payload(row))) != term.negated])
    needle = term.value.encode("utf-8", "surrogatepass")
    whole = isinstance(rows, range)
    span = rows if isinstance(rows, range) else range(rows[0], rows[-1] + 1)
    if not whole and len(rows) * 4 < len(span):
        return array("I", [row for row in rows if (needle in bulk.payload(row).lower()) != term.negated])
    hits = _hits(bulk, span, needle)
    if whole and not term.negated:
        return hits
    among = set(hits)
    return array("I", [row for row in rows if (row in among) != term.negated])


def _hits(bulk: Bulk, rows: range, needle: bytes) -> array[int]:
    """Which of these rows hold `needle` whole; a find that runs over a row's end is none."""
    hits: array[int] = array("I")
    ends, row = bulk.ends, rows.start
    start = ends[row - 1] if row else 0
    data = bytes(bulk.data[start : ends[rows.stop - 1]]).lower()
    found, size = data.find(needle), len(needle)
    while found >= 0:
        row = bisect_right(ends, found + start, row)
        end = ends[row] - start
        if found + size <= end:
            hits.append(row)
            found = data.find(needle, end)
        else:
            found = data.find(needle, found + 1)
    return hits
