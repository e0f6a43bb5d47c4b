"""The body of a curl command: what --data, --form, --json and their kin say.

Of the files that a command names only those of --data are read, as curl itself does. It must not
know the other options.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from protocols.http.bodies import FORM_TYPE, form_bytes
from protocols.http.formats.http_lines import form_of, kind_of
from protocols.http.formats.imported import FormatError
from protocols.http.kept.variables import has_variables
from protocols.http.request import Body, Part

_LIMIT_BYTES = 64 << 20


@dataclass
class CurlBody:
    """What a command says of its body, as it comes. notes: what could not be taken over. stdin: what is piped in."""

    notes: list[str]
    stdin: bytes | None = None
    data: list[bytes] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    file: str = ""
    upload: str = ""
    json: bool = False

    def add(self, text: str, *, files: bool = True, binary: bool = False) -> None:
        """--data and --data-binary. Raises FormatError for a file that can't be read."""
        if not (files and text.startswith("@")):
            self.data.append(text.encode("utf-8", "surrogateescape"))
        elif text == "@-" and self.stdin is not None:
            self.data.append(self.stdin if binary else _flat(self.stdin))
        elif text == "@-":
            self.notes.append("The body that curl would read from its stdin was left out.")
        elif binary and not self.data and not self.file:
            self.file = text[1:]
        else:
            found = _content(text[1:])
            self.data.append(found if binary else _flat(found))

    def add_json(self, text: str) -> None:
        """--json: several are put together as they are."""
        before = self.data
        self.data = []
        self.add(text, binary=True)
        self.data = [b"".join([*before, *self.data])] if before or self.data else []
        self.json = True

    def add_encoded(self, text: str) -> None:
        """--data-urlencode: content, =content, name=content, @file or name@file."""
        self.data.append(urlencoded(text).encode("ascii"))

    def add_part(self, text: str) -> None:
        """--form: name=value, name=@file, name=<file, with ;type= and ;filename= behind."""
        name, _, value = text.partition("=")
        pieces = _split(value)
        facts = _part_facts(pieces[1:])
        kind, file = facts.pop("type", "").strip(), _unquoted(facts.pop("filename", "").strip())
        for key in facts:
            self.notes.append(f"{key}= of the part {name} was left out.")
        value = pieces[0]
        if value.startswith("<"):
            self.parts.append(Part(name, _content(_unquoted(value[1:])).decode("utf-8", "replace"), "", file, kind))
        elif value.startswith("@"):
            self.parts.append(Part(name, path=_unquoted(value[1:]), filename=file, content_type=kind))
        else:
            self.parts.append(Part(name, _unquoted(value), filename=file, content_type=kind))

    def made(self, content_type: str | None, *, typed: bool) -> Body:
        """The body. content_type: of the command's headers. typed: a header says it, or forbids it."""
        if self.parts:
            return Body("multipart", parts=tuple(self.parts))
        if self.upload:
            return Body("file", path=self.upload)
        own = "" if typed else "application/json" if self.json else FORM_TYPE
        if self.file:
            return Body("file", path=self.file, content_type=own)
        return made_body(b"".join(self.data) if self.json else b"&".join(self.data), content_type, own)


def made_body(data: bytes, content_type: str | None, own: str) -> Body:
    """Bytes as the body that a person would have typed. content_type: what a header says. own: what the body says."""
    told = content_type or own
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return Body("text", raw=data, content_type=own)
    if told == FORM_TYPE:
        fields = form_of(text)
        if fields is not None and (form_bytes(fields) == data or has_variables(text)):
            return Body("form", fields=fields, content_type="")
        return Body("text", text, content_type=own)
    kind = kind_of(told, text)
    kind = kind if kind in ("json", "xml") else "text"
    return Body(kind, text, content_type="" if kind == "json" and own == "application/json" else own)


def urlencoded(text: str) -> str:
    """What --data-urlencode makes of its value. Raises FormatError for a file that can't be read."""
    place = next((number for number, sign in enumerate(text) if sign in "=@"), -1)
    if place < 0:
        return quote(text, safe="-._~", errors="surrogateescape")
    name, sign, value = text[:place], text[place], text[place + 1 :]
    data = _content(value) if sign == "@" else value.encode("utf-8", "surrogateescape")
    encoded = quote(data, safe="-._~")
    return f"{quote(name, safe=_AS_IS, errors='surrogateescape')}={encoded}" if name else encoded


def _flat(data: bytes) -> bytes:
    """As --data sends a file: without line ends and NULs."""
    return data.replace(b"\r", b"").replace(b"\n", b"").replace(b"\0", b"")


_AS_IS = "".join(chr(code) for code in range(33, 127))


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > _LIMIT_BYTES:
        raise FormatError(f"{path} is larger than {_LIMIT_BYTES >> 20} MB")
    return data


def _split(text: str) -> list[str]:
    """At semicolons outside quotes."""
    pieces, begin, quoted, skip = list[str](), 0, False, False
    for place, letter in enumerate(text):
        if skip:
            skip = False
        elif letter == "\\" and quoted:
            skip = True
        elif letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            pieces.append(text[begin:place])
            begin = place + 1
    return [*pieces, text[begin:]]


def _part_facts(pieces: list[str]) -> dict[str, str]:
    """What stands behind a part's value; what curl does not know belongs to the type."""
    facts: dict[str, str] = {}
    for piece in pieces:
        key, mark, told = piece.partition("=")
        key = key.strip().lower()
        if mark and key in ("type", "filename", "headers", "encoder"):
            facts[key] = told
        elif "type" in facts:
            facts["type"] += f";{piece}"
    return facts


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or '"' not in text[1:]:
        return text
    result, skip = list[str](), False
    for letter in text[1:]:
        if skip or letter not in '\\"':
            result.append(letter)
            skip = False
        elif letter == '"':
            return "".join(result)
        else:
            skip = True
    return text
