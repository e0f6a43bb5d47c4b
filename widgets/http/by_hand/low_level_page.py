"""Low level: what Python's own libraries do for a request, by the single call.

Holds one page for each library. It must not know what they do.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.desk import Desk
from widgets.http.by_hand.layers_page import LayersPage
from widgets.http.by_hand.openers_page import OpenersPage
from widgets.http.by_hand.steps_page import StepsPage
from widgets.http.by_hand.websocket_page import WebSocketPage
from widgets.http.request.card import RequestCard
from widgets.parts.tab_pages import TabPages


class LowLevelPage(QWidget):
    """The pages in tabs."""

    def __init__(self, desk: Desk, request: RequestCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StepsPage(desk, request, self)
        self.websocket = WebSocketPage(desk, request, self)
        self.tabs = TabPages("Libraries", self)
        self.tabs.add("steps", "http.client, step by step", self.steps)
        self.openers = OpenersPage(desk, request, self)
        self.tabs.add("openers", "urllib, handler by handler", self.openers)
        self.tabs.add("websocket", "WebSocket", self.websocket)
        self.layers = LayersPage(desk, request, self)
        self.tabs.add("layers", "Layers", self.layers)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def python(self) -> tuple[str, dict[str, Any]]:
        """The script of what is shown, as (action id, parameters)."""
        pages: dict[str, StepsPage | OpenersPage | WebSocketPage | LayersPage] = {
            "steps": self.steps, "openers": self.openers, "websocket": self.websocket, "layers": self.layers,
        }  # fmt: skip
        return pages[self.tabs.current()].python()
