"""LayerPicture: the packet as the layers it is made of, from the wire's to the data, each as long as its bytes ask.

The picture of the courses: headers in front of what they carry. It must not know the tree or the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from protocols.numbers import grouped
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

LEAST_PX: Final = 34
GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One layer: its name, its bytes, and the series that tints it."""

    name: str
    start: int
    stop: int
    series: int


class LayerPicture(QWidget):
    """picked(place): a layer was clicked."""

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._parts: tuple[Part, ...] = ()
        self._at = -1
        self.setAccessibleName("Layers of the packet")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().scaled.connect(self.updateGeometry)

    def set_parts(self, parts: Sequence[Part]) -> None:
        """Show another packet."""
        self._parts, self._at = tuple(parts), -1
        self.setAccessibleDescription(", ".join(f"{part.name} {part.stop - part.start} bytes" for part in parts))
        self.setVisible(bool(parts))
        self.update()

    def set_current(self, place: int) -> None:
        """Frame a layer, -1 for none."""
        self._at = place
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(200), theme().line_height() + 14)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(80), self.sizeHint().height())

    def boxes(self) -> list[QRectF]:
        """Where each layer is drawn: as long as its bytes, but long enough to be named where there is room."""
        if not self._parts:
            return []
        room = self.width() - 1 - GAP * (len(self._parts) - 1)
        sizes = [max(part.stop - part.start, 1) for part in self._parts]
        least = min(float(theme().px(LEAST_PX)), room / len(sizes))
        spare = max(room - least * len(sizes), 0.0)
        whole = sum(size**0.5 for size in sizes)
        made, left = [], 0.5
        for size in sizes:
            wide = least + spare * size**0.5 / whole
            made.append(QRectF(left, 0.5, wide, self.height() - 1))
            left += wide + GAP
        return made

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), theme().tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = theme().ui_font(9, 500)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        for place, (part, box) in enumerate(zip(self._parts, self.boxes(), strict=True)):
            colour = tokens.sender(part.series)
            painter.setPen(QPen(tokens.highlight if place == self._at else colour, 2 if place == self._at else 1))
            painter.setBrush(tint(tokens, colour))
            painter.drawRoundedRect(box, 4, 4)
            size = f"{grouped(part.stop - part.start)}"
            text = f"{part.name} {size}"
            if metrics.horizontalAdvance(text) > box.width() - 8:
                text = metrics.elidedText(part.name, Qt.TextElideMode.ElideRight, box.width() - 6)
            painter.setPen(tokens.text)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tokens.highlight, 1))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _place(self, x: float) -> int:
        return next((place for place, box in enumerate(self.boxes()) if box.left() <= x <= box.right()), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place(event.position().x())
        if place >= 0:
            self.picked.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        by = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if by and self._parts:
            self.picked.emit(min(max(self._at + by, 0), len(self._parts) - 1))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._place(event.pos().x())
            if place >= 0:
                part = self._parts[place]
                text = f"{part.name}: bytes {part.start} to {part.stop - 1}"
                QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return super().event(event)
