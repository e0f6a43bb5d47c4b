"""Faces and signs made once for many rows: fonts with the texts they measured, layer signs as pictures.

For painters that draw the same few words over and over. It must not know rows or events.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPixmap

from widgets.theme.signs import paint_layer

LONG: Final = 1000
"""Nothing is as wide as this many characters: longer text is not measured."""
KEPT_TEXTS: Final = 4096


class Face:
    """A font with its metrics, and the widths of texts measured lately."""

    def __init__(self, font: QFont) -> None:
        self.font = font
        self.metrics = QFontMetricsF(font)
        self.height = self.metrics.height()
        self.drop = (self.metrics.ascent() - self.metrics.descent()) / 2
        """From the middle of a line down to its base."""
        self._fitted: dict[tuple[str, int], tuple[str, float]] = {}

    def fit(self, text: str, room: int, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> tuple[str, float]:
        """The text shortened to `room` px, and its width."""
        key = (text, room)
        found = self._fitted.get(key)
        if found is None:
            if len(self._fitted) >= KEPT_TEXTS:
                self._fitted.clear()
            found = self._fitted[key] = self._measure(text, room, mode)
        return found

    def _measure(self, text: str, room: int, mode: Qt.TextElideMode) -> tuple[str, float]:
        if len(text) > LONG:
            text = text[:LONG] + "\u2026"
        wide = self.metrics.horizontalAdvance(text)
        if wide <= room:
            return text, wide
        shown = self.metrics.elidedText(text, mode, room)
        return shown, self.metrics.horizontalAdvance(shown)


class Signs:
    """The layers' signs as pictures. Make a new one when the theme changes."""

    def __init__(self) -> None:
        self._pictures: dict[tuple[str, int, float], QPixmap] = {}

    def picture(self, layer: str, side: int, dpr: float) -> QPixmap:
        """The sign of a layer, `side` px large, for a screen of ratio `dpr`."""
        key = (layer, side, dpr)
        found = self._pictures.get(key)
        if found is None:
            found = self._pictures[key] = QPixmap(round(side * dpr), round(side * dpr))
            found.setDevicePixelRatio(dpr)
            found.fill(Qt.GlobalColor.transparent)
            painter = QPainter(found)
            paint_layer(painter, QRectF(0, 0, side, side), layer)
            painter.end()
        return found
