"""Core: what all connections of one proxy share: its settings, its list, what is held, and what it tells.

Settings change at any time and count from the next exchange on. It must not know connections,
nor who looks.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from protocols.http.digest import DigestGuard
from protocols.http.failure import Failure
from protocols.http.proxy.entry import Entry, Shelf, Side, State
from protocols.http.proxy.holding import Holding
from protocols.http.proxy.line import Line
from protocols.http.proxy.rewriting import Place
from protocols.http.proxy.rules import Rule
from protocols.http.proxy.spool import SpoolFolder
from protocols.http.request import Header
from protocols.record.connections import KEEP_CALL_BYTES
from protocols.record.event import Direction, monotonic_ns
from protocols.record.recorder import Recorder
from protocols.service.base import is_exposed

Way: TypeAlias = Literal["up", "down"]
REALM: Final = "NetLab proxy"
SAFE_PORTS: Final = frozenset((80, 443, 8000, 8080, 8443))
"""Where CONNECT leads from a proxy that other machines reach: else anybody could send mail through it."""


@dataclass(frozen=True)
class ProxyOrder:
    """What is asked for.

    reverse: pass every connection on to this place as plain TCP. intercept: open HTTPS with the lab's authority.
    verify: check the certificates of origins. user, password: clients must give them (Basic); digest: as a hash.
    connect_ports: where CONNECT may lead; None: anywhere, or `SAFE_PORTS` when other machines reach the proxy.
    """

    host: str = "127.0.0.1"
    port: int = 0
    reverse: tuple[str, int] | None = None
    intercept: bool = False
    verify: bool = True
    user: str = ""
    password: str = ""
    digest: bool = False
    connect_ports: frozenset[int] | None = None


class Core:
    """Shared by all threads of a proxy. service: its name once it listens. address: where it listens."""

    def __init__(self, recorder: Recorder, order: ProxyOrder, stopping: threading.Event) -> None:
        self.recorder: Final = recorder
        self.order: Final = order
        self.stopping: Final = stopping
        self.service = "proxy"
        self.address: tuple[str, int] = (order.host, order.port)
        self.intercept = order.intercept
        self.verify = order.verify
        self.rules: tuple[Rule, ...] = ()
        self.lines: Final[Mapping[Way, Line]] = {"up": Line(), "down": Line()}
        self.folder: Final = SpoolFolder()
        self.shelf: Final = Shelf(self.folder)
        self.holding: Final = Holding()
        self.via: Final = f"netlab-{secrets.token_hex(3)}"
        self.guard: Final = DigestGuard(REALM, order.user, order.password)

    def may_connect(self, port: int) -> bool:
        """Whether CONNECT may lead to this port."""
        allowed = self.order.connect_ports
        if allowed is None and is_exposed(self.order.host):
            allowed = SAFE_PORTS
        return allowed is None or port in allowed

    def is_self(self, place: Place) -> bool:
        """Whether this is the proxy's own address."""
        names = (self.address[0], "localhost", "127.0.0.1", "::1")
        return place.port == self.address[1] and place.host.lower() in names

    # What it tells

    def note(self, kind: str, summary: str, *, conn: str | None = None, **detail: Any) -> None:
        """Record what the proxy did."""
        self.recorder.note(kind, summary, service=self.service, conn=conn, **detail)

    def state(self, entry: Entry, state: State) -> None:
        """The exchange goes on to its next state."""
        entry.state = state
        if entry.over:
            entry.ended_ns = monotonic_ns()
            entry.request.done()
            entry.response.done()
        self.shelf.touch(entry)

    def fault(self, entry: Entry, fault: str, text: str, **facts: Any) -> None:
        """Tell, once, what the proxy does to an exchange on purpose."""
        if entry.fault(fault):
            self.note("fault injected", f"exchange {entry.number}: {text}", conn=entry.conn, fault=fault,
                      number=entry.number, **facts)  # fmt: skip

    def client_ended(self, entry: Entry) -> None:
        """Tell, once, that the client of a held exchange has ended its side: it may be gone, or wait for the answer."""
        if not entry.client_ended:
            entry.client_ended = True
            self.note("client ended", f"exchange {entry.number}: the client ended its side while it is held",
                      conn=entry.conn, number=entry.number)  # fmt: skip
            self.shelf.touch(entry)

    def fail(self, entry: Entry, failure: Failure) -> None:
        """The exchange failed; it is told with its reason."""
        entry.failure = failure
        self.note("failed", f"exchange {entry.number}: {failure.title}", conn=entry.conn, errno=failure.symbol,
                  why=failure.why, mend=list(failure.mend), number=entry.number, url=entry.url)  # fmt: skip
        self.state(entry, "failed")

    def slow(self, entry: Entry) -> None:
        """Tell which lines slow this exchange down."""
        for way, line in self.lines.items():
            if line.bytes_per_s is not None:
                self.fault(entry, "throttle", f"throttled to {line.bytes_per_s} bytes a second {way}stream",
                           way=way, bytes_per_s=line.bytes_per_s)  # fmt: skip
            if line.delay_ms:
                self.fault(entry, "delay", f"delayed by {line.delay_ms} ms {way}stream", way=way,
                           delay_ms=line.delay_ms)  # fmt: skip

    def message(
        self, kind: str, entry: Entry, side: Side, headers: Iterable[Header], *, sent: bool, direction: Direction,
        conn: str | None, text: str, **facts: Any,
    ) -> None:  # fmt: skip
        """Record a message with its byte range on one of the two connections."""
        if not self.recorder.enabled:
            return
        data = side.bytes_sent(KEEP_CALL_BYTES) if sent else side.bytes_came(KEEP_CALL_BYTES)
        size = len(side.sent_head) + (side.sent_body or side.body).size if sent else side.size
        detail: dict[str, Any] = {
            "number": entry.number, "method": entry.method, "url": entry.url,
            "headers": [list(header) for header in headers],
            "body_bytes": (side.sent_body or side.body).size if sent else side.body.size, **facts,
        }  # fmt: skip
        if len(data) < size:
            detail["kept"] = len(data)
        begin = side.sent_begin if sent else side.begin
        self.recorder.put((monotonic_ns(), "message", kind, self.service, conn, direction, begin, size, data, text,
                           detail))  # fmt: skip
