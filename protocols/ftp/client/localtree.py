"""Folders on this side, listed as a server's are. It must not know a server."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from protocols.ftp.client.trouble import FtpError, trouble
from protocols.ftp.listing.entry import Entry, Kind, Listing
from protocols.ftp.listing.reader import ENTRIES

_WORDS: Final = (
    (FileNotFoundError, "here missing"), (PermissionError, "here denied"), (NotADirectoryError, "here no folder"),
    (FileExistsError, "here taken"),
)  # fmt: skip


def told_here(error: BaseException, path: str) -> FtpError:
    """What this machine said of a path, in plain words."""
    if isinstance(error, FtpError):
        return error
    name = next((name for kind, name in _WORDS if isinstance(error, kind)), "here other")
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        name = "here denied"
    said = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return trouble(name, path=str(getattr(error, "filename", None) or path), said=said)


def list_here(path: Path) -> Listing:
    """The entries of a folder here, bounded. Raises OSError."""
    entries: list[Entry] = []
    cut = ""
    with os.scandir(path) as found:
        for each in found:
            if len(entries) >= ENTRIES:
                cut = f"it has more than {ENTRIES} entries"
                break
            entries.append(_entry(each))
    return Listing(str(path), entries, "local", cut, "local")


def _entry(each: os.DirEntry[str]) -> Entry:
    kind: Kind = "link" if each.is_symlink() else "other"
    try:
        if kind != "link":
            kind = "dir" if each.is_dir() else "file" if each.is_file() else "other"
        about = each.stat(follow_symlinks=kind == "link")
    except OSError:  # gone meanwhile, or a link to nowhere
        return Entry(each.name, kind, raw=each.name)
    size = about.st_size if stat.S_ISREG(about.st_mode) else None
    when = datetime.fromtimestamp(max(0, about.st_mtime), UTC).replace(tzinfo=None)
    return Entry(each.name, kind, size, when, each.name, stat.filemode(about.st_mode), utc=True)


def make_here(path: Path) -> None:
    """Make a folder. Raises OSError."""
    path.mkdir()


def rename_here(path: Path, name: str) -> None:
    """Rename within the folder; what is there is not written over. Raises OSError."""
    to = path.with_name(name)
    if to.exists():
        raise FileExistsError(17, "A file of that name exists", str(to))
    path.rename(to)


def remove_here(path: Path) -> None:
    """Remove a file, or a folder with all that is in it. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def sorted_entries(entries: list[Entry], column: str = "name", descending: bool = False) -> list[Entry]:
    """Folders first, then by a column: "name", "size", "modified" or "mode"."""
    keys = {
        "name": lambda entry: entry.name.casefold(),
        "size": lambda entry: entry.size if entry.size is not None else -1,
        "modified": lambda entry: entry.modified or datetime.min,
        "mode": lambda entry: entry.mode,
    }
    by = sorted(entries, key=lambda entry: entry.name.casefold()) if column != "name" else entries
    by = sorted(by, key=keys[column], reverse=descending)
    return sorted(by, key=lambda entry: 0 if entry.kind == "dir" else 1)
