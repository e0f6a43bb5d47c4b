"""Looking for words in a body of any size, in pieces, so that other threads go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

PIECE_BYTES: Final = 1 << 20


def find_text(data: bytes, words: str, start: int, *, stopped: Callable[[], bool] = lambda: False) -> int:
    """Where `words` stand from `start` on, whatever the case of ASCII letters, once around; -1 for nowhere."""
    wanted = words.encode("utf-8", "replace").lower()
    if not wanted:
        return -1
    for begin, end in ((start, len(data)), (0, min(start + len(wanted) - 1, len(data)))):
        for at in range(begin, end, PIECE_BYTES):
            if stopped():
                return -1
            found = data[at : min(at + PIECE_BYTES + len(wanted) - 1, end)].lower().find(wanted)
            if found >= 0:
                return at + found
    return -1
