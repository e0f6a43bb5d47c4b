"""`netlab proxy`: the debugging proxy in the foreground, until SIGINT or SIGTERM.

A line for each exchange, or with JSON every event. It must not know argparse.
"""

from __future__ import annotations

import os
import shlex
from typing import Final

from protocols.http.proxy.core import ProxyOrder
from protocols.http.proxy.entry import Entry
from protocols.http.proxy.service import DebugProxy
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, printable, reader_gone, say, write_all

LOOK_S: Final = 0.1


def run(order: ProxyOrder, bytes_per_s: int | None, delay_ms: int, json: bool) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    recorder = Recorder()
    lines = JsonLines(recorder) if json else None
    proxy = DebugProxy(recorder, order)
    if bytes_per_s is not None or delay_ms:
        proxy.set_line("up", bytes_per_s, delay_ms)
        proxy.set_line("down", bytes_per_s, delay_ms)
    with Signals() as signals:
        try:
            proxy.start()
        except OSError as error:
            status = fail(error, "bind", (order.host, order.port), "tcp", recorder)
            if lines is not None:
                lines.drain()
            return status
        try:
            _tell_where(order, proxy, lines)
            told = _Told(proxy)
            while not signals.stopping() and proxy.state == "running":
                if lines is not None:
                    lines.drain(LOOK_S)
                else:
                    proxy.stopping.wait(LOOK_S)
                    told.tell()
                if reader_gone():
                    raise BrokenPipeError
        finally:
            proxy.stop(2.0)
        if lines is not None:
            lines.drain()
        else:
            told.tell()
        return DONE if signals.stopping() else FAILED


def _tell_where(order: ProxyOrder, proxy: DebugProxy, lines: JsonLines | None) -> None:
    host, port = proxy.address
    authority = str(proxy.ca_path()) if order.intercept else None
    for warning in proxy.warnings():
        say(warning)
    where = address_text(proxy.address)
    if lines is not None:
        leads = address_text(order.reverse) if order.reverse else None
        lines.first("listening", f"listening on {where}", service=proxy.name, host=host, port=port, url=proxy.url,
                    transport="tcp", authority=authority, intercept=order.intercept, reverse=leads,
                    user=order.user or None, pid=os.getpid())  # fmt: skip
        return
    who = f" -U {shlex.quote(order.user)}" if order.user else ""  # curl asks for the password itself
    use = f"for {address_text(order.reverse)}" if order.reverse else f"curl -x {proxy.url}{who} URL"
    write_all(f"listening on {where} ({use}); Ctrl+C ends it\n".encode())
    if authority:
        say(f"clients that are to take the opened HTTPS must trust {authority}")


class _Told:
    """Writes a line for each exchange that is over."""

    def __init__(self, proxy: DebugProxy) -> None:
        self._proxy = proxy
        self._stamp = 0
        self._done: set[int] = set()

    def tell(self) -> None:
        """Write what is new."""
        self._stamp, entries = self._proxy.changed(self._stamp)
        for entry in entries:
            if entry.over and entry.number not in self._done:
                self._done.add(entry.number)
                write_all(printable(_line(entry)).encode("utf-8", "backslashreplace") + b"\n")


def _line(entry: Entry) -> str:
    took = entry.phases_ms()["total"]
    size = f"{entry.request.size} bytes up, {entry.response.sent_size} down, {took:.0f} ms"
    status = f" {entry.status}" if entry.status else ""
    why = f": {entry.failure.why}" if entry.failure is not None else ""
    return f"{entry.number} {entry.method} {entry.url}{status} ({entry.state}, {size}){why}"
