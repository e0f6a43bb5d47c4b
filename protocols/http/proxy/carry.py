"""Carry: an exchange between a client and its origin, from the request's opening to the answer's end.

Both directions go on at once, so that early answers, 100-continue and large bodies work as
without a proxy. It must not know how the origin was reached, nor what comes after.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocols.http import failure
from protocols.http.exchange import Head, read_head
from protocols.http.failure import Failure
from protocols.http.proxy import edits
from protocols.http.proxy.bodyend import BadBody, answer_end
from protocols.http.proxy.core import Core
from protocols.http.proxy.endings import Again, Broken, ClientLeft, Dropped, Ending
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.half import Half
from protocols.http.proxy.holding import Held
from protocols.http.proxy.pump import Pump
from protocols.http.proxy.reader import answer_head
from protocols.http.proxy.rewriting import options, response_head
from protocols.http.proxy.rules import first_rule
from protocols.http.proxy.stream import Stream
from protocols.http.server.asked import Asked
from protocols.record.event import monotonic_ns
from protocols.record.explain import explain

SILENT_S: Final = 300.0
AHEAD_BYTES: Final = 64 << 10
_REPEATABLE: Final = frozenset(("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"))


class Carry:
    """One exchange. request: open towards `upstream`. reused: that connection has served before.

    on_request: called when the whole request went by.
    """

    def __init__(
        self, core: Core, pump: Pump, entry: Entry, asked: Asked, request: Half, client: Stream, upstream: Stream, *,
        reused: bool, upgrade: bool, on_request: Callable[[], None],
    ) -> None:  # fmt: skip
        self._core = core
        self._pump = pump
        self._entry = entry
        self._asked = asked
        self._request = request
        self._client = client
        self._upstream = upstream
        self._reused = reused
        self._upgrade = upgrade
        self._on_request = on_request
        self._response: Half | None = None
        self._head: Head | None = None
        self._held: Held | None = None
        self._close = False
        self._began = monotonic_ns()
        self._sent_ns = 0
        self._first_ns = 0
        self._sought = 0
        self._moved: tuple[int, ...] = ()
        self._moved_ns = 0
        self._draft = b""
        self._held_ns = 0

    def run(self) -> Ending:
        """Carry it to its end. Raises Broken, ClientLeft, Again, Dropped, Stopped."""
        try:
            return self._run()
        finally:
            if self._held is not None:
                self._core.holding.remove(self._held)

    def _run(self) -> Ending:
        client, upstream = self._client, self._upstream
        while True:
            try:
                moved = self._move()
            except BadBody as error:
                raise Broken(failure.told("bad answer", why=str(error))) from None
            if self._head is not None and self._head.status == 101:
                return Ending(False, False, upgraded=True)
            if self._held is None and self._response is not None and self._response.done:
                break
            if client.broken or (client.error is not None and not self._held):
                raise ClientLeft
            if client.ended and not client.buffer and not self._request.end.done:
                raise ClientLeft
            if upstream.ended and not moved and (self._response is None or not upstream.buffer):
                self._upstream_ended()
                if self._held is None:
                    continue
            if not moved:
                self._wait()
        self._flush()
        return self._ending()

    def _wait(self) -> None:
        client, upstream = self._client, self._upstream
        reads = []
        wants_more = self._request.wants or (self._request.end.done and len(client.buffer) < AHEAD_BYTES)
        if not client.ended and wants_more:
            reads.append(client)
        if not upstream.ended and (self._response is None or self._response.wants):
            reads.append(upstream)
        watch = [one for one in (client, upstream) if one not in reads and one.error is None]
        happened = self._pump.turn(reads, (client, upstream), SILENT_S, watch)
        for one in happened:
            if one not in reads:
                one.read()  # the only news of a stream that is not read is its loss
        if self._held is not None and client.ended and client.sock is not None:
            self._core.client_ended(self._entry)
        self._check_silence()

    def _check_silence(self) -> None:
        """End an exchange in which nothing has moved for long, unless somebody holds it."""
        client, upstream = self._client, self._upstream
        now = (client.came, upstream.came, client.waiting, upstream.waiting)
        if now != self._moved or self._held is not None:
            self._moved, self._moved_ns = now, monotonic_ns()
        elif monotonic_ns() - self._moved_ns > SILENT_S * 1e9:
            if client.waiting:
                raise ClientLeft
            raise Broken(failure.told("silent", seconds=f"{SILENT_S:g}"), 504)

    def _move(self) -> bool:
        """Use what came; whether anything went on."""
        moved = self._request.pull()
        if self._request.done and not self._sent_ns and self._has_gone():
            self._sent_ns = monotonic_ns()
            self._entry.add_time("send", self._began)
            self._tell_forwarded()
        if self._held is not None and self._held.word is not None:
            self._told()
            moved = True
        if self._response is None:
            moved = self._take_head() or moved
        if self._response is not None:
            moved = self._response.pull() or moved
        if moved:
            self._core.shelf.touch(self._entry)
        return moved

    def _has_gone(self) -> bool:
        upstream = self._upstream
        if upstream.waiting and not upstream.blocked:
            upstream.flush()
        return not upstream.waiting

    def _tell_forwarded(self) -> None:
        self._on_request()
        entry, side = self._entry, self._request.side
        head = read_head(side.sent_head)
        self._core.message("request forwarded", entry, side, head.headers, sent=True, direction="out",
                           conn=self._upstream.conn, text=f"{entry.method} to {entry.upstream}")  # fmt: skip

    # The answer's head

    def _take_head(self) -> bool:
        upstream = self._upstream
        try:
            block, self._sought = answer_head(upstream, self._sought)
        except Broken:
            self._keep_rest()
            raise
        if block:
            self._use_head(upstream.place - len(block), block)
        return bool(block)

    def _keep_rest(self) -> None:
        self._entry.response.body.add(bytes(self._upstream.buffer))

    def _use_head(self, begin: int, block: bytes) -> None:
        entry, side = self._entry, self._entry.response
        if side.begin is None:
            side.begin = begin
        side.head += block
        head = read_head(block)
        if head.status == 0:
            raise Broken(failure.told("no http", begin=repr(block[:40])))
        if not self._first_ns:
            self._first_ns = monotonic_ns()
            entry.add_time("wait", self._sent_ns or self._began)
        if 100 <= head.status < 200 and head.status != 101:
            self._interim(head)
            return
        entry.status, entry.reason = head.status, head.reason
        if head.status == 101:
            if not self._upgrade:
                raise Broken(failure.told("bad answer", why="The answer switches protocols and nobody asked for it."))
            self._head = head
            self._interim(head)
            return
        self._final(head)

    def _interim(self, head: Head) -> None:
        if self._asked.version >= (1, 1):
            sent = response_head(head, self._core.via, close=False, unchunked=False, upgrade=head.status == 101)
            side = self._entry.response
            begin = self._client.put(sent)
            side.sent_head += sent
            side.sent_begin = begin if side.sent_begin is None else side.sent_begin

    def _final(self, head: Head) -> None:
        entry, core = self._entry, self._core
        end = answer_end(head, entry.method)
        self._head = head
        unframed = self._asked.version < (1, 1) and end.how == "chunked"
        self._close = unframed or end.how == "close" or not self._asked.keeps or self._asked.version < (1, 1)
        self._response = Half(entry.response, self._upstream, end, core.folder, unframed=unframed)
        sent = response_head(head, core.via, close=self._close, unchunked=unframed, upgrade=False)
        rule = first_rule(core.rules, "response", entry.method, entry.host, entry.url, head.status)
        if rule is None or rule.action != "hold":
            core.state(entry, "response")
            self._response.open(self._client, sent)
            return
        self._draft = sent
        entry.rule = rule.title()
        self._held_ns = monotonic_ns()
        self._held = core.holding.add(entry, "response", self._pump.wake)
        core.note("held", f"exchange {entry.number}: the response is held ({rule.title()})", conn=entry.conn,
                  number=entry.number, at="response")  # fmt: skip
        core.state(entry, "held response")

    # What becomes of a held answer

    def _told(self) -> None:
        held, self._held = self._held, None
        assert held is not None
        assert held.word is not None
        assert self._response is not None
        core, entry, word = self._core, self._entry, held.word
        core.holding.remove(held)
        entry.add_time("held_response", self._held_ns)
        core.note("released", f"exchange {entry.number}: the response goes on ({word.what})", conn=entry.conn,
                  number=entry.number, at="response", what=word.what)  # fmt: skip
        if word.what == "drop":
            raise Dropped
        head, body = self._draft, None
        if word.what != "release":
            head, body = edits.response(word, self._draft, bodiless=self._response.end.how == "none")
            self._close = self._close or not word.fix_length
            core.fault(entry, word.what, f"the response is {'edited' if word.what == 'edit' else 'replaced'} by hand")
            changed = read_head(head)
            entry.status, entry.reason = changed.status, changed.reason
        core.state(entry, "response")
        self._response.open(self._client, head, body)
        if body is not None and not self._response.end.done:
            self._give_up_rest()

    def _give_up_rest(self) -> None:
        """The origin's body is replaced: what is still to come of it is not waited for."""
        assert self._response is not None
        self._upstream.ended = True
        self._response.end.done = True

    # The end

    def _upstream_ended(self) -> None:
        """The origin sends no more: that is the body's end, or the exchange's."""
        response, error = self._response, self._upstream.error
        if response is not None:
            if (error is None and response.end.ended()) or response.end.done or self._held is not None:
                return
            self._keep_rest()
            why = explain(error, call="recv").why if error is not None else "The origin closed the connection."
            raise Broken(failure.told("cut answer", size=response.side.body.size, why=why))
        if self._reused and not self._entry.response.head and not self._upstream.buffer and self._may_repeat():
            raise Again
        self._keep_rest()
        if error is not None:
            told = explain(error, call="recv")
            raise Broken(Failure(told.errno, told.title, told.why, told.mend))
        raise Broken(failure.told("no answer"))

    def _may_repeat(self) -> bool:
        return self._entry.method in _REPEATABLE and self._request.end.done and not self._request.side.body.cut

    def _flush(self) -> None:
        """Wait until the client has taken everything."""
        client = self._client
        while not client.idle and not client.broken and client.error is None:
            reads = (client,) if not client.ended and len(client.buffer) < AHEAD_BYTES else ()
            self._pump.turn(reads, (client,), SILENT_S)
            self._check_silence()
        if client.broken:
            raise ClientLeft

    def _ending(self) -> Ending:
        assert self._response is not None
        assert self._head is not None
        entry = self._entry
        if self._first_ns:
            entry.add_time("transfer", self._first_ns)
        if not self._sent_ns:
            self._tell_forwarded()
        keeps = self._head.version >= "1.1" and "close" not in options(self._head.headers)
        whole = self._request.end.done and not self._upstream.broken
        length_known = self._response.end.how != "close"
        return Ending(whole and not self._close, whole and keeps and length_known and not self._upstream.ended)
