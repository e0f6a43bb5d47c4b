"""Type: the fonts of one scale, made once each, and what they measure. It must not know colours or widgets."""

from __future__ import annotations

from typing import Final

from PySide6.QtGui import QFont, QFontMetrics

from widgets.theme.fonts import MONO_FAMILIES, UI_FAMILIES, make_font

# name -> (points, weight, mono)
TEXT_STYLES: Final[dict[str, tuple[float, int, bool]]] = {
    "caption": (9, 400, False),
    "caption_strong": (9, 500, False),
    "table_head": (9, 500, False),
    "table": (9.5, 400, False),
    "body": (10, 400, False),
    "strong": (10, 600, False),
    "event": (9.5, 500, False),
    "button": (10, 500, False),
    "section": (10, 600, False),
    "title": (11, 600, False),
    "panel": (14, 600, False),
    "figure": (14, 600, False),
    "start": (20, 600, False),
    "mono": (9.5, 400, True),
    "mono_strong": (9.5, 600, True),
}


class TypeSizes:
    """The fonts at `scale`. A layout asks for them, and for what they measure, thousands of times."""

    def __init__(self, scale: float) -> None:
        self.scale: Final = scale
        self._fonts: dict[tuple[bool, float, int], QFont] = {}
        self._metrics: dict[tuple[float, int], QFontMetrics] = {}

    def font(self, mono: bool, pt: float, weight: int) -> QFont:
        """The font of a size in points before scaling; a copy, free to be changed."""
        key = (mono, pt, weight)
        if key not in self._fonts:
            self._fonts[key] = make_font(MONO_FAMILIES if mono else UI_FAMILIES, pt * self.scale, weight)
        return QFont(self._fonts[key])

    def metrics(self, pt: float, weight: int) -> QFontMetrics:
        """The measures of the reading font; to ask for, not to change."""
        key = (pt, weight)
        if key not in self._metrics:
            self._metrics[key] = QFontMetrics(self.font(False, pt, weight))
        return self._metrics[key]
