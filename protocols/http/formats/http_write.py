"""Requests as a `.http` file that editors can send from and a person can read.

What the format has no words for stands in lines `# @name value`, which are comments elsewhere. It
must not know files on disk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from protocols.http.formats.http_body import body_lines
from protocols.http.formats.http_lines import METHOD, VERSION
from protocols.http.formats.http_read import Block, auth_of
from protocols.http.formats.http_tags import auth_tag, tags_of
from protocols.http.formats.imported import FormatError, Named
from protocols.http.request import Auth, Request

_LINE_END: Final = re.compile(r"[\r\n\0]")
_KNOWN: Final = ("Basic", "Digest")


def write_http(requests: Iterable[Named | Request], base: Path | None = None) -> str:
    """A file with these requests. base: the folder it will lie in; files within are named from there.

    Raises FormatError for a request that can't be held: a line end in a header, half of a surrogate pair.
    """
    return "\n".join(block_text(one if isinstance(one, Named) else Named(one), base) for one in requests)


def write_variables(variables: dict[str, str]) -> str:
    """The variables of a file, as its first block."""
    return "".join(f"@{name} = {_one_line(name, value)}\n" for name, value in variables.items())


def block_text(named: Named, base: Path | None = None, old: Block | None = None) -> str:
    """One request from its separator to its end. old: the block that it replaces, whose other lines are kept.

    Raises FormatError.
    """
    request = named.request
    tags, body, content_type = body_lines(request, base)
    headers, more = _headers(request, content_type)
    lines = [f"### {_one_line('The name', named.name)}".rstrip()]
    lines += (old.before if old is not None else ()) or [f"# {one}".rstrip() for one in named.note.splitlines()]
    lines += [f"# @{name} {value}".rstrip() for name, value in (*_tags(request), *more)]
    lines += [f"# @{tag}" for tag in tags]
    lines += [_request_line(request), *headers]
    if body:
        lines += ["", *body]
    if old is not None and old.after:
        lines += ["", *old.after]
    text = "\n".join(lines) + "\n"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError("The request has a character that no file holds (half of a surrogate pair)") from None
    return text


def _tags(request: Request) -> Iterable[tuple[str, str]]:
    untyped = request.body.kind != "none" and request.header("Content-Type") is None
    for name, value in tags_of(request):
        if not (untyped and name == "without" and value.lower() == "content-type"):
            yield name, value
    if VERSION.search(request.url.rstrip(" \t")):
        yield "version", request.version


def _request_line(request: Request) -> str:
    url = _one_line("The URL", request.url).strip(" \t")
    if not METHOD.fullmatch(request.method):
        raise FormatError(f"{request.method!r} is no method, and can't be held")
    if not url and not (request.method.isalpha() and request.method.isupper()):
        raise FormatError("There is no URL")
    version = request.version if request.version != "auto" else "1.1" if VERSION.search(" " + url) else ""
    return f"{request.method} {url}".rstrip() + (f" HTTP/{version}" if version else "")


def _headers(request: Request, content_type: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The header lines, and the tags for what no header says."""
    tags: list[tuple[str, str]] = []
    lines = []
    for name, value in request.headers:
        if not name or _LINE_END.search(name) or ":" in name or name != name.strip() or name.startswith(("#", "//")):
            raise FormatError(f"{name!r} is no header name, and can't be held")
        lines.append(f"{name}: {_one_line(name, value).strip()}".rstrip())
    taken = request.header("Authorization") is not None
    line = "" if taken else _auth_line(request.auth)
    if line:
        lines.append(f"Authorization: {line}")
    elif request.auth.kind != "none":
        tags.append(("auth", auth_tag(request.auth)))
    if request.cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={_one_line(name, value)}" for name, value in request.cookies))
    if content_type:
        lines.append(f"Content-Type: {_one_line('The type', content_type)}")
    return lines, tags


def _auth_line(auth: Auth) -> str:
    """An Authorization header in the words of `.http` files; "" where they have none that say the same."""
    if auth.kind == "bearer":
        choices = [f"Bearer {auth.token}"]
    elif auth.kind in ("basic", "digest"):
        scheme = auth.kind.capitalize()
        choices = [f"{scheme} {auth.user} {auth.password}", f"{scheme} {auth.user}:{auth.password}"]
    else:
        return ""
    return next((one for one in choices if one.isprintable() and one == one.strip() and auth_of(one) == auth), "")


def _one_line(what: str, text: str) -> str:
    if _LINE_END.search(text):
        raise FormatError(f"{what} has a line end or a NUL in it, and can't be held")
    return text
