"""The packets panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from protocols.packets.scapy_child.asking import PacketChild
from tests.widgets.on_stage import OnStage, on_stage
from widgets.desk import Desk
from widgets.packets.listing.page import ListPage
from widgets.packets.panel import PacketsPanel


class Room(OnStage[PacketsPanel]):
    """What a test sees."""

    @property
    def page(self) -> ListPage:
        """The view that lists a capture."""
        return self.panel.packets

    def use(self, child: PacketChild) -> None:
        """Let this child dissect."""
        self.page.child = self.page.packet._child = child

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

    def end(self) -> None:
        """The file is closed, and the child is not still being started."""
        self.page.document.close()
        self.wait(lambda: not self.desk.bridge.pending)


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

    def build(desk: Desk) -> PacketsPanel:
        panel = PacketsPanel(desk)
        panel.packets.child = panel.packets.packet._child = child  # this one dissects
        return panel

    with on_stage(Room, build, qtbot, 1400, 850) as made:
        yield made
