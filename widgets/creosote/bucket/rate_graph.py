"""RateGraph: datagrams a second for each sender over the last minute, one area upon the other.

Painted from numbers; a letter stands in each area that is high enough for one. It must not know
where the numbers come from.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from protocols.numbers import grouped
from widgets.creosote.wording import short_number
from widgets.theme.signs import sender_letter
from widgets.theme.theme import theme

SECONDS: Final = 60
AREAS: Final = 8
"""Senders drawn one by one; the rest together, in grey."""
_NICE: Final = (1, 1.5, 2, 3, 4, 5, 6, 8, 10)


def nice_top(most: float) -> int:
    """A round number not below `most` for the top of an axis, even so that its half is whole."""
    if most <= 2:
        return 2
    scale = 10 ** (len(str(int(most))) - 1)
    found = next(step * scale for step in _NICE if step * scale >= most)
    return int(found) + int(found) % 2


class RateGraph(QWidget):
    """A stacked area. `show_rates` gives it numbers; each second is one step to the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._senders: list[int] = []
        self._series: list[list[int]] = []
        self._others: list[int] = [0] * SECONDS
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Datagrams a second for each sender, last 60 seconds")
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(420, theme().px(130))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(180), theme().px(84))

    def show_rates(self, senders: list[int], series: list[list[int]], others: list[int]) -> None:
        """senders: numbers of at most AREAS senders. series: their counts by second, oldest first; others: the rest."""
        self._senders, self._series, self._others = senders, series, others
        total = sum(row[-1] for row in series if row) + (others[-1] if others else 0)
        self.setAccessibleDescription(f"{grouped(total)} in the last second, most {grouped(max(self.totals()))}")
        self.update()

    def totals(self) -> list[int]:
        """All senders together, by second."""
        return [sum(row[at] for row in self._series) + self._others[at] for at in range(len(self._others))]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        look, tokens = theme(), theme().tokens
        painter.setFont(look.font("caption"))
        metrics = QFontMetricsF(painter.font())
        top = nice_top(max(self.totals(), default=0))
        left = metrics.horizontalAdvance("000.0 k") + 8
        plot = QRectF(left, metrics.height() / 2 + 2, max(self.width() - left - 8, 10),
                      max(self.height() - metrics.height() * 1.5 - 8, 10))  # fmt: skip
        self._axes(painter, plot, top, metrics)
        base = [0] * len(self._others)
        for number, row in zip(self._senders, self._series, strict=True):
            self._area(painter, plot, top, base, row, tokens.sender(number), sender_letter(number))
            base = [low + high for low, high in zip(base, row, strict=True)]
        if any(self._others):
            self._area(painter, plot, top, base, self._others, tokens.note, "+")
        painter.end()

    def _axes(self, painter: QPainter, plot: QRectF, top: int, metrics: QFontMetricsF) -> None:
        tokens = theme().tokens
        for share in (0.0, 0.5, 1.0):
            y = plot.bottom() - plot.height() * share
            painter.setPen(QPen(tokens.dark if not share else tokens.mid, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(tokens.text2)
            room = QRectF(0, y - metrics.height() / 2, plot.left() - 8, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             short_number(top * share))  # fmt: skip
        below = QRectF(plot.left(), plot.bottom() + 3, plot.width(), metrics.height())
        for side, text in ((Qt.AlignmentFlag.AlignLeft, f"{SECONDS} s ago"), (Qt.AlignmentFlag.AlignRight, "now"),
                           (Qt.AlignmentFlag.AlignHCenter, f"{SECONDS // 2} s")):  # fmt: skip
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _area(
        self, painter: QPainter, plot: QRectF, top: int, base: list[int], row: list[int], colour: QColor, letter: str
    ) -> None:
        if not any(row) or len(row) < 2:
            return
        step = plot.width() / (len(row) - 1)
        scale = plot.height() / max(top, 1)
        x, y = plot.left(), plot.bottom()
        lower = [QPointF(x + at * step, y - low * scale) for at, low in enumerate(base)]
        upper = [QPointF(point.x(), point.y() - count * scale) for point, count in zip(lower, row, strict=True)]
        fill = QColor(colour)
        fill.setAlphaF(0.20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawPolygon(QPolygonF(upper + lower[::-1]))
        painter.setPen(QPen(colour, 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(upper))
        self._letter(painter, upper, lower, letter)

    def _letter(self, painter: QPainter, upper: list[QPointF], lower: list[QPointF], letter: str) -> None:
        """The sender's letter near the right end, where its area has room for it."""
        metrics = QFontMetricsF(painter.font())
        high, low = upper[-2], lower[-2]
        if low.y() - high.y() > metrics.height() * 0.8:
            place = QPointF(high.x() - metrics.horizontalAdvance(letter) - 6, (high.y() + low.y()) / 2)
            painter.drawText(QPointF(place.x(), place.y() + metrics.capHeight() / 2), letter)
