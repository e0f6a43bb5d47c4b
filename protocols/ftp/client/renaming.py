"""Renaming a file to a name that nobody has, in one step: renameat2(2) on Linux, a second name and no first elsewhere.

Python's own rename writes over what is there. It must not know whose file it is.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from typing import Any, Final

_AT_FDCWD: Final = -100
_NOREPLACE: Final = 1
_UNKNOWN: Final = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def rename_to_new(old: str, new: str) -> None:
    """Rename a file. Raises FileExistsError where something of the new name is there, OSError."""
    call = _renameat2()
    if call is not None:
        if call(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), _NOREPLACE) == 0:
            return
        code = ctypes.get_errno()
        if code not in _UNKNOWN:  # a file system may not know it
            raise OSError(code, os.strerror(code), new)
    _by_link(old, new)


def _by_link(old: str, new: str) -> None:
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:  # no links on this file system
        if os.path.exists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from None
        os.rename(old, new)
    else:
        os.unlink(old)


@cache
def _renameat2() -> Any:
    """The C library's function; None where it has none."""
    if sys.platform != "linux":
        return None
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return call
