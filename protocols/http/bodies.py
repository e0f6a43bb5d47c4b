"""A request's body as bytes: forms in percent form, hex without its blanks, files by name.

Files are not read here, they stream when they are sent. It must not know libcurl.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote_plus

from protocols.http.request import NO_BODY, Body, Header, Part, RequestError

FORM_TYPE: Final = "application/x-www-form-urlencoded"
_TYPES: Final = {
    "form": FORM_TYPE, "json": "application/json", "xml": "application/xml", "text": "text/plain; charset=utf-8",
    "hex": "application/octet-stream",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body ready to go: `data`, or a file's `path` and `size`, or multipart `parts`. content_type "": none."""

    data: bytes | None = None
    path: str = ""
    size: int = 0
    parts: tuple[Part, ...] = ()
    content_type: str = ""

    @property
    def is_there(self) -> bool:
        """Whether anything is sent at all; an empty body is one, too."""
        return self.data is not None or bool(self.path) or bool(self.parts)


NOTHING: Final = Encoded()


def encoded(body: Body) -> Encoded:
    """The body ready to go. Raises RequestError for one that can't be."""
    if body is NO_BODY:
        return NOTHING
    kind = body.content_type or _TYPES.get(body.kind, "")
    if body.raw is not None:
        return Encoded(data=body.raw, content_type=kind)
    if body.kind == "none":
        return NOTHING
    if body.kind == "form":
        return Encoded(data=form_bytes(body.fields), content_type=kind)
    if body.kind == "multipart":
        return Encoded(parts=tuple(_checked_part(part) for part in body.parts))
    if body.kind == "file":
        size = _size_of(body.path)
        return Encoded(path=body.path, size=size, content_type=body.content_type or guessed_type(body.path))
    if body.kind == "hex":
        return Encoded(data=hex_bytes(body.text), content_type=kind)
    try:
        return Encoded(data=body.text.encode("utf-8"), content_type=kind)
    except UnicodeEncodeError:
        raise RequestError("The body has a character that can't be sent (half of a surrogate pair)") from None


def form_bytes(fields: Iterable[Header]) -> bytes:
    """name=value&.. with blanks as + (WHATWG URL, application/x-www-form-urlencoded)."""
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in fields).encode("ascii")


def form_fields(data: bytes) -> tuple[Header, ...]:
    """The fields of a form's body, in order, blank ones too. Bytes that are no UTF-8 are shown as such."""
    text = data.decode("latin-1")
    return tuple(parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="backslashreplace"))


def hex_bytes(text: str) -> bytes:
    """Bytes written as pairs of hex digits, with blanks, commas, 0x or colons between. Raises RequestError."""
    digits = re.sub(r"0[xX]|\\x|[\s,:;]", "", text)
    try:
        return bytes.fromhex(digits)
    except ValueError:
        bad = re.search(r"[^0-9a-fA-F]", digits)
        told = f"{bad.group()!r} is no hex digit" if bad else "there is one digit too many or too few"
        raise RequestError(f"The hex body can't be read: {told}") from None


def guessed_type(path: str) -> str:
    """The media type that a file's name suggests."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


PREVIEW_CHARS: Final = 2000


def multipart_preview(parts: Iterable[Part], boundary: str) -> str:
    """What a multipart body will be (RFC 7578), as text; in place of a file's bytes, and of a long value's end, a note.

    No file is opened. The boundary that goes out is another one: it is chosen when the body is sent.
    """
    lines: list[str] = []
    for part in parts:
        said = f'Content-Disposition: form-data; name="{part.name.replace(chr(34), "%22")}"'
        name = part.filename or (os.path.basename(part.path) if part.path else "")
        if name:
            said += f'; filename="{name.replace(chr(34), "%22")}"'
        kind = part.content_type or (guessed_type(part.path) if part.path else "")
        cut = part.value[:PREVIEW_CHARS] + ("\u2026" if len(part.value) > PREVIEW_CHARS else "")
        body = f"(the bytes of {part.path})" if part.path else cut
        lines += [f"--{boundary}", said, *([f"Content-Type: {kind}"] if kind else []), "", body]
    return "\n".join([*lines, f"--{boundary}--"]) if lines else ""


def _checked_part(part: Part) -> Part:
    for what, text in (("name", part.name), ("file name", part.filename), ("type", part.content_type)):
        if re.search(r"[\r\n\0]", text):
            raise RequestError(f"The {what} of the part {part.name!r} has a line end or NUL in it")
    if part.path:
        _size_of(part.path)
    return part


def _size_of(path: str) -> int:
    try:
        with open(path, "rb") as file:
            return os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RequestError(f"{path} can't be read: {reason}") from None
