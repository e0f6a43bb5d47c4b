"""Removing a folder with all that is in it, on a server. It must not know a protocol."""

from __future__ import annotations

from collections.abc import Callable

from protocols.ftp.client import trouble
from protocols.ftp.client.remote import Remote, join
from protocols.ftp.client.walking import DEPTH


def remove_all(remote: Remote, path: str, tell: Callable[[str], None] | None = None) -> int:
    """Remove a file, or a folder and what is in it; links are removed, not followed. The number of things removed.

    Stops at the first that can't be removed: raises FtpError. Raises Stopped when cancelled.
    """
    found = remote.find(path)
    if found is not None and found.kind != "dir":
        remote.remove(path)
        return 1
    return _remove_folder(remote, path, tell, 0)


def _remove_folder(remote: Remote, path: str, tell: Callable[[str], None] | None, depth: int) -> int:
    if depth >= DEPTH:
        raise trouble.trouble("too deep", path=path, depth=DEPTH)
    count = 0
    for entry in remote.listing(path).entries:
        remote.waiter.check()
        if "/" in entry.name or not entry.known:
            raise trouble.trouble("unknown line", name=repr(entry.name[:80]))
        below = join(path, entry.name)
        if tell is not None:
            tell(below)
        if entry.kind == "dir":
            count += _remove_folder(remote, below, tell, depth + 1)
        else:
            remote.remove(below)
            count += 1
    remote.remove_folder(path)
    return count + 1


