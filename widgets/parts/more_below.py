"""MoreBelow: a word at the foot of what scrolls, while something of it lies below: nobody has to find that out.

It must not know what scrolls.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea

from widgets.parts.text import Label
from widgets.theme.theme import theme

EDGE_PX = 6


class MoreBelow(Label):
    """Stands over the lower edge of `area`; clicks go through it to what it covers."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__("\u2193 more below", "caption", "text2")
        self.setParent(area)
        self.setProperty("chip", True)
        self.setContentsMargins(8, 2, 8, 2)
        self.setAutoFillBackground(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._area = area
        bar = area.verticalScrollBar()
        bar.valueChanged.connect(lambda _value: self._look())
        bar.rangeChanged.connect(lambda _least, _most: self._look())
        area.installEventFilter(self)
        theme().scaled.connect(self._look)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._look()
        return super().eventFilter(watched, event)

    def _look(self) -> None:
        bar = self._area.verticalScrollBar()
        there = bar.maximum() - bar.value() > theme().row_height() // 2
        self.setVisible(there)
        if there:
            self.adjustSize()
            view = self._area.viewport().geometry()
            self.move(view.right() - self.width() - EDGE_PX, view.bottom() - self.height() - EDGE_PX)
            self.raise_()
