"""`netlab serve web` and its like: a web server in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line
for each request. It must not know argparse, nor what is served.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from protocols.foreground import Foreground, tell, warn_of_exposure, with_reason
from protocols.record.event import Raw
from protocols.record.recorder import Recorder
from protocols.service.base import Service
from protocols.terminal import fail, say

_TOLD: Final = frozenset((
    "answered", "bad request", "application failed", "answer cut", "refused", "failed", "timed out", "given up",
    "wsgi complaint",
))  # fmt: skip


@dataclass(frozen=True)
class Order:
    """What is to be served. title: a few words for a person. make: the server, not started. tls: its certificate."""

    title: str
    make: Callable[[Recorder], Service]
    host: str
    port: int
    tls: str | None = None
    json: bool = False
    model: str = ""


def run(order: Order) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Web(order).run()


class _Web(Foreground[Service]):
    def __init__(self, order: Order) -> None:
        super().__init__(json=order.json, secured=bool(order.tls))
        self._order = order

    def make(self) -> Service:
        return self._order.make(self.recorder)

    def failed(self, error: Exception, server: Service | None) -> int:
        return fail(error, "bind", (self._order.host, self._order.port), "tcp", self.recorder)

    def tell_where(self, server: Service, authority: str) -> None:
        order, facts = self._order, server.facts()
        host, port = facts.where.rpartition(":")[0].strip("[]"), facts.ports[0]
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        url = f"{'https' if order.tls else 'http'}://{where}/"
        warn_of_exposure(host, where)
        if self.lines is not None:
            self.lines.first("listening", f"listening on {where}", service=server.name, host=host, port=port, url=url,
                             transport="tcp", model=order.model or None, tls=bool(order.tls), certificate=order.tls,
                             authority=authority or None, pid=os.getpid())  # fmt: skip
            return
        tell(f"listening on {where} ({url} serves {order.title}); Ctrl+C ends it")
        if order.tls and order.tls != "good":
            say(f"its certificate is broken on purpose ({order.tls}): a client that verifies must refuse it")
        elif authority:
            say(f"netlab http trusts it of itself; others find its authority in {authority}")

    def line(self, raw: Raw) -> str | None:
        if raw[1] != "note" or raw[2] not in _TOLD:
            return None
        return str(raw[9]) if raw[2] == "bad request" else with_reason(raw)
