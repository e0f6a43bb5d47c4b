"""FormData: the fields and files of a form, from a query, a form body or a multipart body.

Reads bytes as they came; nothing is executed, stored or guessed at. It must not know connections.
RFC 7578 and the URL standard's application/x-www-form-urlencoded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

FIELDS: Final = 1000
_BOUNDARY: Final = re.compile(r"""boundary=(?:"([^"\r\n]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE)
_PARAM: Final = re.compile(r""";\s*(name|filename)=(?:"((?:[^"\\\r\n]|\\.)*)"|([^\s;"]+))""", re.IGNORECASE)
_PERCENT: Final = {"%22": '"', "%0D": "\r", "%0A": "\n"}


class FormError(ValueError):
    """A body that is no form; the message says why in a sentence."""


@dataclass(frozen=True)
class FilePart:
    """A file as it was uploaded. filename: the client's word for it, never a path of ours."""

    name: str
    filename: str
    kind: str
    data: bytes = field(repr=False)


@dataclass
class FormData:
    """fields: names and values in the order in which they came. files: the same of files."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[FilePart] = field(default_factory=list)

    def getfirst(self, name: str, default: str = "") -> str:
        """The first value of that name."""
        return next((value for key, value in self.fields if key == name), default)

    def getlist(self, name: str) -> list[str]:
        """All values of that name."""
        return [value for key, value in self.fields if key == name]

    def getvalue(self, name: str) -> str | list[str] | None:
        """One value, a list of several, or None: what the old cgi module gave."""
        values = self.getlist(name)
        return values if len(values) > 1 else values[0] if values else None


def read_form(query: str, kind: str, body: bytes) -> FormData:
    """The fields of the query, then those of the body, whose Content-Type is `kind`. Raises FormError."""
    form = FormData()
    _add_encoded(form, query)
    media = kind.partition(";")[0].strip().lower()
    if media == "application/x-www-form-urlencoded":
        _add_encoded(form, body.decode("utf-8", "replace"))
    elif media == "multipart/form-data":
        found = _BOUNDARY.search(kind)
        if found is None:
            raise FormError("The Content-Type multipart/form-data says no boundary.")
        _add_parts(form, (found.group(1) or found.group(2)).encode("latin-1", "replace"), body)
    return form


def _add_encoded(form: FormData, text: str) -> None:
    try:
        form.fields += parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)
    except ValueError:
        raise FormError(f"The form has more than {FIELDS} fields.") from None


def _add_parts(form: FormData, boundary: bytes, body: bytes) -> None:
    """The lines that begin with "--boundary" part the body; the first one may stand at its very beginning."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2:
        raise FormError("The boundary that the Content-Type names is nowhere in the body.")
    if len(pieces) > FIELDS + 2:
        raise FormError(f"The form has more than {FIELDS} parts.")
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        blanks, found, part = piece.partition(b"\r\n")
        if not found or blanks.strip(b" \t"):
            raise FormError("Behind a boundary there is no line end.")
        _add_part(form, part)
    raise FormError("The closing boundary is missing: the body was cut.")


def _add_part(form: FormData, part: bytes) -> None:
    if part.startswith(b"\r\n"):
        raise FormError("A part has no headers, so no name.")
    head, blank, data = part.partition(b"\r\n\r\n")
    if not blank:
        raise FormError("A part has no blank line behind its headers.")
    headers = _headers(head)
    disposition = headers.get("content-disposition", "")
    words = {key.lower(): _plain(quoted, bare) for key, quoted, bare in _PARAM.findall(disposition)}
    if "name" not in words:
        raise FormError("A part has no name in its Content-Disposition.")
    if "filename" in words:
        kind = headers.get("content-type", "application/octet-stream")
        form.files.append(FilePart(words["name"], words["filename"], kind, data))
    else:
        form.fields.append((words["name"], data.decode("utf-8", "replace")))


def _headers(head: bytes) -> Mapping[str, str]:
    lines = (line.decode("utf-8", "replace").partition(":") for line in head.split(b"\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _plain(quoted: str, bare: str) -> str:
    """Browsers write a quote as %22, curl as backslash and quote."""
    if bare:
        return bare
    text = re.sub(r'\\(["\\])', r"\1", quoted)
    return re.sub("%22|%0D|%0A", lambda found: _PERCENT[found.group()], text)
