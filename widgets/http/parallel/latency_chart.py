"""The chart of a burst: each copy a bar from its begin to its end on one scale of time, by its place in the row.

It must not know requests.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.http.exchange.phase_rows import ms_text
from widgets.http.parallel.burst import Shot
from widgets.theme.theme import theme

PAD = 12
LEAST = 1.5


class LatencyChart(QWidget):
    """The bars. Failed ones have the error's colour and a mark at their end."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shots: list[Shot] = []
        self.setAccessibleName("Latencies")
        self.setMinimumSize(QSize(theme().px(240), theme().px(120)))

    def set_shots(self, shots: Sequence[Shot]) -> None:
        """Show these, in the order in which they began."""
        self._shots = sorted(shots, key=lambda shot: shot.begun_ms)
        self.setAccessibleDescription(f"{len(shots)} requests")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, foot = theme().tokens, theme().row_height()
        room = QRectF(PAD, PAD, self.width() - 2 * PAD, max(1, self.height() - 2 * PAD - foot))
        painter.fillRect(room, tokens.alternate)
        if not self._shots:
            return
        end = max(shot.begun_ms + shot.took_ms for shot in self._shots) or 1.0
        lane = room.height() / len(self._shots)
        painter.setPen(Qt.PenStyle.NoPen)
        every = max(1, len(self._shots) // max(1, round(room.height())))  # no more bars than there are lines
        for at, shot in enumerate(self._shots):
            if at % every:
                continue
            left = room.left() + room.width() * shot.begun_ms / end
            wide = max(LEAST, room.width() * shot.took_ms / end)
            good = 200 <= shot.status < 400
            bar = QRectF(left, room.top() + at * lane, min(wide, room.right() - left), max(1.0, lane * 0.8))
            painter.setBrush(tokens.sender(0 if good else 6))
            painter.drawRect(bar)
            if not good and lane > 4:
                painter.drawRect(QRectF(bar.right() - 2, bar.top() - lane * 0.1, 4, lane))
        painter.setPen(tokens.text2)
        painter.setFont(theme().ui_font(9))
        line = QRectF(PAD, self.height() - PAD - foot, self.width() - 2 * PAD, foot)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, ms_text(end))
