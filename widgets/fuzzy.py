"""Fuzzy matching of what somebody types with what there is. Pure text: it must not know Qt or actions."""

from __future__ import annotations

from dataclasses import dataclass

START_OF_TEXT = 100
START_OF_WORD = 60
INSIDE = 30
SCATTERED = 5


@dataclass(frozen=True, slots=True)
class Match:
    """How well a text fits, and which of its letters did."""

    score: int
    marks: tuple[int, ...]


def match(query: str, text: str, more: str = "") -> Match | None:
    """Match every word of `query` with `text`, or with `more` (group, detail), which scores less.

    Case is ignored. A word may be a piece of the text or its letters in order. None when a word fits nothing.
    """
    score, marks = 0, set[int]()
    lowered, rest = _lower(text), _lower(more)
    for word in _lower(query).split():
        found = _find_word(word, lowered)
        if found is not None:
            score += found.score
            marks.update(found.marks)
        elif word in rest:
            score += 1
        else:
            return None
    return Match(score * 10 - min(len(text), 9), tuple(sorted(marks)))


def _lower(text: str) -> str:
    """Lower case letter by letter, so that positions stay true (one letter never becomes two)."""
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _find_word(word: str, text: str) -> Match | None:
    best = -1
    start = text.find(word)
    while start >= 0:
        if start == 0 or not text[start - 1].isalnum():
            best = start
            break
        best = start if best < 0 else best
        start = text.find(word, start + 1)
    if best >= 0:
        value = START_OF_TEXT if best == 0 else INSIDE if text[best - 1].isalnum() else START_OF_WORD
        return Match(value, tuple(range(best, best + len(word))))
    return _find_letters(word, text) if len(word) > 1 else None


def _find_letters(word: str, text: str) -> Match | None:
    """The letters of `word` in order, each at the start of a word or right after the one before."""
    marks: list[int] = []
    at = 0
    for letter in word:
        place = text.find(letter, at)
        while place >= 0 and not (place == 0 or not text[place - 1].isalnum() or (marks and place == marks[-1] + 1)):
            place = text.find(letter, place + 1)
        if place < 0:
            return None
        marks.append(place)
        at = place + 1
    return Match(SCATTERED, tuple(marks))
