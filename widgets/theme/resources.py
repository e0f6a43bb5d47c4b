"""Pictures for the style sheet, kept in memory: its rules can only name files, and ":/" names count as such.

The bytes have the layout that Qt's resource compiler writes (Qt source, src/tools/rcc/rcc.cpp, format 1). It
must not know what the pictures show.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from PySide6.QtCore import qRegisterResourceData

FORMAT = 1
_DIRECTORY = 2
_ANY_TERRITORY, _ANY_LANGUAGE = 0, 1
# Qt reads from these bytes for as long as the program runs.
_kept: list[bytes] = []


def _hash(name: str) -> int:
    value = 0
    for letter in name:
        value = (value << 4) + ord(letter)
        value ^= (value & 0xF0000000) >> 23
        value &= 0x0FFFFFFF
    return value


def _packed(folder: str, files: Mapping[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """The tree, the names and the contents of one folder of files."""
    ordered = sorted(files, key=_hash)
    names, places = b"", {}
    for name in [folder, *ordered]:
        places[name] = len(names)
        names += struct.pack(">HI", len(name), _hash(name)) + name.encode("utf-16-be")
    tree = struct.pack(">IHII", 0, _DIRECTORY, 1, 1)
    tree += struct.pack(">IHII", places[folder], _DIRECTORY, len(ordered), 2)
    contents = b""
    for name in ordered:
        tree += struct.pack(">IHHHI", places[name], 0, _ANY_TERRITORY, _ANY_LANGUAGE, len(contents))
        contents += struct.pack(">I", len(files[name])) + files[name]
    return tree, names, contents


def register(folder: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Make `files` readable to Qt below `folder` (one word, once only); returns their ":/" names."""
    parts = _packed(folder, files)
    _kept.extend(parts)
    if not qRegisterResourceData(FORMAT, *parts):
        raise RuntimeError(f"Qt did not take the pictures of {folder!r}")
    return {name: f":/{folder}/{name}" for name in files}
