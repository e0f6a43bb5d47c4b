"""Wire: what libcurl says while it works (CURLOPT_DEBUGFUNCTION), sorted into exchanges.

One transfer may be several exchanges: a CONNECT to a proxy, a 401 before the answer to the
credentials. The bytes of HTTP/1 are those of the wire; of HTTP/2 and 3 libcurl writes a rendering.
It must not know who asked, or drive libcurl.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

from protocols.http.client.oddities import oddities
from protocols.http.client.opened import Opened, OpenedSockets
from protocols.http.exchange import NO_TLS, Exchange, Kept, TLSFacts, known_head, read_request_head
from protocols.record import precedence
from protocols.record.connections import KEEP_CALL_BYTES
from protocols.record.event import Direction, monotonic_ns
from protocols.record.recorder import Recorder

TEXT, HEADER_IN, HEADER_OUT, DATA_IN, DATA_OUT, TLS_IN, TLS_OUT = range(7)
"""curl_infotype, as libcurl numbers it."""
_TLS_LINE: Final = re.compile(r"SSL connection using (\S+) / (\S+)")
_ALPN: Final = re.compile(r"ALPN: server accepted (\S+)")
_TOLD_LINES: Final = 200
_Act: TypeAlias = Literal["", "handshake", "alpn", "version", "sent"]


class Wire:
    """Takes libcurl's words, for one transfer after the other. exchanges: what became of them, the last under way."""

    def __init__(self, recorder: Recorder, service: str, sockets: OpenedSockets) -> None:
        self._recorder = recorder
        self._service = service
        self._sockets = sockets
        self._head = bytearray()
        self.begin([], "", "", 0, True)

    def begin(self, exchanges: list[Exchange], url: str, method: str, limit: int, is_http: bool) -> None:
        """A transfer begins. exchanges: of its run so far; those of this transfer are added to them."""
        self._all = exchanges
        self._url = url
        self._method = method
        self._limit = limit
        self._is_http = is_http
        self._head.clear()
        self._told_request = True
        self._told: list[str] = []
        self._tls = NO_TLS
        self._tls_started = 0
        self.exchanges: list[Exchange] = []
        self.current: Exchange | None = None
        """The exchange under way."""
        self.opened: Opened | None = None
        self.mine: list[Opened] = []
        self.last_text = ""
        self.sets_cookies = False

    def forget(self) -> None:
        """The transfer is over: what it brought is not held any longer."""
        self._all, self.exchanges, self.mine, self._told = [], [], [], []
        self.current = None

    def take(self, kind: int, data: bytes) -> None:
        """libcurl's callback. Most of what it says is a further line of a head that is not over yet."""
        if kind == HEADER_IN:
            if self._head and len(data) > 2 and self._is_http:
                self._head += data
            else:
                self._header_in(data)
        elif kind == TEXT:
            self._text(data)
        elif kind == DATA_IN:
            self._data_in(data)
        elif kind == DATA_OUT:
            self._data_out(data)
        elif kind == HEADER_OUT:
            self._header_out(data)
        elif kind == TLS_OUT and not self._tls_started:
            self._tls_started = monotonic_ns()
            self._sockets.settle()

    def connected(self, remote: tuple[str, int], local: tuple[str, int]) -> None:
        """libcurl is about to send over the connection between these addresses (CURLOPT_PREREQFUNCTION)."""
        self.opened = self._sockets.find(local, remote) or self.opened

    # Texts

    def _text(self, data: bytes) -> None:
        text, act = _read_text(data)
        if not text:
            return
        self.last_text = text
        exchange = self.current
        told = self._told if exchange is None or exchange.answer is not None else exchange.told
        if len(told) < _TOLD_LINES:
            told.append(text)
        if act == "sent" and exchange is not None:
            exchange.sent_ns = monotonic_ns()
            if not self._told_request:
                self._tell_request(exchange)
        elif act:
            self._act_on(act, text)

    def _act_on(self, act: _Act, text: str) -> None:
        if act == "handshake":
            self._handshake(text)
        elif act == "alpn":
            found = _ALPN.match(text)
            self._tls = TLSFacts(self._tls.version, self._tls.cipher, found.group(1) if found else "")
        elif act == "version":
            opened = self._standing()
            if opened is not None:
                opened.rendering = text.startswith(("using HTTP/2", "using HTTP/3"))

    def _handshake(self, text: str) -> None:
        found = _TLS_LINE.match(text)
        if found is None:
            return
        version, cipher = found.groups()
        self._tls = TLSFacts(version, cipher, self._tls.alpn)
        opened = self._standing()
        if opened is None:
            return
        opened.tls = True
        opened.trace.tls = True
        if self._recorder.enabled:
            opened.trace.call("handshake", f"handshake = {version}, {cipher}", self._tls_started or monotonic_ns(),
                              passive=True, fd=opened.fd, version=version, cipher=cipher, tls=True,
                              via="libcurl")  # fmt: skip

    def _standing(self) -> Opened | None:
        """The connection that this transfer opened last, or is told to use."""
        if self.opened is not None:
            return self.opened
        self._sockets.settle()
        standing = [one for one in self.mine if one.end is not None]
        return standing[-1] if standing else None

    # Bytes

    def _new(self) -> Exchange:
        before = self.current
        if before is not None:
            self.close_exchange()
            self._count_unseen()
            before.phases = before.stamped_phases()
            self.tell_answer(before)
        exchange = Exchange(len(self._all) + 1, self._method, self._url, Kept(self._limit), Kept(self._limit))
        exchange.begun_ns = monotonic_ns()
        exchange.told, self._told = self._told, []
        self.place(exchange)
        self.add(exchange)
        self._told_request = False
        return exchange

    def add(self, exchange: Exchange) -> None:
        """It belongs to this transfer, and to its run."""
        self.exchanges.append(exchange)
        self._all.append(exchange)
        self.current = exchange

    def place(self, exchange: Exchange) -> None:
        """Note down which connection it goes over, and from which byte on."""
        opened = self.opened = self._standing()
        if opened is None or opened.end is None:
            return
        end = opened.end
        exchange.conn = end.conn
        exchange.local, exchange.remote = opened.ends()
        exchange.rendering = opened.rendering
        if opened.tls:
            exchange.tls = self._tls
        if not opened.rendering:
            exchange.begin_sent = end.sent
            exchange.begin_received = None if opened.unsure else end.received

    def _header_out(self, data: bytes) -> None:
        exchange = self.current
        if exchange is None or (self._is_http and exchange.received.size):
            exchange = self._new()
        exchange.sent.add(data)
        exchange.head_sent += len(data)
        if self._is_http and b"\n" in data:
            whole = data if exchange.head_sent == len(data) <= self._limit else bytes(exchange.sent.data)
            exchange.request_line, exchange.request = read_request_head(whole)
            method, _, rest = exchange.request_line.partition(" ")
            exchange.method = method or exchange.method
            if method == "CONNECT" and self._method != "CONNECT":
                exchange.tunnel, exchange.url = True, rest.partition(" ")[0]
        if self.opened is not None:
            self._sockets.data(self.opened, "send", data, monotonic_ns())

    def _data_out(self, data: bytes) -> None:
        exchange = self.current or self._new()
        exchange.sent.add(data)
        if self.opened is not None:
            self._sockets.data(self.opened, "send", data, monotonic_ns())

    def _header_in(self, data: bytes) -> None:
        """A line of a head. The lines are used together, when the blank one has come."""
        exchange = self._first() if not self._head else self.current
        self._head += data
        if data in (b"\r\n", b"\n") or not self._is_http:
            assert exchange is not None
            self._flush_head(exchange)

    def _flush_head(self, exchange: Exchange) -> None:
        block = bytes(self._head)
        self._head.clear()
        exchange.received.add(block)
        exchange.last_ns = now = monotonic_ns()
        if self.opened is not None:
            self._sockets.data(self.opened, "recv", block, now)
        if not self._is_http or exchange.answer is not None:
            return
        exchange.head_received += len(block)
        head = known_head(block)
        self.sets_cookies = self.sets_cookies or head.sets_cookies()
        if 100 <= head.status < 200 and head.status != 101:
            exchange.interim.append(head)
        else:
            exchange.answer = head

    def _data_in(self, data: bytes) -> None:
        exchange = self._first()
        if self._head:
            self._flush_head(exchange)
        precedence.give_way()
        exchange.received.add(data)
        if self.opened is not None:
            self._sockets.data(self.opened, "recv", data, exchange.last_ns)

    def _first(self) -> Exchange:
        exchange = self.current or self._new()
        exchange.last_ns = now = monotonic_ns()
        if not exchange.first_ns:
            exchange.first_ns = now
            if not self._told_request:
                self._tell_request(exchange)
        return exchange

    # Messages

    def close_exchange(self) -> None:
        """The exchange under way gets no more bytes."""
        exchange = self.current
        if exchange is None:
            return
        if self._head:
            self._flush_head(exchange)
        if not self._told_request:
            self._tell_request(exchange)
        if exchange.tls is None and self.opened is not None and self.opened.tls:
            exchange.tls = self._tls

    def _count_unseen(self) -> None:
        """An answer that another request follows: libcurl may have read its body without showing it."""
        exchange, opened = self.current, self.opened
        if exchange is None or exchange.answer is None or opened is None or opened.end is None or opened.rendering:
            return
        seen = exchange.received.size - exchange.head_received
        length = exchange.answer.get("Content-Length") or ""
        if "chunked" in (exchange.answer.get("Transfer-Encoding") or "").lower():
            opened.unsure = opened.unsure or not seen
        elif length.isdecimal() and int(length) > seen and exchange.method != "HEAD" and not exchange.tunnel:
            exchange.unseen = int(length) - seen
            opened.end.received += exchange.unseen

    def _tell_request(self, exchange: Exchange) -> None:
        self._told_request = True
        if not self._recorder.enabled:
            return
        line = exchange.request_line or f"{exchange.method} {exchange.url}"
        detail: dict[str, Any] = {
            "method": exchange.method, "url": exchange.url, "headers": [list(h) for h in exchange.request],
            "hop": exchange.number, "body_bytes": exchange.sent.size - exchange.head_sent,
        }  # fmt: skip
        if exchange.rendering:
            detail["rendering"] = True
        if exchange.tunnel:
            detail["tunnel"] = True
        self._message("request", "out", exchange, exchange.sent, exchange.begin_sent, line, detail, exchange.begun_ns)

    def tell_answer(self, exchange: Exchange, *, whole: bool = True) -> None:
        """Record an answer, when its phases are known. whole: it came to its end."""
        if not self._recorder.enabled or (exchange.answer is None and not exchange.received.size):
            return
        head = exchange.answer
        text = f"{head.status} {head.reason}".rstrip() if head is not None else "an answer without a head"
        size = exchange.received.size - exchange.head_received
        detail = exchange.facts()
        detail["body_bytes"] = size
        if exchange.unseen:
            detail["unseen_bytes"] = exchange.unseen
        if whole and (odd := oddities(exchange)):
            detail["odd"] = odd
        self._message("response", "in", exchange, exchange.received, exchange.begin_received,
                      f"{text}, {size} bytes", detail, exchange.last_ns)  # fmt: skip

    def _message(
        self, kind: str, direction: Direction, exchange: Exchange, kept: Kept, offset: int | None, summary: str,
        detail: dict[str, Any], stamp: int,
    ) -> None:  # fmt: skip
        data = bytes(kept.data[:KEEP_CALL_BYTES])
        if len(data) < kept.size:
            detail["kept"] = len(data)
        self._recorder.put((stamp or monotonic_ns(), "message", kind, self._service, exchange.conn, direction, offset,
                            kept.size, data, summary, detail))  # fmt: skip


@lru_cache(maxsize=256)
def _read_text(data: bytes) -> tuple[str, _Act]:
    """What libcurl said, and what it means for us: it says nearly the same with each request."""
    text = data.decode("utf-8", "replace").strip()
    if text.startswith("SSL connection using"):
        return text, "handshake"
    if text.startswith("ALPN: server accepted"):
        return text, "alpn"
    if text.startswith("using HTTP/"):
        return text, "version"
    return text, "sent" if "completely sent off" in text else ""
