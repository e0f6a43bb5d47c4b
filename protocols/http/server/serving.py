"""`netlab serve web` and its like: a web server in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line
for each request. It must not know argparse, nor what is served.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from protocols import trust
from protocols.record.event import detail_of
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import Service, is_exposed
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, printable, reader_gone, say, write_all

LOOK_S: Final = 0.1
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
    recorder = Recorder()
    lines = JsonLines(recorder) if order.json else None
    tail = None if order.json else recorder.tail(bound_events=10_000)
    with Signals() as signals, _authority(order) as authority:
        try:
            server = order.make(recorder)
            server.start()
        except OSError as error:
            status = fail(error, "bind", (order.host, order.port), "tcp", recorder)
            if lines is not None:
                lines.drain()
            return status
        try:
            _tell_where(order, server, lines, authority)
            while not signals.stopping() and server.state == "running":
                _show(lines, tail, LOOK_S)
                if reader_gone():
                    raise BrokenPipeError
        finally:
            server.stop(2.0)
        _show(lines, tail, 0.0)
        return DONE if signals.stopping() else FAILED


@contextmanager
def _authority(order: Order) -> Iterator[str]:
    """The file with the certificate of the authority that clients must trust; "" without TLS."""
    if not order.tls:
        yield ""
        return
    from protocols.tls import lab_ca

    with trust.published(lab_ca().pem) as path:
        yield str(path or lab_ca().path())


def _tell_where(order: Order, server: Service, lines: JsonLines | None, authority: str) -> None:
    facts = server.facts()
    host, port = facts.where.rpartition(":")[0].strip("[]"), facts.ports[0]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    url = f"{'https' if order.tls else 'http'}://{where}/"
    if is_exposed(host):
        say(f"{where} can be reached from other machines. --host 127.0.0.1 keeps it on this one.")
    if lines is not None:
        lines.first("listening", f"listening on {where}", service=server.name, host=host, port=port, url=url,
                    transport="tcp", model=order.model or None, tls=bool(order.tls), certificate=order.tls,
                    authority=authority or None,
                    pid=os.getpid())  # fmt: skip
        return
    text = printable(f"listening on {where} ({url} serves {order.title}); Ctrl+C ends it") + "\n"
    write_all(text.encode("utf-8", "backslashreplace"))
    if order.tls and order.tls != "good":
        say(f"its certificate is broken on purpose ({order.tls}): a client that verifies must refuse it")
    elif authority:
        say(f"netlab http trusts it of itself; others find its authority in {authority}")


def _show(lines: JsonLines | None, tail: Tail | None, timeout_s: float) -> None:
    if lines is not None:
        lines.drain(timeout_s)
        return
    assert tail is not None
    if timeout_s and not tail.wait(timeout_s):
        return
    for raw in tail.take():
        if raw[1] == "note" and raw[2] in _TOLD:
            why = detail_of(raw).get("why")
            text = f"{raw[9]}: {why}" if why and raw[2] != "bad request" else raw[9]
            write_all(printable(text).encode("utf-8", "backslashreplace") + b"\n")
