"""Site: where a server of files is and how to speak with it, and the URL that says so.

A URL's path begins in the folder that the login leads to, as RFC 1738 section 3.2.2 has it; a second
slash ("ftp://host//etc") begins at the root. It must not know sockets.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import quote, unquote_to_bytes, urlsplit

Scheme: TypeAlias = Literal["ftp", "ftps", "sftp"]
Security: TypeAlias = Literal["none", "explicit", "implicit", "auto"]
"""auto: whether the server speaks first decides between explicit and implicit TLS."""
Family: TypeAlias = Literal["auto", "4", "6"]

SECURITIES: Final[tuple[Security, ...]] = get_args(Security)
PORTS: Final[dict[str, int]] = {"ftp": 21, "ftps": 990, "ftpes": 21, "sftp": 22}
TIMEOUT_S: Final = 15.0
ANONYMOUS: Final = ("anonymous", "anonymous@")
_MOST: Final = 4096


class SiteError(ValueError):
    """An address that can't be used; the message is a sentence."""


@dataclass(frozen=True)
class Site:
    """How to reach a server, and as whom.

    security: "none", "explicit" (AUTH TLS), "implicit" (TLS from the first byte), "auto". context: makes the
    client's TLS context when TLS is used; None trusts the lab's own authority. passive False asks the server to
    connect back. extended: EPSV and EPRT on IPv4, too. timeout_s: for a connect, for silence, and for each reply in
    total. encoding: of names; bytes that do not fit it are kept as they are. host_keys: SFTP only, see sftp.py.
    """

    host: str
    port: int = 21
    user: str = ANONYMOUS[0]
    password: str = ANONYMOUS[1]
    account: str = ""
    security: Security = "none"
    context: Callable[[], ssl.SSLContext] | None = None
    server_name: str = ""
    passive: bool = True
    extended: bool = False
    family: Family = "auto"
    timeout_s: float = TIMEOUT_S
    encoding: str = "utf-8"
    source: str = ""
    scheme: Scheme = "ftp"
    host_keys: tuple[str, ...] | None = None

    @property
    def where(self) -> str:
        """host:port, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The site as a URL without its password, and without a slash at the end."""
        scheme = "ftps" if self.security in ("implicit", "auto") and self.scheme == "ftp" else self.scheme
        user = "" if self.user == ANONYMOUS[0] else f"{quote(self.user, safe='')}@"
        return f"{scheme}://{user}{self.where}"


def read_url(url: str) -> tuple[Site, str]:
    """The site of a URL and the path on it, for the server as it is. Raises SiteError.

    The path's percent-encoded bytes may be of any encoding; those that are no UTF-8 become lone surrogates.
    """
    if len(url) > _MOST:
        raise SiteError(f"A URL of {len(url)} characters is too long")
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in PORTS:
        raise SiteError(f"{url!r} is no address of files: it begins with ftp://, ftps:// or sftp://")
    place, slash, path = rest.partition("/")
    try:
        parts = urlsplit(f"//{place}")
        port = parts.port
        host = parts.hostname or ""
    except ValueError as error:
        raise SiteError(f"{url!r} can't be read: {error}") from None
    if not host:
        raise SiteError(f"{url!r} names no host")
    user, password = _identity(place, scheme)
    at_990 = port in (None, PORTS["ftps"])
    security: Security = "none"
    if scheme == "ftps":
        security = "implicit" if at_990 else "auto"
    elif scheme == "ftpes":
        security = "explicit"
    site = Site(
        _decoded(host), port if port is not None else PORTS[scheme], user, password, security=security,
        scheme="sftp" if scheme == "sftp" else "ftp",
    )  # fmt: skip
    if port == 0:
        raise SiteError("Port 0 is no port that a server can have")
    return site, read_path(path) if slash else ""


def read_path(text: str) -> str:
    """A URL's path as the server's path. Raises SiteError for what no command line can carry."""
    path = _decoded(text.partition(";type=")[0])
    if any(mark in path for mark in "\r\n\0"):
        raise SiteError("A path with a line end or a zero byte can't be sent in an FTP command")
    return path


def url_of(site: Site, path: str) -> str:
    """The URL of a path on a site, its bytes percent-encoded; the password is left out."""
    raw = path.encode(site.encoding if site.scheme == "ftp" else "utf-8", "surrogateescape")
    return f"{site.url}/{quote(raw, safe='/')}"


def _identity(place: str, scheme: str) -> tuple[str, str]:
    user, at, _ = place.rpartition("@")
    if not at:
        return ("", "") if scheme == "sftp" else ANONYMOUS
    name, _, password = user.partition(":")
    for word in (name, password):
        if any(mark in _decoded(word) for mark in "\r\n\0"):
            raise SiteError("A name or password with a line end or a zero byte can't be sent")
    return _decoded(name), _decoded(password)


def _decoded(text: str) -> str:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def shown(name: str) -> str:
    """A name as a person reads it: bytes that are no UTF-8 are read as Windows-1252, most likely what they are."""
    if name.isascii():
        return name
    try:
        name.encode("utf-8")
        return name
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "surrogateescape")
        return raw.decode("cp1252", "replace") if b"\xc2" not in raw else raw.decode("utf-8", "replace")
