"""Reading: what a payload says, in one shape whatever the format, and the one list of formats.

Nothing here runs, imports or unpickles what arrived. A sender, a level and a time are what the
bytes claim: UDP has no handshake that could prove them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from protocols.creosote.reading.ansi import spaced

FIELDS: Final = 100
"""Fields that are kept of one message."""
VALUE_CHARACTERS: Final = 4096
LEVELS: Final = ("DEBUG", "INFO", "WARN", "ERROR", "CRITICAL")

LEVEL_WORDS: Final = {
    "trace": "DEBUG", "verbose": "DEBUG", "debug": "DEBUG", "dbg": "DEBUG", "fine": "DEBUG",
    "info": "INFO", "information": "INFO", "informational": "INFO", "notice": "INFO", "inf": "INFO",
    "warn": "WARN", "warning": "WARN", "wrn": "WARN",
    "err": "ERROR", "error": "ERROR", "severe": "ERROR",
    "crit": "CRITICAL", "critical": "CRITICAL", "fatal": "CRITICAL", "alert": "CRITICAL",
    "emerg": "CRITICAL", "emergency": "CRITICAL", "panic": "CRITICAL",
}  # fmt: skip
_CAPITALS: Final = (
    "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERR", "ERROR", "CRIT", "CRITICAL", "FATAL", "ALERT",
    "EMERG", "PANIC",
)  # fmt: skip
_LEVEL_IN_TEXT: Final = re.compile(
    # A letter first, then what stood before it: so the search skips all that is no such letter, several times as fast.
    rf"[{''.join(sorted({word[0] for word in _CAPITALS}))}](?<![^\s\[(<|:].)"
    rf"(?:{'|'.join(f'(?<={word[0]}){word[1:]}' for word in _CAPITALS)})(?=$|[\s\])>|:,-])"
)
_HEAD: Final = 200


class Reading(msgspec.Struct, frozen=True):
    """What a payload says.

    kind: text, bytes, json, syslog, gelf, logfmt, trace or pickle. text: the message itself, may hold
    control characters: whoever shows it makes them visible. level: one of LEVELS or "". source: the
    program or host that it says it is. stamp: the time it claims, as it wrote it. fields: the rest.
    warning: why a part was refused or cut, a sentence, or "".
    """

    kind: str
    text: str
    level: str = ""
    source: str = ""
    stamp: str = ""
    fields: dict[str, str] = msgspec.field(default_factory=dict)
    warning: str = ""


def level_of(value: object) -> str:
    """The lab's level for a word or a number: Python's logging (10 to 50) or syslog's (0 to 7); pino's: jsonline."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, (int, float)):
        return _level_of_number(value)
    if not isinstance(value, str):
        return ""
    word = value.strip().lower()
    return _level_of_number(int(word)) if word.isdecimal() and len(word) < 4 else LEVEL_WORDS.get(word, "")


def _level_of_number(number: float) -> str:
    if 0 <= number <= 7:
        return syslog_level(int(number))
    if 10 <= number <= 60:
        return LEVELS[min(int(number) // 10 - 1, 4)]
    return ""


def syslog_level(severity: int) -> str:
    """The lab's level for a syslog severity (RFC 5424 section 6.2.1): 0 emergency to 7 debug."""
    return ("CRITICAL", "CRITICAL", "CRITICAL", "ERROR", "WARN", "INFO", "INFO", "DEBUG")[severity & 7]


def level_in(text: str) -> str:
    """The level that stands in capitals near the start of a line, coloured or not, or ""."""
    found = _LEVEL_IN_TEXT.search(spaced(text[:_HEAD]))
    return LEVEL_WORDS[found[0].lower()] if found else ""


def kept_fields(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Fields with their number and their lengths bounded."""
    return {name[:VALUE_CHARACTERS]: value[:VALUE_CHARACTERS] for name, value in pairs[:FIELDS]}


Reader: TypeAlias = "Callable[[bytes], Reading | None]"
TextReader: TypeAlias = "Callable[[str], Reading | None]"
_by_first: dict[int, tuple[Reader, ...]] = {}
_of_text: list[TextReader] = []


def _learn() -> None:
    """Which readers a first byte can mean; asked for once, as each row of a day is read."""
    from protocols.creosote.reading import gelf, jsonline, logfmt, pickled, syslog, tracebacks

    _by_first.update(dict.fromkeys(b"\x1e\x1fx", (gelf.read,)))
    _by_first.update(dict.fromkeys(b" \t\r\n", (jsonline.read,)))
    _by_first.update(dict.fromkeys(b"\x80\x00", (pickled.read,)))  # alone, or behind a length below 16 MB
    _by_first.update({ord("{"): (gelf.read, jsonline.read), ord("<"): (syslog.read,)})
    _of_text.extend((tracebacks.read, logfmt.read))


def read(data: bytes) -> Reading:
    """What a payload says. Any bytes at all give a Reading; nothing raises."""
    if not _of_text:
        _learn()
    for reader in _by_first.get(data[0], ()) if data else ():
        if (found := reader(data)) is not None:
            return found
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Reading("bytes", repr(data)[2:-1], level_in(data[:_HEAD].decode("ascii", "replace")))
    for read_text in _of_text:
        if (found := read_text(text)) is not None:
            return found
    warning = _cut_off(data) if text.lstrip()[:1] == "{" else ""
    return Reading("text", text.rstrip("\r\n"), level_in(text), warning=warning)


def _cut_off(data: bytes) -> str:
    from protocols.creosote.reading.jsonline import cut_off

    return cut_off(data)
