"""The waterfall of a hop: a bar for each phase on one scale of time, painted with the theme's series colours.

It must not know where the times come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from widgets.http.exchange.phase_rows import HANDLER, PhaseRow, ms_text
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

PAD: Final = 12
LEAST_BAR: Final = 3.0


class Waterfall(QWidget):
    """The bars. set_rows shows others."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[PhaseRow, ...] = ()
        self._total = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Phases of the request")
        theme().scaled.connect(self.updateGeometry)

    def set_rows(self, rows: Sequence[PhaseRow], total_ms: float) -> None:
        """Show these phases on a scale up to total_ms."""
        self._rows, self._total = tuple(rows), max(total_ms, 1e-6)
        said = [f"{row.title} {ms_text(row.length_ms)}" for row in rows]
        self.setAccessibleDescription("; ".join(said))
        self.updateGeometry()
        self.update()

    def rows(self) -> tuple[PhaseRow, ...]:
        """The phases shown."""
        return self._rows

    def sizeHint(self) -> QSize:
        lines = len(self._rows) + (1 if self._rows else 0)
        return QSize(theme().px(320), lines * theme().row_height() + theme().px(8))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(220), self.sizeHint().height())

    def _columns(self) -> tuple[float, float, float]:
        """Left edge of the bars, their width, and the width of the numbers."""
        metrics = QFontMetricsF(theme().ui_font(9.5))
        words = max((metrics.horizontalAdvance(row.title) for row in self._rows), default=0.0) + 2 * PAD
        numbers = metrics.horizontalAdvance("9999.9 ms") + 2 * PAD
        return words, max(20.0, self.width() - words - numbers), numbers

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, height = theme().tokens, theme().row_height()
        left, wide, numbers = self._columns()
        for at, row in enumerate(self._rows):
            top = at * height
            inner = row.key == HANDLER
            painter.setFont(theme().ui_font(9.5))
            painter.setPen(tokens.text2 if inner else tokens.text)
            side = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(PAD, top, left - PAD, height), side | Qt.AlignmentFlag.AlignLeft, row.title)
            lane = QRectF(left, top + height * 0.28, wide, height * 0.44)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.alternate)
            painter.drawRoundedRect(lane, 3, 3)
            begin = left + wide * min(1.0, row.begin_ms / self._total)
            length = max(LEAST_BAR, wide * min(1.0, row.length_ms / self._total))
            bar = QRectF(min(begin, left + wide - length), lane.top(), length, lane.height())
            painter.setBrush(tokens.sender(row.series))
            painter.drawRoundedRect(bar, 2, 2)
            painter.setPen(tokens.text2 if inner else tokens.text)
            place = QRectF(left + wide, top, numbers - PAD, height)
            painter.drawText(place, side | Qt.AlignmentFlag.AlignRight, ms_text(row.length_ms))
        self._paint_scale(painter, left, wide, len(self._rows) * height)

    def _paint_scale(self, painter: QPainter, left: float, wide: float, top: float) -> None:
        font = theme().ui_font(9)
        painter.setFont(font)
        painter.setPen(theme().tokens.text2)
        height = theme().row_height()
        metrics = QFontMetricsF(font)
        ticks = 4 if wide > theme().px(240) else 2
        for tick in range(ticks + 1):
            value = self._total * tick / ticks
            digits = 2 if self._total < 4 else 1 if self._total < 40 else 0
            text = "0" if tick == 0 else f"{value:.{digits}f}" + (" ms" if tick == ticks else "")
            width = metrics.horizontalAdvance(text)
            x = left + wide * tick / ticks - (width if tick == ticks else width / 2 if tick else 0)
            painter.drawText(QRectF(x, top, width + 2, height), Qt.AlignmentFlag.AlignVCenter, text)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = event.pos().y() // max(1, theme().row_height())
            tip = self._rows[at].tip if 0 <= at < len(self._rows) else ""
            QToolTip.showText(event.globalPos(), plain_tip(tip), self)
            return True
        return super().event(event)
