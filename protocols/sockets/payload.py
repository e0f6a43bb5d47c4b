"""What a person types, as bytes: text with escapes, hexadecimal, lines; and bytes as text to read.

Pure functions. They must not know where the bytes go.
"""

from __future__ import annotations

import re
from typing import Final

LINE_ENDS: Final[dict[str, bytes]] = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r", "none": b""}
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|([0-7]{3})|(.?))", re.DOTALL)
_SIMPLE: Final = {
    "n": "\n", "r": "\r", "t": "\t", "0": "\0", "\\": "\\", "e": "\x1b", "a": "\a", "b": "\b", "'": "'", '"': '"',
}  # fmt: skip
_HEX_NOISE: Final = re.compile(r"0x|\\x|[\s:,;_-]", re.IGNORECASE)


class PayloadError(ValueError):
    """What was typed does not say bytes; the message is a sentence that says where."""


def from_text(text: str, *, escapes: bool = False, line_end: str = "none") -> bytes:
    r"""Text as UTF-8 bytes and the line end (a key of LINE_ENDS) after it.

    With `escapes`, `\n`, `\r`, `\t`, `\0`, `\e`, `\xNN` (one byte), `\NNN` (octal) and `\uNNNN` are
    read as in Python. Raises PayloadError for an escape that is not known.
    """
    body = _unescaped(text) if escapes else text.encode("utf-8", "surrogateescape")
    return body + LINE_ENDS[line_end]


def _unescaped(text: str) -> bytes:
    parts: list[bytes] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        parts.append(text[at : found.start()].encode("utf-8", "surrogateescape"))
        at = found.end()
        byte, wide, octal, simple = found.groups()
        if byte:
            parts.append(bytes((int(byte, 16),)))
        elif octal and int(octal, 8) < 256:
            parts.append(bytes((int(octal, 8),)))
        elif wide:
            parts.append(chr(int(wide, 16)).encode("utf-8", "surrogatepass"))
        elif simple in _SIMPLE:
            parts.append(_SIMPLE[simple].encode())
        else:
            raise PayloadError(f"The escape {found.group()!r} at character {found.start() + 1} is not known.")
    parts.append(text[at:].encode("utf-8", "surrogateescape"))
    return b"".join(parts)


def from_hex(text: str) -> bytes:
    """Hexadecimal digits as bytes; blanks, colons, commas and 0x between them are ignored.

    Raises PayloadError for an odd number of digits or a character that is no digit.
    """
    digits = _HEX_NOISE.sub("", text)
    for digit in digits:
        if digit not in "0123456789abcdefABCDEF":
            raise PayloadError(f"{digit!r} is not a hexadecimal digit.")
    if len(digits) % 2:
        raise PayloadError("The number of hexadecimal digits is odd: each byte takes two.")
    return bytes.fromhex(digits)


def to_hex(data: bytes) -> str:
    """Bytes as pairs of digits with blanks between."""
    return data.hex(" ")


_BIDI: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x2028, 0x2029)
"""Characters that reorder or break a line: text from the network must not rearrange the window."""
_VISIBLE: Final[dict[int, str]] = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"},
    **{code: f"\\u{code:04x}" for code in (*range(128, 160), *_BIDI)},
    0x7F: "\u2421",
}  # fmt: skip


def readable(data: bytes) -> str:
    """Bytes as text for a transcript: UTF-8 where it is, every control character made visible."""
    return data.decode("utf-8", "backslashreplace").translate(_VISIBLE)
