"""A curl command as a request, from bash or from Windows' cmd, several at once too.

What of a command has no place in a request is named, not dropped in silence. Nothing is run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from protocols.http.formats.curl_body import CurlBody, urlencoded
from protocols.http.formats.curl_options import ALONE, LETTERS, QUIET, QUIET_VALUES, WITH_VALUE
from protocols.http.formats.curl_split import commands, piped
from protocols.http.formats.imported import FormatError, Imported, Named
from protocols.http.request import Auth, Header, Part, Proxy, Request

_GLOB: Final = re.compile(r"\{[^{}]*,[^{}]*\}|\[(?:\d+-\d+|[a-zA-Z]-[a-zA-Z])(?::\d+)?\]")
_LIMIT_CHARS: Final = 8 << 20
_PROMPTS: Final = ("$", "#", "%", ">", "sudo", "time", "command")
_ASSIGNED: Final = re.compile(r"[A-Za-z_]\w*=")


@dataclass
class _Command:
    """What the options of a command say, as they come."""

    notes: list[str]
    body: CurlBody
    request: Request = field(default_factory=lambda: Request(follow=False, decode=False))
    headers: list[Header] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    cookies: list[Header] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    method: str = ""
    user: str = ""
    as_query: bool = False
    head: bool = False
    globs: bool = True

    def left_out(self, what: str) -> None:
        """Note an option that nothing here stands for."""
        self.notes.append(f"{what} has no place in a request here and was left out.")


def from_curl(command: str) -> Imported:
    """The requests that curl commands send; files that they name are not read, but for those of --data.

    Raises FormatError for a text that is no curl command.
    """
    if len(command) > _LIMIT_CHARS:
        raise FormatError(f"A command of more than {_LIMIT_CHARS >> 20} MB is none that a shell takes")
    read, stdin = Imported("curl"), None
    for words in commands(command):
        while words and (words[0] in _PROMPTS or _ASSIGNED.match(words[0]) or words[0].endswith(">")):
            del words[0]
        if not words or _program(words[0]) not in ("curl", "curl.exe"):
            stdin = piped(words) if words else stdin
            if words and stdin is None and not read.requests:
                raise FormatError("That is no curl command: it begins with the word curl")
            if words and stdin is None:
                read.say(f"{words[0][:40]!r} behind the command was left out.")
            continue
        for one in _parts(words[1:]):
            for request in _requests(one, read.notes, stdin):
                if not read.add(Named(request, _name_of(request))):
                    return read
    if not read.requests:
        raise FormatError("That is no curl command: it begins with the word curl")
    return read


def _program(text: str) -> str:
    return PureWindowsPath(PurePosixPath(text).name).name.lower()


def _name_of(request: Request) -> str:
    try:
        path = urlsplit(request.url if "://" in request.url else f"//{request.url}").path
    except ValueError:
        path = ""
    return f"{request.method} {path or '/'}"[:120]


def _parts(words: list[str]) -> list[list[str]]:
    """A command's options in the portions that --next makes of them."""
    found: list[list[str]] = [[]]
    for word in words:
        if word in ("--next", "-:"):
            found.append([])
        else:
            found[-1].append(word)
    return found


def _requests(words: list[str], notes: list[str], stdin: bytes | None) -> list[Request]:
    read = _Command(notes, CurlBody(notes, stdin))
    pending = words[::-1]
    while pending:
        word = pending.pop()
        if word == "--":
            read.urls += pending[::-1]
            break
        if word.startswith(">") or re.fullmatch(r"[012]>.*", word):
            if word in (">", ">>", "2>", "1>") and pending:
                pending.pop()
        elif word.startswith("--") and len(word) > 2:
            _long(read, word, pending)
        elif word.startswith("-") and word != "-":
            _short(read, word[1:], pending)
        else:
            read.urls.append(word)
    if not read.urls:
        raise FormatError("The command names no URL")
    return [_made(read, url) for url in read.urls]


def _long(read: _Command, word: str, pending: list[str]) -> None:
    name, equals, value = word[2:].partition("=")
    name = _whole_name(name)
    if name in _TAKES or name in WITH_VALUE or name in QUIET_VALUES:
        if not equals:
            if not pending:
                raise FormatError(f"--{name} needs something behind it")
            value = pending.pop()
        _take(read, name, f"--{name}", value)
    else:
        _switch(read, name, f"--{name}")


def _short(read: _Command, letters: str, pending: list[str]) -> None:
    for place, letter in enumerate(letters):
        name = LETTERS.get(letter, "")
        if name in _TAKES or name in WITH_VALUE or name in QUIET_VALUES:
            rest = letters[place + 1 :]
            if not rest and not pending:
                raise FormatError(f"-{letter} needs something behind it")
            _take(read, name, f"-{letter}", rest or pending.pop())
            return
        _switch(read, name, f"-{letter}")


def _whole_name(name: str) -> str:
    """curl takes the beginning of a name for the whole where no other begins so."""
    if name in _ALL:
        return name
    found = [one for one in _ALL if one.startswith(name)] if name else []
    return found[0] if len(found) == 1 else name


def _take(read: _Command, name: str, shown: str, value: str) -> None:
    if name in _TAKES:
        _TAKES[name](read, value)
    elif name in WITH_VALUE:
        read.left_out(f"{shown} {value[:40]}".rstrip())


def _switch(read: _Command, name: str, shown: str) -> None:
    if name in _SWITCHES:
        _SWITCHES[name](read)
    elif name.removeprefix("no-") not in QUIET and name not in QUIET and name.removeprefix("no-") not in _SWITCHES:
        read.left_out(shown)


# What the options say


def _header(read: _Command, text: str) -> None:
    if text.startswith("@"):
        read.left_out(f"-H {text[:40]}: headers from a file")
        return
    name, colon, value = text.partition(":")
    value = value.strip(" \t\r\n")
    if colon and value:
        read.headers.append((name, value))
    elif colon:
        read.without.append(name)
    elif text.endswith(";"):
        read.headers.append((text[:-1], ""))
    else:
        read.left_out(f"{text[:40]!r}, which is no header,")


def _cookies(read: _Command, text: str) -> None:
    if "=" not in text:
        read.left_out(f"-b {text[:40]}: cookies from a file")
        return
    pairs = (one.strip().partition("=") for one in text.split(";"))
    read.cookies += [(name, value) for name, _, value in pairs if name]


def _proxy(scheme: str = "") -> Callable[[_Command, str], None]:
    def act(read: _Command, url: str) -> None:
        told, mark, rest = url.rpartition("://")
        told, mark = (told, mark) if mark else (scheme, "://" if scheme else "")
        identity, at, place = rest.rpartition("@")
        user, _, password = identity.partition(":")
        known = read.request.proxy
        user, password = (unquote(user), unquote(password)) if at else (known.user, known.password)
        made = Proxy(told + mark + place, user, password, known.digest)
        read.request = replace(read.request, proxy=made)

    return act


def _proxy_user(read: _Command, text: str) -> None:
    user, _, password = text.partition(":")
    read.request = replace(read.request, proxy=replace(read.request.proxy, user=user, password=password))


def _certificate(read: _Command, text: str) -> None:
    path, colon, password = text.rpartition(":") if not re.match(r"[A-Za-z]:\\[^:]*$", text) else ("", "", text)
    _trust(certificate=path if colon else text)(read)
    if colon:
        _trust(key_password=password)(read)


def _set(**fields: object) -> Callable[[_Command], None]:
    def act(read: _Command) -> None:
        read.request = replace(read.request, **fields)  # type: ignore[arg-type]

    return act


def _trust(**fields: object) -> Callable[[_Command], None]:
    def act(read: _Command) -> None:
        read.request = replace(read.request, trust=replace(read.request.trust, **fields))  # type: ignore[arg-type]

    return act


def _kind(kind: str) -> Callable[[_Command], None]:
    def act(read: _Command) -> None:
        read.request = replace(read.request, auth=replace(read.request.auth, kind=kind))  # type: ignore[arg-type]

    return act


def _limit(name: str) -> Callable[[_Command, str], None]:
    def act(read: _Command, text: str) -> None:
        whole = name.startswith("max")
        if not re.fullmatch(r"\d{1,18}" if whole else r"\d{1,9}(\.\d{0,9})?", text):
            raise FormatError(f"{text[:40]!r} is no number")
        changed: dict[str, Any] = {name: int(text) if whole else float(text) or None}
        read.request = replace(read.request, limits=replace(read.request.limits, **changed))

    return act


def _put(name: str) -> Callable[[_Command, str], None]:
    return lambda read, text: setattr(read, name, text)


def _mark(name: str, value: bool = True) -> Callable[[_Command], None]:
    return lambda read: setattr(read, name, value)


def _append(name: str) -> Callable[[_Command, str], None]:
    def act(read: _Command, text: str) -> None:
        grown: dict[str, Any] = {name: (*getattr(read.request, name), text)}
        read.request = replace(read.request, **grown)

    return act


def _trusted(read: _Command) -> None:
    _set(follow=True)(read)
    read.notes.append("--location-trusted also sends the password to other hosts; here it never leaves the first one.")


_TAKES: Final[dict[str, Callable[[_Command, str], None]]] = {
    "header": _header, "data": lambda read, text: read.body.add(text),
    "data-ascii": lambda read, text: read.body.add(text),
    "data-raw": lambda read, text: read.body.add(text, files=False),
    "data-binary": lambda read, text: read.body.add(text, binary=True),
    "data-urlencode": lambda read, text: read.body.add_encoded(text),
    "json": lambda read, text: read.body.add_json(text),
    "form": lambda read, text: read.body.add_part(text),
    "form-string": lambda read, text: read.body.parts.append(_plain_part(text)),
    "upload-file": lambda read, text: setattr(read.body, "upload", text),
    "url-query": lambda read, text: read.query.append(text[1:] if text.startswith("+") else urlencoded(text)),
    "request": _put("method"), "user": _put("user"), "url": lambda read, text: read.urls.append(text),
    "cookie": _cookies, "proxy": _proxy(), "proxy1.0": _proxy("http"), "socks4": _proxy("socks4"),
    "socks4a": _proxy("socks4a"), "socks5": _proxy("socks5"), "socks5-hostname": _proxy("socks5h"),
    "proxy-user": _proxy_user, "user-agent": lambda read, text: _header(read, f"User-Agent: {text}"),
    "referer": lambda read, text: _header(read, f"Referer: {text.removesuffix(';auto')}"),
    "range": lambda read, text: _header(read, f"Range: bytes={text}"),
    "max-time": _limit("timeout_s"), "connect-timeout": _limit("connect_timeout_s"),
    "max-redirs": _limit("max_redirects"), "max-filesize": _limit("max_bytes"),
    "resolve": _append("resolve"), "connect-to": _append("connect_to"), "cert": _certificate,
    "cacert": lambda read, text: _trust(ca_file=text)(read), "key": lambda read, text: _trust(key=text)(read),
    "pass": lambda read, text: _trust(key_password=text)(read),
    "request-target": lambda read, text: _set(target=text)(read),
    "oauth2-bearer": lambda read, text: _set(auth=Auth("bearer", token=text))(read),
    "netrc-file": lambda read, text: _set(auth=Auth("netrc", netrc_path=text))(read),
}  # fmt: skip
_SWITCHES: Final[dict[str, Callable[[_Command], None]]] = {
    "location": _set(follow=True), "location-trusted": _trusted, "follow": _set(follow=True),
    "no-location": _set(follow=False), "compressed": _set(decode=True), "insecure": _trust(verify=False),
    "http1.0": _set(version="1.0"), "http1.1": _set(version="1.1"), "http2": _set(version="2"),
    "http2-prior-knowledge": _set(version="2"), "http3": _set(version="3"), "http3-only": _set(version="3"),
    "http0.9": _set(http09=True), "basic": _kind("basic"), "digest": _kind("digest"), "ntlm": _kind("ntlm"),
    "netrc": _set(auth=Auth("netrc")), "netrc-optional": _set(auth=Auth("netrc")), "get": _mark("as_query"),
    "head": _mark("head"), "proxy-digest": lambda read: _set(proxy=replace(read.request.proxy, digest=True))(read),
    "globoff": _mark("globs", False), "tr-encoding": lambda read: _header(read, "TE: gzip"),
}  # fmt: skip
_ALL: Final = _TAKES.keys() | _SWITCHES.keys() | QUIET | QUIET_VALUES | WITH_VALUE | ALONE


def _plain_part(text: str) -> Part:
    name, _, value = text.partition("=")
    return Part(name, value)


def _made(read: _Command, url: str) -> Request:
    has = {name.lower() for name, _ in read.headers}
    headers, body, data = list(read.headers), read.body, read.body.data
    if read.globs and _GLOB.search(url):
        read.notes.append(f"The URL {url[:60]} stands for several in curl; it was taken as it is.")
    query = [*read.query, b"&".join(data).decode("utf-8", "replace")] if read.as_query and data else read.query
    url = _with_query(url, "&".join(query)) if query else url
    there = bool(body.parts or body.upload or ((body.file or data) and not read.as_query))
    told = next((value for name, value in headers if name.lower() == "content-type"), None)
    typed = told is not None or "content-type" in {name.lower() for name in read.without}
    if body.json and "accept" not in has:
        headers.append(("Accept", "application/json"))
    if body.upload and url[-1:] == "/":
        url += PurePosixPath(body.upload).name
    without = (*read.without, "Content-Type") if body.upload and not typed else tuple(read.without)
    method = read.method or ("HEAD" if read.head else "PUT" if body.upload else "POST" if there else "GET")
    auth = read.request.auth
    if read.user:
        user, _, password = read.user.partition(":")
        auth = Auth(auth.kind if auth.kind in ("digest", "ntlm") else "basic", user, password)
    return replace(read.request, method=method, url=url, headers=tuple(headers), without=without, auth=auth,
                   body=body.made(told, typed=typed) if there else read.request.body,
                   cookies=tuple(read.cookies))  # fmt: skip


def _with_query(url: str, query: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError as error:
        raise FormatError(f"{url[:60]!r} is no URL: {error}") from None
    return urlunsplit(parts._replace(query="&".join(one for one in (parts.query, query) if one)))
