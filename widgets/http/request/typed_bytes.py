"""Typed text as exact bytes: line ends as chosen, escapes read if asked. Pure functions, nothing is added."""

from __future__ import annotations

import re
from typing import Final

ENDS: Final = {"crlf": "\r\n", "lf": "\n", "cr": "\r", "none": ""}
_ESCAPE: Final = re.compile(r"\\(x[0-9a-fA-F]{2}|[\\rnt0])")
_NAMED: Final = {"\\": b"\\", "r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0"}


def typed_bytes(text: str, end: str = "crlf", *, escapes: bool = False) -> bytes:
    """The bytes of a typed text. end: what each line end becomes, a key of ENDS. escapes: read \\r, \\n, \\t, \\0,
    \\xHH and \\\\; any other backslash stays as it is. Half surrogates become question marks.
    """
    whole = ENDS[end].join(text.split("\n"))
    if not escapes:
        return whole.encode("utf-8", "replace")
    made, place = bytearray(), 0
    for found in _ESCAPE.finditer(whole):
        made += whole[place : found.start()].encode("utf-8", "replace")
        word = found.group(1)
        made += bytes([int(word[1:], 16)]) if word[0] == "x" else _NAMED[word]
        place = found.end()
    return bytes(made + whole[place:].encode("utf-8", "replace"))
