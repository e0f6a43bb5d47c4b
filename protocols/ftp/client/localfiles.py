"""Files on this side: names that can't lead out of a folder, parts that are kept, nothing written over unasked.

A download is written to NAME.part and becomes NAME when it is whole. It must not know a server.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.ftp.client import trouble
from protocols.ftp.client.renaming import rename_to_new

PART: Final = ".part"
_NOFOLLOW: Final = int(getattr(os, "O_NOFOLLOW", 0))
_BINARY: Final = int(getattr(os, "O_BINARY", 0))
_CLOEXEC: Final = int(getattr(os, "O_CLOEXEC", 0))
_WINDOWS_NAMES: Final = frozenset(
    ["con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))]
)


def safe_name(name: str) -> str:
    """A server's name of a file as a name in one folder. Raises FtpError for one that leads elsewhere."""
    windows = sys.platform == "win32"
    bad = name in ("", ".", "..") or "/" in name or "\0" in name
    if windows and not bad:
        bad = "\\" in name or ":" in name or name.split(".")[0].lower() in _WINDOWS_NAMES or name.endswith((".", " "))
    if bad:
        raise trouble.trouble("unsafe name", name=repr(name[:80]))
    return name


def inside(folder: Path, name: str, *, fresh: bool = False) -> Path:
    """The path of a server's name in a folder. Raises FtpError for one that would leave it.

    A link there that leads out is refused, too. fresh: the folder was made just now, nothing is in it.
    """
    path = folder / safe_name(name)
    if not fresh and os.path.islink(path):
        check_within(path, folder, name)
    return path


def check_within(path: Path, base: Path, name: str) -> None:
    """Raises FtpError where a path, all its links followed, is not below `base`. name: what the server calls it."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        real = Path("/")
    if not real.is_relative_to(base.resolve()):
        raise trouble.trouble("unsafe name", name=repr(name[:80]))


@dataclass
class Target:
    """Where a download goes. path: its final name. part: where it is written. offset: bytes there already."""

    path: str
    part: str
    offset: int = 0
    direct: bool = False
    force: bool = False
    fd: int = -1

    def open(self) -> None:
        """Open for writing from `offset` on. Raises FtpError."""
        flags = os.O_RDWR | os.O_CREAT | _BINARY | _CLOEXEC | (0 if self.direct else _NOFOLLOW)
        if self.direct:
            flags = os.O_WRONLY | _BINARY | _CLOEXEC
        try:
            self.fd = os.open(self.part, flags | (0 if self.offset or self.direct else os.O_TRUNC), 0o666)
            if self.offset:
                os.lseek(self.fd, self.offset, os.SEEK_SET)
        except OSError as error:
            raise disk(self.part, error) from error

    def write(self, data: memoryview | bytes) -> None:
        """Append. Raises FtpError when the disk is full, for instance."""
        try:
            count = os.write(self.fd, data)
            while count < len(data):
                data = memoryview(data)[count:]
                count = os.write(self.fd, data)
        except OSError as error:
            raise disk(self.part, error) from error

    def close(self) -> None:
        """Close; what came stays."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def finish(self) -> None:
        """The file is whole: it gets its name. Raises FtpError when somebody else has taken the name meanwhile."""
        if self.direct:
            return
        try:
            if self.force or self.part == self.path:
                os.replace(self.part, self.path)
            else:
                rename_to_new(self.part, self.path)
        except FileExistsError:
            raise trouble.trouble("exists", path=self.path) from None
        except OSError as error:
            raise disk(self.path, error) from error

    def forget_empty(self) -> None:
        """Nothing came: leave no empty part."""
        try:
            if not self.direct and os.stat(self.part).st_size == 0:
                os.unlink(self.part)
        except OSError:
            pass


def target(to: Path, *, force: bool = False, resume: bool = False) -> Target:
    """Look at what is there, and say where to write. Raises FtpError when something would be written over."""
    path = str(to)
    part = path + PART
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        found = None
    except OSError as error:
        raise disk(path, error) from error
    if found is not None and stat.S_ISDIR(found.st_mode):
        raise disk(path, IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)))
    if found is not None and not stat.S_ISREG(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        return Target(path, path, direct=True)
    if resume:
        if found is not None and stat.S_ISREG(found.st_mode) and not force and not os.path.exists(part):
            return Target(path, path, found.st_size)  # a part that somebody named like the whole
        if found is None or force:
            return Target(path, part, _size(part), force=force)
    if found is not None and not force:
        raise trouble.trouble("exists", path=path)
    return Target(path, part, force=force)


def _size(part: str) -> int:
    try:
        found = os.lstat(part)
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def disk(path: str, error: OSError) -> trouble.FtpError:
    """A file that can't be written."""
    return trouble.trouble("disk", path=path, said=error.strerror or str(error))
