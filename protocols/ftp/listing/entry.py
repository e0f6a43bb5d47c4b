"""Entry: one line of a listing, read. Listing: all of them. Nothing that came is dropped: what can't be read keeps its
line.

It must not know a dialect.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias, get_args

Kind: TypeAlias = Literal["file", "dir", "link", "other"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Entry(NamedTuple):
    """One file, folder, link or unknown line.

    name: as the server has it, bytes that fit no encoding as lone surrogates; for an unknown line the line itself.
    size: bytes, None where unknown. modified: in UTC when `zone` says so, else the server's own time. exact: the
    time's resolution in seconds (1, 60, 86400). mode: permissions as the server writes them. known: False for a line
    that no dialect reads. target: where a link leads.
    """

    name: str
    kind: Kind
    size: int | None = None
    modified: datetime | None = None
    raw: str = ""
    mode: str = ""
    owner: str = ""
    group: str = ""
    target: str = ""
    exact: int = 1
    utc: bool = False
    known: bool = True

    @property
    def is_folder(self) -> bool:
        """Whether it may be entered: a folder, or a link, which may lead to one."""
        return self.kind in ("dir", "link")


class Listing(NamedTuple):
    """A folder's entries. path: its full path. how: "MLSD", "LIST" or "SFTP". cut: why not all of it is there."""

    path: str
    entries: list[Entry]
    how: str = "LIST"
    cut: str = ""
    dialect: str = ""
    bytes: int = 0
    remarks: tuple[str, ...] = ()
