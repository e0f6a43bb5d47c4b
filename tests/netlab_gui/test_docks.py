"""The docks keep their contents for the next start, the Python drawer's too, whether it was opened or not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from netlab_gui.docks import Docks
from protocols.lab import Lab
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.selection import Selection


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    lab = Lab()
    bridge = Bridge(lab)
    yield Desk(lab, bridge, Actions(), Selection(), EventLog())
    bridge.close()
    assert lab.close(5) == []


def test_the_drawers_choices_are_found_again_when_it_is_opened(qtbot: QtBot, desk: Desk) -> None:
    floor = QMainWindow()
    qtbot.addWidget(floor)
    docks = Docks(floor, desk)
    docks.show_python("client", {})
    docks.drawer.page.imports.button(1).click()
    docks.drawer.page.errors.button(1).click()
    kept = docks.save_contents()
    second = QMainWindow()
    qtbot.addWidget(second)
    again = Docks(second, Desk(desk.lab, desk.bridge, Actions(), Selection(), EventLog()))
    again.restore(None, kept)
    assert again.save_contents()["python"] == kept["python"], "not opened, and not forgotten"
    again.show_python("client", {})
    assert "from socket import" in again.drawer.source
    assert again.save_contents()["python"] == kept["python"]


def test_a_strange_state_of_the_drawer_is_ignored(qtbot: QtBot, desk: Desk) -> None:
    floor = QMainWindow()
    qtbot.addWidget(floor)
    docks = Docks(floor, desk)
    docks.restore(None, {"python": [1, 2]})
    docks.show_python("client", {})
    assert docks.save_contents()["python"] == {"imports": 0, "errors": 0}
