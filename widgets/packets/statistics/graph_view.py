"""GraphView: packets or bytes in each step of time, painted; the pointer says what a step holds.

It must not know packets.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from protocols.numbers import grouped, size_text
from protocols.packets.streams.conversations import Rate
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

LINES: Final = 4


class GraphView(QWidget):
    """picked(first ns, last ns): a step was clicked."""

    picked = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._rate = Rate(0, 1, (), ())
        self._bytes = False
        self.setAccessibleName("Packets over time")
        self.setMouseTracking(True)
        theme().changed.connect(self.update)

    def show_rate(self, rate: Rate, *, in_bytes: bool) -> None:
        """Draw these steps."""
        self._rate, self._bytes = rate, in_bytes
        values = self.values()
        most = self._say(max(values)) if values else "nothing"
        self.setAccessibleDescription(f"{len(values)} steps of {self._span(rate.step)}, at most {most}")
        self.update()

    def values(self) -> tuple[int, ...]:
        """What is drawn."""
        return self._rate.bytes if self._bytes else self._rate.packets

    def sizeHint(self) -> QSize:
        return QSize(theme().px(400), theme().px(160))

    def _say(self, value: int) -> str:
        return size_text(value) if self._bytes else f"{grouped(value)} packet{'' if value == 1 else 's'}"

    @staticmethod
    def _span(ns: int) -> str:
        for unit, size in (("s", 10**9), ("ms", 10**6), ("µs", 10**3)):
            if ns >= size:
                return f"{ns / size:g} {unit}"
        return f"{ns} ns"

    def _area(self) -> QRectF:
        metrics = QFontMetricsF(theme().ui_font(9))
        values = self.values()
        left = metrics.horizontalAdvance(self._say(max(values, default=0))) + 24
        return QRectF(left, 12, max(self.width() - left - 16, 1), max(self.height() - metrics.height() - 26, 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens, values = QPainter(self), theme().tokens, self.values()
        painter.fillRect(self.rect(), tokens.base)
        painter.setFont(theme().ui_font(9))
        area, most = self._area(), max(values, default=0)
        metrics = QFontMetricsF(painter.font())
        for line in range(LINES + 1):
            y = area.bottom() - area.height() * line / LINES
            painter.setPen(QPen(tokens.mid, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            if line in (0, LINES) and values:
                painter.setPen(tokens.text2)
                text = self._say(most) if line else "0"
                left = area.left() - 8 - metrics.horizontalAdvance(text)
                painter.drawText(QPointF(left, y + metrics.ascent() / 2), text)
        if values:
            self._bars(painter, area, most)
            painter.setPen(tokens.text2)
            whole = self._span(self._rate.step * len(values))
            base = self.height() - metrics.descent() - 6
            painter.drawText(QPointF(area.left(), base), f"0, each step {self._span(self._rate.step)}")
            painter.drawText(QPointF(area.right() - metrics.horizontalAdvance(whole), base), whole)
        painter.end()

    def _bars(self, painter: QPainter, area: QRectF, most: int) -> None:
        tokens, values = theme().tokens, self.values()
        colour = tokens.sender(0)
        painter.setPen(QPen(colour, 1))
        painter.setBrush(tint(tokens, colour))
        wide = area.width() / len(values)
        for place, value in enumerate(values):
            if value:
                tall = max(area.height() * value / most, 1.0)
                painter.drawRect(QRectF(area.left() + place * wide, area.bottom() - tall, max(wide - 1, 1), tall))

    def _place(self, x: float) -> int:
        area, count = self._area(), len(self.values())
        place = int((x - area.left()) / area.width() * count) if count else -1
        return place if 0 <= place < count else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place(event.position().x())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            begin = self._rate.begin + place * self._rate.step
            self.picked.emit(begin, begin + self._rate.step)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place(event.pos().x())
            if place >= 0:
                text = f"{self._say(self.values()[place])} from {self._span(place * self._rate.step)} on"
                QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return super().event(event)
