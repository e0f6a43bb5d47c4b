"""LowRoom: what gets less height than it can stand scrolls up and down; with enough it fills its room.

It must not know what is inside.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


class LowRoom(QScrollArea):
    """Around a widget (`setWidget`) that is as wide as its room, and as high as that or as its own least height."""

    def __init__(self, inside: QWidget | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if inside is not None:
            self.setWidget(inside)

    def minimumSizeHint(self) -> QSize:
        inside = self.widget()  # whoever has room to give gives it first
        return inside.minimumSizeHint() if inside is not None else super().minimumSizeHint()

    def sizeHint(self) -> QSize:
        inside = self.widget()
        return inside.sizeHint() if inside is not None else super().sizeHint()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent, /) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # what is inside needs other room than before
            self.updateGeometry()
            self._fit()
        return done

    def _fit(self) -> None:
        inside = self.widget()
        if inside is None:
            return
        whole = self.maximumViewportSize()
        least = inside.minimumSizeHint().height()
        bar = self.verticalScrollBar().sizeHint().width() if least > whole.height() else 0
        inside.resize(whole.width() - bar, max(least, whole.height()))
