"""Bytes and numbers as a person reads them: control characters made visible, groups of three, units.

Pure functions. It must not know widgets, sockets or where bytes came from.
"""

from __future__ import annotations

from typing import Final

_NAMED: Final = {"\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0", "\x1b": "\\e", "\x07": "\\a", "\x08": "\\b"}
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u2066\u2067\u2068\u2069\ufeff")


def visible(data: bytes, limit: int = 2048) -> str:
    """Bytes as one line of plain text: UTF-8 where it is, every control character and stray byte escaped."""
    shown = data[:limit]
    text = shown.decode("utf-8", "backslashreplace")
    line = "".join(_visible_char(char) for char in text)
    return line + "…" if len(data) > limit else line


def _visible_char(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0x80 <= code < 0xA0 or char in _BIDI:
        return f"\\u{code:04x}"
    return char


def hex_line(data: bytes, limit: int = 1024) -> str:
    """Bytes as hex pairs, a space between."""
    text = data[:limit].hex(" ")
    return text + " …" if len(data) > limit else text


def elapsed(seconds: float) -> str:
    """A stretch of time as a clock shows it: "0:05", "12:34", "1:02:03"."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
