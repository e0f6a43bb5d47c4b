"""LogFilter: which datagrams to show, as typed.

    hello world       both words, upper or lower case alike          "two words"   exactly this
    -word             not this                                       /re(g|x)/     a regular expression
                      (alone it may hold blanks)
    level>=warn       this level or worse (level:error is exact)     -level:debug
    from:web-02       a sender: a part of its address or of the name it claims
    path:/pay         a field of what was read; path:/pay* is a pattern
    kind:json         how it was read                                after:10:58 before:11:00  time of day

All must hold together. Words are looked for in the payload. It must not know logs, nor how rows are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from protocols.creosote.reading.levels import LEVEL_NAMES
from protocols.creosote.reading.reading import level_of

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
