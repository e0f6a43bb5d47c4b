"""ANSI colours in a text: taken apart into runs, or shown as what they are. ECMA-48, SGR only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

_ESCAPE: Final = re.compile(r"\x1b(?:\[([0-9;:]{0,64})m|\[[0-?]{0,64}[ -/]{0,8}[@-~]|[@-Z\\-_])")


@dataclass(frozen=True, slots=True)
class Style:
    """How a run of text looks: a colour number 0 to 15 or None, bold, underlined."""

    colour: int | None = None
    bold: bool = False
    underlined: bool = False


def runs(text: str) -> Iterator[tuple[str, Style]]:
    """The text without its escape sequences, in runs of one style. Sequences that are no colour vanish."""
    at, style = 0, Style()
    for found in _ESCAPE.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], style
        at = found.end()
        if found[1] is not None:
            style = _changed(style, found[1])
    if at < len(text):
        yield text[at:], style


def plain(text: str) -> str:
    """The text without its escape sequences."""
    return _ESCAPE.sub("", text) if "\x1b" in text else text


def spaced(text: str) -> str:
    """The text with a blank for each escape sequence: what stood apart stays apart."""
    return _ESCAPE.sub(" ", text) if "\x1b" in text else text


def _changed(style: Style, codes: str) -> Style:
    numbers = [int(part) if part.isdecimal() and len(part) < 4 else 0 for part in re.split("[;:]", codes or "0")]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        if code in (38, 48):  # a colour from a table of 256, or red, green and blue: kept if it is a basic one
            wide = numbers[at + 1 : at + 2] == [2]
            chosen = numbers[at + 2] if not wide and at + 2 < len(numbers) else None
            if code == 38:
                style = replace(style, colour=chosen if chosen is not None and chosen < 16 else None)
            at += 5 if wide else 3
            continue
        style = _one(style, code)
        at += 1
    return style


def _one(style: Style, code: int) -> Style:
    if code == 0:
        return Style()
    if code in (1, 22):
        return replace(style, bold=code == 1)
    if code in (4, 24):
        return replace(style, underlined=code == 4)
    if 30 <= code <= 37:
        return replace(style, colour=code - 30)
    if 90 <= code <= 97:
        return replace(style, colour=code - 82)
    return replace(style, colour=None) if code == 39 else style


def visible(text: str) -> str:
    """The text with everything shown that would act on a terminal or on the order of letters: controls, bidi marks."""
    return text.translate(_VISIBLE) if not text.isprintable() else text


_BIDI: Final = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF)
_VISIBLE: Final[dict[int, str]] = {
    **{code: chr(0x2400 + code) for code in range(32)},
    0x7F: "\u2421",
    **{code: f"\\x{code:02x}" for code in range(0x80, 0xA0)},
    **{code: f"\\u{code:04x}" for code in (*_BIDI, 0x2028, 0x2029, 0x061C)},
}
