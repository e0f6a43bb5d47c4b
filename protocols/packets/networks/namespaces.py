"""Namespaces by ctypes: making them, entering them, and which step failed (unshare(2), setns(2)). Linux.

Only for a fresh process of one thread: the kernel refuses others. It must not know what is done inside.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

NEWUSER: Final = 0x10000000
NEWNET: Final = 0x40000000


class NamespaceError(OSError):
    """A step failed. step: "unshare", "uid_map", "setns", .. for `forbidden.explained`."""

    def __init__(self, number: int, step: str) -> None:
        super().__init__(number, f"{step}: {os.strerror(number)}")
        self.step = step


def _call(step: str, name: str, *arguments: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, name, None)
    if function is None:
        raise NamespaceError(38, step)
    if function(*arguments) != 0:
        raise NamespaceError(ctypes.get_errno(), step)


def own_network() -> None:
    """Put this process into a user and a network namespace of its own, where it is root and nothing else is."""
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", "unshare", NEWUSER | NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
        _write(name, text)


def another_network() -> None:
    """A further network namespace within the same user namespace."""
    _call("unshare", "unshare", NEWNET)


def _write(name: str, text: str) -> None:
    try:
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY)
        try:
            os.write(fd, text.encode())  # a buffered file would swallow the error
        finally:
            os.close(fd)
    except OSError as error:
        raise NamespaceError(error.errno or 0, name) from None


def enter(pid: int) -> None:
    """Put this process into the user and network namespaces of another. Raises NamespaceError, ProcessLookupError."""
    for name, kind in (("user", NEWUSER), ("net", NEWNET)):
        fd = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _call(f"setns {name}", "setns", fd, kind)
        finally:
            os.close(fd)
