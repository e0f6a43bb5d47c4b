"""The wire tab: the bytes both ways as lines of text, or as a map in colours; each part in words under the pointer.

It must not know how an exchange came about.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.http.exchange import Exchange
from protocols.http.parts import Span, message_parts, span_at
from widgets.http.exchange.wire_text import WireLine, wire_lines
from widgets.http.exchange.wire_view import WireView
from widgets.http.response.byte_map import SHOWN_BYTES, ByteMap
from widgets.parts.flow import Pages
from widgets.parts.segments import Segments

TEXT, ANSWER, REQUEST = range(3)
WAYS: Final = ("Text", "Bytes of the answer", "Bytes of the request")


class WirePage(QWidget):
    """The lines (`text`) and the maps of an exchange."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ways = Segments(WAYS, "How the bytes are shown")
        self.text = WireView()
        self.answer, self.request = ByteMap("Bytes of the answer"), ByteMap("Bytes of the request")
        self.pages = Pages(self.text, self.answer, self.request)
        self._shown: tuple[int, int, int] | None = None
        self._exchange: Exchange | None = None
        self._spans: dict[str, list[Span]] = {"sent": [], "received": []}
        self.text.words = self._words
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 6)
        row.addWidget(self.ways)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.pages, 1)
        self.ways.chosen.connect(self.show_way)

    def show_way(self, way: int) -> None:
        """As text, or as a map of the answer or the request."""
        self.ways.set_current(way)
        self.pages.setCurrentWidget((self.text, self.answer, self.request)[way])

    def forget(self) -> None:
        """Another request begins."""
        self._shown = None

    def show_exchange(self, exchange: Exchange) -> None:
        """Show what has crossed by now."""
        key = (id(exchange), exchange.sent.size, exchange.received.size)
        if key == self._shown:
            return
        self._shown = key
        sent, received = bytes(exchange.sent.data[:SHOWN_BYTES]), bytes(exchange.received.data[:SHOWN_BYTES])
        head = exchange.head_sent or len(sent)
        self._spans = {
            "sent": message_parts(sent, min(head, len(sent)), sent=True),
            "received": message_parts(received, min(exchange.head_received, len(received)), chunked=exchange.chunked),
        }
        self.text.set_lines(wire_lines(exchange))
        self.answer.show_message(received, self._spans["received"])
        self.request.show_message(sent, self._spans["sent"])

    def _words(self, line: WireLine, column: int) -> str:
        spans = self._spans["sent" if line.role == "sent" else "received"]
        # Where a line has letters of several bytes, the part is still that of the line.
        found = span_at(spans, line.at + column) if line.at is not None else None
        if found is None:
            return ""
        return f"{found.name}. {found.told}" if found.told else found.name
