"""Why a private network can't be made here, which setting forbids it, and what would allow it.

Reads settings, changes none. It must not know views.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SYS: Final = Path("/proc/sys")
_CLONE: Final = "kernel.unprivileged_userns_clone"
_MOST: Final = "user.max_user_namespaces"
_MOST_NET: Final = "user.max_net_namespaces"
_APPARMOR: Final = "kernel.apparmor_restrict_unprivileged_userns"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in words. setting: its name, "" where it is none. command: what an administrator would type, or ""."""

    why: str
    setting: str = ""
    command: str = ""


def setting(name: str, root: Path = _SYS) -> str | None:
    """The value of a kernel setting by its dotted name; None where this kernel has none."""
    try:
        return (root / name.replace(".", "/")).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def explained(number: int, step: str, root: Path = _SYS, status: Path = Path("/proc/self/status")) -> Refusal:
    """What the errno of a step means (unshare(2), user_namespaces(7)). root, status: where the settings are read."""
    if setting(_CLONE, root) == "0":
        return _by_setting(_CLONE, "1", "The system lets only root make user namespaces.")
    if number == errno.ENOSPC:
        for name in (_MOST, _MOST_NET):
            if setting(name, root) == "0":
                return _by_setting(name, "15000", "The system allows no namespaces.")
        return Refusal(
            "The limit of namespaces is reached, here or in the container around.",
            _MOST,
            f"sudo sysctl -w {_MOST}=15000",
        )
    if setting(_APPARMOR, root) == "1" and number in (errno.EPERM, errno.EACCES):
        return _by_setting(_APPARMOR, "0", "AppArmor takes the rights away inside of a new user namespace.")
    if number == errno.EPERM and _has_seccomp(status):
        return Refusal(
            "A seccomp filter forbids new namespaces: a container's or a service's sandbox is around this program.",
            "seccomp",
        )
    if number == errno.EPERM and step == "unshare":
        return Refusal("A process in a chroot may not make a user namespace, nor one whose user is not known outside.")
    if number == errno.EINVAL:
        return Refusal("The kernel was built without these namespaces, or the process has several threads.")
    if number == errno.ENOSYS:
        return Refusal("This system has no namespaces; private networks need Linux.")
    if number == errno.EUSERS:
        return Refusal("User namespaces are nested too deeply here.")
    return Refusal(f"The step {step!r} was refused ({errno.errorcode.get(number, number)}).")


def _by_setting(name: str, value: str, why: str) -> Refusal:
    return Refusal(f"{why} The setting {name} says so.", name, f"sudo sysctl -w {name}={value}")


def _has_seccomp(status: Path) -> bool:
    try:
        return any(line.split() == ["Seccomp:", "2"] for line in status.read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return False
