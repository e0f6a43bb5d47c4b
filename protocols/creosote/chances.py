"""Chances: whether any row of a part can pass a filter, told from what was noted of the part.

Says yes wherever it does not know. It must not read a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from protocols.creosote.filters import LogFilter, Term
from protocols.creosote.log import LEVEL_NAMES
from protocols.creosote.parts import Part, Said, may_hold, may_pair, windows_of
from protocols.creosote.patterns import literals

Chance: TypeAlias = Callable[[Part], bool]
Senders: TypeAlias = Sequence[tuple[str, tuple[str, int]]]
_ALL_LEVELS: Final = (1 << len(LEVEL_NAMES)) - 1


class Chances:
    """A filter made ready to ask parts. senders: the log's, by number; there may come more.

    tell: whether it can ever say no.
    """

    def __init__(self, wanted: LogFilter, senders: Senders) -> None:
        self._senders = senders
        asked = [self._of(term) for term in wanted.terms]
        if wanted.senders is not None:
            chosen = wanted.senders
            asked.append(_when_said(lambda said: not said.senders.isdisjoint(chosen)))
        self._asked = [chance for chance in asked if chance is not None]
        self.tell = bool(self._asked)

    def may(self, part: Part) -> bool:
        """Whether a row of this part may pass."""
        return all(chance(part) for chance in self._asked)

    def _of(self, term: Term) -> Chance | None:
        if term.kind == "level":
            return _of_level(term)
        if term.kind == "kind":
            return _of_kind(term)
        if term.negated:
            return None
        if term.kind == "word":
            return _of_words([term.value.encode("utf-8", "surrogatepass")])
        if term.kind == "regex":
            return _of_words(literals(term.value.encode("utf-8", "surrogatepass")) or ())
        if term.kind == "field":
            return _of_field(term)
        return self._of_sender(term) if term.kind == "from" else None

    def _of_sender(self, term: Term) -> Chance:
        named: dict[int, bool] = {}

        def bears(number: int) -> bool:
            found = named.get(number)
            if found is None:
                service, (host, port) = self._senders[number]
                found = named[number] = term.value in f"{host}:{port} {service}".lower()
            return found

        def may(said: Said) -> bool:
            if said.sources is None or any(term.value in source for source in said.sources):
                return True
            return any(map(bears, said.senders))

        return _when_said(may)


def codes_of(term: Term) -> set[int]:
    """The codes of the levels that a condition wants, taken as not negated."""
    compare = _COMPARE[term.compare]
    return {code for code in range(len(LEVEL_NAMES)) if compare(code, int(term.number))}


def pattern_of(value: str) -> str:
    """A field's value as a pattern in small letters: anywhere in it, where it is none itself."""
    value = value.lower()
    return value if any(sign in value for sign in "*?[") else f"*{value}*"


def _when_said(may: Callable[[Said], bool]) -> Chance:
    """Asked once for all parts that say the same."""
    known: dict[Said, bool] = {}

    def ask(part: Part) -> bool:
        said = part.said
        if said is None:
            return True
        found = known.get(said)
        if found is None:
            found = known[said] = may(said)
        return found

    return ask


def _of_words(words: Sequence[bytes]) -> Chance | None:
    """One of these must stand in it."""
    asked = [(word, windows_of(word)) for word in words]
    if not asked or min(map(len, words)) < 2:
        return None

    def ask(part: Part) -> bool:
        grams, pairs = part.grams, part.pairs
        if grams is None or pairs is None:
            return True
        return any(may_pair(pairs, word) and may_hold(grams, windows) for word, windows in asked)

    return ask


def _of_level(term: Term) -> Chance:
    wanted = sum(1 << code for code in codes_of(term))
    if term.negated:
        wanted ^= _ALL_LEVELS
    return lambda part: part.said is None or bool(part.said.levels & wanted)


def _of_kind(term: Term) -> Chance:
    def may(said: Said) -> bool:
        if said.kinds is None:
            return True
        return said.kinds != {term.value} if term.negated else term.value in said.kinds

    return _when_said(may)


def _of_field(term: Term) -> Chance:
    pattern = pattern_of(term.value)

    def may(said: Said) -> bool:
        if said.fields is None:
            return True
        values = next((values for name, values in said.fields if name == term.compare), frozenset())
        return values is None or any(fnmatchcase(value, pattern) for value in values)

    return _when_said(may)


_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    ":": lambda level, wanted: level == wanted,
    "=": lambda level, wanted: level == wanted,
    ">=": lambda level, wanted: level >= wanted,
    ">": lambda level, wanted: level > wanted,
    "<=": lambda level, wanted: 0 < level <= wanted,
    "<": lambda level, wanted: 0 < level < wanted,
}
