"""The lines `# @name value` above a request in a `.http` file: its settings that are neither header nor body.

Other programs read them as comments, or as the same where they know them (no-redirect, timeout,
connection-timeout). It must not know how a file is cut into requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from protocols.http.formats.imported import FormatError
from protocols.http.request import AUTH_KINDS, VERSIONS, Auth, Limits, Request

_UNITS: Final = {"": 1.0, "s": 1.0, "ms": 0.001, "m": 60.0}
_SECONDS: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)[ \t]*(ms|s|m|)")
_LIMITS: Final = Limits()

Read = Callable[[Request, str], Request]


def tags_of(request: Request) -> Iterator[tuple[str, str]]:
    """The settings of a request that are not what they are by themselves, as names and values."""
    for name, text in _limit_tags(request):
        yield name, text
    for name, given in (("no-redirect", not request.follow), ("no-decode", not request.decode),
                        ("http09", request.http09), ("no-verify", not request.trust.verify)):  # fmt: skip
        if given:
            yield name, ""
    for name, texts in (("without", request.without), ("resolve", request.resolve), ("connect-to", request.connect_to)):
        for text in texts:
            yield name, quoted(text)
    trust, proxy = request.trust, request.proxy
    for name, text in (("target", request.target), ("proxy", proxy.url), ("ca-file", trust.ca_file),
                       ("certificate", trust.certificate), ("key", trust.key),
                       ("key-password", trust.key_password)):  # fmt: skip
        if text:
            yield name, quoted(text)
    if proxy.user or proxy.password or proxy.digest:
        yield "proxy-auth", ("digest " if proxy.digest else "basic ") + quoted(f"{proxy.user}:{proxy.password}")


def _limit_tags(request: Request) -> Iterator[tuple[str, str]]:
    limits = request.limits
    for name, seconds, usual in (
        ("timeout", limits.timeout_s, _LIMITS.timeout_s),
        ("connection-timeout", limits.connect_timeout_s, _LIMITS.connect_timeout_s),
    ):
        if seconds != usual:
            yield name, "none" if seconds is None else _written_seconds(seconds)
    for name, number, standard in (("max-bytes", limits.max_bytes, _LIMITS.max_bytes),
                                   ("max-redirects", limits.max_redirects, _LIMITS.max_redirects),
                                   ("keep-bytes", limits.keep_bytes, _LIMITS.keep_bytes)):  # fmt: skip
        if number != standard:
            yield name, "none" if number is None else str(number)


def auth_tag(auth: Auth) -> str:
    """The value of an `auth` tag."""
    if auth.kind == "netrc":
        return f"netrc {quoted(auth.netrc_path)}".rstrip() if auth.netrc_path else "netrc"
    return f"{auth.kind} {quoted(auth.token if auth.kind == 'bearer' else f'{auth.user}:{auth.password}')}"


def quoted(text: str) -> str:
    """A value on one line: as it is, or as a JSON text where its ends or signs would be lost."""
    plain = text.isprintable() and text == text.strip() and not text.startswith('"')
    return text if plain and text else json.dumps(text)


def plain(text: str) -> str:
    """Undo `quoted`."""
    if text[:1] != '"':
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str) else text


def apply_tag(request: Request, name: str, value: str) -> Request | None:
    """The request with one setting taken over; None for a tag that is not known. Raises FormatError."""
    act = _READ.get(name)
    return act(request, plain(value)) if act is not None else None


def seconds_of(text: str) -> float | None:
    """A time as "10", "1.5 s", "200 ms", "2 m" or "none". Raises FormatError."""
    found = _SECONDS.fullmatch(text)
    if text == "none":
        return None
    if found is None or not float(found.group(1)):
        raise FormatError(f"{text[:40]!r} is no time: it is a number of seconds, or one with ms, s or m behind it")
    return float(found.group(1)) * _UNITS[found.group(2)]


def _written_seconds(seconds: float) -> str:
    if seconds == int(seconds):
        return str(int(seconds))
    return f"{round(seconds * 1000)} ms" if round(seconds * 1000) / 1000 == seconds else f"{seconds:.9f}".rstrip("0")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise FormatError(f"{text[:40]!r} is no number")
    return int(text[:18])


def _set(**changed: Any) -> Read:
    return lambda request, _: replace(request, **changed)


def _grow(field: str) -> Read:
    def act(request: Request, text: str) -> Request:
        grown: dict[str, Any] = {field: (*getattr(request, field), text)}
        return replace(request, **grown)

    return act


def _limit(field: str, read: Callable[[str], Any]) -> Read:
    return lambda request, text: replace(request, limits=replace(request.limits, **{field: read(text)}))


def _trust(field: str) -> Read:
    def act(request: Request, text: str) -> Request:
        changed: dict[str, Any] = {field: text}
        return replace(request, trust=replace(request.trust, **changed))

    return act


def _proxy_auth(request: Request, text: str) -> Request:
    kind, _, rest = text.partition(" ")
    user, _, password = plain(rest).partition(":")
    return replace(request, proxy=replace(request.proxy, user=user, password=password, digest=kind == "digest"))


def _auth(request: Request, text: str) -> Request:
    kind, _, rest = text.partition(" ")
    rest = plain(rest)
    if kind not in AUTH_KINDS:
        raise FormatError(f"{kind[:40]!r} is no way to identify oneself: {', '.join(AUTH_KINDS)}")
    user, _, password = rest.partition(":")
    made = {"netrc": Auth("netrc", netrc_path=rest), "bearer": Auth("bearer", token=rest), "none": Auth()}
    return replace(request, auth=made.get(kind) or Auth(kind, user, password))


def _version(request: Request, text: str) -> Request:
    if text not in VERSIONS:
        raise FormatError(f"HTTP/{text[:20]} is no version that is known here")
    return replace(request, version=text)


_READ: Final[dict[str, Read]] = {
    "timeout": _limit("timeout_s", seconds_of), "connection-timeout": _limit("connect_timeout_s", seconds_of),
    "max-bytes": _limit("max_bytes", lambda text: None if text == "none" else _count(text)),
    "max-redirects": _limit("max_redirects", _count), "keep-bytes": _limit("keep_bytes", _count),
    "no-redirect": _set(follow=False), "no-decode": _set(decode=False), "http09": _set(http09=True),
    "no-verify": lambda request, _: replace(request, trust=replace(request.trust, verify=False)),
    "without": _grow("without"), "resolve": _grow("resolve"), "connect-to": _grow("connect_to"),
    "target": lambda request, text: replace(request, target=text),
    "proxy": lambda request, text: replace(request, proxy=replace(request.proxy, url=text)),
    "proxy-auth": _proxy_auth, "auth": _auth, "version": _version,
    "ca-file": _trust("ca_file"), "certificate": _trust("certificate"), "key": _trust("key"),
    "key-password": _trust("key_password"),
}  # fmt: skip
