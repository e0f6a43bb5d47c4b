"""How `netlab connect --tls` comes to trust a `netlab serve --tls` of the same person.

Each serving lab has an authority of its own, made for that run. Its certificate lies, while it
runs, in a folder that only its user can write; a connecting lab trusts what it finds there. It
must not know TLS: it moves PEM texts.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

LIMIT_BYTES: Final = 64 << 10


def folder() -> Path:
    """The person's folder of authorities, made when missing. Raises OSError when it is not safely theirs."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.access(runtime, os.W_OK):
        place = Path(runtime) / "netlab-authorities"
    else:
        place = Path(tempfile.gettempdir()) / f"netlab-{_user()}-authorities"
    try:
        place.mkdir(mode=0o700)
    except FileExistsError:
        pass
    found = place.lstat()
    # Windows has neither these bits nor numbers of users; its temporary folder is the person's own.
    shared = hasattr(os, "geteuid") and (found.st_uid != _user() or bool(found.st_mode & 0o022))
    if not stat.S_ISDIR(found.st_mode) or shared:
        raise PermissionError(f"{place} is not a folder that only this user can write")
    return place


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


@contextmanager
def published(pem: bytes) -> Iterator[Path | None]:
    """Lay a certificate out for this person's other labs, while the block runs; None where that can't be."""
    try:
        path = folder() / f"{os.getpid()}.pem"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except OSError:
        yield None
        return
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def known() -> bytes:
    """The certificates of this person's labs that run now, as one PEM text; those left behind are removed."""
    parts: list[bytes] = []
    try:
        found = sorted(folder().glob("*.pem"))
    except OSError:
        return b""
    for path in found:
        if path.stem.isdigit() and not _runs(int(path.stem)):
            path.unlink(missing_ok=True)
            continue
        try:
            with path.open("rb") as file:
                parts.append(file.read(LIMIT_BYTES))
        except OSError:
            continue
    return b"\n".join(parts)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
