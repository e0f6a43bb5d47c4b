"""The lines of LIST and MLSD, made many at a time: a folder may have a hundred thousand entries.

One look at the disk an entry (two for a link), times and owners remembered, whole blocks of lines encoded at once.
It must not know connections.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Final

LINES: Final = 50
"""Lines of one block; pyftpdlib sends twenty blocks at a time."""
_HALF_A_YEAR_S: Final = 180 * 24 * 3600
_MONTHS: Final = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMES_KEPT: Final = 8192
_FORMS: Final = {stat.S_IFREG: "file", stat.S_IFLNK: "OS.unix=slink"}
"""What MLSD says of what is no folder; a link that is seen as one leads out of the root (RFC 3659 section 7.5.1.5)."""
_FOLDERS: Final = {".": "cdir", "..": "pdir"}


def blocks(lines: Iterator[str], encoding: str, errors: str) -> Iterator[bytes]:
    """The lines, encoded, some at a time."""
    while piece := list(islice(lines, LINES)):
        yield "".join(piece).encode(encoding, errors)


def fact_lines(
    names: Sequence[str], look: Callable[[str], os.stat_result], rights: str, facts: Sequence[str],
    strict: bool = False,
) -> Iterator[str]:  # fmt: skip
    """Lines of MLSD (RFC 3659 section 7.2). look: a name's stat; rights: the user's letters; facts: those wanted.

    What has gone meanwhile is left out, or raises OSError where `strict`.
    """
    wanted = [_FACTS[fact] for fact in sorted(facts) if fact in _FACTS]
    plain, folder = _rights_of_file(rights), _rights_of_folder(rights)
    for name in names:
        try:
            found = look(name)
        except OSError:
            if strict:
                raise
            continue
        form = stat.S_IFMT(found.st_mode)
        is_folder = form == stat.S_IFDIR
        kind = _FORMS.get(form, "OS.unix=other") if not is_folder else _FOLDERS.get(name, "dir")
        said = "".join([fact(found, kind, folder if is_folder else plain) for fact in wanted])
        yield f"{said} {name}\r\n"


def long_lines(
    names: Sequence[str], look: Callable[[str], os.stat_result], target: Callable[[str], str],
    user: Callable[[int], str], group: Callable[[int], str],
) -> Iterator[str]:  # fmt: skip
    """Lines as `ls -l` has them. look: a name's stat, links not followed; target: where a link leads, or OSError."""
    user, group, filemode, now = lru_cache(256)(user), lru_cache(256)(group), stat.filemode, time.time()
    for name in names:
        try:
            found = look(name)
        except OSError:
            continue
        mode = found.st_mode
        shown = name
        if stat.S_ISLNK(mode):
            try:
                shown = f"{name} -> {target(name)}"
            except OSError:
                pass
        when = _long_time(int(found.st_mtime) // 60, now - found.st_mtime > _HALF_A_YEAR_S)
        yield (f"{filemode(mode)} {found.st_nlink or 1:3} {user(found.st_uid):8} {group(found.st_gid):8} "
               f"{found.st_size:8} {when} {shown}\r\n")  # fmt: skip


@lru_cache(maxsize=_TIMES_KEPT)
def _long_time(minute: int, old: bool) -> str:
    try:
        at = time.gmtime(minute * 60)
    except (OverflowError, ValueError, OSError):  # no calendar has it
        at = time.gmtime(0)
    return f"{_MONTHS[at.tm_mon]} {at.tm_mday:02}  {at.tm_year}" if old else \
        f"{_MONTHS[at.tm_mon]} {at.tm_mday:02} {at.tm_hour:02}:{at.tm_min:02}"  # fmt: skip


@lru_cache(maxsize=_TIMES_KEPT)
def _fact_time(seconds: int) -> str:
    try:
        at = time.gmtime(seconds)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"modify={at.tm_year:04}{at.tm_mon:02}{at.tm_mday:02}{at.tm_hour:02}{at.tm_min:02}{at.tm_sec:02};"


def _rights_of_folder(rights: str) -> str:
    said = "".join(letter for letter in rights if letter not in "arw")
    return said + ("c" if set("waf") & set(rights) else "") + ("p" if "d" in rights else "")


def _rights_of_file(rights: str) -> str:
    return "".join(letter for letter in rights if letter not in "celmp")


Fact = Callable[[Any, str, str], str]
_FACTS: Final[dict[str, Fact]] = {
    "type": lambda found, kind, rights: f"type={kind};",
    "perm": lambda found, kind, rights: f"perm={rights};",
    "size": lambda found, kind, rights: f"size={found.st_size};",
    "modify": lambda found, kind, rights: _fact_time(int(found.st_mtime)),
    "create": lambda found, kind, rights: _fact_time(int(found.st_ctime)).replace("modify", "create"),
    "unix.mode": lambda found, kind, rights: f"unix.mode=0o{found.st_mode & 0o777:o};",
    "unix.uid": lambda found, kind, rights: f"unix.uid={found.st_uid};",
    "unix.gid": lambda found, kind, rights: f"unix.gid={found.st_gid};",
    "unique": lambda found, kind, rights: f"unique={found.st_dev:x}g{found.st_ino:x};",
}
