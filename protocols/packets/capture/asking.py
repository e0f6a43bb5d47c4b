"""sudo and pkexec: what starts a child with the rights of root, and what their refusals mean.

The child alone gets the rights; see `dropping`. It must not know what the child does.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from protocols.service.child import ChildFailed, command

if TYPE_CHECKING:
    from protocols.packets.capture.live import Way

_SYSTEM_FOLDERS: Final = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_NO_TERMINAL: Final = "sudo wants a password here, and a child of the lab has no terminal on which to ask for it"
_REFUSALS: Final[tuple[tuple[str, str], ...]] = (
    (r"password is required|terminal is required|no askpass", _NO_TERMINAL),
    (r"incorrect password|no password was provided|authentication failure", "sudo was given no right password"),
    (r"not in the sudoers|may not run sudo|is not allowed to", "this user may not do it by sudo (sudoers)"),
    (r"no new privileges", "this program was started so that it can never get more rights (no_new_privs, a sandbox)"),
    (r"must be owned by uid 0|nosuid", "sudo itself has no rights here (its file lost its setuid bit, or a sandbox)"),
    (r"pkexec must be setuid root", "pkexec itself has no rights here (its file lost its setuid bit)"),
    (r"exit status 126\b", "the question for a password was dismissed"),
    (r"exit status 127\b", "the password was not given, or nothing runs here that could ask for it (a polkit agent)"),
)
"""What sudo(8) and pkexec(1) say, in English, when they refuse; and pkexec's exit statuses."""


class NotGranted(PermissionError):
    """sudo or pkexec did not start the child; strerror says why. helps: a command for a terminal, or ""."""

    def __init__(self, why: str, helps: str = "") -> None:
        super().__init__(errno.EPERM, why)
        self.helps = helps

    @property
    def sentence(self) -> str:
        """What became of the question."""
        why = self.strerror or ""
        return f"{why[:1].upper()}{why[1:]}."


def may_ask() -> tuple[Way, ...]:
    """The ways that could be granted if a person gave a password: pkexec asks by itself, sudo by an askpass program."""
    found: list[Way] = ["pkexec"] if shutil.which("pkexec") else []
    if shutil.which("sudo") and os.environ.get("SUDO_ASKPASS"):
        found.append("sudo")
    return tuple(found)


def argv_of(way: Way) -> list[str] | None:
    """What starts the child, None without asking anybody. The packages are named anew: both clear the environment."""
    if way == "sudo":
        prefix = [shutil.which("sudo") or "sudo", "-A" if os.environ.get("SUDO_ASKPASS") else "-n"]
    elif way == "pkexec":
        prefix = [shutil.which("pkexec") or "pkexec"]
    else:
        return None
    root = str(Path(__file__).resolve().parents[3])
    return [*prefix, shutil.which("env") or "/usr/bin/env", f"PYTHONPATH={root}", *command()]


def own_command() -> str:
    """How the lab's command line is called behind sudo, whose PATH knows the system's folders alone."""
    beside = Path(sys.executable).parent / "netlab"
    found = str(beside) if beside.exists() else shutil.which("netlab")
    if found is None or str(Path(found).parent) in _SYSTEM_FOLDERS:
        return "netlab"
    return found


def refusal(way: Way, error: OSError, helps: str = "") -> OSError:
    """NotGranted where sudo or pkexec refused, else the error itself. helps: the command that a terminal would need."""
    if way not in ("sudo", "pkexec"):
        return error
    if isinstance(error, FileNotFoundError) and error.filename == way:
        return NotGranted(f"{way} is not installed here", helps)
    said = error.strerror or ""
    if not isinstance(error, ChildFailed) or (way == "sudo" and "sudo:" not in said):
        return error
    for pattern, why in _REFUSALS:
        if re.search(pattern, said):
            return NotGranted(why, helps)
    return NotGranted(f"{way} did not start the child ({said.rstrip('.')})", helps)
