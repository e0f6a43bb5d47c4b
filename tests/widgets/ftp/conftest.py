"""The FTP panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.record.event import Event
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.ftp.panel import FtpPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

LONG_MS = 20_000


@dataclass
class Room:
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: FtpPanel
    desk: Desk
    qtbot: QtBot
    explained: list[Event] = field(default_factory=list)
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        self.qtbot.waitUntil(button.isEnabled, timeout=LONG_MS)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object]) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LONG_MS)

    def connected(self, folder: Path | None = None) -> None:
        """Both ends stand, the files are shown, and a folder here."""
        self.panel.ends.give_other_end()
        self.wait(lambda: self.panel.slot.phase == "connected")
        self.panel.show_view("files")
        self.wait(lambda: self.panel.files.there.listing is not None and not self.panel.files.there.busy)
        if folder is not None:
            self.panel.files.here.go(str(folder))
            self.wait(lambda: self.panel.files.here.path == str(folder))

    def names(self, pane: Any) -> set[str]:
        """What a pane shows in its folder."""
        return {node.entry.name for node in pane.model.rows}

    def choose(self, pane: Any, name: str) -> None:
        """Choose one entry."""
        row = next(row for row, node in enumerate(pane.model.rows) if node.entry.name == name)
        pane.view.clearSelection()
        pane.view.selectRow(row)

    def settled(self) -> None:
        """The queue has nothing to do."""
        model = self.panel.files.queue.model
        self.wait(lambda: model.rowCount() and model.counts.open == 0)


@pytest.fixture
def room(qtbot: QtBot, tmp_path: Path) -> Iterator[Room]:
    """The panel at 1440 x 800, its services stopped and its threads gone afterwards."""
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    panel = FtpPanel(desk)
    theme().release()
    made = Room(panel, desk, qtbot)
    desk.explain = made.explained.append
    desk.show_python = lambda id, params: made.scripts.append((id, dict(params)))
    qtbot.addWidget(panel)
    panel.resize(1440, 800)
    panel.show()
    panel.shown()
    qtbot.waitExposed(panel)
    yield made
    panel.hidden()
    assert lab.close(20) == []
    bridge.close()
