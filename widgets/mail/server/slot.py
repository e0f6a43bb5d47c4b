"""MailSlot: the mail server of the panel through its lives: idle, starting, running, ended.

Keeps what the card shows and turns clicks into work elsewhere. It must not know widgets, and it opens no
socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.mail.server.rules import Rule, RuleError
from protocols.mail.server.service import MailServer
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.mail.server import launch

Phase: TypeAlias = Literal["idle", "starting", "running", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""), "starting": ("waiting", "Starting"), "running": ("running", "Running"),
    "ended": ("stopped", "Stopped"),
}  # fmt: skip


class MailSlot(QObject):
    """One server. `changed`: phase, facts or trouble are new; `started(server)`, `failed`, `stopped` say it by name.

    values: the form's values of the last start. trouble: the last error, explained, or None. rules: its failures on
    purpose, also those of the next start.
    """

    changed = Signal()
    started = Signal(object)
    failed = Signal()
    stopped = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.server: MailServer | None = None
        self.rules: tuple[Rule, ...] = ()

    def start(self, values: Mapping[str, Any], *, free_port_if_taken: bool = False) -> None:
        """Start a server of these values; nothing happens while one runs."""
        if self.phase in ("starting", "running"):
            return
        self.values, self.trouble = dict(values), None
        lab, order, rules = self.desk.lab, dict(self.values), self.rules
        self._set_phase("starting")
        self.desk.bridge.call(
            lambda: launch.start_server(lab, order, rules, free_port_if_taken=free_port_if_taken),
            self._on_started, self._on_start_failed, owner=self,
        )  # fmt: skip

    def _on_started(self, server: MailServer) -> None:
        self.server = server
        wanted = [int(self.values.get(name, 0)) for name in launch.PORTS]
        if any(port and self.values.get(name.removesuffix("_port"), True) and port not in server.facts().ports
               for name, port in zip(launch.PORTS, wanted, strict=True)):
            self.desk.toast("A port is taken: the server listens on free ones")
        self._set_phase("running")
        self.started.emit(server)

    def _on_start_failed(self, error: BaseException) -> None:
        self.trouble = launch.explained(error)
        self._set_phase("idle")
        self.failed.emit()

    def stop(self) -> None:
        """End the server and all its connections; what is shown follows at once."""
        server, lab = self.server, self.desk.lab
        if server is not None and self.phase == "running":
            self.desk.bridge.call(lambda: lab.stop(server), lambda _: self._ended(server), owner=self)

    def _ended(self, server: MailServer) -> None:
        if server is self.server:
            self.server = None
            self._set_phase("ended")
            self.stopped.emit()

    def poll(self) -> None:
        """See whether it still runs."""
        server, lab = self.server, self.desk.lab
        if server is not None and self.phase == "running" and server.state in ("stopped", "failed"):
            self.desk.bridge.call(lambda: lab.stop(server))
            self._ended(server)

    def set_rules(self, rules: tuple[Rule, ...]) -> str:
        """Fail so from now on; what is wrong with them, "" for nothing."""
        try:
            checked = tuple(rule.check() for rule in rules)
            if self.server is not None:
                self.server.set_rules(checked)
        except RuleError as error:
            return str(error)
        self.rules = checked
        return ""

    def order(self, work: Callable[[MailServer], Any], done: Callable[[Any], object]) -> None:
        """Run work(server) elsewhere."""
        server = self.server
        if server is not None:
            self.desk.bridge.call(lambda: work(server), done, lambda error: self.desk.decline(str(error)), owner=self)

    @property
    def service(self) -> str:
        """The running service's name, "" when none runs."""
        return self.server.name if self.server is not None else ""

    @property
    def exposed(self) -> bool:
        """It can be reached from other machines."""
        return self.server is not None and self.phase == "running" and self.server.facts().exposed

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
