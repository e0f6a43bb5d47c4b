"""The bodies of `.http` files, both ways: text as it stands, forms, parts between boundaries, and files by name.

It must not know what stands above a body but its Content-Type.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from protocols.http.bodies import FORM_TYPE, guessed_type
from protocols.http.formats.http_lines import (
    BOUNDARY,
    DEFAULT_TYPES,
    INCLUDE,
    escaped,
    form_of,
    form_text,
    kind_of,
    must_escape,
    unescaped,
)
from protocols.http.formats.imported import FormatError
from protocols.http.request import BODY_KINDS, Body, BodyKind, Header, Part, Request

_FIELD: Final = re.compile(r';[ \t]*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


def read_body(
    lines: list[str], headers: list[Header], tags: Mapping[str, str], base: Path | None, notes: list[str]
) -> tuple[Body, bool]:
    """The body of some lines, and whether its type is told; a Content-Type that it has by itself leaves `headers`."""
    text = "\n".join(lines)
    place = next((number for number, (name, _) in enumerate(headers) if name.lower() == "content-type"), None)
    kind_told = headers[place][1] if place is not None else ""
    kind = _kind(tags.get("body", ""), kind_told, text)
    if kind == "multipart":
        body = _multipart(lines, kind_told, tags, base, notes)
        if place is not None and "boundary" not in tags:
            del headers[place]
        return body, True
    tail = tags.get("line-ends", "")
    text += "\n" * (int(tail[:6]) if tail.isascii() and tail.isdecimal() else 0)
    body = _simple(kind, unescaped(text) if "escaped" in tags else text, kind_told, base, notes)
    if place == len(headers) - 1 and kind_told and kind != "none":
        own = guessed_type(body.path) if kind == "file" else DEFAULT_TYPES[kind]
        if kind_told == own or body.content_type == kind_told:
            del headers[place]
    return body, kind == "none" or place is not None


def _kind(wanted: str, content_type: str, text: str) -> BodyKind:
    return wanted if wanted in BODY_KINDS else kind_of(content_type, text)


def _simple(kind: BodyKind, text: str, content_type: str, base: Path | None, notes: list[str]) -> Body:
    if kind == "none":
        return Body()
    if kind == "file":
        found = INCLUDE.fullmatch(text.strip())
        if found is not None and found.group("how"):
            notes.append(f"Variables inside of {found.group('path')} are not filled in: a file is sent as it is.")
        return Body("file", path=resolved(found.group("path"), base) if found else "")
    if kind == "form":
        joined = re.sub(r"\n[ \t]*(?=&)|(?<=&)[ \t]*\n", "", text).strip("\n")
        fields = form_of(joined)
        return Body("form", fields=fields) if fields is not None else Body("text", joined, content_type=FORM_TYPE)
    if kind != "hex" and any(INCLUDE.fullmatch(one.rstrip()) for one in text.split("\n") if one[:1] == "<"):
        notes.append("A body that is put together from text and files is sent as the text that stands here.")
    return Body(kind, text, content_type=FORM_TYPE if content_type == FORM_TYPE and kind == "text" else "")


def resolved(path: str, base: Path | None) -> str:
    """A path of a file as it is opened: seen from the folder `base`."""
    if base is None or path.startswith("{{") or os.path.isabs(path):
        return path
    return os.path.normpath(base / path)


def _relative(path: str, base: Path | None) -> str:
    """A path as it is written: seen from `base` if it lies in there."""
    if path != path.strip() or re.search(r"[\r\n\0]", path):
        raise FormatError(f"The path {path!r} can't be held: it begins or ends with a blank, or is no line")
    if base is not None and os.path.isabs(path) and path.startswith(str(base) + os.sep):
        return "./" + os.path.relpath(path, base)
    return path


# Parts


def _multipart(
    lines: list[str], content_type: str, tags: Mapping[str, str], base: Path | None, notes: list[str]
) -> Body:
    found = BOUNDARY.search(content_type)
    mark = "--" + (tags.get("boundary") or ((found.group(1) or found.group(2)) if found else "") or "-")
    pieces: list[list[str]] = []
    for one in lines:
        if one.rstrip() == mark + "--":
            break
        if one.rstrip() == mark:
            pieces.append([])
        elif pieces:
            pieces[-1].append(one)
        elif one.strip():
            notes.append("Lines before the first part of a multipart body were left out.")
    return Body("multipart", parts=tuple(_part(piece, "escaped" in tags, base, notes) for piece in pieces))


def _part(lines: list[str], is_escaped: bool, base: Path | None, notes: list[str]) -> Part:
    facts: dict[str, str] = {}
    kind, place = "", 0
    while place < len(lines) and lines[place].strip():
        name, _, value = lines[place].partition(":")
        if name.strip().lower() == "content-disposition":
            facts = {key.lower(): re.sub(r"\\(.)", r"\1", text) for key, text in _FIELD.findall(value)}
        elif name.strip().lower() == "content-type":
            kind = value.strip()
        else:
            notes.append(f"The header {name.strip()[:40]} of a part was left out.")
        place += 1
    text = "\n".join(lines[place + 1 :])
    name, filename = facts.get("name", ""), facts.get("filename", "")
    found = INCLUDE.fullmatch(text.strip())
    if found is not None:
        path = resolved(found.group("path"), base)
        return Part(name, path=path, filename="" if filename == os.path.basename(path) else filename, content_type=kind)
    return Part(name, unescaped(text) if is_escaped else text, filename=filename, content_type=kind)


# Writing


def body_lines(request: Request, base: Path | None) -> tuple[list[str], list[str], str]:
    """The tags, the lines and the Content-Type line of a request's body. Raises FormatError for what can't be held."""
    body = request.body
    header = request.header("Content-Type")
    if body.raw is not None:
        return body_lines(_with_text(request), base)
    if body.kind == "multipart":
        return _multipart_lines(body, header, base)
    tags, text, own = _text_of(body, base)
    told = own if header is None else ""
    if "content-type" in {name.lower() for name in request.without}:
        told = ""
    tail = len(text) - len(text.rstrip("\n"))
    if body.kind not in ("file", "none") and must_escape(text):
        tags.append("escaped")
        text = escaped(text)
    elif tail:
        tags.append(f"line-ends {tail}")
        text = text[:-tail]
    if kind_of(header or told, text) != body.kind and not (body.content_type == FORM_TYPE and body.kind == "text"):
        tags.append(f"body {body.kind}")
    return tags, text.split("\n") if text else [], told


def _with_text(request: Request) -> Request:
    """Bytes as text where they are some, else in hex."""
    body = request.body
    kind: BodyKind = body.kind if body.kind in ("json", "xml", "text", "hex") else "text"
    try:
        if kind == "hex":
            raise UnicodeError
        made = Body(kind, (body.raw or b"").decode("utf-8"), content_type=body.content_type)
    except UnicodeError:
        made = Body("hex", (body.raw or b"").hex(" "), content_type=body.content_type or DEFAULT_TYPES.get(kind, ""))
    return replace(request, body=made)


def _text_of(body: Body, base: Path | None) -> tuple[list[str], str, str]:
    """Tags, text and type of a body that is neither parts nor bytes."""
    if body.kind == "none":
        return [], "", ""
    if body.kind == "file":
        text = f"< {_relative(body.path, base)}" if body.path else ""
        return [], text, body.content_type or guessed_type(body.path)
    if body.kind == "form":
        return [], form_text(body.fields), body.content_type or FORM_TYPE
    return [], body.text, body.content_type or DEFAULT_TYPES[body.kind]


def _multipart_lines(body: Body, header: str | None, base: Path | None) -> tuple[list[str], list[str], str]:
    mark = "netlab-boundary"
    while any(mark in part.value for part in body.parts):
        mark += "-"
    hide = any(must_escape(part.value) for part in body.parts if not part.path)
    lines: list[str] = []
    for part in body.parts:
        lines += [f"--{mark}", *_part_lines(part, hide, base)]
    tags = ["escaped"] if hide else []
    if header is not None:
        tags += ["body multipart", f"boundary {mark}"]
    return tags, [*lines, f"--{mark}--"], "" if header is not None else f"multipart/form-data; boundary={mark}"


def _part_lines(part: Part, hide: bool, base: Path | None) -> list[str]:
    for text in (part.name, part.filename, part.content_type):
        if re.search(r"[\r\n\0]", text):
            raise FormatError(f"The part {part.name!r} has a line end or NUL where none can be held")
    path = _relative(part.path, base) if part.path else ""
    filename = part.filename or os.path.basename(part.path)
    place = f'Content-Disposition: form-data; name="{_backslashed(part.name)}"'
    lines = [place + (f'; filename="{_backslashed(filename)}"' if filename else "")]
    lines += [f"Content-Type: {part.content_type}"] if part.content_type else []
    value = f"< {path}" if path else escaped(part.value) if hide else part.value
    return [*lines, "", *value.split("\n")]


def _backslashed(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
