"""`netlab proxy`: the debugging proxy in the foreground, until SIGINT or SIGTERM.

A line for each exchange, or with JSON every event. It must not know argparse.
"""

from __future__ import annotations

import os
import shlex

from protocols.foreground import Foreground, tell
from protocols.http.proxy.core import ProxyOrder
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.service import DebugProxy
from protocols.record.event import Raw
from protocols.record.trace import address_text
from protocols.terminal import fail, say


def run(order: ProxyOrder, bytes_per_s: int | None, delay_ms: int, json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Proxy(order, bytes_per_s, delay_ms, json).run()


class _Proxy(Foreground[DebugProxy]):
    def __init__(self, order: ProxyOrder, bytes_per_s: int | None, delay_ms: int, json: bool) -> None:
        super().__init__(json=json)
        self._order = order
        self._slow = bytes_per_s, delay_ms
        self._told = _Told()

    def make(self) -> DebugProxy:
        proxy = DebugProxy(self.recorder, self._order)
        bytes_per_s, delay_ms = self._slow
        if bytes_per_s is not None or delay_ms:
            proxy.set_line("up", bytes_per_s, delay_ms)
            proxy.set_line("down", bytes_per_s, delay_ms)
        return proxy

    def failed(self, error: Exception, server: DebugProxy | None) -> int:
        return fail(error, "bind", (self._order.host, self._order.port), "tcp", self.recorder)

    def tell_where(self, server: DebugProxy, authority: str) -> None:
        order, (host, port) = self._order, server.address
        opened = str(server.ca_path()) if order.intercept else None
        for warning in server.warnings():
            say(warning)
        where = address_text(server.address)
        if self.lines is not None:
            leads = address_text(order.reverse) if order.reverse else None
            self.lines.first("listening", f"listening on {where}", service=server.name, host=host, port=port,
                             url=server.url, transport="tcp", authority=opened, intercept=order.intercept,
                             reverse=leads, user=order.user or None, pid=os.getpid())  # fmt: skip
            return
        who = f" -U {shlex.quote(order.user)}" if order.user else ""  # curl asks for the password itself
        who += " --proxy-digest" if order.digest else ""
        use = f"for {address_text(order.reverse)}" if order.reverse else f"curl -x {server.url}{who} URL"
        tell(f"listening on {where} ({use}); Ctrl+C ends it")
        if opened:
            say(f"clients that are to take the opened HTTPS must trust {opened}")

    def line(self, raw: Raw) -> str | None:
        return None  # told by exchange, not by event

    def look(self, server: DebugProxy) -> None:
        if self.lines is None:
            self._told.tell(server)


class _Told:
    """Writes a line for each exchange that is over."""

    def __init__(self) -> None:
        self._stamp = 0
        self._done: set[int] = set()

    def tell(self, proxy: DebugProxy) -> None:
        """Write what is new."""
        self._stamp, entries = proxy.changed(self._stamp)
        for entry in entries:
            if entry.over and entry.number not in self._done:
                self._done.add(entry.number)
                tell(_line(entry))


def _line(entry: Entry) -> str:
    took = entry.phases_ms()["total"]
    size = f"{entry.request.size} bytes up, {entry.response.sent_size} down, {took:.0f} ms"
    status = f" {entry.status}" if entry.status else ""
    why = f": {entry.failure.why}" if entry.failure is not None else ""
    return f"{entry.number} {entry.method} {entry.url}{status} ({entry.state}, {size}){why}"
