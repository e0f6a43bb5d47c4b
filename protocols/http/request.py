"""What a person asks for: a request, its body, its identity and its limits, as plain values.

A request is checked when it is made, so that nothing odd gets onto the wire by accident: what is
meant to be malformed goes through `rawsend`. It must not know libcurl, sockets or files' contents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import quote, urlsplit

Header: TypeAlias = tuple[str, str]
BodyKind: TypeAlias = Literal["none", "form", "multipart", "json", "xml", "text", "file", "hex"]
AuthKind: TypeAlias = Literal["none", "basic", "digest", "ntlm", "bearer", "netrc"]
Version: TypeAlias = Literal["auto", "1.0", "1.1", "2", "3"]
BODY_KINDS: Final[tuple[BodyKind, ...]] = get_args(BodyKind)
AUTH_KINDS: Final[tuple[AuthKind, ...]] = get_args(AuthKind)
VERSIONS: Final[tuple[Version, ...]] = get_args(Version)
SCHEMES: Final = ("http", "https", "ftp", "ftps", "file", "data")
PROXY_SCHEMES: Final = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110 section 5.6.2."""
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"))
"""Those that need no look at their letters."""
_UNSENDABLE: Final = re.compile(r"[\r\n\0]")
_URL_SAFE: Final = "!#$%&'()*+,/:;=?@[]~"
_PLAIN_URL: Final = re.compile(
    r"https?://[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[1-9][0-9]{0,3}|:[1-5][0-9]{4})?"
    r"(?:/[A-Za-z0-9/._~&=+-]*(?:\?[A-Za-z0-9/._~&=+-]*)?)?"
)
"""URLs in which there is nothing to look for and nothing to encode."""


class RequestError(ValueError):
    """A request that can't be sent as it stands; the message is a sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body (RFC 7578). path: a file to send in place of `value`."""

    name: str
    value: str = ""
    path: str = ""
    filename: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body before it is encoded.

    text: of JSON, XML, text and hex. fields: of a form. parts: of a multipart. path: of a file.
    content_type: in place of the one that the kind has; `raw`: bytes as they are, in place of all.
    """

    kind: BodyKind = "none"
    text: str = ""
    fields: tuple[Header, ...] = ()
    parts: tuple[Part, ...] = ()
    path: str = ""
    content_type: str = ""
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Auth:
    """Who asks. token: of bearer. netrc_path: "" for the person's own file."""

    kind: AuthKind = "none"
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    netrc_path: str = ""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Through whom. url: "http://127.0.0.1:8888", "socks5h://..."; "" for none."""

    url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    digest: bool = False

    @property
    def place(self) -> tuple[str, int] | None:
        """Its host and port, libcurl's own where the URL has none; None for no proxy, or one that can't be read."""
        url = self.url if "://" in self.url else f"http://{self.url}"
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 1080)
        except ValueError:
            return None
        return (parts.hostname, port) if parts.hostname else None


@dataclass(frozen=True, slots=True)
class Trust:
    """What is believed of a TLS server, and what is shown to it.

    ca: PEM of authorities in place of the system's; ca_file: the same in a file. verify False believes all.
    certificate, key: files of a client's certificate. (A log of session keys is the process's: see `keylog`.)
    """

    verify: bool = True
    ca: bytes = b""
    ca_file: str = ""
    certificate: str = ""
    key: str = ""
    key_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a request is cut; None for no limit. timeout_s: for all its hops together. max_bytes: of the body
    after decoding. keep_bytes: of the body and of the wire that stay in memory."""

    timeout_s: float | None = 60.0
    connect_timeout_s: float | None = 20.0
    max_bytes: int | None = None
    keep_bytes: int = 64 << 20
    max_redirects: int = 20


NO_BODY: Final = Body()
NO_AUTH: Final = Auth()
NO_PROXY: Final = Proxy()
SYSTEM_TRUST: Final = Trust()
USUAL_LIMITS: Final = Limits()


@dataclass(frozen=True, init=False)
class Request:
    """One request as asked for.

    headers: in order, case and duplicates kept; an empty value sends the name with nothing behind it.
    without: names of headers that libcurl would add and shall not ("Accept"). cookies: sent besides the jar's.
    follow: go where redirects point. version: what is offered. decode: ask for compression and undo it.
    resolve: "host:port:address". connect_to: "host:port:other host:other port" (curl's words for both).
    target: the request line's target in place of the URL's ("*").
    """

    method: str = "GET"
    url: str = ""
    headers: tuple[Header, ...] = ()
    body: Body = NO_BODY
    auth: Auth = NO_AUTH
    proxy: Proxy = NO_PROXY
    trust: Trust = SYSTEM_TRUST
    limits: Limits = USUAL_LIMITS
    cookies: tuple[Header, ...] = ()
    without: tuple[str, ...] = ()
    version: Version = "auto"
    follow: bool = True
    decode: bool = True
    resolve: tuple[str, ...] = ()
    connect_to: tuple[str, ...] = ()
    target: str = ""
    http09: bool = False
    """Take an answer without a status line for one of HTTP/0.9, as lenient browsers once did."""

    def __init__(
        self, method: str = "GET", url: str = "", headers: tuple[Header, ...] = (), body: Body = NO_BODY,
        auth: Auth = NO_AUTH, proxy: Proxy = NO_PROXY, trust: Trust = SYSTEM_TRUST, limits: Limits = USUAL_LIMITS,
        cookies: tuple[Header, ...] = (), without: tuple[str, ...] = (), version: Version = "auto",
        follow: bool = True, decode: bool = True, resolve: tuple[str, ...] = (), connect_to: tuple[str, ...] = (),
        target: str = "", http09: bool = False,
    ) -> None:  # fmt: skip
        # All fields in one step: a frozen dataclass sets them one by one, which is dear where thousands are made.
        object.__setattr__(self, "__dict__", {
            "method": method, "url": url, "headers": headers, "body": body, "auth": auth, "proxy": proxy,
            "trust": trust, "limits": limits, "cookies": cookies, "without": without, "version": version,
            "follow": follow, "decode": decode, "resolve": resolve, "connect_to": connect_to, "target": target,
            "http09": http09,
        })  # fmt: skip

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None where it is not set."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def checked(request: Request) -> Request:
    """The request if it can be sent, its URL made sendable. Raises RequestError that says what is wrong."""
    if request.method not in _METHODS and not _TOKEN.fullmatch(request.method):
        raise RequestError(f"{request.method!r} is no method: that is one word of letters, digits and !#$%&'*+.^_`|~-")
    for name, value in request.headers:
        _check_header(name, value)
    for name, value in request.cookies:
        _one_line("The cookie " + repr(name), name + value)
        if ";" in name + value or "=" in name:
            raise RequestError(f"The cookie {name!r} has a ; or = where none may stand")
    auth, proxy = request.auth, request.proxy
    if auth is not NO_AUTH:
        for what, text in (("user name", auth.user), ("password", auth.password), ("token", auth.token)):
            _one_line(f"The {what}", text)
    if request.target:
        _one_line("The request target", request.target)
        if " " in request.target:
            raise RequestError("The request target has a blank in it; write %20, or send it raw")
    if proxy.url:
        _one_line("The proxy", proxy.url)
        _check_proxy(proxy)
    if _PLAIN_URL.fullmatch(request.url):
        return request  # as it goes onto the wire: nearly every URL of many in a row
    url = checked_url(request.url)
    return request if url == request.url else replace(request, url=url)


def _check_header(name: str, value: str) -> None:
    if not _TOKEN.fullmatch(name):
        raise RequestError(f"{name!r} is no header name: letters, digits and !#$%&'*+.^_`|~- only, no blank or colon")
    _one_line(f"The header {name}", value)
    try:
        value.encode("latin-1" if value.isascii() else "utf-8")
    except UnicodeError:
        raise RequestError(f"The header {name} has a character that can't be sent (half of a surrogate pair)") from None


def _one_line(what: str, text: str) -> None:
    found = _UNSENDABLE.search(text)
    if found:
        sign = {"\r": "a carriage return (CR)", "\n": "a line feed (LF)", "\0": "a NUL"}[found.group()]
        raise RequestError(
            f"{what} has {sign} in it, which would begin a line of its own on the wire. Send it raw if you mean it"
        )


def _check_proxy(proxy: Proxy) -> None:
    scheme = proxy.url.partition("://")[0].lower() if "://" in proxy.url else "http"
    if scheme not in PROXY_SCHEMES:
        raise RequestError(f"A proxy's address begins with one of {', '.join(PROXY_SCHEMES)}, not with {scheme}")
    if ":" in proxy.user:
        raise RequestError("The proxy's user name has a colon in it, which ends the name in Basic and Digest")


def checked_url(url: str) -> str:
    """A URL as it goes onto the wire: a scheme in front, letters outside ASCII in percent form. Raises RequestError."""
    if _PLAIN_URL.fullmatch(url):
        return url  # as it goes onto the wire: nearly every URL of many in a row
    url = url.strip(" \t")
    _one_line("The URL", url)
    if not url:
        raise RequestError("There is no URL")
    if re.search(r"[\x00-\x1f\x7f]", url):
        raise RequestError("The URL has a control character in it, such as a tab")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", url) or re.match(r"[^/]*:\d+(/|\?|#|$)", url):
        url = "http://" + url.removeprefix("//")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RequestError(f"{url!r} is no URL: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        raise RequestError(f"The scheme {scheme!r} is not served here; there are {', '.join(SCHEMES)}")
    if scheme not in ("file", "data") and (not parts.hostname or port == 0):
        raise RequestError(f"{url!r} names no host" if not parts.hostname else "Port 0 can't be connected to")
    if scheme == "data":
        return url
    return _sendable(url, parts.netloc)


def _sendable(url: str, netloc: str) -> str:
    """Percent-encode what may not stand in a request line; the host is left to IDNA."""
    head, _, tail = url.partition(netloc) if netloc else ("", "", url)
    host = netloc
    if not host.isascii():
        user, at, name = host.rpartition("@")
        name, colon, port = name.partition(":") if "[" not in name else (name, "", "")
        try:
            host = quote(user, safe=":%") + at + name.encode("idna").decode("ascii") + colon + port
        except UnicodeError as error:
            raise RequestError(f"{name!r} is no host name: {error}") from None
    if re.search(r"[\s<>\"{}|\\^`\x7f]", host):
        raise RequestError(f"{netloc!r} is no host: there is a character in it that no name has")
    return head + host + quote(tail, safe=_URL_SAFE)
