"""An inspector on a desk of its own, with the real recorder, bridge, log and registry behind it."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from protocols.service.intents import Intents
from protocols.service.running import Running
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.selection import Selection


class Stage:
    """A window with a desk. toasts: what was said."""

    def __init__(self) -> None:
        self.lab: Any = SimpleNamespace(recorder=Recorder(), intents=Intents(), running=Running())
        self.window = QMainWindow()
        self.window.setCentralWidget(QWidget())
        self.bridge = Bridge(self.lab)
        self.desk = Desk(self.lab, self.bridge, Actions(self.window), Selection(), EventLog())
        self.toasts: list[str] = []
        self.desk.toast = self.desk.decline = self.toasts.append

    def close(self) -> None:
        """Let go of everything."""
        self.bridge.close()
        assert self.lab.intents.close(30)
        self.window.close()


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    """A desk without docks."""
    made = Stage()
    qtbot.addWidget(made.window)
    yield made
    made.close()

