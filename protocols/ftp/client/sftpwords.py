"""What SFTP says, in the room's words: entries, names, statuses. It must not know connections."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from protocols.ftp.client import trouble
from protocols.ftp.client.trouble import FtpError
from protocols.ftp.listing.entry import Entry, Kind

if TYPE_CHECKING:
    import asyncssh

_FAILURE: Final = 4
"""FX_FAILURE (draft-ietf-secsh-filexfer-02 section 7)."""


def refused(error: asyncssh.SFTPError, command: str, where: str) -> FtpError:
    """A status that says no; where it says nothing but that, what it may mean."""
    said = error.reason or _in_words(error)
    name = "sftp failure" if error.code == _FAILURE and said.strip(" .").lower() == "failure" else "sftp"
    return trouble.trouble(name, where=where, command=command, said=said)


def _in_words(error: asyncssh.SFTPError) -> str:
    """A status without a text: "SFTPQuotaExceeded" is "quota exceeded"."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__.removeprefix("SFTP")).lower()


def text_of(text: str | bytes) -> str:
    """A name; bytes that are no UTF-8 come back as they went."""
    return text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text


def entry_of(name: str, attrs: Any, longname: str) -> Entry:
    """An entry of its attributes. longname: the line as the server would list it, "" where it gives none."""
    mode = attrs.permissions or 0
    kind: Kind = "file"
    if stat.S_ISDIR(mode):
        kind = "dir"
    elif stat.S_ISLNK(mode):
        kind = "link"
    elif mode and not stat.S_ISREG(mode):
        kind = "other"
    modified = None
    if attrs.mtime is not None:
        try:
            modified = datetime.fromtimestamp(attrs.mtime, UTC).replace(tzinfo=None)
        except (ValueError, OverflowError, OSError):
            pass
    return Entry(name, kind, attrs.size, modified, longname or name, stat.filemode(mode) if mode else "",
                 str(attrs.owner or attrs.uid or ""), str(attrs.group or attrs.gid or ""), "", 1, True)  # fmt: skip
