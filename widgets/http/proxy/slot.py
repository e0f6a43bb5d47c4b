"""ProxySlot: the proxy of the panel through its lives: idle, starting, running, ended; and what is set on it.

Rules and lines are kept here, so that they hold for the next start too. It must not know widgets,
and it opens no socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.http.proxy.core import ProxyOrder, Way
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.rules import Rule, checked_rules
from protocols.http.proxy.service import DebugProxy
from protocols.record.explain import Explained, explain
from widgets.desk import Desk
from widgets.http.exchange.request_launch import ROOM
from widgets.http.server.launch import OrderError, refusal

if TYPE_CHECKING:
    from protocols.lab import Lab

Phase: TypeAlias = Literal["idle", "starting", "running", "ended"]
WAYS: Final[tuple[Way, ...]] = ("up", "down")


def order_of(values: Mapping[str, Any]) -> ProxyOrder:
    """What a form asks for. Raises OrderError."""
    reverse = None
    if values.get("mode") == "reverse":
        host, colon, port = str(values.get("target", "")).strip().rpartition(":")
        if not (colon and host and port.isascii() and port.isdecimal() and 0 < int(port[:6]) < 65536):
            raise OrderError("A reverse proxy needs the place where it leads, as in 127.0.0.1:8080")
        reverse = (host.strip("[]"), int(port))
    user = str(values.get("user") or "").strip() if reverse is None else ""
    password = str(values.get("password") or "")
    if ":" in user:
        raise OrderError("A user's name has no colon: the password begins behind it")
    if user and not password:
        raise OrderError(f"The proxy asks for {user}, but no password is typed")
    return ProxyOrder(
        host=str(values.get("host") or "127.0.0.1"), port=int(values.get("port", 0) or 0), reverse=reverse,
        intercept=reverse is None and bool(values.get("intercept")), verify=bool(values.get("verify", True)),
        user=user, password=password if user else "", digest=bool(user) and bool(values.get("digest")),
    )  # fmt: skip


def start_proxy(lab: Lab, values: Mapping[str, Any], *, rules: Sequence[Rule], lines: Mapping[Way, Any]) -> DebugProxy:
    """Start a proxy; it listens when this returns. Runs on a lab thread. Raises OrderError, OSError."""
    proxy = DebugProxy(lab.recorder, order_of(values))
    proxy.set_rules(tuple(rules))
    for way, (rate, delay_ms) in lines.items():
        if rate is not None or delay_ms:
            proxy.set_line(way, rate, delay_ms)
    lab.start(proxy, room=ROOM)
    return proxy


class ProxySlot(QObject):
    """`changed`: phase, settings or trouble are new. `came(entries)`: exchanges that are new or changed.

    `cleared`: the list begins anew. proxy: the one that runs or ran last, or None. lines: bytes a second (None for
    as fast as it goes) and delay in ms of each way.
    """

    changed = Signal()
    started = Signal()
    came = Signal(object)
    cleared = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.proxy: DebugProxy | None = None
        self.rules: tuple[Rule, ...] = ()
        self.lines: dict[Way, tuple[int | None, int]] = {"up": (None, 0), "down": (None, 0)}
        self._stamp = 0

    @property
    def running(self) -> bool:
        """It listens."""
        return self.phase == "running"

    @property
    def port(self) -> int:
        """The port that its form asked for, 0 for any."""
        return int(self.values.get("port", 0) or 0)

    @property
    def service(self) -> str:
        """The name under which the time line has it."""
        return self.proxy.name if self.proxy is not None else "proxy"

    # Life

    def start(self, values: Mapping[str, Any]) -> None:
        """Start it; nothing happens while it runs."""
        if self.phase in ("starting", "running"):
            return
        self.values, self.trouble = dict(values), None
        lab, order, rules, lines = self.desk.lab, dict(values), self.rules, dict(self.lines)
        self._set_phase("starting")
        self.desk.bridge.call(
            lambda: start_proxy(lab, order, rules=rules, lines=lines), self._on_started, self._on_failed, owner=self
        )

    def _on_started(self, proxy: DebugProxy) -> None:
        self.proxy, self._stamp = proxy, 0
        proxy.set_rules(self.rules)
        self.cleared.emit()
        self._set_phase("running")
        self.started.emit()

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            self.trouble = refusal(error)
        else:
            where = (str(self.values.get("host", "")), self.port)
            self.trouble = explain(error, call="bind", address=where, transport="tcp")
        self._set_phase("idle")

    def stop(self) -> None:
        """End it and all that goes through it; the list stays."""
        proxy, lab = self.proxy, self.desk.lab
        if proxy is not None and self.running:
            self.desk.bridge.call(lambda: lab.stop(proxy), lambda _: self._ended(proxy), owner=self)

    def _ended(self, proxy: DebugProxy) -> None:
        if proxy is self.proxy and self.running:
            self._take()
            self._set_phase("ended")

    def poll(self) -> None:
        """See what passed since, and whether it still runs."""
        proxy = self.proxy
        if proxy is None:
            return
        self._take()
        if self.running and proxy.state in ("stopped", "failed"):
            self._ended(proxy)

    def _take(self) -> None:
        assert self.proxy is not None
        stamp, entries = self.proxy.changed(self._stamp)
        if stamp != self._stamp:
            self._stamp = stamp
            if entries:
                self.came.emit(entries)

    def held(self) -> list[Entry]:
        """What waits for a word, oldest first."""
        return self.proxy.held() if self.proxy is not None and self.running else []

    def clear(self) -> None:
        """Forget what is over."""
        if self.proxy is not None:
            self.proxy.clear()
            self.cleared.emit()

    # Settings

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Take other rules, from the next exchange on. Raises RuleError."""
        self.rules = checked_rules(rules)
        if self.proxy is not None:
            self.proxy.set_rules(self.rules)
        self.changed.emit()

    def set_line(self, way: Way, bytes_per_s: int | None, delay_ms: int) -> None:
        """Slow one way down, at once."""
        if self.lines[way] == (bytes_per_s, delay_ms):
            return
        self.lines[way] = (bytes_per_s, delay_ms)
        if self.proxy is not None:
            self.proxy.set_line(way, bytes_per_s, delay_ms)
        self.changed.emit()

    def set_intercept(self, on: bool) -> None:
        """Open HTTPS from the next CONNECT on, or let it through."""
        if self.proxy is not None and self.running and self.proxy.intercepting != on:
            self.proxy.set_intercept(on)
            self.changed.emit()

    def set_verify(self, on: bool) -> None:
        """Verify the certificates of origins from the next connection on."""
        if self.proxy is not None and self.running and self.proxy.verifying != on:
            self.proxy.set_verify(on)
            self.changed.emit()

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
