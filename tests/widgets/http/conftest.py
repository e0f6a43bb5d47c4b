"""The web panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.widgets.on_stage import OnStage, on_stage
from widgets.http.both_ends import BothEnds
from widgets.http.exchange.sent import Sent
from widgets.http.panel import HttpPanel
from widgets.http.server.slot import ServerSlot

LONG_MS = 15_000


class Room(OnStage[HttpPanel]):
    """What a test sees."""

    @property
    def ends(self) -> BothEnds:
        """The view of both ends."""
        return self.panel.ends

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


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """The panel at 1440 x 800, its services stopped and its threads gone afterwards."""
    with on_stage(Room, HttpPanel, qtbot, 1440, 800) as made:
        yield made
