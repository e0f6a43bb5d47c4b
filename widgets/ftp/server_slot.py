"""ServerSlot: the panel's FTP server through its lives, with the firewall before it, its rules and its sessions.

Turns clicks into work elsewhere. It must not know widgets, and it opens no socket in the GUI thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.ftp.firewall import FtpFirewall
from protocols.ftp.server.rules import Rule, RuleError
from protocols.ftp.server.setup import SetupError
from protocols.ftp.server.site import SessionFacts
from protocols.record.event import Raw, detail_of
from protocols.record.explain import Explained, explain
from widgets.desk import Desk
from widgets.ftp import server_launch
from widgets.ftp.server_words import transfer_row

Phase: TypeAlias = Literal["idle", "starting", "running", "ended"]
WORDS: Final[dict[Phase, tuple[str, str]]] = {
    "idle": ("", ""), "starting": ("waiting", "Starting"), "running": ("running", "Running"),
    "ended": ("stopped", "Stopped"),
}  # fmt: skip


class ServerSlot(QObject):
    """The server. `changed`: phase or trouble are new; `started`, `ended`; `transferred(rows)`; `rules_changed`.

    rules: what goes wrong on purpose, kept while no server runs. server: the one that runs, wall: the firewall before
    it, or None.
    """

    changed = Signal()
    started = Signal()
    failed = Signal()
    ended = Signal()
    transferred = Signal(list)
    rules_changed = Signal()
    wall_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.phase: Phase = "idle"
        self.values: dict[str, Any] = {}
        self.trouble: Explained | None = None
        self.server: server_launch.AnyServer | None = None
        self.wall: FtpFirewall | None = None
        self.rules: tuple[Rule, ...] = ()
        self._numbers = 0

    def start(self, values: Mapping[str, Any]) -> None:
        """Start a server of the form's values; nothing happens while one runs."""
        if self.phase in ("starting", "running"):
            return
        self.values, self.trouble = dict(values), None
        self._numbers += 1
        lab, order, rules = self.desk.lab, dict(values), self.rules
        name = "ftp" if self._numbers == 1 else f"ftp {self._numbers}"
        self._set_phase("starting")
        self.desk.bridge.call(lambda: server_launch.start_server(lab, order, name, rules),
                              self._on_started, self._on_failed, owner=self)  # fmt: skip

    def _on_started(self, server: server_launch.AnyServer) -> None:
        self.server = server
        self._set_phase("running")
        self.started.emit()

    def _on_failed(self, error: BaseException) -> None:
        if isinstance(error, (SetupError, RuleError)):
            self.trouble = server_launch.refusal(error)
        else:
            where = (str(self.values.get("host", "")), int(self.values.get("port", 0)))
            self.trouble = explain(error, call="bind", address=where)
        self._set_phase("idle")
        self.failed.emit()

    def stop(self) -> None:
        """End the server, all its sessions and its firewall; what is shown follows at once."""
        server, wall, lab = self.server, self.wall, self.desk.lab
        if server is None:
            return

        def work() -> None:
            if wall is not None:
                lab.stop(wall)
            lab.stop(server)

        self.server = self.wall = None
        self.desk.bridge.call(work)
        self._set_phase("ended")
        self.wall_changed.emit()
        self.ended.emit()

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Exchange the rules, in the running server too. Raises RuleError."""
        self.rules = tuple(rule.checked() for rule in rules)
        if self.server is not None:
            self.server.set_rules(self.rules)
        self.rules_changed.emit()

    def counts(self) -> list[int]:
        """How often each rule fired."""
        return self.server.rule_counts() if self.server is not None else [0] * len(self.rules)

    def sessions(self) -> list[SessionFacts]:
        """Who is connected."""
        return self.server.sessions() if self.server is not None else []

    def end_session(self, number: int) -> None:
        """Throw a client out."""
        if self.server is not None:
            self.server.end_session(number)

    def switch_wall(self) -> None:
        """Put a firewall before the server's clients, or take it away."""
        lab, wall, server = self.desk.lab, self.wall, self.server
        if wall is not None:
            self.wall = None
            self.desk.bridge.call(lambda: lab.stop(wall))
            self.wall_changed.emit()
        elif server is not None:
            self.desk.bridge.call(lambda: server_launch.start_firewall(lab, server), self._on_wall,
                                  lambda error: self.desk.decline(str(error)), owner=self)  # fmt: skip

    def _on_wall(self, wall: FtpFirewall) -> None:
        if self.server is None:
            lab = self.desk.lab
            self.desk.bridge.call(lambda: lab.stop(wall))
            return
        self.wall = wall
        self.wall_changed.emit()

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder: finished transfers of this server become rows."""
        name = self.server.name if self.server is not None else ""
        rows = [transfer_row(dict(detail_of(raw))) for raw in raws
                if raw[2] == "transfer" and raw[1] == "message" and raw[3] == name]  # fmt: skip
        if rows:
            self.transferred.emit(rows)

    def poll(self) -> None:
        """See whether it still runs."""
        if self.server is not None and self.phase == "running" and self.server.state in ("stopped", "failed"):
            self.stop()

    @property
    def is_sftp(self) -> bool:
        """It speaks SFTP."""
        return self.values.get("protocol") == "sftp"

    @property
    def exposed(self) -> bool:
        """It can be reached from other machines."""
        return self.server is not None and self.server.facts().exposed

    def _set_phase(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()
