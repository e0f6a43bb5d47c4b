"""`ls -l` and its many kin: owner or none, numeric ids, ACL marks, ISO dates, other languages, NetWare's brackets.

A line is read around its date: what stands before it is size and owners, what comes after it the name.
It must not know the other dialects.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from protocols.ftp.listing.dates import clock, made, month, recent
from protocols.ftp.listing.entry import Entry, Kind

_HEAD: Final = re.compile(r"([-bcdlpsDPnCM?])([-rwxsStTlLaAyY?]{9})[+.@]?\s*(?=\S)")
_NETWARE: Final = re.compile(r"([-dl])\s+(\[[-A-Za-z]{4,16}\])\s+(?=\S)")
_WORD: Final = r"[^\W\d_]{2,10}\.?"
_BODY: Final = re.compile(
    r"(?:(?P<before>.*?)\s+)?(?P<size>\d+(?:,\s*\d+)?)\s+(?:"
    rf"(?P<mon>{_WORD}|\d{{1,2}}\u6708)\s*(?P<day>\d{{1,2}})\u65e5?[,.]?\s+"
    r"(?P<when>\d{1,2}:\d{2}(?::\d{2})?(?:\s+(?P<year2>\d{4}))?|\d{4}\u5e74?)"
    rf"|(?P<day3>\d{{1,2}})\.?\s+(?P<mon3>{_WORD})\s+(?P<when3>\d{{1,2}}:\d{{2}}|\d{{4}})"
    r"|(?P<iso>\d{4}-\d{2}-\d{2})(?:[ T](?P<iso_time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?(?:\s(?P<zone>[+-]\d{4}))?"
    r") (?P<name>.*)",
    re.DOTALL,
)
_USUAL: Final = re.compile(
    r"([-d])([-rwxsStT]{9}) +\d+ +(\S+) +(\S+) +(\d{1,19}) ([A-Z][a-z]{2} [ \d]\d (?:\d\d:\d\d| \d{4})) (\S.*)",
    re.DOTALL,
)
"""What nearly all servers send, and no other way to read it: tried first, since it costs a quarter."""
_KINDS: Final[dict[str, Kind]] = {"-": "file", "d": "dir", "l": "link", "D": "other", "n": "file", "C": "file",
                                  "M": "file"}  # fmt: skip


def read_unix(line: str, now: datetime) -> Entry | None:
    """The entry of a line of `ls -l`; None for what is none. now: for years that are left out."""
    usual = _USUAL.fullmatch(line)
    if usual is not None:
        letter, mode, owner, group, size, when, name = usual.groups()
        modified, exact = _usual_time(when, now)
        if exact:
            return Entry(name, "dir" if letter == "d" else "file", int(size), modified, line, letter + mode, owner,
                         group, "", exact)  # fmt: skip
    head = _HEAD.match(line)
    netware = None if head else _NETWARE.match(line)
    found = head or netware
    if found is None:
        return None
    body = _BODY.match(line, found.end())
    if body is None:
        return _without_date(line, found) if head else None
    before, size, mon, day, when, year, day3, mon3, when3, iso, iso_time, zone, name = body.groups()
    parts = (iso, iso_time or "", zone or "") if iso else None
    modified, exact, utc = _time(mon or mon3, day or day3, when or when3, year, parts, now)
    if modified is None and exact == 0:
        return _without_date(line, found)
    return _entry(line, found[1], found[2], before or "", size, name.lstrip() if netware else name, modified, exact,
                  utc)  # fmt: skip


def _entry(
    line: str, letter: str, mode: str, before: str, size: str, name: str, modified: datetime | None, exact: int,
    utc: bool,
) -> Entry | None:  # fmt: skip
    target = ""
    kind = _KINDS.get(letter, "other")
    if kind == "link":
        name, _, target = name.partition(" -> ")
    if not name:
        return None
    words = before.split()
    if words and words[0].isdecimal():
        words = words[1:]
    owner, group = (words[0] if words else ""), (words[-1] if len(words) > 1 else "")
    bytes_there = int(size) if "," not in size and len(size) < 25 and kind in ("file", "dir", "link") else None
    return Entry(name, kind, bytes_there, modified, line, letter + mode if len(mode) == 9 else mode, owner, group,
                 target, exact, utc)  # fmt: skip


@lru_cache(maxsize=4096)
def _usual_time(text: str, now: datetime) -> tuple[datetime | None, int]:
    """As `_time`, for "Nov 29 08:41" and "Nov 29  2024"."""
    return _time(text[:3], text[4:6].strip(), text[7:].strip(), None, None, now)[:2]


@lru_cache(maxsize=4096)
def _time(
    word: str | None, date: str | None, when: str | None, year: str | None, iso: tuple[str, str, str] | None,
    now: datetime,
) -> tuple[datetime | None, int, bool]:  # fmt: skip
    """Time, resolution in seconds, whether it is UTC. (None, 0, ..): what looked like a date has no month in it."""
    if iso is not None:
        return _iso(*iso)
    number = month(word or "")
    if not number or date is None or when is None:
        return None, 0, False
    day, when = int(date), when.rstrip("\u5e74")
    if ":" not in when:
        return made(int(when), number, day), 86400, False
    hour, minute, second = clock(when.split()[0])
    exact = 1 if when.split()[0].count(":") == 2 else 60
    if year:
        return made(int(year), number, day, hour, minute, second), exact, False
    return recent(now, number, day, hour, minute, second), exact, False


def _iso(day: str, time: str, zone: str) -> tuple[datetime | None, int, bool]:
    year, number, date = (int(part) for part in day.split("-"))
    found = made(year, number, date, *clock(time))
    exact = 86400 if not time else 1 if time.count(":") == 2 else 60
    if found is None or not zone:
        return found, exact, False
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    try:
        return found - away if zone[0] == "+" else found + away, exact, True
    except OverflowError:
        return found, exact, False


def _without_date(line: str, head: re.Match[str]) -> Entry | None:
    """Permissions are there, and a date that nobody reads: links, owner, group, size, three words of date, the name."""
    words = line[head.end() :].split(None, 7)
    if len(words) < 8 or not words[0].isdecimal() or not words[3].isdecimal():
        return None
    return _entry(line, head[1], head[2], f"{words[1]} {words[2]}", words[3], words[7], None, 86400, False)
