"""Transfer: one hop of a run on one libcurl handle, from its options to its end.

Its callbacks run inside libcurl, in the client's thread, and never raise: what goes wrong there
is kept and told at the end. It must not know where a redirect leads, or the loop that drives it.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import pycurl  # type: ignore[import-untyped]

from protocols.http import failure, handle
from protocols.http.bodies import Encoded
from protocols.http.exchange import Exchange, Kept, Phases, TLSFacts
from protocols.http.failure import Failure
from protocols.http.jar import Jar
from protocols.http.opened import OpenedSockets
from protocols.http.redirects import REDIRECTS
from protocols.http.run import Run
from protocols.http.wire import HEADER_IN, Wire
from protocols.record.explain import explain
from protocols.record.recorder import Recorder

_PORTS: Final = {"http": 80, "https": 443, "ftp": 21, "ftps": 990}
_TOO_LARGE: Final = 100
"""CURLE_TOO_LARGE, which pycurl has no name for."""
_PROTOCOL_2: Final = 3
"""CURL_HTTP_VERSION_2_0 in INFO_HTTP_VERSION; 30 is HTTP/3, 2 is HTTP/1.1."""


class Transfer:
    """One hop. Make it in the client's thread; `curl` is the handle to add to the multi handle."""

    def __init__(
        self, curl: Any, run: Run, body: Encoded, jar: Jar, sockets: OpenedSockets, recorder: Recorder, service: str,
        timeout_s: float | None,
    ) -> None:  # fmt: skip
        self.curl: Final = curl
        self.run: Final = run
        self._jar = jar
        self._sockets = sockets
        self._body_size = 0
        self._wanted: bool | None = None
        self._cut: Failure | None = None
        is_http = run.request.url.partition(":")[0].lower() in ("http", "https")
        self.wire: Final = Wire(
            recorder, service, sockets, url=run.request.url, method=run.request.method,
            number=len(run.exchanges) + 1, limit=run.request.limits.keep_bytes, is_http=is_http,
        )  # fmt: skip
        self._before = len(run.exchanges)
        self._cookies = jar.lines() if is_http else []
        self._set_cookies()
        self._held = handle.configure(curl, run.request, body, timeout_s)
        self._hook_up()

    def _set_cookies(self) -> None:
        """Before libcurl may talk about them: its words come by a callback that only a running transfer can take."""
        self.curl.setopt(pycurl.COOKIEFILE, "")  # switches the engine on
        self.curl.setopt(pycurl.COOKIELIST, "ALL")
        for line in self._cookies:
            self.curl.setopt(pycurl.COOKIELIST, line.encode("utf-8", "surrogateescape"))

    def _hook_up(self) -> None:
        set_option = self.curl.setopt
        set_option(pycurl.DEBUGFUNCTION, self._on_wire)
        set_option(pycurl.WRITEFUNCTION, self._on_body)
        set_option(pycurl.OPENSOCKETFUNCTION, self._on_open)
        set_option(pycurl.PREREQFUNCTION, self._on_connected)

    # Callbacks

    def _on_wire(self, kind: int, data: bytes) -> None:
        if kind == HEADER_IN and self.wire.continues(data):
            return
        self.wire.take(kind, data)
        if len(self.run.exchanges) != self._before + len(self.wire.exchanges):
            self.run.exchanges[self._before :] = self.wire.exchanges

    def _on_open(self, _purpose: int, address: Any) -> Any:
        family, kind, proto, where = address
        try:
            sock, opened = self._sockets.make(family, kind, proto, where)
        except OSError as error:
            self._cut = _of_os(error, "socket", where)
            return pycurl.SOCKET_BAD
        self.wire.mine.append(opened)
        return sock

    def _on_connected(self, remote: str, local: str, remote_port: int, local_port: int) -> int:
        self.wire.connected((remote, remote_port), (local, local_port))
        return int(pycurl.PREREQFUNC_OK)

    def _on_body(self, data: bytes) -> int:
        if self._wanted is None:
            self._wanted = not self._leads_on()
        run, limit, size = self.run, self.run.request.limits.max_bytes, len(data)
        if not self._wanted:
            return size
        if limit is not None and run.body.size + size > limit:
            data = data[: limit - run.body.size]
            self._cut = failure.told("too big", limit=limit)
        run.body.add(data)
        if run.sink is not None and data:
            try:
                run.sink.write(data)
            except OSError as error:
                self._cut = failure.told("disk", path=getattr(error, "filename", None) or "its place",
                                         why=error.strerror or str(error))  # fmt: skip
        return size if self._cut is None else 0

    def _leads_on(self) -> bool:
        """Whether this answer is a redirect that will be followed: its body is then nobody's page."""
        exchange = self.wire.current
        return (
            exchange is not None and self.run.request.follow and exchange.status in REDIRECTS
            and exchange.answer is not None and exchange.answer.get("Location") is not None
            and self.run.redirects < self.run.request.limits.max_redirects
        )  # fmt: skip

    # The end

    def finish(self, code: int, said: str) -> Failure | None:
        """libcurl is done with it, or it was taken away (code -1): the last times, and why it failed if it did."""
        self._sockets.settle()
        self.wire.close_exchange()
        exchange = self.wire.current
        if exchange is None and (code in (0, *failure.TLS_CODES) or self.wire.opened is not None):
            exchange = self._silent_exchange()
        elif exchange is not None and exchange.tunnel and code in failure.TLS_CODES:
            self.wire.tell_answer(exchange)
            exchange = self._silent_exchange()  # the tunnel stands; what failed is the handshake inside it
        if exchange is not None:
            exchange.phases = self._phases_of(exchange)
            if exchange.tls is not None:
                exchange.tls = self._with_chain(exchange.tls, code)
            exchange.rendering = exchange.rendering or self.curl.getinfo(pycurl.INFO_HTTP_VERSION) >= _PROTOCOL_2
            self.wire.tell_answer(exchange)
        if self._cookies or self.wire.sets_cookies:
            self._jar.changed(self._cookies, self.curl.getinfo(pycurl.INFO_COOKIELIST))
        self._tell_unconnected(code)
        return self._failure(code, said)

    def release(self, *, close: bool = True) -> None:
        """The handle is out of the multi handle: let go what it needed. Connections are the multi handle's.

        close False: it is set back, to serve again.
        """
        if close:
            self.curl.close()
        else:
            self.curl.reset()
        for held in self._held:
            held.close()

    def _silent_exchange(self) -> Exchange:
        """A transfer without a line on any wire: a file, or a handshake that failed."""
        number = self._before + len(self.wire.exchanges) + 1
        exchange = Exchange(number, self.run.request.method, self.run.request.url, Kept(0), Kept(0))
        self.wire.place(exchange)
        self.wire.exchanges.append(exchange)
        self.run.exchanges[self._before :] = self.wire.exchanges
        return exchange

    def _tell_unconnected(self, code: int) -> None:
        errno = self.curl.getinfo(pycurl.OS_ERRNO)
        for opened in self.wire.mine:
            if opened.end is None and errno and opened is not self.wire.opened:
                self._sockets.failed(opened, OSError(errno, os.strerror(errno)))

    def _failure(self, code: int, said: str) -> Failure | None:
        if self._cut is not None:
            return self._cut
        if code <= 0:
            return None
        info, parts = self.curl.getinfo, urlsplit(self.run.request.url)
        return failure.failure_of(code, said or pycurl_text(code), host=parts.hostname or "",
                                  port=parts.port or _PORTS.get(parts.scheme, 0),
                                  os_errno=info(pycurl.OS_ERRNO), verify=info(pycurl.SSL_VERIFYRESULT))  # fmt: skip

    def _phases_of(self, last: Exchange) -> Phases:
        """The last exchange's own times: libcurl's, unless they began with another one on the same connection.

        Then (Digest: a 401 before the real answer) opening the connection was the first one's.
        """
        whole, among = self._phases(), [one for one in self.wire.exchanges if not one.tunnel]
        if len(among) < 2 or among[0] is last or among[0].conn != last.conn:
            return whole
        first = among[0].phases
        opening = sum(part or 0.0 for part in (whole.dns, whole.connect, whole.tls))
        if not self.wire.exchanges[0].tunnel:
            among[0].phases = replace(
                first, dns=whole.dns, connect=whole.connect, tls=whole.tls,
                total=(first.total or 0.0) + opening,
                first_byte=None if first.first_byte is None else first.first_byte + opening,
            )  # fmt: skip
        return last.stamped_phases()

    def _phases(self) -> Phases:
        """libcurl's times, which all count from the start, as lengths in milliseconds."""
        info = self.curl.getinfo
        dns, connect, tls, ready, first, total = (
            info(option) / 1000 for option in (
                pycurl.NAMELOOKUP_TIME_T, pycurl.CONNECT_TIME_T, pycurl.APPCONNECT_TIME_T, pycurl.POSTTRANSFER_TIME_T,
                pycurl.STARTTRANSFER_TIME_T, pycurl.TOTAL_TIME_T,
            )
        )  # fmt: skip
        fresh = info(pycurl.NUM_CONNECTS) > 0
        began = bool(first)
        return Phases(
            dns=dns if fresh else None,
            connect=max(0.0, connect - dns) if fresh and connect else None,
            tls=max(0.0, tls - connect) if fresh and tls else None,
            wait=max(0.0, first - ready) if began else None,
            first_byte=first if began else None,
            transfer=max(0.0, total - first) if began else None,
            total=total,
        )

    def _with_chain(self, facts: TLSFacts, code: int) -> TLSFacts:
        pems = [value for entry in self.curl.getinfo(pycurl.INFO_CERTINFO) for name, value in entry if name == "Cert"]
        chain = []
        for pem in pems:
            try:
                chain.append(ssl.PEM_cert_to_DER_cert(pem.strip() + "\n"))
            except ValueError:
                continue
        verified = self.run.request.trust.verify and code != failure.VERIFY
        return TLSFacts(facts.version, facts.cipher, facts.alpn, tuple(chain), verified)


def pycurl_text(code: int) -> str:
    """libcurl's name of an error of which it said nothing more."""
    if code == _TOO_LARGE:
        return "a line of it is longer than what libcurl takes"
    names = (name for name in dir(pycurl) if name.startswith("E_") and getattr(pycurl, name) == code)
    return next(names, f"error {code}").removeprefix("E_").replace("_", " ").lower()


def _of_os(error: OSError, call: str, address: object) -> Failure:
    told = explain(error, call=call, address=address)
    return Failure(told.errno, told.title, told.why, told.mend)
