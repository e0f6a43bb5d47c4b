"""`python -m tests.ordinary COMMAND..` runs a command as an ordinary user: nobody, without any capability.

Started by root, in a mount namespace of its own, in which that user can reach this Python and these sources even where
they are below root's home. Started by anybody else it runs the command as it is. It must not know a test.
"""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
_NEWNS = 0x00020000
_PRIVATE = 1 << 18 | 16384
_BIND = 4096 | 16384


def _mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    library = ctypes.CDLL(None, use_errno=True)
    words = [word.encode() for word in (source, str(target), kind)]
    if library.mount(*words, ctypes.c_ulong(flags), data.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


def _closed_folder(path: Path) -> Path | None:
    """The topmost folder on the way to `path` that others may not pass."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def _open_way(needed: list[Path]) -> None:
    """Let others pass on the way to these folders: a thin folder over each closed one, with the needed ones in it."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _mount("none", Path("/"), "none", _PRIVATE)
    for closed in {folder for path in needed if (folder := _closed_folder(path)) is not None}:
        inside = [path for path in needed if path.is_relative_to(closed)]
        held = [os.open(path, os.O_PATH) for path in inside]
        _mount("tmpfs", closed, "tmpfs", 0, "mode=755")
        for path, fd in zip(inside, held, strict=True):
            path.mkdir(parents=True)
            _mount(f"/proc/self/fd/{fd}", path, "none", _BIND)
            os.close(fd)


def argv(*command: str) -> list[str]:
    """What runs a command as an ordinary user."""
    return [sys.executable, "-m", "tests.ordinary", *command]


def environment(folder: Path | None = None) -> dict[str, str]:
    """An environment in which it can work. folder: where its temporary files go, owned by that user."""
    place = str(folder) if folder is not None else "/tmp"
    return {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": place, "HOME": place}


def folder() -> Path:
    """A new folder that an ordinary user may write in, outside of root's own; the caller removes it."""
    place = Path(tempfile.mkdtemp(prefix="nl-ordinary-", dir="/tmp"))
    if os.getuid() == 0:
        os.chown(place, NOBODY, NOBODY)
    return place


def main(command: list[str]) -> int:
    """Becomes the command."""
    if os.getuid() == 0:
        _open_way([Path(sys.base_prefix).resolve(), ROOT])
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    os.chdir(ROOT)
    os.execvp(command[0], command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
