"""The socket bench before there is a lab: what the first picture of the window shows, a moment before the panel.

Its buttons are real: what is clicked here is done as soon as the panel stands. Light on purpose:
it must not know the room, only the ids of actions.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.text import Label

FIRST_SERVER: str = "sockets.first-server"
NO_SERVER: str = "No server runs yet. Start one, then connect a client and watch them talk."
START: str = "Start an upper-case server"


class SocketsFront(QWidget):
    """Two cards where the panel's will be. asked(id): an action that the user wants done."""

    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.client = Card("Client", "monitor")
        self.server = Card("Server", "server")
        self.empty = EmptyState("server", NO_SERVER, START, button_icon="play", primary=True)
        self.empty.acted.connect(lambda: self.asked.emit(FIRST_SERVER))
        self.client.add(QWidget(), 1)  # without a body its head would stand in the middle
        self.server.add(self.empty, 1)
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 16, 8)
        head.addWidget(Label("Sockets", "panel"))
        cards = QHBoxLayout()
        cards.setContentsMargins(16, 0, 16, 12)
        cards.setSpacing(9)
        cards.addWidget(self.client, 1)
        cards.addWidget(self.server, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(cards, 1)
