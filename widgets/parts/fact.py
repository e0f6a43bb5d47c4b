"""A fact: what it is called, in small, over its value. Running things show facts, not greyed fields."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.parts.text import ElidedLabel, Label
from widgets.theme.theme import theme


class Fact(QWidget):
    """Caption over value; `mono` for what is literally so (addresses), `figure` for a key number."""

    def __init__(
        self, caption: str, value: str = "", *, mono: bool = False, figure: bool = False, right: bool = False
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._caption = Label(caption, "caption", "text2")
        self._value = ElidedLabel("", "mono" if mono else "figure" if figure else "body")
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        for label in (self._caption, self._value):
            label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            column.addWidget(label)
        column.addStretch(1)
        theme().scaled.connect(self._align)
        self._align()
        self.set_value(value)

    def _align(self) -> None:
        # Both fonts get the taller one's line, so that values beside each other stand on one line.
        tallest = max(QFontMetrics(theme().mono_font()).height(), theme().line_height())
        self._value.setMinimumHeight(tallest)

    def value(self) -> str:
        """The whole value."""
        return self._value.text()

    def set_value(self, value: str, tone: str = "") -> None:
        """Show another value, in the colour of a role if asked."""
        if value != self._value.text():
            self._value.setText(value)
        self._value.set_tone(tone)
        self.setAccessibleName(f"{self._caption.text()}: {value}")
