"""SampleCard: the other end at once: a server over a folder of sample files, on a free port.

It must not know the client card.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.ftp.sample import ANN, SampleServer
from widgets.desk import Desk
from widgets.ftp.client_slot import explained
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.trouble import TroubleStrip


class SampleCard(Card):
    """The server. `started(server)` once it listens; `stopped`."""

    started = Signal(object)
    stopped = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Server", "server", parent=parent)
        self.desk = desk
        self.server: SampleServer | None = None
        self.busy = False
        self._numbers = 0
        self.stop_button = Button("Stop", "square", small=True)
        self.add_action(self.stop_button)
        self.empty = EmptyState("server", "A server over a folder of sample files would run here.",
                                "Start a server", button_icon="play", primary=True)  # fmt: skip
        self.strip = TroubleStrip()
        self.facts = {
            "where": Fact("Listens on", mono=True), "user": Fact("User and password"),
            "folder": Fact("Folder", mono=True),
        }  # fmt: skip
        row = FlowBox(spacing=24, line_spacing=8)
        for fact in self.facts.values():
            row.add(fact)
        live = QWidget()
        column = QVBoxLayout(live)
        column.setContentsMargins(12, 12, 12, 12)
        column.addWidget(row)
        column.addStretch(1)
        self.pages = Pages(parent=self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(live)
        self.add(self.strip)
        self.add(self.pages, 1)
        self.empty.acted.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        self._refresh()

    def start(self, tls: str = "off") -> None:
        """Start it, unless it runs."""
        if self.busy or self.server is not None:
            return
        self.busy = True
        self._numbers += 1
        lab, name = self.desk.lab, "ftp" if self._numbers == 1 else f"ftp {self._numbers}"
        kind = tls if tls in ("explicit", "implicit") else "off"

        def work() -> SampleServer:
            server = SampleServer(lab.recorder, name, kind)  # type: ignore[arg-type]
            lab.start(server, room="ftp")
            return server

        self.desk.bridge.call(work, self._on_started, self._on_failed, owner=self)

    def _on_started(self, server: SampleServer) -> None:
        self.busy = False
        self.server = server
        self._refresh()
        self.started.emit(self.server)

    def _on_failed(self, error: BaseException) -> None:
        self.busy = False
        told = explained(error)
        self.strip.tell(told.title, told.why, errno=told.errno)

    def stop(self) -> None:
        """Stop it; its folder goes with it."""
        server, self.server = self.server, None
        if server is None:
            return
        self.desk.bridge.call(lambda: self.desk.lab.stop(server))
        self._refresh()
        self.stopped.emit()

    def _refresh(self) -> None:
        server = self.server
        self.pages.setCurrentIndex(0 if server is None else 1)
        self.stop_button.setVisible(server is not None)
        self.set_state(*(("running", "Running") if server is not None else ("", "")))
        if server is not None:
            self.strip.clear()
            self.facts["where"].set_value(server.where)
            self.facts["user"].set_value(f"{ANN.name} / {ANN.password}, or anonymous")
            self.facts["folder"].set_value(str(server.folder))
