"""The signs that stand beside every colour: layers, states, directions, senders, chips.

One shape and letter each, so that nothing is told by colour alone. Table, chips, ladder, inspector and labels
all paint through here; it must not know models or events, only names.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QIcon, QPainter, QPainterPath, QPen, QPolygonF

from widgets.theme.icons import SignEngine, icon_pixmap
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

LAYER_LETTERS = {"call": "C", "state": "S", "message": "M", "packet": "P", "note": "N"}
LAYER_WORDS = {"call": "Call", "state": "State", "message": "Message", "packet": "Packet", "note": "Note"}
# state sign -> (icon or "" where painted here, role)
STATE_SIGNS = {
    "running": ("", "running"),
    "stopped": ("", "stopped"),
    "waiting": ("hourglass", "waiting"),
    "error": ("octagon-x", "error"),
    "warning": ("triangle-alert", "warning"),
    "done": ("circle-check", "running"),
    "info": ("info", "message"),
}


def _square(rect: QRectF | QRect) -> QRectF:
    """The largest square in the middle of `rect`."""
    area = QRectF(rect)
    side = min(area.width(), area.height())
    return QRectF(area.center().x() - side / 2, area.center().y() - side / 2, side, side)


def _letter(painter: QPainter, centre: QPointF, letter: str, cap_height: float, colour: QColor) -> None:
    """`letter` with its capital height centred on `centre`, whatever the font's own ascent."""
    font = theme().ui_font(10, 600)
    font.setPixelSize(max(1, round(cap_height / 0.727)))
    painter.setFont(font)
    painter.setPen(colour)
    metrics = QFontMetricsF(font)
    left = centre.x() - metrics.horizontalAdvance(letter) / 2
    painter.drawText(QPointF(left, centre.y() + metrics.capHeight() / 2), letter)


def _layer_path(layer: str, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    x, y, right, bottom, side = box.left(), box.top(), box.right(), box.bottom(), box.width()
    middle = box.center()
    if layer == "call":
        inset, radius = side * 0.03, side * 0.16
        path.addRoundedRect(box.adjusted(inset, inset, -inset, -inset), radius, radius)
    elif layer == "message":
        path.addEllipse(box)
    elif layer == "state":
        points = [(middle.x(), y), (right, middle.y()), (middle.x(), bottom), (x, middle.y())]
        path.addPolygon(QPolygonF([QPointF(*p) for p in points]))
        path.closeSubpath()
    elif layer == "packet":
        half = side * 0.433
        top, low = middle.y() - side / 4, middle.y() + side / 4
        points = [(middle.x(), y), (middle.x() + half, top), (middle.x() + half, low), (middle.x(), bottom)]
        points += [(middle.x() - half, low), (middle.x() - half, top)]
        path.addPolygon(QPolygonF([QPointF(*p) for p in points]))
        path.closeSubpath()
    else:
        left, top, low, shoulder = x + side * 0.06, y + side * 0.06, bottom - side * 0.06, right - side * 0.26
        points = [(left, top), (shoulder, top), (right, middle.y()), (shoulder, low), (left, low)]
        path.addPolygon(QPolygonF([QPointF(*p) for p in points]))
        path.closeSubpath()
    return path


def paint_layer(painter: QPainter, rect: QRectF | QRect, layer: str, *, letter: bool = True) -> None:
    """The sign of an event layer in the middle of `rect`: tile C, diamond S, disc M, hexagon P, flag N."""
    tokens = theme().tokens
    colour = tokens.layer(layer)
    square = _square(rect)
    width = max(1.0, square.width() / 14)
    grow = 0.06 if layer == "state" else -0.02
    box = square.adjusted(width / 2, width / 2, -width / 2, -width / 2)
    box = box.adjusted(-grow * box.width(), -grow * box.width(), grow * box.width(), grow * box.width())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, width)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(tint(tokens, colour))
    painter.drawPath(_layer_path(layer, box))
    if letter:
        centre = square.center() - QPointF(square.width() * 0.07, 0) if layer == "note" else square.center()
        share = 0.36 if layer == "state" else 0.42
        _letter(painter, centre, LAYER_LETTERS.get(layer, "N"), square.width() * share, colour)
    painter.restore()


def paint_state(painter: QPainter, rect: QRectF | QRect, state: str, *, colour: QColor | None = None) -> None:
    """The sign of a state of `STATE_SIGNS` in the middle of `rect`; an unknown state looks stopped."""
    icon, role = STATE_SIGNS.get(state, STATE_SIGNS["stopped"])
    ink = colour or theme().tokens.role(role)
    square = _square(rect)
    if icon:
        _paint_icon(painter, square, icon, ink)
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width = max(1.0, square.width() / 10)
    painter.setPen(QPen(ink, width))
    inset = square.width() * 0.1 + width / 2
    box = square.adjusted(inset, inset, -inset, -inset)
    if state == "running":
        painter.drawEllipse(box)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(square.center(), square.width() * 0.2, square.width() * 0.2)
    else:
        painter.drawRoundedRect(box, square.width() * 0.12, square.width() * 0.12)
    painter.restore()


def paint_direction(painter: QPainter, rect: QRectF | QRect, direction: str | None) -> None:
    """The arrow of "out" or "in" in the middle of `rect`; nothing for None."""
    if direction == "out":
        _paint_icon(painter, _square(rect), "arrow-right", theme().tokens.out)
    elif direction == "in":
        _paint_icon(painter, _square(rect), "arrow-left", theme().tokens.in_)


def sender_letter(index: int) -> str:
    """A for 0 to Z for 25, then A2, B2 and on."""
    return chr(65 + index % 26) + (str(index // 26 + 1) if index >= 26 else "")


def paint_sender(painter: QPainter, rect: QRectF | QRect, index: int) -> None:
    """The disc with the letter of the series `index` (from 0) in the middle of `rect`."""
    tokens = theme().tokens
    colour = tokens.sender(index)
    square = _square(rect)
    width = max(1.0, square.width() / 14)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, width))
    painter.setBrush(tint(tokens, colour))
    painter.drawEllipse(square.adjusted(width / 2, width / 2, -width / 2, -width / 2))
    letter = sender_letter(index)
    _letter(painter, square.center(), letter, square.width() * (0.42 if len(letter) == 1 else 0.32), colour)
    painter.restore()


def paint_chip(painter: QPainter, rect: QRectF | QRect, text: str, *, right: bool = False) -> QRectF:
    """A chip with plain `text` in `rect`, at its left or right, elided to fit; returns the chip's place."""
    look = theme()
    area = QRectF(rect)
    font = look.font("caption")
    metrics = QFontMetricsF(font)
    pad = look.px(6)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0.0, area.width() - 2 * pad))
    width = min(area.width(), metrics.horizontalAdvance(text) + 2 * pad)
    height = min(area.height(), metrics.height() + 4)
    left = area.right() - width if right else area.left()
    chip = QRectF(left, area.center().y() - height / 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.tokens.track)
    painter.drawRoundedRect(chip, 4, 4)
    painter.setFont(font)
    painter.setPen(look.tokens.text2)
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
    return chip


def _paint_icon(painter: QPainter, square: QRectF, name: str, colour: QColor) -> None:
    dpr = painter.device().devicePixelRatioF()
    picture = icon_pixmap(name, colour, round(square.width()), dpr)
    painter.drawPixmap(square, picture, QRectF(picture.rect()))


def paint_icon(painter: QPainter, rect: QRectF | QRect, name: str, role: str = "text2") -> None:
    """A Lucide icon in the colour of `role`, in the middle of `rect`."""
    _paint_icon(painter, _square(rect), name, theme().tokens.role(role))


def layer_icon(layer: str) -> QIcon:
    """The sign of a layer as an icon for buttons and menus."""
    return QIcon(SignEngine(lambda painter, rect: paint_layer(painter, rect, layer)))


def state_icon(state: str) -> QIcon:
    """The sign of a state as an icon for buttons and menus."""
    return QIcon(SignEngine(lambda painter, rect: paint_state(painter, rect, state)))


def sender_icon(index: int) -> QIcon:
    """The disc of a series as an icon for buttons and menus."""
    return QIcon(SignEngine(lambda painter, rect: paint_sender(painter, rect, index)))
