"""Privilege given up: what a child that was started with more rights does as soon as it holds what it needed them for.

It must not know what that was.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from typing import Final

_CAPSET: Final = {"x86_64": 126, "aarch64": 91, "riscv64": 91, "armv7l": 185, "i686": 185}
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_VERSION_3: Final = 0x20080522


def invoking_user() -> tuple[int, int] | None:
    """User and group of who asked sudo or pkexec for the rights of root; None for anybody else."""
    if os.geteuid() != 0:
        return None
    for user, group in (("SUDO_UID", "SUDO_GID"), ("PKEXEC_UID", "")):
        uid = os.environ.get(user, "")
        if uid.isdecimal() and int(uid) != 0:
            gid = os.environ.get(group, "") if group else ""
            return int(uid), int(gid) if gid.isdecimal() else _group_of(int(uid))
    return None


def _group_of(uid: int) -> int:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


def give_to_user(path: str) -> None:
    """Let a file that root has just made be the asking user's, where somebody asked by sudo or pkexec.

    Only a plain file of root's with one name: what a link leads to is never given away.
    """
    user = invoking_user()
    if user is None:
        return
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        facts = os.fstat(fd)
        if stat.S_ISREG(facts.st_mode) and facts.st_uid == 0 and facts.st_nlink == 1:
            os.fchown(fd, *user)
    finally:
        os.close(fd)


def give_up() -> None:
    """Become who asked, without capabilities and without a way back. Files made from now on are that user's."""
    user = invoking_user()
    if user is not None:
        uid, gid = user
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    library = ctypes.CDLL(None, use_errno=True)
    library.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() != 0:  # a real root keeps its files' rights; it has no other self to become
        _no_capabilities(library)


def _no_capabilities(library: ctypes.CDLL) -> None:
    number = _CAPSET.get(os.uname().machine)
    if number is not None:
        head = struct.pack("=Ii", _VERSION_3, 0)
        library.syscall(number, head, bytes(24))
