"""An image of an answer, as large as its place allows and never larger than it is.

It must not know formats: it is handed a QImage.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from widgets.theme.theme import theme

CHECK_PX = 8


class PictureView(QWidget):
    """The image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = QImage()
        self.setAccessibleName("Image")
        self.setMinimumSize(QSize(theme().px(120), theme().px(80)))

    def set_picture(self, picture: QImage) -> None:
        """Show another image."""
        self._picture = picture
        self.setAccessibleDescription(f"{picture.width()} x {picture.height()} pixels")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture.isNull():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        room = self.rect().adjusted(12, 12, -12, -12)
        size = self._picture.size()
        if size.width() > room.width() or size.height() > room.height():
            size.scale(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(QPoint(room.center().x() - size.width() // 2, room.center().y() - size.height() // 2), size)
        self._paint_ground(painter, place)
        painter.drawImage(place, self._picture)

    def _paint_ground(self, painter: QPainter, place: QRect) -> None:
        """Squares, so that what is transparent is seen as such."""
        if not self._picture.hasAlphaChannel():
            return
        tokens = theme().tokens
        painter.fillRect(place, tokens.base)
        for top in range(place.top(), place.bottom() + 1, CHECK_PX):
            for left in range(place.left(), place.right() + 1, CHECK_PX):
                if (left - place.left() + top - place.top()) // CHECK_PX % 2:
                    square = QRect(left, top, CHECK_PX, CHECK_PX).intersected(place)
                    painter.fillRect(square, tokens.track)
