"""Chips: a small word on a soft ground, and the layer chips that filter.

They must not know what they filter.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from widgets.parts.text import Label
from widgets.theme.signs import LAYER_WORDS, paint_layer
from widgets.theme.theme import theme


class Chip(Label):
    """A word such as TCP or reconstructed beside what it is about."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, "caption_strong")
        self.setProperty("chip", True)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)


class KeyCap(Label):
    """The name of a key, drawn as its cap."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, "caption_strong")
        self.setProperty("keycap", True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)


class LayerChip(QAbstractButton):
    """Sign, word and count of one layer; checked while the layer is shown."""

    def __init__(self, layer: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer = layer
        self._count = ""
        self.setCheckable(True)
        self.setChecked(True)
        self.setText(LAYER_WORDS.get(layer, layer))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_count("0")
        theme().scaled.connect(self.updateGeometry)

    @property
    def layer(self) -> str:
        """The layer the chip stands for."""
        return self._layer

    def set_count(self, count: str) -> None:
        """Show a finished number, grouped as the caller wants it."""
        if count != self._count:
            longer = len(count) != len(self._count)
            self._count = count
            self.setAccessibleName(f"{self.text()}, {count}")
            if longer:
                self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        look = theme()
        body = QFontMetricsF(look.ui_font(9.5, 500)).horizontalAdvance(self.text())
        count = QFontMetricsF(look.ui_font(9.5)).horizontalAdvance(self._count)
        return QSize(round(look.px(7 + 16 + 7 + 6 + 9) + body + count), look.line_height() + 12)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, tokens = theme(), theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.dark if self.isChecked() else tokens.mid, 1))
        ground = tokens.base if self.isChecked() else tokens.window
        painter.setBrush(tokens.button_hover if self.underMouse() else ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        side = look.px(16)
        left = float(look.px(7))
        painter.setOpacity(1.0 if self.isChecked() else 0.55)
        paint_layer(painter, QRectF(left, (self.height() - side) / 2, side, side), self._layer)
        painter.setOpacity(1.0)
        left += side + look.px(7)
        left = self._word(painter, left, self.text(), 500, "text" if self.isChecked() else "placeholder")
        self._word(painter, left + look.px(6), self._count, 400, "text2" if self.isChecked() else "placeholder")

    def _word(self, painter: QPainter, left: float, text: str, weight: int, role: str) -> float:
        font = theme().ui_font(9.5, weight)
        font.setStrikeOut(not self.isChecked() and weight == 500)
        painter.setFont(font)
        painter.setPen(theme().tokens.role(role))
        wide = QFontMetricsF(font).horizontalAdvance(text)
        painter.drawText(QRectF(left, 0, wide + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, text)
        return left + wide
