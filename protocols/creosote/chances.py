"""Chances: whether any row of a part can pass a filter, told from what was noted of the part.

Says yes wherever it does not know. It must not read a row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from protocols.creosote.filters import LogFilter, Term
from protocols.creosote.parts import Part, Signs, may_hold, may_pair, windows_of
from protocols.creosote.patterns import literals
from protocols.creosote.reading.levels import LEVEL_NAMES
from protocols.creosote.reading.reading import level_of
from protocols.creosote.sieve import (
    JSON_HEADS,
    PICKLES,
    SHORT_MESSAGE,
    TRACE,
    field_texts,
    is_number,
    level_words,
    pieces_of,
    severities_of,
    strange_letters,
)

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
            asked.append(lambda part: part.signs is None or not part.signs.senders.isdisjoint(chosen))
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

        claims = _of_saying(term.value)

        def may(part: Part) -> bool:
            signs, said = part.signs, part.said
            if signs is None or any(map(bears, signs.senders)):
                return True
            if said is None or said.sources is None:
                return claims(part)
            return any(term.value in source for source in said.sources)

        return may


def codes_of(term: Term) -> set[int]:
    """The codes of the levels that a condition wants, taken as not negated."""
    compare = _COMPARE[term.compare]
    return {code for code in range(len(LEVEL_NAMES)) if compare(code, int(term.number))}


def pattern_of(value: str) -> str:
    """A field's value as a pattern in small letters: anywhere in it, where it is none itself."""
    value = value.lower()
    return value if any(sign in value for sign in "*?[") else f"*{value}*"


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


def _of_saying(text: str) -> Chance:
    """What is read of a row holds this, small letters."""
    piece = pieces_of(text)
    ask = None if is_number(piece) else _of_words([word.encode() for word in (piece,)] + list(strange_letters(piece)))
    if ask is None:
        return lambda _: True
    return lambda part: part.signs is None or part.signs.indirect or ask(part)


def _of_level(term: Term) -> Chance:
    codes = codes_of(term)
    wanted = sum(1 << code for code in codes)
    if term.negated:
        wanted ^= _ALL_LEVELS
    levels = frozenset(LEVEL_NAMES[code] for code in codes if code)
    named = _of_words([*level_words(levels), *([SHORT_MESSAGE] if level_of(1) in levels else []),
                       *([TRACE] if "ERROR" in levels else [])])  # fmt: skip
    severities, refused = severities_of(levels), PICKLES if "WARN" in levels else b""

    def may(part: Part) -> bool:
        signs = part.signs
        if part.levels is not None:
            return bool(part.levels & wanted)
        if signs is None or named is None or term.negated or signs.unworded or signs.indirect:
            return True
        return not severities.isdisjoint(signs.severities) or _begins(signs, refused) or named(part)

    return may


def _begins(signs: Signs, firsts: bytes) -> bool:
    return any(code in signs.firsts for code in firsts)


def _of_kind(term: Term) -> Chance:
    heads = {"json": JSON_HEADS, "syslog": b"<", "pickle": PICKLES}.get(term.value)
    named = _of_words([{"gelf": SHORT_MESSAGE, "trace": TRACE}.get(term.value, b"")])

    def may(part: Part) -> bool:
        signs, said = part.signs, part.said
        if said is not None and said.kinds is not None:
            return said.kinds != {term.value} if term.negated else term.value in said.kinds
        if signs is None or term.negated or (signs.indirect and term.value == "gelf"):
            return True
        return (heads is None or _begins(signs, heads)) and (named is None or named(part))

    return may


def _of_field(term: Term) -> Chance:
    pattern, name = pattern_of(term.value), term.compare
    told = [_of_saying(text) for text in field_texts(name, term.value.lower()) if text is not None]
    makes = _made(name)

    def may(part: Part) -> bool:
        signs, said = part.signs, part.said
        if said is not None and said.fields is not None:
            values = next((values for known, values in said.fields if known == name), frozenset())
            return values is None or any(fnmatchcase(value, pattern) for value in values)
        return signs is None or makes(part, signs) or all(chance(part) for chance in told)

    return may


def _made(name: str) -> Callable[[Part, Signs], bool]:
    """Whether a reader may give a field of that name that does not stand in the rows."""
    traced = _of_words([TRACE])
    heads = b"<" if name in ("facility", "severity") else PICKLES if name in ("size", "protocol") else b""
    if name == "frames" and traced is not None:
        return lambda part, _: traced(part)
    return lambda _, signs: _begins(signs, heads)


_COMPARE: Final[dict[str, Callable[[int, int], bool]]] = {
    ":": lambda level, wanted: level == wanted,
    "=": lambda level, wanted: level == wanted,
    ">=": lambda level, wanted: level >= wanted,
    ">": lambda level, wanted: level > wanted,
    "<=": lambda level, wanted: 0 < level <= wanted,
    "<": lambda level, wanted: 0 < level < wanted,
}
