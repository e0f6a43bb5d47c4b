"""What stands around the hex view: the legend of its tints, and the chosen bytes read in other ways.

It must not know events: it is given bytes and numbers.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from protocols.numbers import grouped
from widgets.inspector.sections import EDGE, FactRows, Row
from widgets.parts.card import Line
from widgets.parts.text import Label
from widgets.theme.theme import theme
from widgets.theme.tokens import tint
from widgets.timeline.wording import visible

TEXT_SHOWN: Final = 120
NUMBER_MOST: Final = 8


class Legend(QWidget):
    """Small squares in the tints of the hex view, with their names and counts."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[tuple[str, bool]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, kept: int, size: int, marked: int) -> None:
        """How many bytes are shown of how many, and how many of them are marked."""
        data = f"Data {grouped(size)}" if kept >= size else f"Data {grouped(kept)} kept of {grouped(size)}"
        self._entries = [(data, False)]
        if marked:
            self._entries.append((f"Shared {grouped(marked)}", True))
        self.setAccessibleName(", ".join(text for text, _ in self._entries))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(120, theme().line_height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, tokens = theme(), theme().tokens
        font = look.ui_font(9)
        painter.setFont(font)
        metrics, side, left = QFontMetricsF(font), look.px(11), 0.5
        for text, marked in self._entries:
            edge: QColor = tokens.highlight if marked else tokens.sender(0)
            painter.setPen(QPen(edge, 1))
            painter.setBrush(tokens.select if marked else tint(tokens, edge))
            painter.drawRoundedRect(QRectF(left, (self.height() - side) / 2, side, side), 2.5, 2.5)
            painter.setPen(tokens.text2)
            left += side + 6
            wide = metrics.horizontalAdvance(text)
            painter.drawText(QRectF(left, 0, wide + 4, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
            left += wide + 16
        painter.end()


class Picked(QWidget):
    """The chosen bytes as text and as numbers; hidden while none are chosen."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(0)
        inner = QVBoxLayout()
        inner.setContentsMargins(EDGE, 12, EDGE, 0)
        inner.setSpacing(6)
        self._title = Label("", "section")
        self._rows = FactRows()
        inner.addWidget(self._title)
        inner.addWidget(self._rows)
        column.addWidget(Line())
        column.addLayout(inner)
        self.hide()

    def show_bytes(self, offset: int, data: bytes) -> None:
        """Say what these bytes, which begin at `offset`, are; none hides it."""
        self.setVisible(bool(data))
        if not data:
            return
        noun = "byte" if len(data) == 1 else "bytes"
        self._title.setText(f"Chosen: {grouped(len(data))} {noun} from {offset:04x}")
        text = visible(data[: TEXT_SHOWN + 1].decode("utf-8", "replace"))
        rows = [Row("Text", text[:TEXT_SHOWN] + ("\u2026" if len(text) > TEXT_SHOWN else ""), mono=True)]
        if len(data) <= NUMBER_MOST:
            big, little = int.from_bytes(data, "big"), int.from_bytes(data, "little")
            rows.append(Row("Network order", grouped(big), mono=True))
            if len(data) > 1:
                rows.append(Row("Little-endian", grouped(little), mono=True))
        self._rows.show_rows(rows)
