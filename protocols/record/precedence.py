"""Precedence: whoever moves much data pauses while the thread that people look at is at work.

Python runs one thread at a time. A window needs some thousand short calls for one turn, and after many of them it
waits again behind each busy thread; so a turn takes three times as long while large bodies move. Where no window takes
precedence nobody pauses. For one thread to take, for all to give way. It must not know what a window is.
"""

from __future__ import annotations

import threading
import time
from typing import Final

PATIENCE_S: Final = 0.004
"""A turn this short disturbs nobody, so nobody pauses for it."""
PAUSE_S: Final = 0.02
"""At most, each time: whoever pauses may hold something that the turn waits for."""
MOST_S: Final = 0.2
"""A turn that is never given back ends by itself."""

_free: Final = threading.Event()
_since = _until = 0.0


def take() -> None:
    """A turn begins, or goes on."""
    global _since, _until
    now = time.monotonic()
    if now >= _until:
        _since = now
        _free.clear()
    _until = now + MOST_S


def give_back() -> None:
    """The turn is over."""
    global _until
    _until = 0.0
    _free.set()


def give_way() -> None:
    """Between two pieces of data: pause while a turn goes on that has taken its time."""
    if _until and _since + PATIENCE_S < time.monotonic() < _until:
        _free.wait(PAUSE_S)
