"""Mr Creosote's panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

import socket
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMainWindow
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.record.bulk import Bulk
from protocols.record.event import Event
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.creosote.bucket.card import BucketView
from widgets.creosote.log.pane import LogPane
from widgets.creosote.panel import CreosotePanel
from widgets.desk import Desk
from widgets.inspector.dock import InspectorDock
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline.dock import TimelineDock

PEERS = [("127.0.0.1", 4000 + number) for number in range(5)]


@dataclass
class Room:
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: CreosotePanel
    desk: Desk
    qtbot: QtBot
    inspector: InspectorDock
    timeline: TimelineDock
    explained: list[Event] = field(default_factory=list)
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)
    _t: int = 0

    @property
    def view(self) -> BucketView:
        """The bucket shown."""
        return self.panel.listen.buckets.current

    @property
    def pane(self) -> LogPane:
        """The log's pane."""
        return self.panel.listen.log

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=2000)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object], timeout_ms: int = 5000) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout_ms)

    def listen(self, **values: Any) -> int:
        """Start the bucket shown by its form, on a free port; the port."""
        view = self.view
        view.show_form()
        view.form.fields.set_values({"port": 0, **values})
        self.click(view.form.start_button)
        self.wait(lambda: view.slot.phase == "running" or view.slot.trouble is not None)
        assert view.slot.bucket is not None, view.slot.trouble
        return view.slot.bucket.port

    def send(self, port: int, *payloads: bytes, host: str = "127.0.0.1") -> int:
        """Send datagrams from one socket outside the lab; wait until the log has them. The sender's port."""
        before = len(self.panel.feed.log)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for payload in payloads:
                sock.sendto(payload, (host, port))
            mine: int = sock.getsockname()[1]
        self.wait(lambda: len(self.panel.feed.log) >= before + len(payloads))
        self.panel.feed.tick()
        return mine

    def pour(self, payloads: Iterable[bytes], senders: int = 5) -> None:
        """Put datagrams into the log without a network: for many rows."""
        rows = list(payloads)
        bulk = Bulk(
            "bucket:7739", ("127.0.0.1", 7739), array("q", range(self._t, self._t + len(rows))), b"".join(rows),
            array("I", accumulate(map(len, rows))), array("I", [at % senders for at in range(len(rows))]), PEERS,
            [str(number) for number in range(5)], 0,
        )  # fmt: skip
        self._t += len(rows)
        self.panel.feed.take(bulk)
        self.panel.feed.tick()
        self.panel.listen.refresh()

    def shown(self) -> list[int]:
        """The log's rows that are shown."""
        return list(self.pane.rows.numbers())

    def filter(self, text: str) -> list[int]:
        """Filter by typing; the rows that are left."""
        self.pane.bar.field.setText(text)
        self.wait(lambda: not self.pane.rows.searching)
        return self.shown()


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """A panel in a window with the time line and the inspector, on a lab that is closed at the end."""
    lab = Lab()
    bridge = Bridge(lab)
    desk = Desk(lab, bridge, Actions(), Selection(), EventLog())
    with theme().making():
        window = QMainWindow()
        timeline, inspector = TimelineDock(desk), InspectorDock(desk)
        panel = CreosotePanel(desk)
        window.setCentralWidget(panel)
        window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, timeline)
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, inspector)
    qtbot.addWidget(window)
    found = Room(panel, desk, qtbot, inspector, timeline)
    desk.show_python = lambda name, params: found.scripts.append((name, dict(params)))
    desk.toast = desk.decline = desk.warn = found.toasts.append
    desk.explain = found.explained.append
    timeline.set_folded(True)
    window.resize(1440, 900)
    window.show()
    panel.shown()
    try:
        yield found
    finally:
        panel.hidden()
        window.hide()
        bridge.close()
        assert lab.close() == []
