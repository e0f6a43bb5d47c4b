"""The timing tab: the waterfall of a hop, and what took the time, in a sentence.

It must not know where the times come from.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.exchange import Exchange
from widgets.http.exchange.phase_rows import phase_rows, verdict
from widgets.http.exchange.waterfall import Waterfall
from widgets.parts.card import Aside
from widgets.parts.flow import scrolled
from widgets.parts.text import Label


class TimingView(QWidget):
    """Waterfall and verdict."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.waterfall = Waterfall()
        self.verdict = Aside()
        self.verdict.hide()
        self.place = Label("", "caption", "text2", wrap=True)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.waterfall)
        column.addWidget(self.verdict)
        column.addWidget(self.place)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(inner))
        self._shown: Any = None

    def show_exchange(self, exchange: Exchange, handler_ms: float | None) -> None:
        """Show a hop's phases; handler_ms: how long the server's handler took, where it is known."""
        key = (id(exchange), exchange.phases, handler_ms)
        if key == self._shown:
            return
        self._shown = key
        rows = phase_rows(exchange, handler_ms)
        self.waterfall.set_rows(rows, exchange.phases.total or 0.0)
        lead, text = verdict(exchange, handler_ms)
        self.verdict.setVisible(bool(lead))
        if lead:
            self.verdict.set(lead, text)
        self.place.setText(_place(exchange) if rows else "Nothing has been measured yet.")


def _place(exchange: Exchange) -> str:
    if exchange.local is None or exchange.remote is None:
        return ""
    conn = f", connection {exchange.conn}" if exchange.conn else ""
    return f"From {exchange.local[0]}:{exchange.local[1]} to {exchange.remote[0]}:{exchange.remote[1]}{conn}."
