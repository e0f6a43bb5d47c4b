"""Transfer: one hop of a run on one libcurl handle, from its options to its end.

Its callbacks run inside libcurl, in the client's thread, and never raise: what goes wrong there
is kept and told at the end. It must not know where a redirect leads, or the loop that drives it.
"""

from __future__ import annotations

import os
import ssl
from typing import Any, Final
from urllib.parse import urlsplit

import pycurl  # type: ignore[import-untyped]

from protocols.http import failure
from protocols.http.bodies import Encoded
from protocols.http.client.easy import EasyHandle
from protocols.http.client.jar import Jar
from protocols.http.client.opened import OpenedSockets
from protocols.http.client.redirects import REDIRECTS
from protocols.http.client.run import Run
from protocols.http.client.wire import Wire
from protocols.http.exchange import Exchange, Kept, Phases, TLSFacts
from protocols.http.failure import Failure
from protocols.http.request import Request
from protocols.record.explain import explain
from protocols.record.recorder import Recorder

_PORTS: Final = {"http": 80, "https": 443, "ftp": 21, "ftps": 990}
_TOO_LARGE: Final = 100
"""CURLE_TOO_LARGE, which pycurl has no name for."""
_PROTOCOL_2: Final = 3
"""CURL_HTTP_VERSION_2_0 in INFO_HTTP_VERSION; 30 is HTTP/3, 2 is HTTP/1.1."""


class Transfer:
    """A libcurl handle and the hop on it, one after the other. Used in the client's thread only.

    curl: the handle to add to the multi handle. run: whose hop it is.
    """

    run: Run

    def __init__(self, jar: Jar, sockets: OpenedSockets, recorder: Recorder, service: str) -> None:
        self._jar = jar
        self._sockets = sockets
        self.wire: Final = Wire(recorder, service, sockets)
        self._easy = EasyHandle(self)
        self.curl: Final = self._easy.curl

    def begin(self, run: Run, request: Request, body: Encoded, timeout_s: float | None, pool: Any = None) -> None:
        """The next hop. request: the run's, as it goes out this time. pool: see EasyHandle.

        Raises RequestError, pycurl.error for what libcurl can't do.
        """
        self.run = run
        self._wanted: bool | None = None
        self._cut: Failure | None = None
        self._well = False
        is_http = request.url.startswith(("http://", "https://")) or _is_http(request.url)
        self.wire.begin(run.exchanges, request.url, request.method, request.limits.keep_bytes, is_http)
        self._cookies = self._jar.lines() if is_http else []
        self._easy.prepare(request, body, timeout_s, self._cookies, pool)

    # Callbacks

    def open_socket(self, _purpose: int, address: Any, /) -> Any:
        """libcurl wants a socket for this address."""
        family, kind, proto, where = address
        try:
            sock, opened = self._sockets.make(family, kind, proto, where)
        except OSError as error:
            self._cut = _of_os(error, "socket", where)
            return pycurl.SOCKET_BAD
        self.wire.mine.append(opened)
        return sock

    def take_body(self, data: bytes, /) -> int:
        """A piece of the body, decoded; how much of it was taken: less than all ends the transfer."""
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
        """Whether this answer leads to another hop: its body is then nobody's page."""
        exchange, handshake = self.wire.current, self.run.handshake
        if handshake is not None and exchange is not None and handshake.goes_on(exchange, self.run.request):
            return True
        return (
            exchange is not None and self.run.request.follow and exchange.status in REDIRECTS
            and exchange.answer is not None and exchange.answer.get("Location") is not None
            and self.run.redirects < self.run.request.limits.max_redirects
        )  # fmt: skip

    def connected(self, remote: str, local: str, remote_port: int, local_port: int, /) -> int:
        """libcurl is about to send over the connection between these addresses (CURLOPT_PREREQFUNCTION)."""
        self.wire.connected((remote, remote_port), (local, local_port))
        handshake = self.run.handshake
        if handshake is not None and not handshake.over(((local, local_port), (remote, remote_port))):
            self._cut = failure.told("ntlm connection")
            return 1  # PREREQFUNC_ABORT
        return 0  # PREREQFUNC_OK

    # The end

    def finish(self, code: int, said: str) -> Failure | None:
        """libcurl is done with it, or it was taken away (code -1): the last times, and why it failed if it did."""
        self._sockets.settle()
        wire = self.wire
        wire.close_exchange()
        exchange = wire.current
        if exchange is None and (code in (0, *failure.TLS_CODES) or wire.opened is not None):
            exchange = self._silent_exchange()
        elif exchange is not None and exchange.tunnel and code in failure.TLS_CODES:
            wire.tell_answer(exchange)
            exchange = self._silent_exchange()  # the tunnel stands; what failed is the handshake inside it
        if exchange is not None:
            exchange.phases = self._phases_of(exchange)
            if exchange.tls is not None:
                exchange.tls = self._with_chain(exchange.tls, code)
            if not exchange.rendering and (exchange.answer is None or not exchange.answer.version.startswith("1")):
                exchange.rendering = self.curl.getinfo(pycurl.INFO_HTTP_VERSION) >= _PROTOCOL_2
            wire.tell_answer(exchange, whole=code == 0 and self._cut is None)
        if self._cookies or wire.sets_cookies:
            self._jar.changed(self._cookies, self.curl.getinfo(pycurl.INFO_COOKIELIST))
        self._well = code == 0 and self._cut is None
        if wire.mine:
            self._tell_unconnected()
        return None if self._well else self._failure(code, said)

    def release(self, *, close: bool) -> None:
        """The handle is out of the multi handle: let go what it needed. Connections are the multi handle's."""
        changed = self.wire.sets_cookies
        self.wire.forget()
        del self.run
        if close:
            self._easy.close()
        else:
            self._easy.release(well=self._well and not changed)

    def close(self) -> None:
        """It serves no more."""
        self._easy.close()

    def _silent_exchange(self) -> Exchange:
        """A transfer without a line on any wire: a file, or a handshake that failed."""
        request = self.run.request
        exchange = Exchange(len(self.run.exchanges) + 1, request.method, request.url, Kept(0), Kept(0))
        self.wire.place(exchange)
        self.wire.add(exchange)
        return exchange

    def _tell_unconnected(self) -> None:
        errno = self.curl.getinfo(pycurl.OS_ERRNO)
        for opened in self.wire.mine:
            if opened.end is None and errno and opened is not self.wire.opened:
                self._sockets.failed(opened, OSError(errno, os.strerror(errno)))

    def _failure(self, code: int, said: str) -> Failure | None:
        if self._cut is not None:
            return self._cut
        if code <= 0:
            return None
        info, request = self.curl.getinfo, self.run.request
        parts = urlsplit(request.url)
        made = failure.failure_of(code, said or pycurl_text(code), host=parts.hostname or "",
                                  port=parts.port or _PORTS.get(parts.scheme, 0),
                                  proxy=request.proxy.place, version=request.version,
                                  os_errno=info(pycurl.OS_ERRNO), verify=info(pycurl.SSL_VERIFYRESULT))  # fmt: skip
        if parts.scheme.lower() == "http" and request.proxy.place is None:
            came = self.wire.exchanges[-1].received.data[:2] if self.wire.exchanges else b""
            made = failure.in_the_clear(made, bytes(came))
        return made

    def _phases_of(self, last: Exchange) -> Phases:
        """The last exchange's own times: libcurl's, unless they began with another one on the same connection.

        Then (Digest: a 401 before the real answer) opening the connection was the first one's.
        """
        whole = self._phases()
        if len(self.wire.exchanges) < 2:
            return whole
        among = [one for one in self.wire.exchanges if not one.tunnel]
        if len(among) < 2 or among[0] is last or among[0].conn != last.conn:
            return whole
        first = among[0].phases
        opening = sum(part or 0.0 for part in (whole.dns, whole.connect, whole.tls))
        if not self.wire.exchanges[0].tunnel:
            among[0].phases = first._replace(
                dns=whole.dns, connect=whole.connect, tls=whole.tls, total=round((first.total or 0.0) + opening, 3),
                first_byte=None if first.first_byte is None else round(first.first_byte + opening, 3),
            )
        return last.stamped_phases()

    def _phases(self) -> Phases:
        """libcurl's times, microseconds that all count from the start, as lengths in milliseconds."""
        info = self.curl.getinfo
        first, total = info(pycurl.STARTTRANSFER_TIME_T), info(pycurl.TOTAL_TIME_T)
        dns = connect = tls = wait = transfer = None
        if info(pycurl.NUM_CONNECTS) > 0:
            named, connected = info(pycurl.NAMELOOKUP_TIME_T), info(pycurl.CONNECT_TIME_T)
            shaken = info(pycurl.APPCONNECT_TIME_T)
            dns = named / 1000
            connect = max(0, connected - named) / 1000 if connected else None
            tls = max(0, shaken - connected) / 1000 if shaken else None
        if first:
            wait = max(0, first - info(pycurl.POSTTRANSFER_TIME_T)) / 1000
            transfer = max(0, total - first) / 1000
        return Phases(dns, connect, tls, wait, first / 1000 if first else None, transfer, total / 1000)

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


def _is_http(url: str) -> bool:
    return url.partition(":")[0].lower() in ("http", "https")


def pycurl_text(code: int) -> str:
    """libcurl's name of an error of which it said nothing more."""
    if code == _TOO_LARGE:
        return "a line of it is longer than what libcurl takes"
    names = (name for name in dir(pycurl) if name.startswith("E_") and getattr(pycurl, name) == code)
    return next(names, f"error {code}").removeprefix("E_").replace("_", " ").lower()


def _of_os(error: OSError, call: str, address: object) -> Failure:
    told = explain(error, call=call, address=address)
    return Failure(told.errno, told.title, told.why, told.mend)
