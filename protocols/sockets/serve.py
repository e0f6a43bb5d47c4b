"""`netlab serve`: a server of the bench in the foreground, until SIGINT or SIGTERM.

The first line says where it listens. With JSON every event follows, one a line; without, a line
for each connection. It must not know argparse.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from protocols import trust
from protocols.concurrency.contract import Listen, ServerTLS
from protocols.concurrency.server import Server, make_server
from protocols.record.event import detail_of
from protocols.record.recorder import Recorder, Tail
from protocols.service.base import is_exposed
from protocols.sockets.behaviours import behaviour, spec
from protocols.terminal import DONE, FAILED, JsonLines, Signals, fail, reader_gone, say, write_all

LOOK_S: Final = 0.1
"""How often the command looks for a signal or a reader gone; events wake it at once."""
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
    recorder = Recorder()
    recorder.enabled = order.json
    lines = JsonLines(recorder) if order.json else None
    tail = None if order.json else recorder.tail(bound_events=10_000)
    with Signals() as signals, _authority(order) as authority:
        try:
            server = _started(order, recorder)
        except (OSError, ValueError) as error:
            status = _failed(order, error, recorder)
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


def _started(order: Order, recorder: Recorder) -> Server:
    made = spec(order.behaviour, transport=order.listen.transport, expression=order.expression)
    server = make_server(
        recorder, made, order.listen, name=order.behaviour, model=order.model, workers=order.workers,
        delay_ms=order.delay_ms, tls=order.tls,
    )  # fmt: skip
    server.start()
    return server


def _failed(order: Order, error: OSError | ValueError, recorder: Recorder) -> int:
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        say(str(error))
        return FAILED
    listen = order.listen
    address: object = listen.path if listen.transport.startswith("unix") else (listen.host, listen.port)
    return fail(error, "bind", address, listen.transport, recorder)


@contextmanager
def _authority(order: Order) -> Iterator[str]:
    """The file with the certificate of the authority that clients must trust; "" without TLS."""
    if order.tls is None:
        yield ""
        return
    from protocols.tls import lab_ca

    with trust.published(lab_ca().pem) as path:
        yield str(path or lab_ca().path())


def _tell_where(order: Order, server: Server, lines: JsonLines | None, authority: str) -> None:
    address, listen = server.address, order.listen
    facts: dict[str, Any]
    if isinstance(address, tuple):
        host, port = str(address[0]), int(address[1])
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        facts = {"host": host, "port": port}
        if is_exposed(host):
            say(f"{where} can be reached from other machines. --host 127.0.0.1 keeps it on this one.")
    else:
        where = str(address)
        facts = {"path": where}
    text = f"listening on {where}"
    if lines is not None:
        lines.first(
            "listening", text, service=server.name, **facts, transport=listen.transport, behaviour=order.behaviour,
            model=order.model, tls=order.tls is not None, authority=authority or None, pid=os.getpid(),
        )  # fmt: skip
        return
    secured = " with TLS" if order.tls is not None else ""
    title = behaviour(order.behaviour).title.lower()
    write_all(f"{text} ({title}, {listen.transport}{secured}, {order.model}); Ctrl+C ends it\n".encode())
    if authority:
        say(f"netlab connect --tls trusts it of itself; others find its authority in {authority}")


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
            text = f"{raw[9]}: {why}" if why else raw[9]
            write_all(text.encode("utf-8", "backslashreplace") + b"\n")
