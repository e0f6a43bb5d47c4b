"""The FTP panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from tests.widgets.on_stage import OnStage, on_stage
from widgets.ftp.panel import FtpPanel

LONG_MS = 20_000


class Room(OnStage[FtpPanel]):
    """What a test sees."""

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        self.qtbot.waitUntil(button.isEnabled, timeout=LONG_MS)
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

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
    with on_stage(Room, FtpPanel, qtbot, 1440, 800) as made:
        yield made
