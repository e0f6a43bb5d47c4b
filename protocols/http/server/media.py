"""The media types of files by the ends of their names: the usual ones, and those that a person puts in their place.

It must not know files.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable, Mapping
from typing import Final

_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?:\s*;[ -~]{1,200})?")
_END: Final = re.compile(r"\.[^\s/.=,;]{1,40}")


class MediaError(ValueError):
    """What is no "ENDING=TYPE"; the message says why."""


def read_types(words: Iterable[str]) -> dict[str, str]:
    """Types by the end of a file's name, from words such as ".md=text/markdown"; the dot may be left out.

    Raises MediaError.
    """
    types: dict[str, str] = {}
    for word in words:
        end, mark, kind = word.strip().partition("=")
        end, kind = f".{end.strip().removeprefix('.').lower()}", kind.strip()
        if not mark:
            raise MediaError(f"{word!r} is not ENDING=TYPE, as in md=text/markdown")
        if not _END.fullmatch(end):
            raise MediaError(f"{end[1:]!r} is no end of a file's name, as md is")
        if not _TYPE.fullmatch(kind):
            raise MediaError(f"{kind!r} is no media type, as text/markdown is")
        types[end] = kind
    return types


def write_types(types: Mapping[str, str]) -> str:
    """The same as one line."""
    return ", ".join(f"{end}={kind}" for end, kind in types.items())


def usual_types() -> dict[str, str]:
    """What files are without anybody's word: by the end of the name, sorted."""
    if not mimetypes.inited:
        mimetypes.init()
    return dict(sorted(mimetypes.types_map.items()))
