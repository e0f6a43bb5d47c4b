"""JSON objects as a message, one or one a line: the usual names for message, level, source and time are recognised.

Pino and Bunyan number their levels from 10 (trace) to 60 (fatal), one above Python's logging: they are known by what
stands beside the number.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from protocols.creosote.reading.reading import LEVELS, Reading, kept_fields, level_of

_MESSAGE: Final = ("message", "msg", "event", "evt", "text", "short_message", "log", "body")
_LEVEL: Final = ("level", "levelname", "severity", "lvl", "log.level", "loglevel")
_SOURCE: Final = ("logger", "name", "service", "app", "program", "host", "hostname", "source")
_STAMP: Final = ("time", "timestamp", "ts", "@timestamp", "asctime", "datetime")
_BESIDE: Final = ("pid", "hostname", "v")
"""Beside a level that is a number and a time, one of these is pino's or Bunyan's."""
_JOINED: Final = "\n"
"""Between what several lines say: a filter looks for neither side of it as one with the other."""

_CUT: Final = (
    "This JSON ends in the middle: its sender cut it, or it did not fit into one datagram. It is shown as it came, and "
    "its level and fields are not read."
)

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.encode


def read(data: bytes) -> Reading | None:
    """The reading of a JSON object (RFC 8259), or of several, one a line; None for anything else.

    Several have the worst of their levels; what they say differently stands in lines below each other.
    """
    found = _objects(data)
    if len(found) < 2:
        return _from_object(found[0], data) if found else None
    lines = [_from_object(each, _encode(each)) for each in found]
    fields: dict[str, list[str]] = {}
    for line in lines:
        for name, value in line.fields.items():
            values = fields.setdefault(name, [])
            if value not in values:
                values.append(value)
    return Reading(
        "json", _JOINED.join(line.text for line in lines), _worst([line.level for line in lines]), lines[0].source,
        lines[0].stamp, kept_fields([(name, _JOINED.join(values)) for name, values in fields.items()]),
    )  # fmt: skip


def level(data: bytes) -> str | None:
    """The level of what `read` reads; None for anything else."""
    found = _objects(data)
    return _worst([_level(each) for each in found]) if found else None


def cut_off(data: bytes) -> str:
    """Why a payload that begins as JSON could not be read as that: it ends in the middle; "" for another reason."""
    last = data.rstrip().rpartition(b"\n")[2]
    try:
        _decode(last)
    except msgspec.DecodeError as error:
        if "truncated" in str(error) and last.lstrip()[:1] == b"{":
            return _CUT
    except (UnicodeDecodeError, RecursionError):
        pass
    return ""


def _objects(data: bytes) -> list[dict[str, Any]]:
    """The objects that a payload is, one or one a line; none where it is anything else."""
    if data[:1] != b"{" and data.lstrip()[:1] != b"{":
        return []
    try:
        found = [_decode(data)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _lines(data)
    return found if all(isinstance(each, dict) for each in found) else []


def _lines(data: bytes) -> list[Any]:
    if b"\n" not in data:
        return []
    try:
        return [_decode(line) for line in data.split(b"\n") if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _from_object(found: dict[str, Any], data: bytes) -> Reading:
    """The reading of a decoded object; `data` is shown where it has no message of its own."""
    message = _first(found, _MESSAGE)
    text = message if isinstance(message, str) else data.decode("utf-8", "replace").strip()
    return Reading(
        "json", text, _level(found), flat(_first(found, _SOURCE)), flat(_first(found, _STAMP)),
        kept_fields([(name, flat(value)) for name, value in found.items()]),
    )  # fmt: skip


def _level(found: dict[str, Any]) -> str:
    said = _first(found, _LEVEL)
    if type(said) is int and 10 <= said <= 60 and "time" in found and any(name in found for name in _BESIDE):
        return LEVELS[max(min(said // 10 - 2, 4), 0)]
    return level_of(said)


def levels_of(number: int) -> set[str]:
    """The levels that a number may mean, whatever stands beside it."""
    return {level_of(number), _level({"level": number}), _level({"level": number, "time": 0, _BESIDE[0]: 0})}


def _worst(levels: list[str]) -> str:
    return max(levels, key=lambda each: LEVELS.index(each) if each else -1)


def _first(found: dict[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if (value := found.get(name)) is not None:
            return value
    return None


def flat(value: Any) -> str:
    """A value as one cell holds it: text as it is, the rest as JSON, None as nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else _encode(value).decode("utf-8")
