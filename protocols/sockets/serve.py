"""`netlab serve`: a server of the bench in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line
for each connection. It must not know argparse.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Final

from protocols.concurrency.contract import Listen, ServerTLS
from protocols.concurrency.server import Server, make_server
from protocols.foreground import Foreground, tell, warn_of_exposure, with_reason
from protocols.record.event import Raw
from protocols.sockets.behaviours import behaviour, spec
from protocols.terminal import FAILED, fail, say

_TOLD: Final = frozenset(("accepted by", "connection ended", "refused", "child crashed", "accept paused", "failed"))


@dataclass(frozen=True)
class Order:
    """What `netlab serve` was asked for."""

    behaviour: str
    listen: Listen
    model: str = "threads"
    workers: int = 4
    delay_ms: int = 0
    tls: ServerTLS | None = None
    json: bool = False
    expression: str = "data"


def run(order: Order) -> int:
    """Serve until a signal; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    return _Bench(order).run()


class _Bench(Foreground[Server]):
    refusals = (OSError, ValueError)

    def __init__(self, order: Order) -> None:
        super().__init__(json=order.json, secured=order.tls is not None)
        self.recorder.enabled = order.json
        self._order = order

    def make(self) -> Server:
        order = self._order
        made = spec(order.behaviour, transport=order.listen.transport, expression=order.expression)
        return make_server(
            self.recorder, made, order.listen, name=order.behaviour, model=order.model, workers=order.workers,
            delay_ms=order.delay_ms, tls=order.tls,
        )  # fmt: skip

    def failed(self, error: Exception, server: Server | None) -> int:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            say(str(error))
            return FAILED
        listen = self._order.listen
        address: object = listen.path if listen.transport.startswith("unix") else (listen.host, listen.port)
        return fail(error, "bind", address, listen.transport, self.recorder)

    def tell_where(self, server: Server, authority: str) -> None:
        order, address, listen = self._order, server.address, self._order.listen
        facts: dict[str, Any]
        if isinstance(address, tuple):
            host, port = str(address[0]), int(address[1])
            where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            facts = {"host": host, "port": port}
            warn_of_exposure(host, where)
        else:
            where = str(address)
            facts = {"path": where}
        text = f"listening on {where}"
        if self.lines is not None:
            self.lines.first(
                "listening", text, service=server.name, **facts, transport=listen.transport,
                behaviour=order.behaviour, model=order.model, tls=order.tls is not None, authority=authority or None,
                pid=os.getpid(),
            )  # fmt: skip
            return
        secured = " with TLS" if order.tls is not None else ""
        title = behaviour(order.behaviour).title.lower()
        tell(f"{text} ({title}, {listen.transport}{secured}, {order.model}); Ctrl+C ends it")
        if authority:
            say(f"netlab connect --tls trusts it of itself; others find its authority in {authority}")

    def line(self, raw: Raw) -> str | None:
        return with_reason(raw) if raw[1] == "note" and raw[2] in _TOLD else None
