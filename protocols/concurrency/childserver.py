"""A server that forks, in a child process: the window's process itself never forks.

Looks like any other server from outside: its table is kept by the child's events, its wishes are
commands. It must not know how the child forks.
"""

from __future__ import annotations

import base64
import contextlib
import os
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from protocols.concurrency.contract import DATAGRAM, ConnectionRow, HandlerSpec, Listen, ServerTLS, Spinning
from protocols.concurrency.server import Server
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text
from protocols.service.base import ServiceError
from protocols.service.child import ChildProcess

SENDERS: Final = 1024
"""Of datagrams: so many of the latest are in the table."""


@dataclass
class _Row:
    """A connection as the child's events have it."""

    conn: str
    foreign: str
    number: int
    peer: Any
    local: Any
    worker: str
    since_ns: int
    received: int = 0
    sent: int = 0


def job_params(spec: HandlerSpec, listen: Listen, name: str, model: str, settings: dict[str, Any]) -> dict[str, Any]:
    """What the child is told. Raises ValueError for TLS whose key can't be handed over."""
    tls: ServerTLS | None = settings.pop("tls")
    if tls is not None and not tls.pem:
        raise ValueError("A server in a child process makes its own TLS context: ServerTLS needs key and chain as pem")
    settings["handshake_timeout_s"] = tls.handshake_timeout_s if tls is not None else 0.0
    settings["pem"] = base64.b64encode(tls.pem).decode() if tls is not None else ""
    return {
        "target": spec.target, "handler_params": dict(spec.params), "listen": asdict(listen), "name": name,
        "model": model, "settings": settings,
    }  # fmt: skip


class ChildServer(Server):
    """A server whose model runs in a child process. argv: the child's command, to run it elsewhere."""

    def __init__(
        self, recorder: Recorder, spec: HandlerSpec, listen: Listen, *, name: str, model: str,
        argv: Sequence[str] | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        super().__init__(recorder, listen, name=name, model=model)
        spec.make()  # a wrong name is told here, not by a child that dies
        self._rows: dict[str, _Row] = {}
        self._spins: dict[str, Spinning] = {}
        self._pids: set[int] = set()
        self._rows_lock = threading.Lock()
        self._senders = 0
        self._child = ChildProcess(
            recorder, self.name, "protocols.concurrency.childside:run", job_params(spec, listen, name, model, settings),
            self.stopping, saw=self._saw, argv=argv,
        )  # fmt: skip

    def _open(self) -> None:
        self._child.open()

    def _main(self) -> None:
        try:
            self._child.run()
        finally:
            with self._rows_lock:
                self._rows.clear()
                self._pids.clear()

    def _wake_up(self) -> None:
        self._child.wake()

    def _close(self) -> None:
        self._child.close()
        path = self.listen.path  # a child that was killed leaves it behind
        if self.address and path and not path.startswith("@"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    # The child's events

    def _saw(self, event: Event, foreign: str | None) -> None:
        kind, detail, conn = event.kind, event.detail, event.conn
        with self._rows_lock:
            if event.direction is not None and event.layer == "call" and conn is not None:
                if self.listen.transport in DATAGRAM:
                    self._count_datagram(event, conn, foreign or conn)
                else:
                    self._count(event, conn)
            elif kind == "accepted by" and conn is not None:
                self._rows[conn] = _Row(
                    conn, foreign or conn, int(detail["number"]), _address(detail["peer"]),
                    _address(detail["local"]), str(detail["worker"]), event.t,
                )  # fmt: skip
            elif kind == "spinning" and conn in self._rows:
                self._spins[conn] = Spinning(
                    conn, self._rows[conn].number, int(detail["loops"]), int(detail.get("loops_per_s", 0))
                )
            elif kind == "connection ended" and conn is not None:
                self._rows.pop(conn, None)
                self._spins.pop(conn, None)
            elif kind == "process started" and "child" in detail:
                self._pids.add(int(detail["child"]))
            elif kind in ("process ended", "process crashed"):
                self._pids.discard(int(detail["child"]))
        if kind == "child ready":
            self.address = _address(detail["address"])
            self.name = str(detail["name"])
            self._child.name = self.name

    def _count(self, event: Event, conn: str) -> None:
        row = self._rows.get(conn)
        if row is None or event.offset is None or event.size is None:
            return
        if event.direction == "in":
            row.received = max(row.received, event.offset + event.size)
        else:
            row.sent = max(row.sent, event.offset + event.size)

    def _count_datagram(self, event: Event, conn: str, foreign: str) -> None:
        """Datagrams have no connections: the rows are those who sent lately."""
        row = self._rows.pop(conn, None)
        if row is None:
            self._senders += 1
            while len(self._rows) >= SENDERS:
                del self._rows[next(iter(self._rows))]
            peer = _address(event.detail.get("peer"))
            row = _Row(conn, foreign, self._senders, peer, None, f"child {self._child.pid()}", event.t)
        self._rows[conn] = row  # the latest last
        if event.direction == "in":
            row.received += event.size or 0
        else:
            row.sent += event.size or 0

    # The table

    def connections(self) -> list[ConnectionRow]:
        """The live table, oldest connection first: whoever was answered is in it."""
        self._child.settle()
        with self._rows_lock:
            rows = sorted(self._rows.values(), key=lambda row: row.number)
        return [
            ConnectionRow(row.conn, row.number, address_text(row.peer), *self.states(row.local, row.peer),
                          row.received, row.sent, row.worker, row.since_ns)
            for row in rows
        ]  # fmt: skip

    def spinning(self) -> list[Spinning]:
        """See Server."""
        with self._rows_lock:
            return [spin for spin in self._spins.values() if spin.loops_per_s]

    def _connection_count(self) -> int:
        return len(self._rows)

    def _children(self) -> tuple[int, ...]:
        pid = self._child.pid()
        with self._rows_lock:
            return (() if pid is None else (pid,)) + tuple(sorted(self._pids))

    def _tell(self, conn: str, do: str, **more: str) -> None:
        with self._rows_lock:
            row = self._rows.get(conn)
        if row is None:
            raise ServiceError(f"{self.name} has no connection {conn} any more")
        if self.listen.transport in DATAGRAM and do != "send":
            raise ServiceError(f"{self.name} speaks {self.listen.transport}: it has no connection to close or reset")
        self._child.tell({"do": do, "conn": row.foreign, **more})

    def send(self, conn: str, data: bytes) -> None:
        """Send to one client; a slow reader is told by a note."""
        self._tell(conn, "send", data=base64.b64encode(data).decode())

    def half_close(self, conn: str) -> None:
        """End our direction of one connection."""
        self._tell(conn, "half_close")

    def close_connection(self, conn: str) -> None:
        """Close one connection."""
        self._tell(conn, "close")

    def reset(self, conn: str) -> None:
        """Close one connection with a RST."""
        self._tell(conn, "reset")

    def set_delay_ms(self, delay_ms: int) -> None:
        """Delay the handler by so many milliseconds from now on."""
        self._child.tell({"do": "delay", "ms": delay_ms})

    def set_hold_accept(self, hold: bool) -> None:
        """Leave new connections in the backlog, or take them again."""
        self._child.tell({"do": "hold", "hold": hold})

    def set_backlog(self, backlog: int) -> None:
        """Let so many connections wait for accept() from now on."""
        self._child.tell({"do": "backlog", "backlog": backlog})


def _address(value: Any) -> Any:
    """An address of a JSON line: a list is host and port."""
    return (str(value[0]), int(value[1])) if isinstance(value, list) else str(value or "")
