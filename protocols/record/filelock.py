"""Locks on open files that end with their process, by fcntl or (Windows) by msvcrt.

It must not know what the files hold.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, Final

CLOEXEC: Final = int(getattr(os, "O_CLOEXEC", 0))
"""For os.open(): no child gets the descriptor. Windows has other ways for that."""


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_fcntl: Final = _module("fcntl")
_msvcrt: Final = _module("msvcrt")


def claim(fd: int) -> None:
    """Lock a whole file for this open file description. Raises BlockingIOError when somebody has it."""
    if _fcntl is not None:
        _fcntl.flock(fd, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    elif _msvcrt is not None:
        try:
            _msvcrt.locking(fd, _msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(error.errno, "somebody has the lock") from None


def hold(fd: int) -> None:
    """Lock a whole file for this process; waits for it."""
    if _fcntl is not None:
        _fcntl.lockf(fd, _fcntl.LOCK_EX)


def let_go(fd: int) -> None:
    """The end of `hold`."""
    if _fcntl is not None:
        _fcntl.lockf(fd, _fcntl.LOCK_UN)
