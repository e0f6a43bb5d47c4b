"""Conversation: one client connection in a thread of its own, request after request.

Threads, not asyncio: an exchange that is held, slowed down or edited reads from top to bottom,
each call on the time line has its thread, and what one of them waits for stops no other. It must
not know the panel, nor how a TLS handshake is done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from protocols.http import failure
from protocols.http.exchange import read_head as parse_head
from protocols.http.failure import Failure
from protocols.http.proxy import answers, gate
from protocols.http.proxy.bodyend import BodyEnd
from protocols.http.proxy.core import Core
from protocols.http.proxy.endings import Broken, ClientLeft, Dropped
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.forward import Forward
from protocols.http.proxy.half import Half
from protocols.http.proxy.origin import Origin
from protocols.http.proxy.pump import Pump, Stopped
from protocols.http.proxy.reader import read_head
from protocols.http.proxy.rewriting import Place, absolute_place, authority_place
from protocols.http.proxy.spool import Spool
from protocols.http.proxy.stream import Stream
from protocols.http.proxy.tunnel import ESTABLISHED, intercept, relay, speaks_tls
from protocols.http.proxy.upstream import Unreached
from protocols.http.server.asked import HEAD_BYTES, Asked, BadRequest, measured, read_asked
from protocols.record.event import monotonic_ns

LINGER_S: Final = 2.0
_LENGTH_BYTES: Final = 1 << 60


class Conversation:
    """One client. peer: its address as text. replay_of: it repeats that entry. fixed: where all its requests go.

    aborted: ends the exchange under way and with it the connection; set the wake then.
    """

    def __init__(
        self, core: Core, peer: str, client: Callable[[], Stream], *, replay_of: int | None = None,
        fixed: Place | None = None,
    ) -> None:  # fmt: skip
        self.core: Final = core
        self.peer: Final = peer
        self.aborted = False
        self.pump: Final = Pump(lambda: self.aborted or core.stopping.is_set())
        self.client: Final = client()
        self.entry: Entry | None = None
        self._replay_of = replay_of
        self._prepared: Entry | None = None
        self._fixed = fixed
        self._origin: Final = Origin(core, self.pump)

    def begin(self) -> int:
        """Give a replay its number before its thread starts."""
        self.entry = self._prepared = self.core.shelf.new(self.peer)
        return self.entry.number

    def run(self) -> None:
        """Serve it to its end. Nothing is left open."""
        try:
            while self._one():
                pass
            self._linger()
        except Stopped:
            pass
        finally:
            entry = self.entry
            if entry is not None and not entry.over:
                self.core.fail(entry, failure.told("aborted"))
            self._origin.close()
            self.client.close()
            self.pump.close()

    def run_tcp(self, place: Place) -> None:
        """Reverse mode: every byte to one place and back."""
        entry = self.entry = self.core.shelf.new(self.peer)
        entry.conn, entry.kind, entry.method = self.client.conn, "tcp", "TCP"
        entry.host, entry.url = place.host, place.authority
        self.core.state(entry, "request")
        try:
            upstream = self._origin.connect(entry, place)
            self.core.slow(entry)
            self.core.state(entry, "tunnel")
            relay(self.core, self.pump, entry, self.client, upstream)
        except Unreached as error:
            self.core.fail(entry, error.failure)
            self.client.reset()
        except Stopped:
            self.core.fail(entry, failure.told("aborted"))
        finally:
            self._origin.close()
            self.client.close()
            self.pump.close()

    def end(self) -> None:
        """End it soon. Any thread."""
        self.aborted = True
        self.pump.wake.set()

    def _linger(self) -> None:
        """Let the client read our last words before the connection goes: bytes that it still sends are thrown away."""
        client, until = self.client, time.monotonic() + LINGER_S
        client.finish()
        while not client.broken and not (client.ended and client.idle) and time.monotonic() < until:
            self.pump.turn(() if client.ended else (client,), (client,), max(0.0, until - time.monotonic()))
            client.buffer.clear()

    # One request

    def _one(self) -> bool:
        """Serve one request; whether another one may follow."""
        begin = self.client.place
        try:
            head, first_ns = read_head(self.pump, self.client)
        except BadRequest as error:
            self._refuse(self._entered(begin, monotonic_ns()), error)
            return False
        if not head:
            return False
        entry = self._entered(begin, first_ns)
        entry.request.head = head
        try:
            asked = read_asked(head)
            chunked, length = measured(asked, _LENGTH_BYTES)
            if chunked and asked.version < (1, 1):
                raise BadRequest(400, "HTTP/1.0 has no chunks: two readers would see two requests.")
        except BadRequest as error:
            self._refuse(entry, error)
            return False
        entry.method, entry.url = asked.method, asked.target[:8192]
        end = BodyEnd("chunked" if chunked else "length", length)
        half = Half(entry.request, self.client, end, self.core.folder, asked=True)
        try:
            return self._serve(entry, asked, half)
        finally:
            self._tell_response(entry)

    def _entered(self, begin: int, first_ns: int) -> Entry:
        """A new entry of the list."""
        entry = self.entry = self._prepared or self.core.shelf.new(self.peer)
        self._prepared = None
        entry.conn, entry.replay_of = self.client.conn, self._replay_of
        entry.request.begin, entry.begun_ns = begin, first_ns
        entry.add_time("request", first_ns)
        return entry

    def _serve(self, entry: Entry, asked: Asked, half: Half) -> bool:
        try:
            if self._fixed is None or asked.method == "CONNECT":
                gate.check(self.core, asked)
            if asked.method == "CONNECT":
                return self._connect(entry, asked)
            forward = Forward(self.core, self.pump, entry, asked, half, self.client, self._origin)
            place, path = self._where(asked)
            if place is None:
                return forward.answer(*answers.own_page(path, self._url()), fault="")
            entry.host, entry.url = place.host, (place.base + path)[:8192]
            keeps = forward.run(place, path)
            if entry.kind == "upgraded":
                assert self._origin.stream is not None
                self.core.state(entry, "tunnel")
                relay(self.core, self.pump, entry, self.client, self._origin.stream)
                return False
            self.core.state(entry, "done")
            return keeps
        except BadRequest as error:
            self._refuse(entry, error)
        except (Unreached, Broken) as error:
            self._failed(entry, error.failure, error.status)
        except ClientLeft:
            self.core.fail(entry, failure.told("client left"))
        except Dropped:
            self.core.fault(entry, "drop", "dropped: the client gets a RST and no answer")
            self.core.state(entry, "dropped")
            self.client.reset()
        return False

    def _where(self, asked: Asked) -> tuple[Place | None, str]:
        """Where the request goes, None for the proxy's own page. Raises BadRequest."""
        target = asked.target
        if self._fixed is not None and (target.startswith("/") or target == "*"):
            return self._fixed, target
        if target.startswith("/") or target == "*":
            return None, target
        place, path = absolute_place(target)
        if place.host.lower() == answers.PAGE_HOST or (self.core.is_self(place) and asked.method in ("GET", "HEAD")):
            return None, path
        return place, path

    def _url(self) -> str:
        host, port = self.core.address
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    # CONNECT

    def _connect(self, entry: Entry, asked: Asked) -> bool:
        core, client = self.core, self.client
        place = authority_place(asked.target)
        entry.kind, entry.host = "tunnel", place.host
        if not core.may_connect(place.port):
            raise Broken(failure.told("connect port", ports="80, 443, ..", port=place.port), 403)
        if core.is_self(place):
            raise Broken(failure.told("loop"), 508)
        core.shelf.touch(entry)
        core.message("request", entry, entry.request, asked.headers, sent=False, direction="in", conn=entry.conn,
                     text=f"CONNECT {asked.target}")  # fmt: skip
        upstream = self._origin.connect(entry, place)
        entry.status, entry.reason = 200, "Connection established"
        entry.response.sent_head = ESTABLISHED
        entry.response.sent_begin = client.put(ESTABLISHED)
        self._tell_response(entry)
        self.pump.drain(client, LINGER_S)
        if core.intercept and not client.buffer and speaks_tls(self.pump, client, upstream):
            self._fixed = Place("https", place.host, place.port)
            return intercept(core, self.pump, entry, client, self._fixed)
        core.slow(entry)
        core.state(entry, "tunnel")
        relay(core, self.pump, entry, client, upstream)
        return False

    # Ends

    def _refuse(self, entry: Entry, error: BadRequest) -> None:
        """Bytes that are no request, or that two readers would understand in two ways."""
        if not entry.request.head:
            entry.request.head = self.client.take()[:HEAD_BYTES]
        self.core.note("refused", f"a request of {self.peer} is refused: {error}", conn=entry.conn, why=str(error),
                       status=error.status)  # fmt: skip
        self._failed(entry, Failure("BAD_REQUEST", "That is no request", str(error)), error.status)

    def _failed(self, entry: Entry, why: Failure, status: int) -> None:
        """It failed: the client is told in words where it has no answer yet, else its connection ends at once."""
        if entry.response.sent_head and entry.kind == "http":
            self.client.reset()
        else:
            self._say(entry, why, status)
        self.core.fail(entry, why)

    def _say(self, entry: Entry, why: Failure, status: int) -> None:
        headers = [("Proxy-Authenticate", one) for one in gate.challenges(self.core)] if status == 407 else []
        head, body = answers.sentence(status, why.why, why.mend, headers=headers)
        entry.status, entry.reason = status, answers.reason_of(status)
        side = entry.response
        side.sent_head, side.sent_begin = head, self.client.put(head)
        side.sent_body = Spool(self.core.folder)
        if entry.method != "HEAD":
            side.sent_body.add(body)
            self.client.put(body)
        self.pump.drain(self.client, LINGER_S)

    def _tell_response(self, entry: Entry) -> None:
        side = entry.response
        if not side.sent_head or entry.told_response:
            return
        entry.told_response = True
        head = parse_head(answers.last_head(side.sent_head))
        self.core.message("response", entry, side, head.headers, sent=True, direction="out", conn=entry.conn,
                          text=f"{entry.status} {entry.reason}".rstrip(), status=entry.status, reason=entry.reason,
                          phases_ms=entry.phases_ms(), faults=list(entry.faults),
                          upstream=entry.upstream_conn)  # fmt: skip
