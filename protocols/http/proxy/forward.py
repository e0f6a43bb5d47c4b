"""Forward: what becomes of one request: held, answered here, or carried to its origin.

It must not know how the request was read, nor how failures are told to the client.
"""

from __future__ import annotations

import time
from typing import Final

from protocols.http.exchange import read_head, read_request_head
from protocols.http.proxy import answers, edits
from protocols.http.proxy.carry import AHEAD_BYTES, Carry
from protocols.http.proxy.core import Core
from protocols.http.proxy.endings import Again, ClientLeft, Dropped, Ending
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.half import Half
from protocols.http.proxy.holding import Word
from protocols.http.proxy.origin import Origin
from protocols.http.proxy.pump import Pump
from protocols.http.proxy.rewriting import Place, absolute_place, head_bytes, request_head, wants_upgrade
from protocols.http.proxy.rules import Rule, first_rule
from protocols.http.proxy.spool import Spool
from protocols.http.proxy.stream import Stream
from protocols.http.server.asked import Asked
from protocols.record.event import monotonic_ns

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
DRAIN_S: Final = 2.0
DRAIN_BYTES: Final = 1 << 20
FLUSH_S: Final = 300.0


class Forward:
    """One request. half: its body, read as far as it came with the head."""

    def __init__(
        self, core: Core, pump: Pump, entry: Entry, asked: Asked, half: Half, client: Stream, origin: Origin
    ) -> None:
        self._core = core
        self._pump = pump
        self._entry = entry
        self._asked = asked
        self._half = half
        self._client = client
        self._origin = origin
        self._told = False
        self._exact = False

    def run(self, place: Place, path: str) -> bool:
        """Do it; whether the client's connection may serve another request.

        Raises Unreached, Broken, ClientLeft, Dropped, BadRequest, Stopped.
        """
        core, entry, asked = self._core, self._entry, self._asked
        self._half.pull()
        upgrade = asked.version >= (1, 1) and wants_upgrade(asked.headers)
        draft, body = request_head(asked, place, path, core.via, upgrade=upgrade), None
        rule = first_rule(core.rules, "request", entry.method, entry.host, entry.url)
        if rule is not None:
            entry.rule, entry.listed = rule.title(), rule.action != "ignore"
        core.state(entry, "request")
        core.slow(entry)
        if self._half.end.done:
            self.tell_request()
        if rule is not None and rule.action == "hold":
            draft = self._without_expect(draft)
            word = self._hold(rule, draft)
            if word.what == "answer":
                head, body = edits.own(word, bodiless=entry.method == "HEAD")
                return self.answer(head, body, fault="answer")
            draft, body = edits.request(word, draft)
            place, draft = self._edited(word, place, draft)
        elif rule is not None and rule.action != "ignore":
            return self._by_rule(rule)
        return self._carry(place, draft, body, upgrade)

    def _by_rule(self, rule: Rule) -> bool:
        if rule.action == "drop":
            raise Dropped
        if rule.action == "map":
            return self.answer(*answers.from_file(rule.path), fault="map", path=rule.path)
        return self.answer(*answers.answer(rule.status, rule.body, headers=rule.headers), fault="answer")

    def tell_request(self) -> None:
        """Record the request, once."""
        if self._told:
            return
        self._told = True
        entry = self._entry
        self._core.message("request", entry, entry.request, self._asked.headers, sent=False, direction="in",
                           conn=entry.conn, text=f"{entry.method} {entry.url}", client=entry.client,
                           **({"replay_of": entry.replay_of} if entry.replay_of else {}))  # fmt: skip

    # Holding

    def _hold(self, rule: Rule, draft: bytes) -> Word:
        """Wait for somebody's word; the body comes in meanwhile."""
        core, entry, client, half = self._core, self._entry, self._client, self._half
        entry.request.sent_head = draft  # what would go, for whoever edits it
        began = monotonic_ns()
        if self._expects():
            client.put(CONTINUE)
        held = core.holding.add(entry, "request", self._pump.wake)
        core.note("held", f"exchange {entry.number}: the request is held ({rule.title()})", conn=entry.conn,
                  number=entry.number, at="request")  # fmt: skip
        core.state(entry, "held request")
        try:
            while held.word is None:
                self._wait_held(client, half)
        finally:
            core.holding.remove(held)
            entry.add_time("held_request", began)
            entry.request.sent_head = b""
        core.note("released", f"exchange {entry.number}: the request goes on ({held.word.what})", conn=entry.conn,
                  number=entry.number, at="request", what=held.word.what)  # fmt: skip
        if held.word.what == "drop":
            raise Dropped
        core.state(entry, "request")
        return held.word

    def _wait_held(self, client: Stream, half: Half) -> None:
        wants = half.wants or (half.end.done and len(client.buffer) < AHEAD_BYTES)  # its end is news, too
        reads = (client,) if wants and not client.ended else ()
        for stream in self._pump.turn(reads, (client,), None, () if reads or client.error else (client,)):
            if not reads:
                stream.read()
        if half.pull():
            self._core.shelf.touch(self._entry)
        if half.end.done:
            self.tell_request()
        if client.error is not None:
            raise ClientLeft
        if client.ended and client.sock is not None:
            self._core.client_ended(self._entry)

    def _expects(self) -> bool:
        return self._asked.get("Expect").lower() == "100-continue" and not self._half.end.done

    def _without_expect(self, draft: bytes) -> bytes:
        """A held request's 100 is given here: the origin is not asked for another one."""
        if not self._asked.get("Expect"):
            return draft
        line, headers = read_request_head(draft)
        return head_bytes(line, [header for header in headers if header[0].lower() != "expect"])

    def _edited(self, word: Word, place: Place, draft: bytes) -> tuple[Place, bytes]:
        """An edited request may lead elsewhere: to the host of a full URL in its first line."""
        if word.what != "edit":
            return place, draft
        self._core.fault(self._entry, "edit", "the request is edited by hand")
        self._exact = not word.fix_length
        line, _, rest = draft.partition(b"\r\n")
        method, _, target = line.decode("latin-1").partition(" ")
        target, _, version = target.rpartition(" ")
        if target.startswith("/") or "://" not in target:
            return place, draft
        place, path = absolute_place(target)
        return place, f"{method} {path} {version}\r\n".encode("latin-1") + rest

    # Answers from here

    def answer(self, head: bytes, body: bytes, *, fault: str, **facts: object) -> bool:
        """Answer in the origin's place; whether the connection may go on."""
        core, entry, client = self._core, self._entry, self._client
        if fault:
            core.fault(entry, fault, f"answered by the proxy ({entry.rule or fault})", **facts)
        keeps = self._drained() and self._asked.keeps and self._asked.version >= (1, 1)
        self.tell_request()
        found = read_head(head)
        if not keeps and found.get("Connection") is None:
            head = head[:-2] + b"Connection: close\r\n\r\n"
        entry.status, entry.reason = found.status, found.reason
        side = entry.response
        side.sent_head, side.sent_begin = head, client.put(head)
        side.sent_body = Spool(core.folder)
        if entry.method != "HEAD":
            side.sent_body.add(body)
            client.put(body)
        core.state(entry, "response")
        self._pump.drain(client, FLUSH_S)
        if client.broken:
            raise ClientLeft
        core.state(entry, "done")
        return keeps

    def _drained(self) -> bool:
        """Read the rest of a small body, so that the connection can go on; False where there is more."""
        client, half, until = self._client, self._half, time.monotonic() + DRAIN_S
        half.pull()
        while not half.end.done:
            left = until - time.monotonic()
            if client.ended or left <= 0 or half.side.body.size > DRAIN_BYTES or self._expects():
                return False
            self._pump.turn((client,), (client,), left)
            half.pull()
        return True

    # To the origin

    def _carry(self, place: Place, draft: bytes, body: bytes | None, upgrade: bool) -> bool:
        core, entry = self._core, self._entry
        try:
            stream, reused = self._origin.reach(entry, place)
            core.state(entry, "waiting")
            self._half.open(stream, draft, body)
            try:
                ending = self._carried(stream, reused, upgrade)
            except Again:
                self._origin.close()
                stream, _ = self._origin.reach(entry, place)
                self._half.again(stream)
                ending = self._carried(stream, False, upgrade)
        finally:
            self.tell_request()
            if entry.response.head:
                head = read_head(answers.last_head(entry.response.head))
                core.message("response received", entry, entry.response, head.headers, sent=False, direction="in",
                             conn=entry.upstream_conn, text=f"{head.status} {head.reason}".rstrip(),
                             status=head.status)  # fmt: skip
        if not ending.upgraded and (self._exact or not ending.upstream_keeps):
            self._origin.close()
        if ending.upgraded:
            entry.kind = "upgraded"
        return ending.client_keeps

    def _carried(self, stream: Stream, reused: bool, upgrade: bool) -> Ending:
        carry = Carry(self._core, self._pump, self._entry, self._asked, self._half, self._client, stream,
                      reused=reused, upgrade=upgrade, on_request=self.tell_request)  # fmt: skip
        return carry.run()
