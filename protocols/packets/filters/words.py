"""The words of a display filter, each with its place in the text, and errors that point at one.

It must not know what words mean together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_WORDS: Final = re.compile(
    r"""\s*(?:
    (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<sign>==|!=|>=|<=|&&|\|\||[(){}<>!~,=&])
    |(?P<word>[^\s(){}<>!~,="'&|]+)
    )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


class DisplayFilterError(ValueError):
    """A filter that can't be understood; the message is a sentence. start, stop: where in the text."""

    def __init__(self, said: str, start: int, stop: int) -> None:
        super().__init__(said)
        self.start: Final = start
        self.stop: Final = stop


@dataclass(frozen=True, slots=True)
class Word:
    """A word at `start` to before `stop` of the text. kind: "string" (text without its quotes), "sign" or "word"."""

    kind: str
    text: str
    start: int
    stop: int

    def wrong(self, said: str) -> DisplayFilterError:
        """An error that points at this word."""
        return DisplayFilterError(said, self.start, max(self.stop, self.start + 1))


def split(text: str) -> list[Word]:
    """The words, and an empty one of kind "end". Raises DisplayFilterError."""
    found: list[Word] = []
    at = 0
    while text[at:].strip():
        match = _WORDS.match(text, at)
        if match is None or match.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            what = "This quotation mark is never closed" if text[start] in "\"'" else f"{text[start]!r} means nothing"
            raise DisplayFilterError(f"{what} here.", start, len(text) if text[start] in "\"'" else start + 1)
        kind, word = match.lastgroup, match[match.lastgroup]
        start, at = match.start(kind), match.end()
        found.append(Word(kind, _unescaped(word[1:-1]) if kind == "string" else word, start, at))
    found.append(Word("end", "", len(text), len(text)))
    return found


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) == 3 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(one, text)
