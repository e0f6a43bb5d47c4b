"""MLSD's facts: "type=file;size=1024;modify=19990929003355; name" (RFC 3659 section 7).

It must not know other listings.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final

from protocols.ftp.listing.dates import made
from protocols.ftp.listing.entry import Entry, Kind

_KINDS: Final[dict[str, Kind]] = {"file": "file", "dir": "dir"}
ITSELF: Final = ("cdir", "pdir")
"""The listed folder and its parent: not entries of it."""


def read_facts(line: str) -> Entry | None:
    """The entry of a line of MLSD or MLST; None for what is none. "." and ".." have kind "other" and facts in mode."""
    facts, mark, name = line.partition(" ")
    if not mark or not name:
        return None
    found: dict[str, str] = {}
    for fact in facts.split(";"):
        key, equals, value = fact.partition("=")
        if equals:
            found[key.lower()] = value
    if not found and facts:
        return None
    word = found.get("type", "").lower()
    kind: Kind = _KINDS.get(word, "other")
    target = ""
    if word.startswith(("os.unix=slink", "os.unix=symlink")):
        kind, target = "link", found["type"].partition(":")[2]
    size = found.get("size") or found.get("sizd") or ""
    mode = found.get("unix.mode", "").removeprefix("0o") or found.get("perm") or ""
    owner = found.get("unix.ownername") or found.get("unix.owner") or found.get("unix.uid") or ""
    group = found.get("unix.groupname") or found.get("unix.group") or found.get("unix.gid") or ""
    return Entry(name, kind, int(size) if size.isascii() and size.isdecimal() and len(size) < 25 else None,
                 time_of(found.get("modify", "")), line, mode if word not in ITSELF else word, owner, group, target,
                 1, True)  # fmt: skip


@lru_cache(maxsize=4096)
def time_of(text: str) -> datetime | None:
    """A time of RFC 3659 section 2.3, YYYYMMDDHHMMSS with or without fractions; None for what is none."""
    digits = text[:14]
    if len(digits) != 14 or not (digits.isascii() and digits.isdecimal()):
        return None
    return made(int(digits[:4]), int(digits[4:6]), int(digits[6:8]), int(digits[8:10]), int(digits[10:12]),
                int(digits[12:14]))  # fmt: skip
