"""The map of a message: its bytes in hex, each part in a colour of its own, the part under the pointer in words.

It must not know how a message is read: `protocols.http.parts` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.http.parts import PartKind, Span, span_at
from widgets.hexview import Field, HexView
from widgets.parts.card import Line
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

SHOWN_BYTES: Final = 64 << 10
MOST_FIELDS: Final = 1500
SERIES: Final[dict[PartKind, int]] = {
    "line": 0, "name": 1, "value": 4, "end": 7, "blank": 6, "framing": 5, "body": 2, "trailer": 3,
}  # fmt: skip
WORDS: Final[tuple[tuple[PartKind, str], ...]] = (
    ("line", "First line"), ("name", "Header"), ("value", "Its value"), ("end", "Line end"), ("blank", "Blank line"),
    ("framing", "Chunk size"), ("body", "Body"), ("trailer", "Trailer"),
)  # fmt: skip
POINT: Final = "Point at a byte, or choose one: what it is stands here."


class Swatch(QWidget):
    """A patch of a colour of the map."""

    def __init__(self, series: int) -> None:
        super().__init__()
        self._series = series
        self._fit()
        theme().changed.connect(self._fit)  # a method: its connection ends with the patch

    def _fit(self) -> None:
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        side = theme().px(12)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        painter, tokens = QPainter(self), theme().tokens
        painter.fillRect(self.rect(), tint(tokens, tokens.sender(self._series)))
        painter.setPen(tokens.sender(self._series))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class ByteMap(QWidget):
    """The map of one message. said: what the chosen byte is."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spans: list[Span] = []
        self.hex = HexView()
        self.hex.setAccessibleName(name)
        self.hex.tip = self.words
        self.said = Label(POINT, "body", "text2", wrap=True)
        self._legend: dict[PartKind, QWidget] = {}
        legend = FlowBox(spacing=14, line_spacing=2)
        legend.flow.setContentsMargins(12, 2, 12, 6)
        for kind, word in WORDS:
            self._legend[kind] = entry = QWidget()
            row = QHBoxLayout(entry)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(6)
            row.addWidget(Swatch(SERIES[kind]))
            row.addWidget(Label(word, "caption", "text2"))
            legend.add(entry)
        self.said.setContentsMargins(12, 6, 12, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(legend)
        column.addWidget(self.hex, 1)
        column.addWidget(Line())
        column.addWidget(self.said)
        self.hex.selected.connect(self._on_selected)

    def show_message(self, data: bytes, spans: Sequence[Span]) -> None:
        """Show a message by its parts."""
        self.spans = list(spans)
        fields = tuple(Field(one.start, one.stop, SERIES[one.kind], one.name) for one in self.spans[:MOST_FIELDS])
        self.hex.set_data(data, fields=fields)
        there = {one.kind for one in self.spans}
        for kind, entry in self._legend.items():
            entry.setVisible(kind in there)

    def words(self, place: int) -> str:
        """What a byte is."""
        found = span_at(self.spans, place)
        if found is None:
            return ""
        where = f"bytes {found.start} to {found.stop - 1}" if found.stop - found.start > 1 else f"byte {found.start}"
        return f"{found.name}, {where}." + (f" {found.told}" if found.told else "")

    def _on_selected(self) -> None:
        start, stop = self.hex.selection()
        self.said.setText(self.words(start) if stop > start else POINT)
