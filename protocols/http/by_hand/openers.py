"""Opening: what urllib's own openers do with a URL, with each handler that was asked told.

A real OpenerDirector with real handlers, over traced sockets. FTP's sockets are ftplib's own, so of
these only the replies are seen. It must not know a window.
"""

from __future__ import annotations

import ftplib
import http.client
import http.cookiejar
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from protocols.http.by_hand.opener_handlers import (
    Dialler,
    ErrorsAreAnswers,
    LabHandler,
    StayHandler,
    body_of,
    http_handlers,
    listen_to,
    telling_digest,
)
from protocols.http.by_hand.opener_table import Call, Link, OpenerOrder, Outcome
from protocols.record.recorder import Recorder
from protocols.tls import believing

SHOWN_BYTES: Final = 4 << 20
BLOCK_BYTES: Final = 8192
"""urlretrieve's own size of a block."""
SCHEMES: Final = ("http", "https", "ftp", "file", "data", "lab")


class Opening:
    """One URL, opened by `run()` in the calling thread. `cancel()` from any thread.

    chain: the opener's handlers in their order; calls: what they did, growing while it runs; reports: what the report
    hook of a retrieve was given, (blocks, block size, total size or -1). outcome, error: how it ended; an HTTPError is
    an answer, too: its status, headers and body are here.
    """

    def __init__(
        self, recorder: Recorder, order: OpenerOrder, *, name: str = "urllib 1",
        jar: http.cookiejar.CookieJar | None = None, ftp: urllib.request.CacheFTPHandler | None = None,
    ) -> None:  # fmt: skip
        self.order: Final = order
        self.name: Final = name
        self.recorder: Final = recorder
        self.jar: Final = jar if jar is not None else http.cookiejar.CookieJar()
        self._ftp = ftp
        self._dialler: Dialler | None = None
        self._cancelled = False
        self.chain: list[Link] = []
        self._told: list[Call] = []
        self.reports: list[tuple[int, int, int]] = []
        self.outcome: Outcome = "failed"
        self.error = ""
        self.exception = ""
        self.method = ""
        self.status = 0
        self.url = ""
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self.whole = True

    def cancel(self) -> None:
        """End it at once."""
        self._cancelled = True
        if self._dialler is not None:
            self._dialler.cancel()

    def run(self) -> Opening:
        """Build the opener, open the URL, read the answer; nothing is raised."""
        try:
            self._dialler = dialler = Dialler(self.recorder, self.name, believing(self.order.believed))
            if self._cancelled:  # before there was anything to end
                dialler.cancel()
            self._open(self._built(dialler))
            self.outcome = "answer"
        except urllib.error.HTTPError as error:
            self.outcome, self.exception = "error", "HTTPError"
            self.error = f"HTTPError {error.code}: {error.reason}; its code, headers and body can be read all the same"
            with error:
                self._take(error, error.code)
        except (OSError, ValueError, http.client.HTTPException, ftplib.Error) as error:
            self.exception = type(error).__name__
            self.error = f"{self.exception}: {getattr(error, 'reason', error)}"
        if self._cancelled:
            self.outcome, self.error = "cancelled", "It was cancelled."
        self.recorder.note("opened by urllib", f"{self.order.url}: {self.status or self.error}", service=self.name,
                           url=self.url, status=self.status, calls=[f"{one.handler}.{one.method}: {one.gave}"
                                                                    for one in self.calls])  # fmt: skip
        return self

    # The opener

    def _built(self, dialler: Dialler) -> urllib.request.OpenerDirector:
        if urlsplit(self.order.url).scheme not in SCHEMES:
            raise ValueError(f"unknown url type: {self.order.url!r}; there are {', '.join(SCHEMES)}")
        opener = urllib.request.OpenerDirector()
        for handler in self._handlers(dialler):
            listen_to(handler, self._begin)
            opener.add_handler(handler)
        opener.addheaders = [("User-agent", f"Python-urllib/{sys.version_info[0]}.{sys.version_info[1]}")]
        known: list[Any] = sorted(opener.handlers, key=lambda one: one.handler_order)  # type: ignore[attr-defined]
        self.chain = [Link(one.handler_order, type(one).__name__, _methods(one)) for one in known]
        return opener

    def _handlers(self, dialler: Dialler) -> list[urllib.request.BaseHandler]:
        order, library = self.order, urllib.request
        ticked = frozenset(("redirect", "errors")) if order.simple else frozenset(order.handlers)
        # Not even a proxy that the environment names: what is not ticked is not there.
        proxies = {"http": order.proxy, "https": order.proxy, "ftp": order.proxy} if "proxy" in ticked else {}
        found: list[urllib.request.BaseHandler] = [
            library.ProxyHandler(proxies), library.UnknownHandler(), *http_handlers(dialler),
            library.HTTPDefaultErrorHandler(), library.FileHandler(), library.DataHandler(),
            library.HTTPRedirectHandler() if "redirect" in ticked else StayHandler(),
            library.HTTPErrorProcessor() if "errors" in ticked else ErrorsAreAnswers(),
            (self._ftp or library.CacheFTPHandler()) if "ftp_cache" in ticked else library.FTPHandler(),
        ]  # fmt: skip
        if "cookies" in ticked:
            found.append(library.HTTPCookieProcessor(self.jar))
        if "lab" in ticked:
            found.append(LabHandler())
        return found + self._identities(ticked)

    def _identities(self, ticked: frozenset[str]) -> list[urllib.request.BaseHandler]:
        order, library = self.order, urllib.request
        realm = order.realm or None
        site = library.HTTPPasswordMgrWithDefaultRealm()
        site.add_password(realm, order.url, order.user, order.password)
        proxy = library.HTTPPasswordMgrWithDefaultRealm()
        proxy.add_password(None, order.proxy or order.url, order.proxy_user, order.proxy_password)
        makers: tuple[tuple[str, Callable[[], urllib.request.BaseHandler]], ...] = (
            ("basic", lambda: library.HTTPBasicAuthHandler(site)),
            ("digest", lambda: telling_digest(library.HTTPDigestAuthHandler, self._tell)(site)),
            ("proxy_basic", lambda: library.ProxyBasicAuthHandler(proxy)),
            ("proxy_digest", lambda: telling_digest(library.ProxyDigestAuthHandler, self._tell)(proxy)),
        )
        return [make() for key, make in makers if key in ticked]

    def _tell(self, handler: str, method: str, gave: str) -> None:
        self._told.append(Call(handler, method, gave))

    def _begin(self, handler: str, method: str) -> Callable[[str], None]:
        at = len(self._told)
        self._told.append(Call(handler, method, ""))

        def end(gave: str) -> None:
            self._told[at] = Call(handler, method, gave)

        return end

    @property
    def calls(self) -> list[Call]:
        """What the handlers did, in the order in which they were called; those that had nothing to do are left out."""
        return [one for one in list(self._told) if one.gave]

    # The opening

    def _open(self, opener: urllib.request.OpenerDirector) -> None:
        order = self.order
        request = urllib.request.Request(order.url, order.data, dict(order.headers), method=order.method or None)
        self.method = request.get_method()
        with opener.open(request, timeout=order.timeout_s) as answer:
            if order.retrieve:
                self._retrieve(answer)
            else:
                self._take(answer, getattr(answer, "status", None) or 200)

    def _take(self, answer: Any, status: int) -> None:
        self.status, self.url = status, answer.geturl() or self.order.url
        self.headers = list(answer.headers.items()) if answer.headers is not None else []
        self.body, self.whole = body_of(answer, SHOWN_BYTES)

    def _retrieve(self, answer: Any) -> None:
        """As urlretrieve does it: block by block into a file, its report hook called before the first and after each.

        Raises ContentTooShortError when less comes than Content-Length says.
        """
        self.status, self.url = getattr(answer, "status", None) or 200, answer.geturl()
        self.headers = list(answer.headers.items())
        total = int(answer.headers.get("Content-Length") or -1)
        done = 0
        self.reports.append((0, BLOCK_BYTES, total))
        with open(self.order.retrieve, "wb") as file:
            while block := answer.read(BLOCK_BYTES):
                file.write(block)
                done += len(block)
                self.reports.append((len(self.reports), BLOCK_BYTES, total))
        if 0 <= done < total:
            got = (self.order.retrieve, answer.headers)
            raise urllib.error.ContentTooShortError(f"got only {done} of {total} bytes", got)


def _methods(handler: Any) -> str:
    """The methods by which the director knows a handler."""
    found = [name for name in dir(handler) if name.endswith(("_open", "_request", "_response"))
             or name.startswith("http_error_")]  # fmt: skip
    own = [name for name in found if name not in ("redirect_request", "proxy_open", "do_open")
           and not name.startswith("http_error_auth")]  # fmt: skip
    return ", ".join(own)


def file_name(url: str) -> str:
    """What a retrieved file may be called."""
    return os.path.basename(urlsplit(url).path)[:100] or "index.html"
