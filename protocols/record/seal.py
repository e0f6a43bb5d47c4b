"""Seal: tells whether bytes in a session file were written by this person's lab, for just the rows they stand with.

What was noted of rows can be believed only so: a file may be damaged, or made by somebody who wants rows not to be
found. AES-256-GCM (NIST SP 800-38D): the note is encrypted, the rows' bytes are authenticated with it. The key is made
once and stays on this machine; a file from elsewhere has no note that holds. It must not know what is noted.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Seal:
    """The seal of one key file, which is made when something is sealed first. A key that can't be had seals nothing."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._engine: AESGCM | None = None
        self._hopeless = False

    def close(self, note: bytes, rows: bytes) -> bytes | None:
        """A note on `rows` as it may stand in a file; None where there is no key."""
        engine = self._ready(make=True)
        if engine is None:
            return None
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + engine.encrypt(nonce, note, rows)

    def open(self, closed: bytes, rows: bytes) -> bytes | None:
        """The note again; None unless this key sealed it, and with just these rows."""
        engine = self._ready(make=False)
        if engine is None or len(closed) < _NONCE_BYTES:
            return None
        from cryptography.exceptions import InvalidTag

        try:
            return engine.decrypt(closed[:_NONCE_BYTES], closed[_NONCE_BYTES:], rows)
        except (InvalidTag, ValueError, OverflowError):
            return None

    def _ready(self, make: bool) -> AESGCM | None:
        if self._engine is not None or self._hopeless:
            return self._engine
        try:
            key = _key_in(self.path) or (_made(self.path) if make else None)
        except OSError:
            key, self._hopeless = None, True
        if key is not None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            self._engine = AESGCM(key)
        return self._engine


def _key_in(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            key = file.read(KEY_BYTES + 1)
    except FileNotFoundError:
        return None
    return key if len(key) == KEY_BYTES else None


def _made(path: Path) -> bytes | None:
    """A new key, readable by its owner only. Of two labs that make one at once, the later one's holds."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(os.urandom(KEY_BYTES))
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return _key_in(path)
