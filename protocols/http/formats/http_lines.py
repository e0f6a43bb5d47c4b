"""What reader and writer of `.http` files agree on: which lines mean what, and how other text is told from them.

It must not know requests beyond their bodies' kinds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote_plus, unquote_plus

from protocols.http.bodies import FORM_TYPE
from protocols.http.kept.variables import pieces
from protocols.http.request import BodyKind, Header

SEPARATOR: Final = re.compile(r"###+(?P<title>.*)")
TAG: Final = re.compile(r"\s*(?:#|//)\s*@(?P<name>[A-Za-z][\w-]*)(?:[ \t]+(?P<value>.*))?")
COMMENT: Final = re.compile(r"\s*(?:#|//)")
VARIABLE: Final = re.compile(r"@(?P<name>\w[\w.-]*)[ \t]*=[ \t]*(?P<value>.*)")
INCLUDE: Final = re.compile(r"<(?P<how>@\w*)?[ \t]+(?P<path>\S.*)")
BEFORE: Final = re.compile(r"<[ \t]*\{%.*|<[ \t]+\S+\.(?:js|mjs|ts)")
"""A script for before the request."""
AFTER: Final = re.compile(r">[ \t]*\{%.*|>[ \t]+\S+\.(?:js|mjs|ts)|>>!?[ \t]+\S.*|<>[ \t]+\S.*")
"""What may follow a body: scripts for the answer and the answers of other runs."""
VERSION: Final = re.compile(r"[ \t]HTTP/(?P<version>\d(?:\.\d)?)(?:[ \t]*\([^()]*\))?$")
METHOD: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
BOUNDARY: Final = re.compile(r"""boundary\s*=\s*(?:"([^"]*)"|([^\s;]+))""", re.IGNORECASE)
DEFAULT_TYPES: Final[dict[str, str]] = {
    "form": FORM_TYPE, "json": "application/json", "xml": "application/xml", "text": "text/plain; charset=utf-8",
    "hex": "application/octet-stream",
}  # fmt: skip
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_ESCAPE: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")


def kind_of(content_type: str, text: str) -> BodyKind:
    """What kind of body stands below headers with this type."""
    media = content_type.partition(";")[0].strip().lower()
    if not text:
        return "none"
    if INCLUDE.fullmatch(text.strip()):
        return "file"
    if not media:
        return "json" if text[0] in "{[" else "xml" if text[0] == "<" else "text"
    if media == FORM_TYPE:
        return "form"
    if media == "multipart/form-data":
        return "multipart"
    if media.endswith(("/json", "+json")):
        return "json"
    return "xml" if media.endswith(("/xml", "+xml")) and media != "application/xhtml+xml" else "text"


def form_text(fields: Iterable[Header]) -> str:
    """A form's fields in percent form, with the variables in them as they are."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in fields)


def form_of(text: str) -> tuple[Header, ...] | None:
    """The fields of such a text; None where it would not be sent as it stands."""
    if not text:
        return ()
    pairs = (one.partition("=") for one in text.split("&"))
    fields = tuple((_unquoted(name), _unquoted(value)) for name, _, value in pairs)
    return fields if form_text(fields) == text else None


def _quoted(text: str) -> str:
    return "".join(piece if used else quote_plus(piece) for piece, used in pieces(text))


def _unquoted(text: str) -> str:
    return "".join(piece if used else unquote_plus(piece, errors="replace") for piece, used in pieces(text))


def must_escape(text: str) -> bool:
    """Whether a body, or a part of one, would not be read as it stands."""
    if _CONTROL.search(text) or text.startswith(("\n", " ", "\t")):
        return True
    lines = (one.rstrip() for one in text.split("\n") if one[:1] in ("#", "<", ">"))
    return any(SEPARATOR.match(one) or INCLUDE.match(one) or AFTER.match(one) for one in lines)


def escaped(text: str) -> str:
    r"""The text with backslashes, control characters and the first sign of lines that mean something as \xNN."""
    text = _CONTROL.sub(lambda found: f"\\x{ord(found.group()):02x}", text.replace("\\", "\\\\"))
    return "\n".join(f"\\x{ord(one[0]):02x}{one[1:]}" if one[:1] in tuple("#<> \t") else one or "\\e"
                     for one in text.split("\n"))  # fmt: skip


def unescaped(text: str) -> str:
    """Undo `escaped`."""

    def plain(found: re.Match[str]) -> str:
        code, sign = found.groups()
        return chr(int(code, 16)) if code else {"e": ""}.get(sign, sign)

    return _ESCAPE.sub(plain, text)
