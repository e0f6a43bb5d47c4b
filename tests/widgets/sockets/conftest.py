"""The socket bench's panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.widgets.on_stage import OnStage, on_stage
from widgets.sockets.client.card import ClientView
from widgets.sockets.panel import SocketsPanel
from widgets.sockets.server.card import ServerView


class Bench(OnStage[SocketsPanel]):
    """What a test sees."""

    @property
    def client(self) -> ClientView:
        """The client shown."""
        return self.panel.ends.clients.current

    @property
    def server(self) -> ServerView:
        """The server shown."""
        return self.panel.ends.servers.current

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


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    """The panel at 1440 x 600, its services stopped and its threads gone afterwards."""
    with on_stage(Bench, SocketsPanel, qtbot, 1440, 600) as made:
        yield made
