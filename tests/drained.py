"""A child's output, read all the time: 64 KB that nobody reads fill a pipe, and the child waits or gives up.

It must not know what the child is.
"""

from __future__ import annotations

import threading
from typing import IO, AnyStr, Generic


class Drained(Generic[AnyStr]):
    """Reads a pipe to its end in a thread, and closes it."""

    def __init__(self, pipe: IO[AnyStr]) -> None:
        self._pipe = pipe
        self._pieces: list[AnyStr] = []
        self._thread = threading.Thread(target=self._read, name="drained")
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            self._pieces.append(self._pipe.read())

    def rest(self, timeout_s: float = 60.0) -> AnyStr:
        """All that came. Call it when the child has ended or is about to."""
        self._thread.join(timeout_s)
        assert self._pieces, "the child still writes"
        return self._pieces[0]
