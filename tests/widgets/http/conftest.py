"""The web panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
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
from widgets.http.both_ends import BothEnds
from widgets.http.panel import HttpPanel
from widgets.http.sent import Sent
from widgets.http.server_slot import ServerSlot
from widgets.selection import Selection
from widgets.theme.theme import theme

LONG_MS = 15_000


@dataclass
class Room:
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: HttpPanel
    desk: Desk
    qtbot: QtBot
    explained: list[Event] = field(default_factory=list)
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    @property
    def ends(self) -> BothEnds:
        """The view of both ends."""
        return self.panel.ends

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object], timeout_ms: int = LONG_MS) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout_ms)

    def serve(self, root: Path | None = None, **values: Any) -> ServerSlot:
        """Start a server on a free port: a folder, unless the values say otherwise."""
        slot = self.ends.servers.start_site({"site": "folder", "port": 0, "root": str(root or ""), **values})
        self.wait(lambda: slot.phase == "running" or slot.trouble is not None)
        assert slot.phase == "running", slot.trouble
        return slot

    def send(self, url: str = "", method: str = "GET") -> Sent:
        """Type a URL, press Send, and wait until the answer is shown whole."""
        ends = self.ends
        if url:
            ends.request.set_url(url, method)
        before = ends.slot.sent
        self.click(ends.request.bar.send_button)
        self.wait(lambda: ends.slot.sent is not before and ends.slot.phase == "idle")
        self.wait(lambda: ends.response.body_view.prepared is not None)
        assert ends.slot.sent is not None
        return ends.slot.sent

    def primaries(self, card: QWidget) -> list[str]:
        """The primary buttons that a card shows."""
        buttons = card.findChildren(QPushButton)
        return [button.text() for button in buttons if button.property("primary") and button.isVisible()]


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """The panel at 1440 x 800, its services stopped and its threads gone afterwards."""
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    panel = HttpPanel(desk)
    theme().release()
    made = Room(panel, desk, qtbot)
    desk.explain = made.explained.append
    desk.show_python = lambda id, params: made.scripts.append((id, dict(params)))
    desk.toast = made.toasts.append
    qtbot.addWidget(panel)
    panel.resize(1440, 800)
    panel.show()
    panel.shown()
    qtbot.waitExposed(panel)
    yield made
    panel.hidden()
    assert lab.close(20) == []
    bridge.close()
