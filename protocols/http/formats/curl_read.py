"""A curl command as a request.

What of a command has no place in a request is named, not dropped in silence. Nothing is run; of
the files that a command names only those of --data are read.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, unquote, urlsplit, urlunsplit

from protocols.http.bodies import FORM_TYPE
from protocols.http.request import Auth, Body, Header, Part, Proxy, Request, RequestError


@dataclass
class Imported:
    """A request read from somewhere, and what of it was left out: sentences for the person."""

    request: Request
    left_out: list[str] = field(default_factory=list)


@dataclass
class _Command:
    """What the options of a command say, as they come."""

    request: Request = field(default_factory=lambda: Request(follow=False, decode=False))
    headers: list[Header] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    cookies: list[Header] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    method: str = ""
    user: str = ""
    file: str = ""
    as_query: bool = False
    head: bool = False
    json: bool = False


def from_curl(command: str) -> Imported:
    """The request that a curl command sends; files that it names are not read, but for --data.

    Raises RequestError for a text that is no curl command.
    """
    try:
        words = shlex.split(command.replace("\\\r\n", " ").replace("\\\n", " "), comments=False)
    except ValueError as error:
        raise RequestError(f"The quotes of the command don't match: {error}") from None
    while words and words[0] in ("$", "#", "%"):
        del words[0]
    if not words or Path(words[0]).name.lower() not in ("curl", "curl.exe"):
        raise RequestError("That is no curl command: it begins with the word curl")
    read = _Command()
    pending = words[1:]
    while pending:
        word = pending.pop(0)
        if word == "--":
            read.urls += pending
            break
        if word.startswith("--"):
            _long(read, word, pending)
        elif word.startswith("-") and word != "-":
            _short(read, word[1:], pending)
        else:
            read.urls.append(word)
    return Imported(_made(read), read.left_out)


def _long(read: _Command, word: str, pending: list[str]) -> None:
    name, equals, value = word[2:].partition("=")
    if name in _WITH_VALUE:
        if not equals:
            if not pending:
                raise RequestError(f"--{name} needs something behind it")
            value = pending.pop(0)
        _WITH_VALUE[name](read, value)
    elif name in _ALONE:
        _ALONE[name](read)
    elif name not in _QUIET:
        if name in _PASSED_OVER and pending:
            pending.pop(0)
        read.left_out.append(f"--{name} has no place in a request here")


def _short(read: _Command, letters: str, pending: list[str]) -> None:
    for place, letter in enumerate(letters):
        name = _LETTERS.get(letter, "")
        if name in _WITH_VALUE or name in _PASSED_OVER:
            rest = letters[place + 1 :]
            if not rest and not pending:
                raise RequestError(f"-{letter} needs something behind it")
            value = rest or pending.pop(0)
            if name in _WITH_VALUE:
                _WITH_VALUE[name](read, value)
            else:
                read.left_out.append(f"-{letter} has no place in a request here")
            return
        if name in _ALONE:
            _ALONE[name](read)
        elif name not in _QUIET:
            read.left_out.append(f"-{letter} has no place in a request here")


def _header(read: _Command, text: str) -> None:
    if text.startswith("@"):
        read.left_out.append("headers from a file (-H @file)")
        return
    name, colon, value = text.partition(":")
    if colon and value.strip(" \t"):
        read.headers.append((name, value.strip(" \t")))
    elif colon:
        read.without.append(name)
    elif text.endswith(";"):
        read.headers.append((text[:-1], ""))
    else:
        read.left_out.append(f"{text!r}, which is no header")


def _data(read: _Command, text: str, *, files: bool = True, binary: bool = False) -> None:
    if not (files and text.startswith("@")):
        read.data.append(text.encode("utf-8", "surrogateescape"))
    elif binary and not read.data and not read.file:
        read.file = text[1:]
    else:
        try:
            found = Path(text[1:]).read_bytes()
        except (OSError, ValueError) as error:
            raise RequestError(f"{text[1:]} can't be read: {getattr(error, 'strerror', None) or error}") from None
        read.data.append(found if binary else found.replace(b"\r", b"").replace(b"\n", b""))


def _urlencoded(read: _Command, text: str) -> None:
    name, equals, value = text.partition("=")
    done = f"{name}={quote_plus(value)}" if equals and name else quote_plus(value if equals else text)
    read.data.append(done.replace("+", "%20").encode("ascii"))


def _form(read: _Command, text: str) -> None:
    name, _, value = text.partition("=")
    pieces = _split_form(value)
    facts = dict(piece.split("=", 1) for piece in pieces[1:] if "=" in piece)
    value, kind, file = pieces[0], facts.get("type", ""), facts.get("filename", "")
    if value.startswith("@"):
        read.parts.append(Part(name, path=_unquoted(value[1:]), filename=_unquoted(file), content_type=kind))
    else:
        read.parts.append(Part(name, _unquoted(value), filename=_unquoted(file), content_type=kind))


def _split_form(text: str) -> list[str]:
    """At semicolons outside quotes."""
    pieces, quoted, skip = [""], False, False
    for letter in text:
        if skip:
            skip = False
        elif letter == "\\" and quoted:
            skip = True
        elif letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            pieces.append("")
            continue
        pieces[-1] += letter
    return pieces


def _unquoted(text: str) -> str:
    if len(text) < 2 or text[0] != '"' or '"' not in text[1:]:
        return text
    result, skip = "", False
    for letter in text[1:]:
        if skip or letter not in '\\"':
            result, skip = result + letter, False
        elif letter == '"':
            return result
        else:
            skip = True
    return text


def _set(**fields: object) -> Callable[[_Command], None]:
    def act(read: _Command) -> None:
        read.request = replace(read.request, **fields)  # type: ignore[arg-type]

    return act


def _trust(**fields: object) -> Callable[[_Command], None]:
    def act(read: _Command) -> None:
        read.request = replace(read.request, trust=replace(read.request.trust, **fields))  # type: ignore[arg-type]

    return act


def _cookies(read: _Command, text: str) -> None:
    if "=" not in text:
        read.left_out.append("cookies from a file (-b file)")
        return
    pairs = (one.strip().partition("=") for one in text.split(";"))
    read.cookies += [(name, value) for name, _, value in pairs if name]


def _proxy(read: _Command, url: str) -> None:
    scheme, mark, rest = url.rpartition("://")
    identity, at, place = rest.rpartition("@")
    user, _, password = identity.partition(":")
    known = read.request.proxy
    user, password = (unquote(user), unquote(password)) if at else (known.user, known.password)
    made = Proxy(scheme + mark + place, user, password)
    read.request = replace(read.request, proxy=replace(made, digest=known.digest))


def _proxy_user(read: _Command, text: str) -> None:
    user, _, password = text.partition(":")
    read.request = replace(read.request, proxy=replace(read.request.proxy, user=user, password=password))


def _kind(kind: str) -> Callable[[_Command], None]:
    def act(read: _Command) -> None:
        read.request = replace(read.request, auth=replace(read.request.auth, kind=kind))  # type: ignore[arg-type]

    return act


def _limit(name: str) -> Callable[[_Command, str], None]:
    def act(read: _Command, text: str) -> None:
        try:
            value = int(text) if name.startswith("max") else float(text)
        except ValueError:
            raise RequestError(f"{text!r} is no number") from None
        changed: dict[str, Any] = {name: value}
        read.request = replace(read.request, limits=replace(read.request.limits, **changed))

    return act


def _put(name: str) -> Callable[[_Command, str], None]:
    return lambda read, text: setattr(read, name, text)


def _mark(name: str) -> Callable[[_Command], None]:
    return lambda read: setattr(read, name, True)


def _append(name: str) -> Callable[[_Command, str], None]:
    def act(read: _Command, text: str) -> None:
        grown: dict[str, Any] = {name: (*getattr(read.request, name), text)}
        read.request = replace(read.request, **grown)

    return act


def _json(read: _Command, text: str) -> None:
    _data(read, text, binary=True)
    read.json = True


def _upload(read: _Command, text: str) -> None:
    read.file, read.method = text, read.method or "PUT"


_WITH_VALUE: Final[dict[str, Callable[[_Command, str], None]]] = {
    "header": _header, "data": _data, "data-ascii": _data, "data-urlencode": _urlencoded, "form": _form, "json": _json,
    "data-raw": lambda read, text: _data(read, text, files=False),
    "data-binary": lambda read, text: _data(read, text, binary=True),
    "form-string": lambda read, text: read.parts.append(Part(*text.partition("=")[::2])),
    "request": _put("method"), "user": _put("user"), "url": lambda read, text: read.urls.append(text),
    "cookie": _cookies, "proxy": _proxy, "proxy-user": _proxy_user, "upload-file": _upload,
    "user-agent": lambda read, text: _header(read, f"User-Agent: {text}"),
    "referer": lambda read, text: _header(read, f"Referer: {text}"),
    "max-time": _limit("timeout_s"), "connect-timeout": _limit("connect_timeout_s"),
    "max-redirs": _limit("max_redirects"), "max-filesize": _limit("max_bytes"),
    "resolve": _append("resolve"), "connect-to": _append("connect_to"),
    "cacert": lambda read, text: _trust(ca_file=text)(read), "cert": lambda read, text: _trust(certificate=text)(read),
    "key": lambda read, text: _trust(key=text)(read), "request-target": lambda read, text: _set(target=text)(read),
    "oauth2-bearer": lambda read, text: _set(auth=Auth("bearer", token=text))(read),
    "netrc-file": lambda read, text: _set(auth=Auth("netrc", netrc_path=text))(read),
}  # fmt: skip
_ALONE: Final[dict[str, Callable[[_Command], None]]] = {
    "location": _set(follow=True), "compressed": _set(decode=True), "insecure": _trust(verify=False),
    "http1.0": _set(version="1.0"), "http1.1": _set(version="1.1"), "http2": _set(version="2"),
    "http2-prior-knowledge": _set(version="2"), "http3": _set(version="3"), "http3-only": _set(version="3"),
    "http0.9": _set(http09=True), "basic": _kind("basic"), "digest": _kind("digest"), "ntlm": _kind("ntlm"),
    "netrc": _set(auth=Auth("netrc")), "get": _mark("as_query"), "head": _mark("head"),
    "proxy-digest": lambda read: _set(proxy=replace(read.request.proxy, digest=True))(read),
}  # fmt: skip
_QUIET: Final = frozenset((
    "silent", "show-error", "verbose", "include", "globoff", "path-as-is", "no-buffer", "progress-bar", "fail",
    "fail-with-body", "tcp-nodelay", "no-progress-meter",
))  # fmt: skip
_PASSED_OVER: Final = frozenset((
    "output", "write-out", "cookie-jar", "retry", "config", "interface", "limit-rate", "range", "dump-header", "trace",
    "trace-ascii", "proto", "proto-redir", "noproxy", "ciphers", "pass", "max-time-dns", "unix-socket", "stderr",
))  # fmt: skip
_LETTERS: Final = {
    "H": "header", "d": "data", "F": "form", "X": "request", "u": "user", "b": "cookie", "x": "proxy",
    "U": "proxy-user", "T": "upload-file", "A": "user-agent", "e": "referer", "m": "max-time", "E": "cert",
    "L": "location", "k": "insecure",
    "0": "http1.0", "n": "netrc", "G": "get", "I": "head", "s": "silent", "S": "show-error", "v": "verbose",
    "i": "include", "g": "globoff", "N": "no-buffer", "#": "progress-bar", "f": "fail", "o": "output", "w": "write-out",
    "c": "cookie-jar", "K": "config", "r": "range", "D": "dump-header",
}  # fmt: skip


def _made(read: _Command) -> Request:
    if not read.urls:
        raise RequestError("The command names no URL")
    if len(read.urls) > 1:
        read.left_out.append(f"{len(read.urls) - 1} more URLs")
    url, body = read.urls[0], Body()
    data = b"&".join(read.data)
    if read.as_query and read.data:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        query = "&".join(one for one in (parts.query, data.decode("utf-8", "replace")) if one)
        url = urlunsplit(parts._replace(query=query))
    elif read.parts:
        body = Body("multipart", parts=tuple(read.parts))
    elif read.file:
        typed = "" if read.method == "PUT" else FORM_TYPE
        body = Body("file", path=read.file, content_type=typed)
    elif read.data:
        typed = "application/json" if read.json else FORM_TYPE
        body = Body("text", raw=data, content_type=typed)
    method = read.method or ("HEAD" if read.head else "POST" if body != Body() else "GET")
    auth = read.request.auth
    if read.user:
        user, _, password = read.user.partition(":")
        auth = Auth(auth.kind if auth.kind in ("digest", "ntlm") else "basic", user, password)
    if read.json and "accept" not in {name.lower() for name, _ in read.headers}:
        read.headers.append(("Accept", "application/json"))
    return replace(read.request, method=method, url=url, headers=tuple(read.headers), without=tuple(read.without),
                   body=body, cookies=tuple(read.cookies), auth=auth)  # fmt: skip

