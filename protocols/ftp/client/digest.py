"""Digest: the SHA-256 of a file while it is being transferred.

The first bytes are hashed as they pass; a large file is then followed on disk by a thread of its own,
so that the transfer does not wait for it (hashlib and pread leave the interpreter to others). It must
not know sockets.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from typing import Final

from protocols.ftp import gentle

INLINE_BYTES: Final = 1 << 20
BLOCK_BYTES: Final = 1 << 20
LOOK_S: Final = 0.1


class Digest:
    """Hashes a file from its first byte on. fd: open for reading, stays the caller's, open until `end` or `stop`.

    -1: there is no file to follow, all bytes are given to `take`.
    """

    def __init__(self, fd: int, have: int = 0) -> None:
        self._fd = fd
        self._hash = hashlib.sha256()
        self._there = have
        self._hashed = 0
        self._ended = False
        self._more: threading.Event | None = None
        self._thread: threading.Thread | None = None
        if have:
            self._follow()

    def take(self, data: memoryview | bytes) -> None:
        """The next bytes, which are in the file already."""
        self._there += len(data)
        if self._more is not None:
            self._more.set()
        elif self._fd < 0 or self._there <= INLINE_BYTES:
            self._hash.update(data)
            self._hashed = self._there
        else:
            self._follow()

    def grown(self, count: int) -> None:
        """The file has so many bytes more; nobody has them at hand."""
        self._there += count
        if self._more is None:
            self._follow()
        else:
            self._more.set()

    def _follow(self) -> None:
        self._more = more = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(more,), name="ftp-sha256", daemon=True)
        self._thread.start()

    def _run(self, more: threading.Event) -> None:
        gentle.go_behind()
        buffer = bytearray(BLOCK_BYTES)
        view = memoryview(buffer)
        while True:
            more.clear()
            count = min(BLOCK_BYTES, self._there - self._hashed)
            if count > 0:
                try:
                    got = os.preadv(self._fd, [view[:count]], self._hashed)
                except OSError:
                    return
                if not got:
                    return
                self._hash.update(view[:got])
                self._hashed += got
            elif self._ended:
                return
            else:
                more.wait()

    def end(self, check: Callable[[], None]) -> str:
        """All bytes were told: the digest, hexadecimal; "" when the file could not be read. `check` may raise."""
        self._ended = True
        if self._more is not None:
            self._more.set()
        try:
            while self._thread is not None and self._thread.is_alive():
                check()
                self._thread.join(LOOK_S)
            whole = self._hashed == self._there
        finally:
            self.stop()
        return self._hash.hexdigest() if whole else ""

    def stop(self) -> None:
        """No digest is wanted any more; nothing is left behind."""
        self._ended = True
        self._there = self._hashed
        if self._more is not None and self._thread is not None:
            self._more.set()
            self._thread.join()
