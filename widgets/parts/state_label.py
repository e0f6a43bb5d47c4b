"""A state as sign and word, never as a colour alone. It must not know what is in that state."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.parts.text import plain_tip
from widgets.theme.signs import STATE_SIGNS, paint_state
from widgets.theme.theme import theme

# A short word is never cut; a title beside it gives way.
LEAST_WIDTH = 140


class StateLabel(QWidget):
    """The sign of a state of `STATE_SIGNS` and one word in its colour."""

    def __init__(self, state: str = "stopped", word: str = "", style: str = "button") -> None:
        super().__init__()
        self._state, self._word, self._style = state, word, style
        self._brief = False
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
        self._tell()

    def show_brief(self, brief: bool) -> None:
        """Show the sign alone, where there is no room; the tool tip then has the word."""
        if brief != self._brief:
            self._brief = brief
            self._tell()

    def width_of(self, *, brief: bool) -> int:
        """How wide it is with the sign alone, or with its word, of which a long one gets shorter; in px."""
        wide = round(QFontMetricsF(self.font()).horizontalAdvance(self._word)) + theme().px(6) + 2
        return self._side() if brief else min(self._side() + wide, theme().px(LEAST_WIDTH))

    def sizeHint(self) -> QSize:
        wide = QFontMetricsF(self.font()).horizontalAdvance(self._word)
        word = 0 if self._brief else round(wide) + theme().px(6) + 2
        return QSize(self._side() + word, theme().line_height() + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.width_of(brief=self._brief), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_tip()

    def _tell(self) -> None:
        self._tell_tip()
        self.updateGeometry()
        self.update()

    def _tell_tip(self) -> None:
        self.setToolTip(plain_tip(self._word) if self._brief or self.width() < self.sizeHint().width() else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = self._side()
        paint_state(painter, QRectF(0, (self.height() - side) / 2, side, side), self._state)
        if self._brief:
            return
        painter.setFont(self.font())
        painter.setPen(theme().tokens.role(STATE_SIGNS.get(self._state, STATE_SIGNS["stopped"])[1]))
        left = side + theme().px(6)
        room = QRectF(left, 0, self.width() - left, self.height())
        text = QFontMetricsF(self.font()).elidedText(self._word, Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def _side(self) -> int:
        return theme().px(15)
