"""Syslog messages: RFC 5424, and the older BSD form of RFC 3164, over UDP (RFC 5426)."""

from __future__ import annotations

import re
from typing import Final

from protocols.creosote.reading.reading import Reading, kept_fields, syslog_level

FACILITIES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
_PRI: Final = re.compile(rb"<(\d{1,3})>")
_MODERN: Final = re.compile(r"1 (\S+) (\S+) (\S+) (\S+) (\S+) ?")
_BSD: Final = re.compile(
    r"((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d) (\S+) "
    r"(?:([^\s:\[]{1,48})(?:\[(\w+)\])?: ?)?"
)
_TAG: Final = re.compile(r"([^\s:\[]{1,48})(?:\[(\w+)\])?: ?")
_PARAM: Final = re.compile(r' ([^\s="\]]+)="((?:[^"\\\]]|\\.)*)"')


def read(data: bytes) -> Reading | None:
    """The reading of a syslog message, or None where the priority in angle brackets is missing or above 191."""
    start = _PRI.match(data)
    if start is None or int(start[1]) > 191:
        return None
    priority, rest = int(start[1]), data[start.end() :].decode("utf-8", "replace")
    facts = [("facility", FACILITIES[priority >> 3]), ("severity", str(priority & 7))]
    modern = _MODERN.match(rest)
    if modern is not None:
        return _modern(modern, rest, priority, facts)
    bsd = _BSD.match(rest)
    if bsd is not None:
        stamp, host, tag, pid = bsd.groups("")
        text = rest[bsd.end() :]
    else:  # many programs leave time and host out
        tagged = _TAG.match(rest)
        (tag, pid), stamp, host = (tagged.groups("") if tagged else ("", "")), "", ""
        text = rest[tagged.end() :] if tagged else rest
    facts += [(name, value) for name, value in (("host", host), ("tag", tag), ("pid", pid)) if value]
    level = syslog_level(priority & 7)
    return Reading("syslog", text.rstrip("\r\n\0"), level, tag or host, stamp, kept_fields(facts))


def level(data: bytes) -> str | None:
    """The level of a syslog message, or None for anything else."""
    start = _PRI.match(data)
    return None if start is None or int(start[1]) > 191 else syslog_level(int(start[1]) & 7)


def _modern(found: re.Match[str], rest: str, priority: int, facts: list[tuple[str, str]]) -> Reading:
    stamp, host, app, process, identity = ("" if part == "-" else part for part in found.groups())
    at, more = _structured(rest, found.end())
    names = (("host", host), ("app", app), ("pid", process), ("msgid", identity))
    facts += [(name, value) for name, value in names if value] + more
    text = rest[at:].removeprefix(" ").removeprefix("\ufeff").rstrip("\r\n\0")
    return Reading("syslog", text, syslog_level(priority & 7), app or host, stamp, kept_fields(facts))


def _structured(text: str, at: int) -> tuple[int, list[tuple[str, str]]]:
    """Structured data (RFC 5424 section 6.3) from `at` on: where it ends, and its parameters."""
    if text.startswith("-", at):
        return at + 1, []
    found: list[tuple[str, str]] = []
    while text.startswith("[", at):
        name = re.compile(r"\[([^\s=\]\"]{1,32})").match(text, at)
        if name is None:
            break
        place = name.end()
        while (param := _PARAM.match(text, place)) is not None:
            found.append((f"{name[1]}.{param[1]}", re.sub(r'\\([\\"\]])', r"\1", param[2])))
            place = param.end()
        if not text.startswith("]", place):
            break
        at = place + 1
    return at, found
