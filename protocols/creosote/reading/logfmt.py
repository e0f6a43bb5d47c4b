"""logfmt: key=value pairs on one line, values quoted where they hold blanks."""

from __future__ import annotations

import re
from typing import Final

from protocols.creosote.reading.reading import Reading, kept_fields, level_of

_PAIR: Final = re.compile(r'\s*([A-Za-z_][\w.\-/]{0,63})=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s"]*))(?!\S)')
_PAIRS: Final = re.compile(f"(?:{_PAIR.pattern}){{2,}}")
_LEVEL: Final = ("level", "lvl", "severity")
_MESSAGE: Final = ("msg", "message", "event", "err", "error")
_SOURCE: Final = ("logger", "service", "app", "component", "host", "caller")
_STAMP: Final = ("time", "ts", "timestamp", "t")


def read(text: str) -> Reading | None:
    """The reading of a line that is pairs and nothing else, two at least; None for anything else."""
    pairs = _pairs(text)
    if pairs is None:
        return None
    fields = dict(pairs)
    return Reading(
        "logfmt", _first(fields, _MESSAGE) or text.strip(), level_of(_first(fields, _LEVEL)), _first(fields, _SOURCE),
        _first(fields, _STAMP), kept_fields(pairs),
    )  # fmt: skip


def level(text: str) -> str | None:
    """The level of such a line; None for anything else."""
    pairs = _pairs(text)
    return None if pairs is None else level_of(_first(dict(pairs), _LEVEL))


def _pairs(text: str) -> list[tuple[str, str]] | None:
    line = text.strip()
    if "=" not in line or "\n" in line or _PAIRS.fullmatch(line) is None:
        return None
    return [(name, _plain(quoted) if quoted else bare) for name, quoted, bare in _PAIR.findall(line)]


def _plain(quoted: str) -> str:
    return re.sub(r"\\(.)", _unescape, quoted) if "\\" in quoted else quoted


def _unescape(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1])


def _first(fields: dict[str, str], names: tuple[str, ...]) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")
