"""Spool: messages on their way lie in files of a private folder, so that a big one takes no memory.

The folder goes with the session. It must not know protocols.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class Spool:
    """A folder of messages that were fetched. `close()` removes it with all that is in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._count = 0

    @contextmanager
    def new(self) -> Iterator[tuple[Path, BinaryIO]]:
        """A new file and its path; what was not written whole is removed. Raises OSError."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="netlab-mail-"))
            self._count += 1
            path = self._folder / f"{self._count}.eml"
        try:
            with path.open("wb") as file:
                yield path, file
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Remove the folder."""
        with self._lock:
            folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
