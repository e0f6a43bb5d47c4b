"""Pace: while many small files move, threads take turns more often than usual, and garbage is looked for less often.

Each reply of a small file costs a wait for the interpreter, and with several workers these waits add up to most of
the time. Each file leaves a few objects behind that stay (its job, its events), which would be looked through time and
again. Both settings are the process's own, so they are put back when no queue works. It must not know what is moved.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

QUICK_S: Final = 0.0005
GARBAGE_OBJECTS: Final = 20_000
"""So many new objects, instead of Python's usual 700, before it looks which of them are garbage."""
_lock: Final = threading.Lock()
_working = 0
_usual = 0.0
_garbage = (0, 0, 0)


@contextmanager
def quick() -> Iterator[None]:
    """While the block runs, in however many threads, the interpreter changes hands quickly."""
    global _working, _usual, _garbage
    with _lock:
        _working += 1
        if _working == 1:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(min(_usual, QUICK_S))
            _garbage = gc.get_threshold()
            if _garbage[0]:  # 0: somebody has switched it off
                gc.set_threshold(max(_garbage[0], GARBAGE_OBJECTS), *_garbage[1:])
    try:
        yield
    finally:
        with _lock:
            _working -= 1
            if not _working:
                sys.setswitchinterval(_usual)
                gc.set_threshold(*_garbage)
