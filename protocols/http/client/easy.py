"""EasyHandle: one libcurl handle that serves many transfers, and its callbacks.

Setting a handle up costs more than a short request. Where the next request asks for the same, all
options stay set, and only its URL is new. Nothing is kept where one transfer may leave a trace for the
next: logins, proxies, files, what failed. It must not know the loop, nor what the bytes mean.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import pycurl  # type: ignore[import-untyped]

from protocols.http.bodies import Encoded
from protocols.http.client import handle
from protocols.http.client.wire import Wire
from protocols.http.request import Request

_KEPT_BODY: Final = 64 << 10
"""A longer body is not held until the next request."""
_Shape = tuple[Any, ...]


class Hop(Protocol):
    """What the callbacks feed."""

    @property
    def wire(self) -> Wire:
        """Takes what libcurl says."""

    def take_body(self, data: bytes, /) -> int:
        """A piece of the body; how much of it was taken."""

    def open_socket(self, purpose: int, address: Any, /) -> Any:
        """A socket for libcurl, or SOCKET_BAD."""

    def connected(self, remote: str, local: str, remote_port: int, local_port: int, /) -> int:
        """libcurl is about to send over the connection between these addresses; 0 lets it."""


class EasyHandle:
    """curl: the handle. hop: what its callbacks feed. Used in the client's thread only."""

    __slots__ = ("_cookies", "_fresh", "_held", "_hop", "_pooled", "_shape", "_timeout_ms", "curl")

    def __init__(self, hop: Hop) -> None:
        self.curl: Final = pycurl.Curl()
        self._hop: Final = hop
        self._shape: _Shape | None = None
        self._fresh = True
        self._pooled = False
        self._timeout_ms = 0
        self._cookies: list[str] = []
        self._held: list[Any] = []

    def prepare(
        self, request: Request, body: Encoded, timeout_s: float | None, cookies: list[str], pool: Any = None
    ) -> None:
        """Set it up for a checked request. cookies: the jar's lines. pool: of connections, in place of the client's.

        Raises RequestError, pycurl.error.
        """
        shape, timeout_ms = _shape(request, body), handle.timeout_ms(timeout_s)
        if shape is not None and shape == self._shape and cookies == self._cookies:
            self.curl.setopt(pycurl.URL, request.url.encode("utf-8"))
            if timeout_ms != self._timeout_ms:
                self.curl.setopt(pycurl.TIMEOUT_MS, timeout_ms)
        else:
            self._clear()
            self._fresh = False
            self._set_cookies(cookies)
            self._held = handle.configure(self.curl, request, body, timeout_ms)
            self._hook_up()
            if pool is not None:
                self.curl.setopt(pycurl.SHARE, pool)
                self._pooled = True
        self._shape, self._timeout_ms, self._cookies = shape, timeout_ms, cookies

    def _set_cookies(self, cookies: list[str]) -> None:
        """Before libcurl may talk about them: its words come by a callback that only a running transfer can take."""
        self.curl.setopt(pycurl.COOKIEFILE, "")  # switches the engine on
        self.curl.setopt(pycurl.COOKIELIST, "ALL")
        for line in cookies:
            self.curl.setopt(pycurl.COOKIELIST, line.encode("utf-8", "surrogateescape"))

    def _hook_up(self) -> None:
        set_option, hop = self.curl.setopt, self._hop
        set_option(pycurl.DEBUGFUNCTION, hop.wire.take)
        set_option(pycurl.WRITEFUNCTION, hop.take_body)
        set_option(pycurl.OPENSOCKETFUNCTION, hop.open_socket)
        set_option(pycurl.PREREQFUNCTION, hop.connected)

    def release(self, *, well: bool) -> None:
        """A transfer is over. Unless it went well and changed no cookie, the handle is set back."""
        if not well or self._shape is None:
            self._clear()

    def _clear(self) -> None:
        if not self._fresh:
            self.curl.reset()
            if self._pooled:  # which a reset leaves as it is
                self.curl.unsetopt(pycurl.SHARE)
                self._pooled = False
        self._fresh, self._shape = True, None
        while self._held:
            self._held.pop().close()

    def close(self) -> None:
        """Give it back to libcurl."""
        self.curl.close()
        while self._held:
            self._held.pop().close()


def _shape(request: Request, body: Encoded) -> _Shape | None:
    """What stands in a handle's options but for the URL and the time; None where nothing may be kept."""
    plain = request.url.startswith("http://")
    if (
        request.auth.kind != "none" or request.proxy.url or request.resolve or request.connect_to or body.parts
        or body.path or not (plain or request.url.startswith("https://"))
        or (body.data is not None and len(body.data) > _KEPT_BODY)
    ):  # fmt: skip
        return None
    return (
        plain, request.method, request.headers, request.without, request.cookies, body.data, body.content_type,
        request.version, request.decode, request.target, request.http09, request.trust,
        request.limits.connect_timeout_s,
    )  # fmt: skip
