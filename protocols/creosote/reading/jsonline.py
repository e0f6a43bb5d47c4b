"""A JSON object as a message: the usual names for message, level, source and time are recognised."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from protocols.creosote.reading.reading import Reading, kept_fields, level_of

_MESSAGE: Final = ("message", "msg", "event", "evt", "text", "short_message", "log", "body")
_LEVEL: Final = ("level", "levelname", "severity", "lvl", "log.level", "loglevel")
_SOURCE: Final = ("logger", "name", "service", "app", "program", "host", "hostname", "source")
_STAMP: Final = ("time", "timestamp", "ts", "@timestamp", "asctime", "datetime")

_decode: Final = msgspec.json.Decoder().decode
_encode: Final = msgspec.json.encode


def read(data: bytes) -> Reading | None:
    """The reading of a JSON object (RFC 8259), or None for anything else."""
    found = _object(data)
    return None if found is None else from_object(found, data)


def level(data: bytes) -> str | None:
    """The level of a JSON object; None for anything else."""
    found = _object(data)
    return None if found is None else level_of(_first(found, _LEVEL))


def _object(data: bytes) -> dict[str, Any] | None:
    if data[:1] != b"{" and data.lstrip()[:1] != b"{":
        return None
    try:
        found = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def from_object(found: dict[str, Any], data: bytes) -> Reading:
    """The reading of a decoded object; `data` is shown where it has no message of its own."""
    message = _first(found, _MESSAGE)
    text = message if isinstance(message, str) else data.decode("utf-8", "replace").strip()
    return Reading(
        "json", text, level_of(_first(found, _LEVEL)), flat(_first(found, _SOURCE)), flat(_first(found, _STAMP)),
        kept_fields([(name, flat(value)) for name, value in found.items()]),
    )  # fmt: skip


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
