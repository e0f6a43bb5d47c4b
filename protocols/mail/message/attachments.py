"""Attachments on their way to the disk: names made harmless, files never overwritten.

A name in a mail is somebody else's text: no part of it may choose a folder, hide its ending or be a
device. It must not know who asked for the file.
"""

from __future__ import annotations

import mimetypes
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

NAME_BYTES: Final = 150
_RESERVED: Final = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)", re.IGNORECASE)
_FORBIDDEN: Final = frozenset('<>:"|?*/\\')


def safe_name(name: str, number: str = "", kind: str = "") -> str:
    """A file name that stays in its folder and shows its true ending.

    number, kind: of the part, for the name of one that has none.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(_plain(char) for char in unicodedata.normalize("NFC", last))
    plain = re.sub(r"\s+", " ", plain).strip(" .")
    if not plain:
        plain = f"part-{number or '1'}{mimetypes.guess_extension(kind) or '.bin'}"
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 20:
        return _cut(plain, NAME_BYTES)
    return _cut(stem, NAME_BYTES - len(ending.encode()) - 1) + dot + ending


def _plain(char: str) -> str:
    """Controls, marks that turn the writing direction round, and separators of paths become an underscore."""
    if char in _FORBIDDEN:
        return "_"
    category = unicodedata.category(char)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return " " if char in "\t\r\n" else "_"
    return " " if category in ("Zs", "Zl", "Zp") else char


def _cut(text: str, most: int) -> str:
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore").rstrip(" .") or "_"


def save(folder: Path, name: str, data: Iterable[bytes]) -> Path:
    """Write a new file in `folder` under a name made safe; one that exists is left alone ("name (2).txt").

    Raises OSError; then nothing half-written is left.
    """
    path, handle = _new_file(folder, name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in data:
                file.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _new_file(folder: Path, name: str) -> tuple[Path, int]:
    stem, dot, ending = name.rpartition(".")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    for number in range(1, 10_000):
        shown = name if number == 1 else f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
        path = folder / shown
        try:
            return path, os.open(path, flags, 0o600)
        except FileExistsError:
            continue
    raise FileExistsError(f"{folder} has ten thousand files named {name}")
