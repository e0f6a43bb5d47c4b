"""Rules at work in an SFTP server: a status in place of a file, delays, a file that breaks off at a byte.

A rule names FTP's commands or SFTP's operations (`WORDS`), so one file of rules does for both servers. Imported when
a server starts, for asyncssh is an extra. It must not know how rules are written, nor paths on the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

import asyncssh

from protocols.ftp.server.rules import CONNECT, DATA_DOINGS, USUAL_TEXTS, Rule, Rules
from protocols.ftp.server.sftp import Moving, Session
from protocols.ftp.server.site import tell_fired

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "connect": (CONNECT,), "login": ("LOGIN", "PASS"), "get": ("READ", "OPEN", "RETR"),
    "put": ("WRITE", "OPEN", "STOR"), "append": ("WRITE", "OPEN", "APPE"),
    "READDIR": ("READDIR", "LIST", "NLST", "MLSD"), "REMOVE": ("REMOVE", "DELE"), "RENAME": ("RENAME", "RNFR", "RNTO"),
    "MKDIR": ("MKDIR", "MKD"), "RMDIR": ("RMDIR", "RMD"), "SETSTAT": ("SETSTAT", "SITE"),
}  # fmt: skip
"""What a client may do, and the words for it in `when` of a rule."""
CLOSING: Final = 421
_FILES: Final = ("get", "put", "append")
_STATUS: Final[dict[int, Callable[[str], Exception]]] = {
    452: asyncssh.SFTPNoSpaceOnFilesystem, 550: asyncssh.SFTPNoSuchFile, 552: asyncssh.SFTPQuotaExceeded,
    **dict.fromkeys((500, 501, 502, 504), asyncssh.SFTPOpUnsupported),
    **dict.fromkeys((530, 532, 533, 534, 553), asyncssh.SFTPPermissionDenied),
}  # fmt: skip
"""The status that comes nearest to FTP's code; the others are a plain failure, and version 3 knows no quota either."""
_RESET: Final = struct.pack("ii", 1, 0)


_SAME_FOR_ALL: Final = (asyncssh.SFTPFailure, asyncssh.SFTPNoSpaceOnFilesystem, asyncssh.SFTPQuotaExceeded)
"""What version 3 has one status for: the text alone tells them apart."""


def status_of(rule: Rule) -> Exception:
    """The status of SFTP for a rule's code, with its text (draft-ietf-secsh-filexfer-02 section 7).

    Where the status can't say what the code says, the text says it, too.
    """
    kind, usual = _STATUS.get(rule.code, asyncssh.SFTPFailure), USUAL_TEXTS.get(rule.code, "")
    if kind not in _SAME_FOR_ALL or rule.text == usual or not usual:
        return kind(rule.text)
    return kind(f"{rule.text.rstrip('. ')} ({usual.rstrip('.')})")


class Faults:
    """What the rules do to one session."""

    def __init__(self, rules: Rules, session: Session) -> None:
        self._rules: Final = rules
        self._session: Final = session

    async def before(self, doing: str, path: str = "") -> Rule | None:
        """For something that a client wants (a key of WORDS): a rule that is for the bytes of the file to come.

        Waits, or raises what the client is to get in place of it. A silence lasts until the client goes.
        """
        rule = self._rules.find(WORDS[doing], path, self._session.user)
        if rule is None:
            return None
        if doing in _FILES and (rule.do in DATA_DOINGS or (rule.do == "cut control" and rule.at_byte)):
            return rule
        named = f"{WORDS[doing][0]} {path}".strip()
        what = {
            "delay": f"{named} {rule.seconds:g} s later", "silence": f"{named} stays without an answer",
            "cut control": f"{named} ends the connection",
        }.get(rule.do, f"{named} answered by: {rule.text}")  # fmt: skip
        if rule.do in ("slow", "cut data") or not self.fired(rule, what, path=path or None):
            return None
        if rule.do == "delay":
            await asyncio.sleep(rule.seconds)
            return None
        if rule.do == "silence":
            await self._session.gone.wait()
            raise asyncssh.SFTPConnectionLost("nobody is there any more")
        if rule.do == "cut control" or (rule.code == CLOSING and doing not in ("connect", "login")):
            raise self.cut(rule)
        raise status_of(rule)

    def fired(self, rule: Rule, what: str, **facts: Any) -> bool:
        """It happens now; False where it is used up."""
        return tell_fired(self._rules, rule, self._session.dialogue, what, **facts)

    def cut(self, rule: Rule) -> Exception:
        """End the SSH connection; what to raise."""
        conn = self._session.conn
        if rule.reset:
            sock = conn.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        conn.abort()
        return asyncssh.SFTPConnectionLost("cut on purpose")


class Bytes:
    """What a rule does to the bytes of one open file. size: of the file as it is now."""

    def __init__(self, faults: Faults, rule: Rule, moving: Moving) -> None:
        self._faults, self._rule, self._moving = faults, rule, moving
        self._on = False
        self._used_up = False
        self._free_at = 0.0

    async def pace(self, count: int) -> None:
        """Bytes are about to move: wait their turn where the rule is slow."""
        rule = self._rule
        if rule.do != "slow" or not self._fires(f"at {rule.bytes_per_second} bytes a second"):
            return
        now = asyncio.get_running_loop().time()
        begin = max(now, self._free_at)
        self._free_at = begin + count / rule.bytes_per_second
        await asyncio.sleep(self._free_at - now)

    def room(self, offset: int, count: int) -> int:
        """How many of the bytes at an offset may move before the rule ends it."""
        rule = self._rule
        return count if rule.do == "slow" or self._used_up else max(0, min(count, rule.at_byte - offset))

    def ends(self) -> bool:
        """The byte of the rule has come: True where that is told as if it were all. Raises what the client gets."""
        rule, moving = self._rule, self._moving
        if not self._fires(f"ends at byte {rule.at_byte}"):
            self._used_up = True
            return False
        moving.error = f"cut on purpose at byte {rule.at_byte}"
        if rule.do == "cut data":
            return True
        raise self._faults.cut(rule) if rule.do == "cut control" or rule.code == CLOSING else status_of(rule)

    @property
    def used_up(self) -> bool:
        """The rule has gone, or has fired often enough elsewhere."""
        return self._used_up

    def _fires(self, what: str) -> bool:
        moving, rule = self._moving, self._rule
        if not self._on and not self._used_up:
            self._on = self._faults.fired(rule, f"{moving.verb} {moving.path} {what}", path=moving.path,
                                          at_byte=rule.at_byte or None)  # fmt: skip
            self._used_up = not self._on
        return self._on
