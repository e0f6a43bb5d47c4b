"""Icons: one SVG family, drawn in the colour of the text beside them.

An icon holds no picture. It asks for its colour whenever it is painted, so a change of palette needs no
new icons; the finished pictures are cached by (name, colour, size, device pixel ratio).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from protocols.assets import asset

STROKE = "1.75"


@cache
def icon_svg(name: str) -> str:
    """The source of the icon `name`, still with `currentColor`; KeyError when there is none of that name."""
    source = asset("icons", f"{name}.svg")
    if not source.is_file():
        raise KeyError(f"no icon called {name!r} in assets/icons")
    return source.read_text("utf-8").replace('stroke-width="2"', f'stroke-width="{STROKE}"')


def tinted_svg(name: str, colour: QColor) -> bytes:
    """The icon as an SVG document in one colour."""
    return icon_svg(name).replace("currentColor", colour.name()).encode()


@lru_cache(maxsize=1024)
def _rendered(name: str, rgb: str, size: int, dpr: float) -> QPixmap:
    side = round(size * dpr)
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(tinted_svg(name, QColor(rgb)))).render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(dpr)
    return picture


def icon_pixmap(name: str, colour: QColor, size: int, dpr: float = 1.0) -> QPixmap:
    """The icon as a picture of `size` logical pixels for a screen of ratio `dpr`."""
    return _rendered(name, colour.name(), max(1, size), dpr)


_clones: list[QIconEngine] = []


def _wide(picture: QPixmap, size: QSize) -> QPixmap:
    """`picture` at the left of a canvas of `size`: the rest is the gap between icon and text in a button."""
    dpr = picture.devicePixelRatio()
    canvas = QPixmap(size * dpr)
    canvas.setDevicePixelRatio(dpr)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return canvas


class SignEngine(QIconEngine):
    """Paints a sign of the lab (see signs.py) as an icon, in today's colours."""

    def __init__(self, draw: Callable[[QPainter, QRectF], None]) -> None:
        super().__init__()
        self._draw = draw

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        if mode == QIcon.Mode.Disabled:
            painter.setOpacity(0.5)
        self._draw(painter, QRectF(rect))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        side = min(size.width(), size.height())
        picture = QPixmap(size * scale)
        picture.setDevicePixelRatio(scale)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        self.paint(painter, QRect(0, 0, side, side), mode, state)
        painter.end()
        return picture

    def isNull(self) -> bool:
        return False

    def clone(self) -> QIconEngine:
        copy = SignEngine(self._draw)
        _clones.append(copy)
        return copy


class IconEngine(QIconEngine):
    """Paints one icon in the colour that `colour_of(mode, state)` gives at that moment."""

    def __init__(self, name: str, size: int, colour_of: Callable[[QIcon.Mode, QIcon.State], QColor]) -> None:
        super().__init__()
        icon_svg(name)
        self._name, self._size, self._colour_of = name, size, colour_of

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        dpr = painter.device().devicePixelRatioF()
        side = min(rect.width(), rect.height())
        picture = icon_pixmap(self._name, self._colour_of(mode, state), side, dpr)
        left = rect.x() + (rect.width() - side) / 2
        top = rect.y() + (rect.height() - side) / 2
        painter.drawPixmap(QRectF(left, top, side, side), picture, QRectF(picture.rect()))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        side = min(size.width(), size.height())
        picture = icon_pixmap(self._name, self._colour_of(mode, state), side, scale)
        return _wide(picture, size) if size.width() > side else picture

    def availableSizes(self, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off) -> list[QSize]:
        return [QSize(self._size, self._size)]

    def actualSize(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QSize:
        return size

    def isNull(self) -> bool:
        return False

    def iconName(self) -> str:
        return self._name

    def key(self) -> str:
        return "NetLabIcon"

    def clone(self) -> QIconEngine:
        # Qt owns what clone() returns but PySide does not know it: without this the copy dies on return.
        copy = IconEngine(self._name, self._size, self._colour_of)
        _clones.append(copy)
        return copy
