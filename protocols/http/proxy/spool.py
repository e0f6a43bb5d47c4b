"""Spool: the bytes of one body as they go by, kept in memory first, then in a file, up to a limit.

All bytes are counted; what was not kept is told. It must not know whose body it is.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from itertools import count
from pathlib import Path
from typing import IO, Final

MEMORY_BYTES: Final = 256 << 10
BODY_BYTES: Final = 256 << 20
DISK_BYTES: Final = 2 << 30


class SpoolFolder:
    """A private folder for bodies, made when first needed; `close()` removes it. disk_bytes: of all bodies together."""

    def __init__(self, disk_bytes: int = DISK_BYTES) -> None:
        self._lock = threading.Lock()
        self._left = disk_bytes
        self._folder: Path | None = None
        self._numbers = count(1)
        self._closed = False

    def grant(self, size: int) -> int:
        """How many of `size` bytes may go to disk; they are taken from what is left."""
        with self._lock:
            granted = 0 if self._closed else min(size, self._left)
            self._left -= granted
            return granted

    def give_back(self, size: int) -> None:
        """A file of so many bytes is gone."""
        with self._lock:
            self._left += size

    def new(self) -> Path:
        """A new file's place. Raises OSError."""
        with self._lock:
            if self._closed:
                raise FileNotFoundError("The proxy is closed")
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="netlab-proxy-"))
            return self._folder / str(next(self._numbers))

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            folder, self._folder = self._folder, None
            self._closed = True
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


class Spool:
    """A body. One thread adds, any reads. size: all that went by. why: why some is not kept, a sentence."""

    def __init__(self, folder: SpoolFolder, memory_bytes: int = MEMORY_BYTES, limit_bytes: int = BODY_BYTES) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._limit = limit_bytes
        self._head = bytearray()
        self._lock = threading.Lock()
        self._path: Path | None = None
        self._file: IO[bytes] | None = None
        self._on_disk = 0
        self.size = 0
        self.why = ""

    @property
    def kept(self) -> int:
        """Bytes kept, from the first on."""
        return len(self._head) + self._on_disk

    @property
    def cut(self) -> int:
        """Bytes that went by and were not kept; 0: it is whole."""
        return self.size - self.kept

    def add(self, piece: bytes) -> None:
        """Count a piece, and keep it while nothing is missing before it and there is room."""
        with self._lock:
            whole = not self.cut
            self.size += len(piece)
            if not whole:
                return
            room = self._memory_bytes - len(self._head) if not self._on_disk else 0
            if room > 0:
                self._head += piece[:room]
                piece = piece[room:]
            if piece:
                self._to_disk(piece)

    def _to_disk(self, piece: bytes) -> None:
        wanted = min(len(piece), self._limit - self.kept)
        granted = self._folder.grant(wanted)
        if granted < len(piece):
            self.why = f"Only the first {self.kept + granted} bytes are kept: that is the limit."
        if not granted:
            return
        try:
            if self._file is None:
                self._path = self._path or self._folder.new()
                self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115  closed in `done`
            self._file.write(piece[:granted])
            self._on_disk += granted
        except OSError as error:
            self._folder.give_back(granted)
            self.why = f"Only the first {self.kept} bytes are kept: {error.strerror or error}."

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """Kept bytes from `offset` on, at most `size`. What can't be read any more is missing."""
        with self._lock:
            end = self.kept if size is None else min(self.kept, offset + size)
            first = bytes(self._head[offset:end])
            start = max(offset, len(self._head))
            if start >= end or self._path is None:
                return first
            try:
                with open(self._path, "rb") as file:
                    file.seek(start - len(self._head))
                    return first + file.read(end - start)
            except OSError:
                return first

    def done(self) -> None:
        """Nothing more comes: the file's descriptor is given back."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def discard(self) -> None:
        """Forget the bytes; size stays."""
        self.done()
        with self._lock:
            path, self._path = self._path, None
            self._folder.give_back(self._on_disk)
            self._on_disk = 0
            self._head.clear()
            if path is not None:
                try:
                    os.unlink(path)
                except OSError:
                    pass  # the folder is gone already
