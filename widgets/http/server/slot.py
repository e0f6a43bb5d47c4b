"""ServerSlot: one web server of the panel through its lives: idle, starting, running, ended.

Keeps what the card shows and turns clicks into work elsewhere. It must not know widgets, and it
opens no socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.concurrency.server import Server
from protocols.http.server.served import Served
from protocols.record.explain import Explained, explain
from widgets.desk import Desk
from widgets.http.server import launch
from widgets.http.server.served_rows import ServedModel

Phase: TypeAlias = Literal["idle", "starting", "running", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""), "starting": ("waiting", "Starting"), "running": ("running", "Running"),
    "ended": ("stopped", "Stopped"),
}  # fmt: skip


class ServerSlot(QObject):
    """One server. `changed`: phase, facts or trouble are new; `started`, `failed`: how a start ended.

    values: the form's values of the last start. trouble: the last error, explained, or None.
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
        self.made: launch.Started | None = None
        self.rows = ServedModel(desk.lab.recorder.epoch_ns, self)
        self.delay_ms = 0

    def start(self, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> None:
        """Start a server of these values; nothing happens while one runs."""
        if self.phase in ("starting", "running"):
            return
        self.values, self.trouble = dict(values), None
        self.delay_ms = int(values.get("delay_ms", 0))
        lab, order = self.desk.lab, dict(self.values)
        self._set_phase("starting")
        self.desk.bridge.call(
            lambda: launch.start_server(lab, order, free_port_if_taken=free_port_if_taken),
            self._on_started, self._on_start_failed, owner=self,
        )  # fmt: skip

    @property
    def server(self) -> Server | None:
        """The running server, or None."""
        return self.made.server if self.made is not None else None

    def _on_started(self, made: launch.Started) -> None:
        self.made, server = made, made.server
        self.rows.clear()
        wanted = self.port
        if isinstance(server.address, tuple) and wanted and server.address[1] != wanted:
            self.desk.toast(f"Port {wanted} is taken: the server listens on {server.address[1]}")
        self._set_phase("running")
        self.started.emit()

    def _on_start_failed(self, error: BaseException) -> None:
        self.trouble = self._explained(error)
        self._set_phase("idle")
        self.failed.emit()

    def _explained(self, error: BaseException) -> Explained:
        if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
            return launch.refusal(error)
        where = (str(self.values.get("host", "")), self.port)
        return explain(error, call="bind", address=where, transport="tcp")

    def stop(self) -> None:
        """End the server and all its connections; what is shown follows at once."""
        made, lab = self.made, self.desk.lab
        if made is not None and self.phase == "running":
            self.desk.bridge.call(
                lambda: launch.stop_server(lab, made), lambda _: self._ended(made), owner=self
            )

    def _ended(self, made: launch.Started) -> None:
        if made is self.made:
            self.made = None
            self._set_phase("ended")

    def order(self, work: Callable[[Server], Any], done: Callable[[Any], object] | None = None) -> None:
        """Run work(server) elsewhere; what it raises is told."""
        server = self.server
        if server is not None:
            self.desk.bridge.call(lambda: work(server), done, lambda error: self.desk.decline(str(error)), owner=self)

    def set_delay_ms(self, delay_ms: int) -> None:
        """Let each answer wait so long from now on."""
        self.delay_ms = delay_ms
        self.order(lambda server: server.set_delay_ms(delay_ms))
        self.changed.emit()

    def take(self, served: Sequence[Served]) -> None:
        """New rows of all servers: those of this one are shown."""
        name = self.service
        own = [one for one in served if one.service == name] if name else []
        if own:
            self.rows.take(own)

    def poll(self) -> None:
        """See whether it still runs."""
        made, lab = self.made, self.desk.lab
        if made is not None and self.phase == "running" and made.server.state in ("stopped", "failed"):
            self.desk.bridge.call(lambda: launch.stop_server(lab, made))
            self._ended(made)

    @property
    def url(self) -> str:
        """Where a client finds it, "" while it does not run."""
        return self.made.url if self.made is not None and self.phase == "running" else ""

    @property
    def port(self) -> int:
        """The port that its form asked for, 0 for any."""
        return int(self.values.get("port", 0) or 0)

    @property
    def exposed(self) -> bool:
        """It can be reached from other machines."""
        return self.server is not None and self.phase == "running" and self.server.facts().exposed

    @property
    def service(self) -> str:
        """The running service's name, "" when none runs."""
        return self.server.name if self.server is not None else ""

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
