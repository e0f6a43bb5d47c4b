"""ServerSlot: one numbered server of the panel through its lives: idle, starting, running, ended.

Keeps what the card shows (phase, connections, trouble) and turns clicks into work elsewhere. It
must not know widgets, and it opens no socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.concurrency.contract import ConnectionRow, Spinning
from protocols.record.explain import Explained, explain
from protocols.record.trace import address_text
from widgets.desk import Desk
from widgets.orders import Orders
from widgets.sockets.server import launch
from widgets.sockets.server.connections_model import ConnectionsModel
from widgets.sockets.server.words import TELNET, bind_host

Visit: TypeAlias = Literal["", "under way", "over"]
Phase: TypeAlias = Literal["idle", "starting", "running", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""),
    "starting": ("waiting", "Starting"),
    "running": ("running", "Running"),
    "ended": ("stopped", "Stopped"),
}


class ServerSlot(QObject):
    """One server. `changed`: phase, facts or trouble are new; `started`: it has just begun to listen.

    values: the form's values of the last start. trouble: the last error, explained, or None. spinning: connections
    that read on past their end; turns: how many of the last ones. visit: how far a client is that comes and goes.
    compared: what another loop made of the same.
    """

    changed = Signal()
    started = Signal()
    failed = Signal()

    def __init__(self, desk: Desk, number: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.number = number
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.server: launch.AnyServer | None = None
        self.rows = ConnectionsModel(self)
        self.delay_ms = 0
        self.hold_accept = False
        self.backlog = 0
        self.spinning: list[Spinning] = []
        self.turns = 0
        self.visit: Visit = ""
        self.compared = ""
        self._asking = False
        self._orders = Orders(desk.bridge, self._on_order_failed, self)

    # Life

    def start(self, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> None:
        """Start a server of the form's values; the outcome comes by `started` or `failed`.

        free_port_if_taken: take any free port, or path, when the wanted one is in use, and say so.
        """
        if self.phase in ("starting", "running"):
            return
        self.values = dict(values)
        if values.get("behaviour") == TELNET:
            self.values["transport"] = "tcp"
        self.trouble = None
        self.spinning, self.turns, self.visit, self.compared = [], 0, "", ""
        self.delay_ms = int(values.get("delay_ms", 0))
        self.hold_accept = bool(values.get("hold_accept", False))
        self.backlog = int(values.get("backlog", 128))
        lab, order = self.desk.lab, dict(self.values)
        self._set_phase("starting")
        self.desk.bridge.call(
            lambda: launch.start_server(lab, order, free_port_if_taken=free_port_if_taken),
            self._on_started,
            self._on_start_failed,
            owner=self,
        )

    def _on_started(self, server: launch.AnyServer) -> None:
        self.server = server
        wanted = int(self.values.get("port", 0) or 0)
        if isinstance(server.address, tuple) and wanted and server.address[1] != wanted:
            self.desk.toast(f"Port {wanted} is taken: the server listens on {server.address[1]}")
        self._set_phase("running")
        self.started.emit()

    def _on_start_failed(self, error: BaseException) -> None:
        self.trouble = self._explained(error, "bind")
        self._set_phase("idle")
        self.failed.emit()

    def _explained(self, error: BaseException, call: str) -> Explained:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            return launch.refusal(error)
        transport = str(self.values.get("transport", "tcp"))
        unix = transport.startswith("unix")
        host, port = bind_host(self.values), int(self.values.get("port", 0) or 0)
        address = str(self.values.get("path", "")) if unix else (host, port)
        return explain(error, call=call, address=address, transport=transport)

    def stop(self) -> None:
        """End the server and all its connections; what is shown follows at once."""
        server = self.server
        if server is None or self.phase != "running":
            return
        # Not even a shutdown() of its connections belongs into this thread.
        self.desk.bridge.call(lambda: self.desk.lab.stop(server), lambda _: self._ended(server), owner=self)

    def _ended(self, server: launch.AnyServer) -> None:
        if server is self.server:
            self.server = None
            self.rows.update([])
            self.spinning = []
            self._orders.clear()
            self._set_phase("ended")

    # Acting

    def order(self, work: Callable[[Any], Any], done: Callable[[Any], object] | None = None) -> None:
        """Run work(server) elsewhere, in order."""
        server = self.server
        if server is not None:
            self.dismiss_trouble()
            self._orders.put(lambda: work(server), done)

    def set_delay_ms(self, delay_ms: int) -> None:
        """Delay the handler from now on."""
        self.delay_ms = delay_ms
        self.order(lambda server: server.set_delay_ms(delay_ms))
        self.changed.emit()

    def set_hold_accept(self, hold: bool) -> None:
        """Leave new connections in the backlog, or take them again."""
        self.hold_accept = hold
        self.order(lambda server: server.set_hold_accept(hold))
        self.changed.emit()

    def set_backlog(self, backlog: int) -> None:
        """Let so many connections wait from now on."""
        self.backlog = backlog
        self.order(lambda server: server.set_backlog(backlog))
        self.changed.emit()

    def _on_order_failed(self, error: BaseException) -> None:
        if type(error).__name__ == "ServiceError":
            self.desk.decline(str(error))
            return
        self.trouble = self._explained(error, "send")
        self.changed.emit()

    def dismiss_trouble(self) -> None:
        """Take the error away: something else was done."""
        if self.trouble is not None:
            self.trouble = None
            self.changed.emit()

    # Looking

    @property
    def where(self) -> str:
        """Where it listens, "" before."""
        return address_text(self.server.address) if self.server is not None and self.server.address else ""

    @property
    def exposed(self) -> bool:
        """It can be reached from other machines."""
        return self.server is not None and self.phase == "running" and self.server.facts().exposed

    @property
    def service(self) -> str:
        """The running service's name, "" when none runs."""
        return self.server.name if self.server is not None else ""

    def poll(self) -> None:
        """Ask for the connections elsewhere, one question at a time; see whether it still runs."""
        server = self.server
        if server is None or self.phase != "running":
            return
        if server.state in ("stopped", "failed"):
            self.desk.bridge.call(lambda: self.desk.lab.stop(server))
            self._ended(server)
            return
        self._look_for_spinning(server)
        if not self._asking:
            self._asking = True
            self.desk.bridge.call(
                server.connections,
                lambda rows: self._on_rows(server, rows),
                lambda _error: self._on_rows(server, []),
                owner=self,
            )

    def _look_for_spinning(self, server: launch.AnyServer) -> None:
        found = server.spinning()
        if found != self.spinning:
            self.spinning = found
            self.turns = sum(spin.loops for spin in found) or self.turns
            self.changed.emit()

    def begin_visit(self) -> None:
        """A client comes, to go again."""
        self.visit, self.turns = "under way", 0
        self.changed.emit()

    def end_visit(self) -> None:
        """It has gone; what the server makes of it will show."""
        self.visit = "over"
        self.changed.emit()

    def stop_spinning(self) -> None:
        """Close the connections whose loop spins."""
        conns = [spin.conn for spin in self.spinning]
        self.order(lambda server: [server.close_connection(conn) for conn in conns])

    def _on_rows(self, server: launch.AnyServer, rows: list[ConnectionRow]) -> None:
        self._asking = False
        if server is self.server and self.phase == "running":
            self.rows.update(rows)

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
