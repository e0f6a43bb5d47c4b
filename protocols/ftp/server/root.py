"""The virtual root: what a user sees of the disk, and no way out of it.

Paths are normalised in the virtual tree and then checked where they really lead, links and all; a link that leads
out is seen as a link and goes nowhere. The process's own folder is never changed. It must not know who is connected.
"""

from __future__ import annotations

import errno
import os
import secrets
from typing import IO, Any

from protocols.ftp.server.library import VirtualFolder

_UNIQUE_TRIES = 50


class VirtualRoot(VirtualFolder):  # type: ignore[misc]
    """A user's root folder."""

    def __init__(self, root: str, cmd_channel: Any) -> None:
        super().__init__(os.path.realpath(root), cmd_channel)

    def open(self, filename: str, mode: str) -> IO[bytes]:
        """Open without a buffer for writing: data connections bring large blocks. Raises OSError."""
        self._check(filename)
        if os.path.exists(filename) and not os.path.isfile(filename):
            # A FIFO would block the server's thread, a device is nobody's file.
            raise OSError(errno.EISDIR if os.path.isdir(filename) else errno.EACCES, "Not a regular file")
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

    def virtual(self, path: str) -> str:
        """As `fs2ftp`, for a path that is only shown: it need not lead inside."""
        path = os.path.normpath(path)
        root = self.root.rstrip(os.sep)
        return path[len(root):].replace(os.sep, "/") or "/" if path.startswith(root + os.sep) else "/"

    def _check(self, path: str) -> None:
        if not self.validpath(path):
            raise PermissionError(errno.EACCES, "The path leads out of the root")
