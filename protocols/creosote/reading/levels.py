"""The level of a payload alone, found in a part of the time that reading it takes: a day's rows are counted by it.

It says what `read` says, for any bytes. It must not know who counts.
"""

from __future__ import annotations

from typing import Final

from protocols.creosote.reading import jsonline, logfmt, syslog, tracebacks
from protocols.creosote.reading.reading import LEVELS, level_in, read

LEVEL_NAMES: Final = ("", *LEVELS)
"""Levels by their code, 0 for none."""
LEVEL_CODES: Final = {name: code for code, name in enumerate(LEVEL_NAMES)}
_OPAQUE: Final = frozenset(b"\x1e\x1fx\x80\0")
"""First bytes of what is packed, in pieces or refused."""
_SHORT: Final = b'"short_message"'


def level(data: bytes) -> str:
    """`read(data).level`."""
    head = data[0] if data else 0
    if head in _OPAQUE or (head == 0x7B and _SHORT in data):
        return read(data).level
    found = syslog.level(data) if head == 0x3C else jsonline.level(data) if head in b"{ \t\r\n" else None
    if found is not None:
        return found
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return read(data).level
    if tracebacks.HEAD in text:
        return "ERROR"
    found = logfmt.level(text)
    return level_in(text) if found is None else found
