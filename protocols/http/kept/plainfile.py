"""A file written whole or not at all, so that nobody ever reads half of it.

It must not know what is in it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

OWNER_ONLY = 0o600


def write_whole(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Put `data` in place of the file. Raises OSError; the old content stays then.

    mode: None keeps the old file's, a new one gets what the person's umask says.
    """
    target = path.resolve() if path.is_symlink() else path
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode_of(target) if mode is None else mode)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _mode_of(target: Path) -> int:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        # The mask can only be read by setting it, which another thread would notice; a folder's mode shows it.
        return stat.S_IMODE(target.parent.stat().st_mode) & 0o666 | 0o600
