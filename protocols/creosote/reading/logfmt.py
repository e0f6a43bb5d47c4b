"""logfmt: key=value pairs on one line, values quoted where they hold blanks."""

from __future__ import annotations

import re
from typing import Final

from protocols.creosote.reading.reading import Reading, kept_fields, level_of

_PAIR: Final = re.compile(r'\s*([A-Za-z_][\w.\-/]{0,63})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)')
_LEVEL: Final = ("level", "lvl", "severity")
_MESSAGE: Final = ("msg", "message", "event", "err", "error")
_SOURCE: Final = ("logger", "service", "app", "component", "host", "caller")
_STAMP: Final = ("time", "ts", "timestamp", "t")


def read(text: str) -> Reading | None:
    """The reading of a line that is pairs and nothing else, two at least; None for anything else."""
    line = text.strip()
    if "=" not in line or "\n" in line:
        return None
    at, pairs = 0, []
    while at < len(line):
        found = _PAIR.match(line, at)
        if found is None:
            return None
        quoted, bare = found[2], found[3]
        pairs.append((found[1], re.sub(r"\\(.)", _unescape, quoted) if quoted is not None else bare))
        at = found.end()
    if len(pairs) < 2:
        return None
    fields = dict(pairs)
    return Reading(
        "logfmt", _first(fields, _MESSAGE) or line, level_of(_first(fields, _LEVEL)), _first(fields, _SOURCE),
        _first(fields, _STAMP), kept_fields(pairs),
    )  # fmt: skip


def _unescape(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1])


def _first(fields: dict[str, str], names: tuple[str, ...]) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")
