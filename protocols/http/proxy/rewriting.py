"""What a proxy changes in a head on its way (RFC 9110 section 7.6): hop-by-hop headers, Via, the target's form.

All else keeps its order, case and duplicates. It must not know connections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from protocols.http.exchange import Head
from protocols.http.request import Header
from protocols.http.server.asked import Asked, BadRequest

HOP_BY_HOP: Final = frozenset((
    "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "upgrade",
    "http2-settings",
))  # fmt: skip
"""Not passed on. Transfer-Encoding and Trailer stay: the framing is passed on byte for byte."""
_PORTS: Final = {"http": 80, "https": 443}
_AUTHORITY: Final = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host and port as a URL has them, the port left out where it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS.get(self.scheme) else f"{host}:{self.port}"

    @property
    def base(self) -> str:
        """The URL up to the path."""
        return f"{self.scheme}://{self.authority}"


def authority_place(target: str) -> Place:
    """Where a CONNECT wants to go: host:port and nothing else. Raises BadRequest."""
    found = _AUTHORITY.fullmatch(target)
    if found is None or not 0 < int(found.group(2)) < 65536:
        raise BadRequest(400, "CONNECT names a host and a port from 1 to 65535, as in example.org:443.")
    return Place("", found.group(1).strip("[]"), int(found.group(2)))


def absolute_place(target: str) -> tuple[Place, str]:
    """Where an absolute target leads, and its origin form. Raises BadRequest."""
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError as error:
        raise BadRequest(400, f"The request's URL can't be read: {error}.") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise BadRequest(501, f"This proxy passes on http and https, not {scheme or 'a URL without a scheme'}.")
    if not parts.hostname or port == 0 or "@" in parts.netloc:
        why = "holds a user, which may not stand there" if "@" in parts.netloc else "names no host"
        raise BadRequest(400, f"The request's URL {why}.")
    path = target.partition("://")[2][len(parts.netloc) :].partition("#")[0]
    if not path.startswith("/"):
        path = "/" + path
    return Place(scheme, parts.hostname, port or _PORTS[scheme]), path


def options(headers: Iterable[Header]) -> set[str]:
    """The words of all Connection headers, in small letters."""
    return {
        word.strip().lower() for name, value in headers if name.lower() in ("connection", "proxy-connection")
        for word in value.split(",")
    }  # fmt: skip


def _passed(headers: Iterable[Header]) -> list[Header]:
    headers = list(headers)
    named = options(headers) - {"host", "content-length", "transfer-encoding", "trailer", "date", "via"}
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP | named]


def wants_upgrade(headers: Iterable[Header]) -> bool:
    """Whether the sender offers another protocol on this connection (RFC 9110 section 7.8)."""
    headers = list(headers)
    return "upgrade" in options(headers) and any(name.lower() == "upgrade" for name, _ in headers)


def request_head(asked: Asked, place: Place, path: str, via: str, *, upgrade: bool) -> bytes:
    """The head that goes to the origin."""
    headers = _passed(asked.headers)
    host = next((number for number, (name, _) in enumerate(headers) if name.lower() == "host"), None)
    if host is None:
        headers.insert(0, ("Host", place.authority))
    elif _without_port(headers[host][1], place) != _without_port(place.authority, place):
        headers[host] = (headers[host][0], place.authority)  # the URL counts (RFC 9112 section 3.2.2)
    if upgrade:
        headers += [("Connection", "upgrade"), *_named(asked.headers, "upgrade")]
    elif "trailers" in asked.get("TE").lower():
        headers += [("Connection", "TE"), ("TE", "trailers")]
    headers.append(("Via", f"{asked.version[0]}.{asked.version[1]} {via}"))
    return head_bytes(f"{asked.method} {path} HTTP/1.1", headers)


def _without_port(authority: str, place: Place) -> str:
    return authority.lower().removesuffix(f":{_PORTS.get(place.scheme)}")


def _named(headers: Iterable[Header], wanted: str) -> list[Header]:
    return [(name, value) for name, value in headers if name.lower() == wanted]


def response_head(head: Head, via: str, *, close: bool, unchunked: bool, upgrade: bool) -> bytes:
    """The head that goes to the client. unchunked: an HTTP/1.0 client gets the body without chunks."""
    headers = _passed(head.headers)
    headers += _named(head.headers, "proxy-authenticate") if head.status == 407 else []
    if unchunked:
        headers = [(name, value) for name, value in headers if name.lower() not in ("transfer-encoding", "trailer")]
    if upgrade:
        headers += [("Connection", "upgrade"), *_named(head.headers, "upgrade")]
    elif close and head.status >= 200:
        headers.append(("Connection", "close"))
    headers.append(("Via", f"{head.version} {via}"))
    return head_bytes(f"HTTP/1.1 {head.status} {head.reason}", headers)


def head_bytes(first: str, headers: Iterable[Header]) -> bytes:
    """A head with its blank line."""
    lines = [first, *(f"{name}: {value}" if value else f"{name}:" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


def with_length(headers: list[Header], length: int | None, before: Iterable[Header]) -> list[Header]:
    """Headers that say the truth about the body: its new length, or what `before` said where it is unchanged."""
    framing = ("content-length", "transfer-encoding", "trailer")
    if length is None:
        kept = [(name, value) for name, value in headers if name.lower() not in framing]
        return [*kept, *((name, value) for name, value in before if name.lower() in framing)]
    place = next((number for number, (name, _) in enumerate(headers) if name.lower() == "content-length"), len(headers))
    kept = [(name, value) for name, value in headers[:place] if name.lower() not in framing]
    rest = [(name, value) for name, value in headers[place:] if name.lower() not in framing]
    return [*kept, ("Content-Length", str(length)), *rest]
