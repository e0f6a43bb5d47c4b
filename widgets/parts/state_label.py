"""A state as sign and word, never as a colour alone. It must not know what is in that state."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.theme.signs import STATE_SIGNS, paint_state
from widgets.theme.theme import theme

# A short word is never cut; a title beside it gives way.
LEAST_WIDTH = 140


class StateLabel(QWidget):
    """The sign of a state of `STATE_SIGNS` and one word in its colour."""

    def __init__(self, state: str = "stopped", word: str = "", style: str = "button") -> None:
        super().__init__()
        self._state, self._word, self._style = state, word, style
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().dress(self, style)
        self.set(state, word)

    @property
    def state(self) -> str:
        """The state whose sign is shown."""
        return self._state

    @property
    def word(self) -> str:
        """The word beside the sign."""
        return self._word

    def set(self, state: str, word: str) -> None:
        """Show another state."""
        self._state, self._word = state, word
        self.setAccessibleName(word)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        wide = QFontMetricsF(self.font()).horizontalAdvance(self._word)
        return QSize(round(wide) + self._side() + theme().px(6) + 2, theme().line_height() + 4)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), theme().px(LEAST_WIDTH)), hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = self._side()
        paint_state(painter, QRectF(0, (self.height() - side) / 2, side, side), self._state)
        painter.setFont(self.font())
        painter.setPen(theme().tokens.role(STATE_SIGNS.get(self._state, STATE_SIGNS["stopped"])[1]))
        left = side + theme().px(6)
        room = QRectF(left, 0, self.width() - left, self.height())
        text = QFontMetricsF(self.font()).elidedText(self._word, Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def _side(self) -> int:
        return theme().px(15)
