"""The files of a collection: how they are called, in which order they stand, what a move does to paths in them.

It must not know requests.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Final

from protocols.http.formats.http_body import resolved
from protocols.http.formats.http_read import Block

LIMIT_FILES: Final = 5_000
_DEVICES: Final = (f"{one}{number}" for one in ("COM", "LPT") for number in range(1, 10))
_RESERVED: Final = frozenset(("CON", "PRN", "AUX", "NUL", *_DEVICES))
"""Names that Windows keeps for itself."""
_INCLUDED: Final = re.compile(r"(?m)^(<@?\w*[ \t]+)(\.{1,2}/\S.*?)([ \t\r]*)$")


def file_name(name: str) -> str:
    """A name as one that every system lets a file have, without its ending."""
    plain = re.sub(r"[^\w .()-]+", "-", name.strip()).strip(" .-")[:60].strip(" .-")
    return f"{plain or 'request'}-" if plain.split(".")[0].upper() in _RESERVED else plain or "request"


def free_path(folder: Path, stem: str, own: Path | None = None) -> Path:
    """A file of that name that is not there yet, on systems too that know no capitals."""
    taken = {one.name.casefold() for one in folder.iterdir() if one != own}
    names = (f"{stem}{f' {number}' if number > 1 else ''}.http" for number in range(1, LIMIT_FILES * 2))
    return folder / next(name for name in names if name.casefold() not in taken)


def order_of(path: str) -> tuple[object, ...]:
    """Files of a folder before those of the folders in it, as they are walked."""
    parts = PurePosixPath(path).parts
    return (*((1, one.casefold()) for one in parts[:-1]), (0, parts[-1].casefold()))


def tail_of(text: str) -> str:
    """The line ends at the end of a text."""
    return text[len(text.rstrip("\n")) :]


def joined(blocks: list[Block], number: int, made: str, *, windows: bool) -> str:
    """A file's text with one block replaced."""
    text = "".join(made if place == number else block.text for place, block in enumerate(blocks))
    return text.replace("\n", "\r\n") if windows else text


def seen_from(text: str, old: Path, new: Path) -> str:
    """The text of a file that moves from one folder to another: the files that it names are seen from there."""
    return _INCLUDED.sub(
        lambda found: found[1] + os.path.relpath(resolved(found[2], old), new).replace(os.sep, "/") + found[3], text
    )
