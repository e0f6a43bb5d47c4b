"""The socket bench's panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.record.event import Event
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.selection import Selection
from widgets.sockets.client_card import ClientView
from widgets.sockets.panel import SocketsPanel
from widgets.sockets.server_card import ServerView


@dataclass
class Bench:
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: SocketsPanel
    desk: Desk
    qtbot: QtBot
    explained: list[Event] = field(default_factory=list)
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    @property
    def client(self) -> ClientView:
        """The client shown."""
        return self.panel.ends.clients.current

    @property
    def server(self) -> ServerView:
        """The server shown."""
        return self.panel.ends.servers.current

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=2000)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object], timeout_ms: int = 5000) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout_ms)

    def start_server(self, **values: Any) -> ServerView:
        """Start a server by its form, on a free port."""
        view = self.panel.ends.servers.free_view()
        self.panel.ends.servers.choose(self.panel.ends.servers.views.index(view))
        view.show_form()
        view.form.fields.set_values({"port": 0, **values})
        self.click(view.form.start_button)
        self.wait(lambda: view.slot.phase == "running" or view.slot.trouble is not None)
        assert view.slot.phase == "running", view.slot.trouble
        return view

    def connect(self) -> ClientView:
        """Connect a client to the server shown."""
        view = self.panel.ends.connect_to(self.server.slot)
        self.wait(lambda: view.slot.phase in ("connected", "ended") or view.slot.trouble is not None)
        assert view.slot.trouble is None
        return view

    def received(self, view: ClientView) -> bytes:
        """What a client has got so far."""
        return b"".join(line.data for line in view.slot.lines.lines() if line.direction == "in")

    def say(self, view: ClientView, text: str) -> None:
        """Type into the client's input and press Send."""
        view.live.input.field.setText(text)
        self.click(view.live.input.send_button)

    def primaries(self, card: QWidget) -> list[str]:
        """The primary buttons that a card shows."""
        buttons = card.findChildren(QPushButton)
        return [button.text() for button in buttons if button.property("primary") and button.isVisible()]


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    """The panel at 1440 x 600, its services stopped and its threads gone afterwards."""
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    panel = SocketsPanel(desk)
    made = Bench(panel, desk, qtbot)
    desk.explain = made.explained.append
    desk.show_python = lambda id, params: made.scripts.append((id, dict(params)))
    desk.toast = made.toasts.append
    qtbot.addWidget(panel)
    panel.resize(1440, 600)
    panel.show()
    panel.shown()
    qtbot.waitExposed(panel)
    yield made
    panel.hidden()
    assert lab.close(20) == []
    bridge.close()
