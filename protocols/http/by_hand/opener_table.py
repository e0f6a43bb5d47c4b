"""What an opener of urllib can be made of: the handlers that can be ticked, and those that are always there.

Data only. It must not know connections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from protocols.named import Named

Outcome: TypeAlias = Literal["answer", "error", "failed", "cancelled"]


HANDLERS: Final = (
    Named("redirect", "HTTPRedirectHandler", "Goes where 301, 302, 303, 307 and 308 lead."),
    Named("cookies", "HTTPCookieProcessor", "Keeps cookies in a jar and sends them back."),
    Named("basic", "HTTPBasicAuthHandler", "Answers a 401 that asks for Basic: user and password in base64."),
    Named("digest", "HTTPDigestAuthHandler", "Answers a 401 that asks for Digest: a hash, never the password."),
    Named("proxy", "ProxyHandler", "Sends requests to a proxy in place of the server."),
    Named("proxy_basic", "ProxyBasicAuthHandler", "Answers a proxy's 407 with user and password in base64."),
    Named("proxy_digest", "ProxyDigestAuthHandler", "Answers a proxy's 407 with a hash."),
    Named("ftp_cache", "CacheFTPHandler", "Keeps the control connection of FTP for the next file."),
    Named("lab", "LabHandler", "A handler of one's own: it opens lab: URLs, which nobody else knows."),
    Named("errors", "HTTPErrorProcessor", "Makes an exception of every answer from 300 on."),
)  # fmt: skip
"""In the order in which the window shows them; the title is the class in urllib.request."""
USUAL: Final = ("redirect", "errors")
"""urlopen() has these of itself."""


@dataclass(frozen=True, slots=True)
class OpenerOrder:
    """What is to be opened, and by what.

    simple: as urlopen() does it, whatever is ticked. data: the body; with one the method becomes POST, unless `method`
    says another. realm: "" for any. retrieve: the path of a file that the body goes to, as urlretrieve does it.
    """

    url: str
    method: str = ""
    data: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    handlers: tuple[str, ...] = USUAL
    simple: bool = False
    user: str = ""
    password: str = ""
    realm: str = ""
    proxy: str = ""
    proxy_user: str = ""
    proxy_password: str = ""
    retrieve: str = ""
    believed: str = "lab"
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Link:
    """One handler of the chain, in the order in which it is asked. methods: those that the director calls."""

    order: int
    name: str
    methods: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a handler: HTTPBasicAuthHandler, http_error_401, what it gave."""

    handler: str
    method: str
    gave: str
