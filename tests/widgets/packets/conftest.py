"""The packets panel on a real lab, in a window of its own, with nothing left when the test ends."""

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
from protocols.packets.scapy_child.asking import PacketChild
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.packets.list_page import ListPage
from widgets.packets.panel import PacketsPanel
from widgets.selection import Selection
from widgets.theme.theme import theme


@dataclass
class Room:
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: PacketsPanel
    desk: Desk
    qtbot: QtBot
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    @property
    def page(self) -> ListPage:
        """The view that lists a capture."""
        return self.panel.packets

    def use(self, child: PacketChild) -> None:
        """Let this child dissect."""
        self.page.child = self.page.packet._child = child

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object]) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()))

    def type_filter(self, text: str) -> None:
        """Type a filter and press Return."""
        self.page.bar.field.setFocus()
        self.page.bar.field.selectAll()
        if text:
            self.qtbot.keyClicks(self.page.bar.field, text)
        else:
            self.qtbot.keyClick(self.page.bar.field, Qt.Key.Key_Delete)
        self.qtbot.keyClick(self.page.bar.field, Qt.Key.Key_Return)

    def open(self, path: Path | None = None) -> None:
        """Open a capture, the sample by default, and wait until all is known of it."""
        if path is None:
            self.page.open_sample()
        else:
            self.page.open(str(path))
        self.wait(lambda: self.page.document.told is not None and not self.page.document.reading)

    def numbers(self) -> list[int]:
        """The numbers of the packets shown."""
        return [self.page.document.row(place) + 1 for place in range(self.page.model.rowCount())]

    def choose(self, number: int) -> None:
        """Choose a packet and wait for its tree."""
        self.page.go_to(number - 1)
        packet = self.page.packet
        self.wait(lambda: packet.number == number and packet.tree is not None)
        assert self.page.table.current() == number - 1


@pytest.fixture(scope="module")
def child() -> Iterator[PacketChild]:
    """One scapy child for the module: its start costs a second."""
    one = PacketChild(patience_s=60)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def room(qtbot: QtBot, child: PacketChild) -> Iterator[Room]:
    """The panel at 1400 x 850, its child and threads gone afterwards."""
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    panel = PacketsPanel(desk)
    theme().release()
    made = Room(panel, desk, qtbot)
    desk.show_python = lambda id, params: made.scripts.append((id, dict(params)))
    desk.toast = made.toasts.append
    made.use(child)
    qtbot.addWidget(panel)
    panel.resize(1400, 850)
    panel.show()
    panel.shown()
    qtbot.waitExposed(panel)
    yield made
    panel.hidden()
    panel.packets.document.close()
    qtbot.waitUntil(lambda: not bridge.pending)  # the child is not still being started
    assert lab.close(20) == []
    bridge.close()
