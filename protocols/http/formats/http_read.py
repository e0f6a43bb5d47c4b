"""`.http` files, as editors send requests from them: requests with `###` between, variables, bodies from files.

Both usual flavours are read; scripts in them are kept in the file, but never run. A file is cut
into blocks, so that one request can be changed and all the rest stays byte for byte.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from protocols.http.formats.http_body import read_body
from protocols.http.formats.http_lines import (
    AFTER,
    BEFORE,
    COMMENT,
    METHOD,
    SEPARATOR,
    TAG,
    VARIABLE,
    VERSION,
)
from protocols.http.formats.http_tags import apply_tag, plain
from protocols.http.formats.imported import FormatError, Imported, Named
from protocols.http.request import Auth, Header, Request

_OURS: Final = ("body", "escaped", "line-ends", "boundary")
_NO_HTTP: Final = frozenset(("GRPC", "WEBSOCKET", "RSOCKET", "GRAPHQL"))
_DIGEST_FIELDS: Final = re.compile(r"\w+\s*=\s*[\"\w]")


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a file, from a separator to the next. text: as it is, its line ends as LF.

    named: the request, None where there is none. before, after: lines that mean nothing here and stay.
    """

    text: str
    named: Named | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_http(text: str, base: Path | None = None) -> Imported:
    """The requests of a `.http` file. base: the folder that files named in it lie in. Raises FormatError."""
    read = Imported("http")
    for block in read_blocks(text, base):
        read.variables.update(block.variables)
        for note in block.notes:
            read.say(note)
        if block.named is not None and not read.add(block.named):
            break
    return read


def read_blocks(text: str, base: Path | None = None) -> list[Block]:
    """A file's blocks; their texts together are the file with LF as its line ends."""
    lines = unix_lines(text).split("\n")
    starts = [number for number, one in enumerate(lines) if number and SEPARATOR.match(one)]
    pieces = [lines[begin:end] for begin, end in zip([0, *starts], [*starts, len(lines)], strict=True)]
    return [
        replace(_Reader(base).block(piece), text="\n".join(piece) + ("\n" if number < len(pieces) - 1 else ""))
        for number, piece in enumerate(pieces)
    ]


def unix_lines(text: str) -> str:
    """The text with LF as its line ends, if its first one is CRLF."""
    return text.replace("\r\n", "\n") if is_windows(text) else text


def is_windows(text: str) -> bool:
    """Whether the lines of a text end with CRLF."""
    return text.find("\r\n") == text.find("\n") - 1 >= 0


class _Reader:
    """Reads one block."""

    def __init__(self, base: Path | None) -> None:
        self._base = base
        self._request = Request()
        self._name = ""
        self._headers: list[Header] = []
        self._before: list[str] = []
        self._comments: list[str] = []
        self._variables: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._notes: list[str] = []

    def block(self, lines: list[str]) -> Block:
        place, title = 0, ""
        found = SEPARATOR.match(lines[0])
        if found:
            place, title = 1, found.group("title").strip()
        place = self._head(lines, place)
        if place >= len(lines):
            return Block("", None, tuple(self._before), (), self._variables, tuple(self._notes))
        place = self._request_line(lines, place)
        place = self._header_lines(lines, place)
        body, after = self._cut(lines[place:])
        request = self._made(body)
        name, note = title or self._name, "\n".join(self._comments)
        named: Named | None = Named(request, name, note=note)
        if request.method in _NO_HTTP:
            self._say(f"{name or request.url} is {request.method}, which is no request of HTTP; it was left out.")
            named = None
        return Block("", named, tuple(self._before), tuple(after), self._variables, tuple(self._notes))

    def _say(self, note: str) -> None:
        self._notes.append(note)

    def _head(self, lines: list[str], place: int) -> int:
        """The lines above the request line; the number of that."""
        while place < len(lines):
            one = lines[place].rstrip()
            if BEFORE.fullmatch(one):
                place = self._script(lines, place, self._before, "before the request")
            elif not one:
                pass
            elif COMMENT.match(one):
                self._comment(one)
            elif found := VARIABLE.fullmatch(one):
                self._variables[found.group("name")] = found.group("value")
                self._before.append(one)
            else:
                return place
            place += 1
        return place

    def _script(self, lines: list[str], place: int, kept: list[str], when: str) -> int:
        """Keep a script of one line or several; the number of its last line."""
        self._say(f"There is a script for {when}, which is not run here.")
        begin = place
        if "{%" in lines[place]:
            while place < len(lines) - 1 and "%}" not in lines[place]:
                place += 1
        kept += lines[begin : place + 1]
        return place

    def _comment(self, one: str) -> None:
        found = TAG.fullmatch(one)
        if found is None:
            self._before.append(one)
            self._comments.append(one.lstrip("#/ \t"))
            return
        name, value = found.group("name"), found.group("value") or ""
        self._tags[name] = value
        if name in _OURS:
            return
        if name == "name" and not self._name:
            self._name = plain(value)
            self._before.append(one)
        else:
            try:
                changed = apply_tag(self._request, name, value)
            except FormatError as error:
                self._say(f"The line {one[:80]!r} means nothing: {error}.")
                changed = None
            self._before += [one] if changed is None else []
            self._request = changed or self._request

    def _request_line(self, lines: list[str], place: int) -> int:
        more = [lines[place].strip()]
        place += 1
        while place < len(lines) and lines[place][:1] in (" ", "\t") and lines[place].strip():
            more.append(lines[place].strip())
            place += 1
        one = "".join(more)
        version = VERSION.search(one, max(0, len(one) - 80))
        if version:
            number = version.group("version")
            self._request = self._offer({"2.0": "2", "3.0": "3"}.get(number, number))
            one = one[: version.start()].rstrip()
        method, _, url = one.partition(one[len(one.split(None, 1)[0]) :][:1] or " ")
        if not (url and METHOD.fullmatch(method)):
            method, url = (one, "") if one.isalpha() and one.isupper() and one.isascii() else ("GET", one)
        self._request = replace(self._request, method=method, url=url.strip())
        return place

    def _offer(self, version: str) -> Request:
        if self._tags.get("version"):
            return self._request
        try:
            return apply_tag(self._request, "version", version) or self._request
        except FormatError as error:
            self._say(f"{error}; the usual one is offered.")
            return self._request

    def _header_lines(self, lines: list[str], place: int) -> int:
        """The headers; the number of the body's first line."""
        while place < len(lines) and (one := lines[place].strip()):
            name, colon, value = one.partition(":")
            if AFTER.fullmatch(one):
                return place
            if COMMENT.match(one):
                self._comment(one)
            elif colon:
                self._headers.append((name.rstrip(), value.strip()))
            else:
                self._say(f"{one[:80]!r} is no header; it was left out.")
            place += 1
        return place + 1

    def _cut(self, lines: list[str]) -> tuple[list[str], list[str]]:
        """The body's lines, and what stands behind it."""
        end = next((number for number, one in enumerate(lines) if AFTER.fullmatch(one.rstrip())), len(lines))
        after = lines[end:]
        if any("{%" in one for one in after):
            self._say("There is a script for the answer, which is not run here.")
        while end and not lines[end - 1].rstrip("\r"):
            end -= 1
        while after and not after[-1].strip():
            after.pop()
        return lines[:end], after

    def _made(self, lines: list[str]) -> Request:
        cookies = self._cookies()
        auth = self._auth() if self._request.auth.kind == "none" else self._request.auth
        body, typed = read_body(lines, self._headers, self._tags, self._base, self._notes)
        without = self._request.without if typed else (*self._request.without, "Content-Type")
        return replace(self._request, headers=tuple(self._headers), body=body, cookies=cookies, auth=auth,
                       without=without)  # fmt: skip

    def _cookies(self) -> tuple[Header, ...]:
        """A Cookie header as cookies, so that those of the jar go with them."""
        found = [number for number, (name, _) in enumerate(self._headers) if name.lower() == "cookie"]
        if len(found) != 1:
            return ()
        value = self._headers[found[0]][1]
        pairs = tuple(one.partition("=")[::2] for one in value.split("; "))
        if "; ".join(f"{name}={text}" for name, text in pairs) != value or any(";" in text for _, text in pairs):
            return ()
        del self._headers[found[0]]
        return tuple((name, text) for name, text in pairs)

    def _auth(self) -> Auth:
        """Who asks, from the one Authorization header."""
        found = [number for number, (name, _) in enumerate(self._headers) if name.lower() == "authorization"]
        if len(found) != 1:
            return Auth()
        made = auth_of(self._headers[found[0]][1])
        if made.kind != "none":
            del self._headers[found[0]]
        return made


def auth_of(value: str) -> Auth:
    """What an Authorization header says in words: "Basic user password", "Digest user password", "Bearer token"."""
    scheme, _, rest = value.partition(" ")
    scheme, rest = scheme.lower(), rest.strip()
    if scheme == "bearer" and rest:
        return Auth("bearer", token=rest)
    if scheme not in ("basic", "digest") or not rest or (scheme == "digest" and _DIGEST_FIELDS.match(rest)):
        return Auth()
    user, blank, password = rest.partition(" ")
    if not blank or ":" in user:
        if ":" not in rest:
            return _decoded(rest) if scheme == "basic" else Auth()
        user, _, password = rest.partition(":")
    return Auth("digest" if scheme == "digest" else "basic", user, password.strip())


def _decoded(text: str) -> Auth:
    try:
        user, colon, password = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return Auth()
    return Auth("basic", user, password) if colon and (user + password).isprintable() else Auth()
