"""The mail server's card: one click starts it, its ends stand here while it runs.

It must not know who sends to it.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from protocols.mail.server.service import MailServer
from protocols.mail.server.setup import MailSetup
from protocols.record.explain import explain
from widgets.desk import Desk
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.trouble import TroubleStrip


class MailServerCard(Card):
    """The card. `started(server)`, `stopped()`."""

    started = Signal(object)
    stopped = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Mail server", "server", parent=parent)
        self.desk = desk
        self.server: MailServer | None = None
        self.strip = TroubleStrip()
        self.empty = EmptyState("server", "A mail server inside the lab: SMTP, POP3 and IMAP on one store.",
                                "Start a mail server", button_icon="play")  # fmt: skip
        self.facts = {name: Fact(name.upper(), mono=True) for name in ("smtp", "pop3", "imap")}
        self.users = Fact("Users")
        self.stop_button = Button("Stop", "square", small=True)
        self.add_action(self.stop_button)
        self.stop_button.hide()
        self.pages = Pages(self.empty, FlowBox(*self.facts.values(), self.users, spacing=16), parent=self)
        self.add_section(self.strip)
        self.add_section(self.pages, 1)
        self.empty.acted.connect(self.start)
        self.stop_button.clicked.connect(self.stop)

    def start(self) -> None:
        """Start a server on free ports; nothing happens while one runs."""
        if self.server is not None:
            return
        lab = self.desk.lab

        def work() -> MailServer:
            server = MailServer(lab.recorder, MailSetup())
            lab.start(server, room="mail")
            return server

        self.desk.bridge.call(work, self._on_started, self._on_failed, owner=self)

    def _on_started(self, server: MailServer) -> None:
        self.server = server
        self.strip.clear()
        for name, fact in self.facts.items():
            fact.set_value(f"{server.ends[name][0]}:{server.ends[name][1]}")
        self.users.set_value(", ".join(f"{name} (password {word})" for name, word in server.setup.users.items()))
        self.pages.setCurrentIndex(1)
        self.stop_button.show()
        self.set_state("running", "Running")
        self.started.emit(server)

    def _on_failed(self, error: BaseException) -> None:
        told = explain(error, call="bind")
        self.strip.tell(told.title, told.why, errno=told.errno)

    def stop(self) -> None:
        """End it."""
        server, lab = self.server, self.desk.lab
        if server is not None:
            self.desk.bridge.call(lambda: lab.stop(server), lambda _: self._on_stopped(), owner=self)

    def _on_stopped(self) -> None:
        self.server = None
        self.pages.setCurrentIndex(0)
        self.stop_button.hide()
        self.set_state("stopped", "Stopped")
        self.stopped.emit()
