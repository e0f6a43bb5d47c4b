"""The dialects that are not `ls -l`: Windows, EPLF, VMS, OS/2, MVS, AS/400, NonStop, VM/CMS.

One function a dialect: a line in, an entry out, or None. It must not know the order in which they are tried.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from protocols.ftp.listing.dates import clock, full_year, made, month
from protocols.ftp.listing.entry import Entry, Kind

_DOS: Final = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[-/.])(?P<b>\d{1,2})[-/.](?P<c>\d{2,4})\s+(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?"
    r"\s*(?P<half>[AaPp][Mm]?)?\s+(?:(?P<what><[A-Za-z]+>)\s+|(?P<size>\d{1,3}(?:[.,]\d{3})+|\d{1,20})\s)(?P<name>.+)",
    re.DOTALL,
)
_VMS: Final = re.compile(
    r"(?P<name>[^\s;]+);(?P<version>\d+)\s+(?P<blocks>\d+)(?:/\d+)?K?\s+(?P<day>\d{1,2})-(?P<mon>[A-Za-z]{3})-"
    r"(?P<year>\d{4})\s+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(?:\[(?P<owner>[^\]]*)\])?\s*(?P<mode>\([^)]*\))?\s*"
)
_OS2: Final = re.compile(
    r"\s*(?P<size>\d{1,20})\s+(?P<what>DIR|[ARSH]{1,4})?\s+(?P<m>\d{1,2})-(?P<d>\d{1,2})-(?P<y>\d{2,4})\s+"
    r"(?P<time>\d{1,2}:\d{2})\s+(?P<name>\S.*)"
)
_MVS: Final = re.compile(
    r"\S{1,6}\s+\S{1,8}\s+(?P<day>\d{4}/\d{2}/\d{2}|\*\*NONE\*\*)\s+\d+\s+[\d?+]+\s+\S+\s+\S+\s+\S+\s+(?P<org>PS|PO|PO-E|VS|DA|\?)\s+"
    r"(?P<name>\S+)\s*"
)
_MVS_AWAY: Final = re.compile(r"(?:Migrated|MIGRAT|ARCIVE\s.*?|Not Direct Access Device|[A-Z0-9]+\s+Tape|"
                              r"(?P<dir>Pseudo Directory))\s+(?P<name>[A-Z0-9$#@'.-]+)\s*")  # fmt: skip
_MVS_MEMBER: Final = re.compile(
    r"\s?(?P<name>\S{1,16})\s+\d{2}\.\d{2}\s+\d{4}/\d{2}/\d{2}\s+(?P<day>\d{4}/\d{2}/\d{2})\s+(?P<time>\d{2}:\d{2}(?::\d{2})?)"
    r"\s+(?P<size>\d+)\s+\d+\s+\d+\s+\S+\s*"
)
_AS400: Final = re.compile(
    r"(?P<owner>\S+)\s+(?:(?P<size>\d{1,20})\s+(?P<day>\d{2}[/.-]\d{2}[/.-]\d{2})\s+(?P<time>\d{2}:\d{2}:\d{2})\s+)?"
    r"(?P<kind>\*(?:DIR|STMF|FILE|MEM|LIB|FLR|DOC|DDIR|DSTMF|PGM|SAVF|USRSPC|DTAARA|SYMLNK|[A-Z]{2,8}))\s+(?P<name>\S.*)"
)
_NONSTOP: Final = re.compile(
    r"(?P<name>[A-Z][A-Z0-9]{0,7})\s+(?:O\s+)?\d{1,6}\s+(?P<size>\d{1,20})\s+(?P<d>\d{1,2})-(?P<mon>[A-Za-z]{3})-(?P<y>\d{2,4})\s+"
    r"(?P<time>\d{1,2}:\d{2}:\d{2})\s+(?P<owner>\d{1,3},\s*\d{1,3})\s+(?P<mode>\"?[-A-Za-z]{4}\"?)\s*"
)
_CMS: Final = re.compile(
    r"(?P<name>\S{1,8})\s+(?P<type>\S{1,8})\s+(?:\S{1,2}\s+)?(?P<format>[FV]|DIR)\s+(?P<length>\d+|-)\s+(?P<records>\d+|-)\s+"
    r"(?:\d+|-)\s+(?P<day>\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4})\s+(?P<time>\d{1,2}:\d{2}:\d{2})(?:\s+\S+)?\s*"
)


def read_dos(line: str, now: datetime) -> Entry | None:
    """IIS and its kin: "04-27-00  09:09PM  <DIR>  licensed"; four-digit years, day first with dots, ISO dates."""
    found = _DOS.match(line)
    if found is None:
        return None
    a, b, c = found["a"], found["b"], found["c"]
    if len(a) == 4:
        year, number, day = int(a), int(b), int(c)
    else:
        number, day, year = int(a), int(b), full_year(c)
        if found["mark"] == "." or number > 12:
            number, day = day, number
    hour, half = int(found["h"]), (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half[0] == "p" else 0)
    what, size = (found["what"] or "").lower(), found["size"]
    kind: Kind = "file" if not what else "dir" if what == "<dir>" else "link"
    name, target = found["name"], ""
    if kind == "link" and name.endswith("]") and " [" in name:
        name, _, target = name[:-1].rpartition(" [")
    count = int(size.replace(".", "").replace(",", "")) if size else None
    return Entry(name, kind, count, made(year, number, day, hour, int(found["m"]), int(found["s"] or 0)), line,
                 target=target, exact=1 if found["s"] else 60)  # fmt: skip


def read_eplf(line: str, now: datetime) -> Entry | None:
    """EPLF: "+i8388621.48594,m825718503,r,s280,up644<tab>djb.html" (cr.yp.to/ftp/list/eplf.html)."""
    if line[:1] != "+" or "\t" not in line:
        return None
    facts, _, name = line[1:].partition("\t")
    kind: Kind = "other"
    size, modified, mode = None, None, ""
    for fact in facts.split(","):
        if fact == "/":
            kind = "dir"
        elif fact == "r":
            kind = "file"
        elif fact[:1] == "s" and _number(fact[1:]):
            size = int(fact[1:])
        elif fact[:1] == "m" and _number(fact[1:]):
            modified = _since_1970(int(fact[1:]))
        elif fact[:2] == "up":
            mode = fact[2:]
    return Entry(name, kind, size, modified, line, mode, utc=True) if name else None


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 25


def _since_1970(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def read_vms(line: str, now: datetime) -> Entry | None:
    """VMS: "CORE.DIR;1  1  8-SEP-1996 16:09 [SYSTEM] (RWE,RWE,RE,RE)". Its sizes are blocks: no bytes are known."""
    found = _VMS.fullmatch(line.strip())
    number = month(found["mon"]) if found else 0
    if found is None or not number:
        return None
    name, folder = found["name"], found["name"].upper().endswith(".DIR")
    modified = made(int(found["year"]), number, int(found["day"]), *clock(found["time"]))
    if folder and len(name) > 4:
        name = name[:-4]
    return Entry(name, "dir" if folder else "file", None, modified, line, found["mode"] or "", found["owner"] or "",
                 exact=60 if found["time"].count(":") == 1 else 1)  # fmt: skip


def read_os2(line: str, now: datetime) -> Entry | None:
    """OS/2: "     0           DIR    05-12-97   16:44  PSFONTS"."""
    found = _OS2.fullmatch(line)
    if found is None:
        return None
    folder = found["what"] == "DIR"
    modified = made(full_year(found["y"]), int(found["m"]), int(found["d"]), *clock(found["time"]))
    return Entry(found["name"], "dir" if folder else "file", None if folder else int(found["size"]), modified, line,
                 "" if folder else found["what"] or "", exact=60)  # fmt: skip


def read_mvs(line: str, now: datetime) -> Entry | None:
    """MVS: data sets, those that are away on tape, members of a partitioned data set. Sizes are tracks or records."""
    member = _MVS_MEMBER.fullmatch(line)
    if member is not None:
        year, number, date = (int(part) for part in member["day"].split("/"))
        modified = made(year, number, date, *clock(member["time"]))
        return Entry(member["name"], "file", None, modified, line, exact=60)
    found = _MVS.fullmatch(line)
    if found is not None:
        day = found["day"].split("/")
        modified = made(int(day[0]), int(day[1]), int(day[2])) if len(day) == 3 else None
        return Entry(found["name"], "dir" if found["org"].startswith("PO") else "file", None, modified, line,
                     exact=86400)  # fmt: skip
    away = _MVS_AWAY.fullmatch(line)
    return Entry(away["name"], "dir" if away["dir"] else "file", None, None, line) if away is not None else None


def read_as400(line: str, now: datetime) -> Entry | None:
    """OS/400: "QSYS  77824 02/23/00 15:09:55 *DIR QDEVELOP/"."""
    found = _AS400.fullmatch(line)
    if found is None:
        return None
    folder = found["kind"] in ("*DIR", "*LIB", "*FLR", "*DDIR") or found["name"].endswith("/")
    modified = None
    if found["day"]:
        a, b, c = (int(part) for part in re.split(r"[/.-]", found["day"]))
        number, day = (b, a) if a > 12 or "." in found["day"] else (a, b)
        modified = made(full_year(f"{c:02d}"), number, day, *clock(found["time"]))
    size = int(found["size"]) if found["size"] else None
    kind: Kind = "dir" if folder else "link" if found["kind"] == "*SYMLNK" else "file"
    return Entry(found["name"].rstrip("/") or found["name"], kind, size, modified, line, owner=found["owner"])


def read_nonstop(line: str, now: datetime) -> Entry | None:
    """HP NonStop: 'IARPTS  101  16354 18-Mar-98 09:53:41 221,  8 "nunu"'."""
    found = _NONSTOP.fullmatch(line)
    number = month(found["mon"]) if found else 0
    if found is None or not number:
        return None
    modified = made(full_year(found["y"]), number, int(found["d"]), *clock(found["time"]))
    return Entry(found["name"], "file", int(found["size"]), modified, line, found["mode"].strip('"'), found["owner"])


def read_cms(line: str, now: datetime) -> Entry | None:
    """VM/CMS: "PROFILE  EXEC  A1 V  67  41  1 1998-05-07 14:42:33 MDISK": name, type, records of a length."""
    found = _CMS.fullmatch(line)
    if found is None:
        return None
    day = found["day"]
    if "-" in day:
        year, number, date = (int(part) for part in day.split("-"))
    else:
        number, date, year = (int(part) for part in day.split("/"))
        year = full_year(str(year)) if year > 9 else 2000 + year
    size = None
    if found["format"] == "F" and found["length"].isdecimal() and found["records"].isdecimal():
        size = int(found["length"]) * int(found["records"])
    folder = found["format"] == "DIR"
    name = found["name"] if folder else f"{found['name']}.{found['type']}"
    return Entry(name, "dir" if folder else "file", size, made(year, number, date, *clock(found["time"])), line)
