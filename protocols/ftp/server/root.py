"""The virtual root: what a user sees of the disk, and no way out of it.

Paths are normalised in the virtual tree and then checked where they really lead, links and all; a link that leads
out is seen as a link and goes nowhere. The process's own folder is never changed. It must not know who is connected.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from typing import IO, Any

from protocols.ftp.server import listings
from protocols.ftp.server.library import VirtualFolder

_UNIQUE_TRIES = 50


class VirtualRoot(VirtualFolder):  # type: ignore[misc]
    """A user's root folder."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        super().__init__(os.path.realpath(root), cmd_channel)
        self._inside = self.root.rstrip(os.sep) + os.sep

    def open(self, filename: str, mode: str) -> IO[bytes]:
        """Open without a buffer for writing: data connections bring large blocks. Raises OSError."""
        self._check(filename)
        try:
            mode_there = os.stat(filename).st_mode
        except OSError:
            mode_there = stat.S_IFREG
        if not stat.S_ISREG(mode_there):
            # A FIFO would block the server's thread, a device is nobody's file.
            raise OSError(errno.EISDIR if stat.S_ISDIR(mode_there) else errno.EACCES, "Not a regular file")
        return open(filename, mode, buffering=0 if "b" in mode and not mode.startswith("rb") else -1)

    def mkstemp(self, suffix: str = "", prefix: str = "", dir: str | None = None, mode: str = "wb") -> IO[bytes]:
        """A new file with a name of its own (STOU)."""
        folder = dir or self.root
        self._check(folder)
        for _ in range(_UNIQUE_TRIES):
            try:
                return open(os.path.join(folder, f"{prefix}{secrets.token_hex(4)}{suffix}"), "xb", buffering=0)
            except FileExistsError:
                continue
        raise FileExistsError(errno.EEXIST, "No unused name was found")

    def chdir(self, path: str) -> None:
        """Change the session's folder, not the process's. Raises OSError."""
        if not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory") if os.path.lexists(path) else FileNotFoundError(
                errno.ENOENT, "No such file or directory"
            )
        if not os.access(path, os.X_OK):
            raise PermissionError(errno.EACCES, "Permission denied")
        self.cwd = self.fs2ftp(path)

    def listdir(self, path: str) -> list[str]:
        """The names in a folder; a name with a line end in it can't be said in FTP and is left out."""
        return [name for name in os.listdir(path) if "\n" not in name and "\r" not in name]

    def stat(self, path: str) -> os.stat_result:
        """What a path leads to; of a link that leads out, the link itself."""
        if os.path.islink(path) and not self.validpath(path):
            return os.lstat(path)
        return os.stat(path)

    def format_mlsx(
        self, basedir: str, listing: Sequence[str], perms: str, facts: Sequence[str], ignore_err: bool = True
    ) -> Iterator[bytes]:
        """MLSD's and MLST's lines, by the library's name."""
        begin = os.path.join(basedir, "")

        def look(name: str) -> os.stat_result:
            found = os.lstat(begin + name)
            return self.stat(begin + name) if stat.S_ISLNK(found.st_mode) else found

        return self._encoded(listings.fact_lines(listing, look, perms, facts, not ignore_err))

    def format_list(self, basedir: str, listing: Sequence[str], ignore_err: bool = True) -> Iterator[bytes]:
        """LIST's lines, by the library's name."""
        begin = os.path.join(basedir, "")
        return self._encoded(listings.long_lines(
            listing, lambda name: os.lstat(begin + name), lambda name: self.readlink(begin + name),
            self.get_user_by_uid, self.get_group_by_gid,
        ))  # fmt: skip

    def _encoded(self, lines: Iterator[str]) -> Iterator[bytes]:
        return listings.blocks(lines, self.cmd_channel.encoding, self.cmd_channel.unicode_errors)

    def readlink(self, path: str) -> str:
        """Where a link leads, in virtual words. Raises OSError for one that leads out: where to is not told."""
        target = os.readlink(path)
        if not self.validpath(path):
            raise PermissionError(errno.EACCES, "The link leads out of the root")
        return self.fs2ftp(target) if os.path.isabs(target) else target

    def rename(self, src: str, dst: str) -> None:
        """Rename. Raises OSError."""
        self._check(os.path.dirname(dst))
        os.rename(src, dst)

    def fs2ftp(self, fspath: str) -> str:
        """The virtual path of a real one; "/" for one outside."""
        path = os.path.normpath(fspath if os.path.isabs(fspath) else os.path.join(self.root, fspath))
        inside = path == self.root or path.startswith(self.root.rstrip(os.sep) + os.sep)
        if not inside or not self.validpath(path):
            return "/"
        virtual = path[len(self.root.rstrip(os.sep)):].replace(os.sep, "/")
        return virtual or "/"

    def validpath(self, path: str) -> bool:
        """Whether a path leads to somewhere below the root, links and all.

        The root is real already. Mostly there is no link below it, and then there is nothing to follow.
        """
        root = self._inside
        if path == self.root:
            return True
        if not path.startswith(root):
            return bool(super().validpath(path))
        at, parts = root[:-1], path[len(root) :].split(os.sep)
        for part in parts:
            if part in ("", ".", ".."):
                return bool(super().validpath(path))
            at = f"{at}{os.sep}{part}"
            try:
                if stat.S_ISLNK(os.lstat(at).st_mode):
                    return bool(super().validpath(path))
            except FileNotFoundError:
                return True  # nothing is there, and nothing can be below it
            except (OSError, ValueError):
                return bool(super().validpath(path))
        return True

    def virtual(self, path: str) -> str:
        """As `fs2ftp`, for a path that is only shown: it need not lead inside."""
        path = os.path.normpath(path)
        root = self.root.rstrip(os.sep)
        return path[len(root):].replace(os.sep, "/") or "/" if path.startswith(root + os.sep) else "/"

    def _check(self, path: str) -> None:
        if not self.validpath(path):
            raise PermissionError(errno.EACCES, "The path leads out of the root")
