"""Handlers of urllib over traced sockets, each of whose calls is told; and one that opens a scheme of its own.

It must not know who asked.
"""

from __future__ import annotations

import base64
import binascii
import email.message
import http.client
import io
import re
import socket
import ssl
import urllib.request
import urllib.response
from collections.abc import Callable
from typing import IO, Any, Final

from protocols.http.by_hand.dialled import dialled
from protocols.record.recorder import Recorder
from protocols.record.traced_tls import wrap_tls

HIDDEN: Final = "\u2022" * 6
Tell = Callable[[str, str, str], None]
"""tell(handler, method, what it gave)"""
Begin = Callable[[str, str], Callable[[str], None]]
"""begin(handler, method) gives what is told how that call ended: one call may lead to others before it ends."""
_PASSWORD: Final = re.compile(r"(?<=:)[^/@:]+(?=@)")
_ENDS: Final = ("_open", "_request", "_response")


class Dialler:
    """Makes the connections of one opening, traced. sockets: those made so far, for a cancel."""

    def __init__(self, recorder: Recorder, service: str, context: ssl.SSLContext) -> None:
        self._recorder, self._service, self._context = recorder, service, context
        self.sockets: list[socket.socket] = []
        self._cancelled = False

    def dial(self, address: tuple[str, int], timeout_s: Any = None, _source: object = None) -> socket.socket:
        """In place of socket.create_connection."""
        limit = timeout_s if isinstance(timeout_s, (int, float)) else None
        sock = dialled(self._recorder, self._service, address, connect_s=limit or 10.0, timeout_s=limit)
        self.sockets.append(sock)
        if self._cancelled:  # while it was being connected
            self.cancel()
        return sock

    def secure(self, sock: socket.socket, host: str) -> socket.socket:
        """TLS over a connection that stands, to a proxy's tunnel too."""
        made = wrap_tls(self._context, sock, server_side=False, server_hostname=host)  # type: ignore[arg-type]
        self.sockets.append(made)
        return made

    def cancel(self) -> None:
        """End every call that waits, now and from now on. Any thread."""
        self._cancelled = True
        for sock in self.sockets:
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already


def http_handlers(dialler: Dialler) -> list[urllib.request.BaseHandler]:
    """HTTPHandler and HTTPSHandler whose connections are made by `dialler`."""

    class Plain(http.client.HTTPConnection):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._create_connection = dialler.dial

    class Secure(http.client.HTTPSConnection):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._create_connection = dialler.dial

        def connect(self) -> None:
            http.client.HTTPConnection.connect(self)
            self.sock = dialler.secure(self.sock, getattr(self, "_tunnel_host", None) or self.host)

    class HTTPHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class HTTPSHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, req)

    return [HTTPHandler(), HTTPSHandler()]


class LabHandler(urllib.request.BaseHandler):
    """Opens lab:WORDS, and answers with the words: all that a new scheme needs is a method of its name."""

    def lab_open(self, req: urllib.request.Request) -> urllib.response.addinfourl:
        """Called by the director for lab: URLs."""
        words = req.full_url.partition(":")[2]
        headers = email.message.Message()
        headers["Content-Type"] = "text/plain; charset=utf-8"
        body = f"Hello from a handler of your own: {words}\n".encode("utf-8", "replace")
        return urllib.response.addinfourl(io.BytesIO(body), headers, req.full_url, 200)


class StayHandler(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the director then makes an error of it, as of any status from 300 on."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> None:
        """None: no new request."""


class ErrorsAreAnswers(urllib.request.HTTPErrorProcessor):
    """In place of HTTPErrorProcessor: every status is an answer."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        """The response as it is."""
        return response

    https_response = http_response


def telling_digest(base: type[Any], tell: Tell) -> Any:
    """A Digest handler's class that tells the hashes it computes, without the password."""

    class Telling(base):  # type: ignore[misc]
        def get_algorithm_impls(self, algorithm: str) -> tuple[Callable[[str], str], Callable[[str, str], str]]:
            digest, _ = super().get_algorithm_impls(algorithm)

            def told(text: str) -> str:
                found: str = digest(text)
                tell(base.__name__, algorithm, f"{_without_password(text)} \u2192 {found}")
                return found

            return told, lambda secret, data: told(f"{secret}:{data}")

    Telling.__name__ = base.__name__
    return Telling


def _without_password(text: str) -> str:
    """user:realm:password is the one text of the three that has two colons and no hash in front."""
    parts = text.split(":")
    return ":".join((*parts[:2], HIDDEN)) if len(parts) == 3 and len(parts[0]) not in (32, 40, 64) else text


def listen_to(handler: urllib.request.BaseHandler, begin: Begin) -> list[str]:
    """Tell each call of a handler's methods that the director makes; their names."""
    names = [name for name in dir(handler) if name.endswith(_ENDS) or name.startswith("http_error_")]
    names = [name for name in names if name not in ("redirect_request", "proxy_open", "do_open", "do_request_")
             and not name.startswith("http_error_auth")]  # fmt: skip
    if isinstance(handler, urllib.request.ProxyHandler):
        names += [name for name in vars(handler) if name.endswith("_open") and name not in names]
    for name in names:
        _listen(handler, name, begin)
    return names


def _listen(handler: urllib.request.BaseHandler, name: str, begin: Begin) -> None:
    inner = getattr(handler, name)

    def outer(*given: Any) -> Any:
        request = given[0]
        had = dict(request.header_items()) if isinstance(request, urllib.request.Request) else {}
        end = begin(type(handler).__name__, name)
        try:
            found = inner(*given)
        except Exception as error:
            end(f"{type(error).__name__}: {error}")
            raise
        end(_cookies(handler, name) or _gave(name, found, request, had))
        return found

    setattr(handler, name, outer)


def _cookies(handler: urllib.request.BaseHandler, name: str) -> str:
    if name.endswith("_response") and isinstance(handler, urllib.request.HTTPCookieProcessor):
        kept = [cookie.name for cookie in handler.cookiejar]
        return f"the jar has {', '.join(kept[:20])}" if kept else ""
    return ""


def _gave(name: str, found: Any, request: Any, had: dict[str, str]) -> str:
    """What a call gave, in words; "" for nothing worth a line."""
    told = found if name.endswith("_request") else request
    items = told.header_items() if isinstance(told, urllib.request.Request) else []
    new = [f"{key}: {_decoded(value)}" for key, value in items if had.get(key) != value]
    if name.endswith("_request"):
        return f"adds {'; '.join(new)}" if new else ""
    if name.endswith("_response"):
        return "" if getattr(found, "status", None) is None or found.status < 300 else f"{found.status}, handed on"
    if found is None:
        return "leaves it to others"
    came = f"{getattr(found, 'status', None) or ''} from {_PASSWORD.sub(HIDDEN, str(found.url))}".strip()
    return f"adds {'; '.join(new)}; then {came}" if new and name.startswith("http_error_") else came


def _decoded(value: str) -> str:
    """A header's value; of Basic credentials the user, for base64 hides nothing."""
    scheme, _, rest = value.partition(" ")
    if scheme == "Basic":
        try:
            user = base64.b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[0]
        except binascii.Error:
            return value
        return f"Basic {rest[:6]}\u2026 (base64 of {user}:{HIDDEN})"
    return value if len(value) < 200 else f"{value[:200]}\u2026"


def body_of(file: IO[bytes], limit: int) -> tuple[bytes, bool]:
    """What a file-like answer has, and whether that is all."""
    data = file.read(limit + 1)
    return data[:limit], len(data) <= limit
