"""Paints the rows of the command palette: captions, and finds with the typed letters marked.

It must not know where the rows come from.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem

from widgets.palette_model import Found, ItemRole
from widgets.theme.signs import paint_icon
from widgets.theme.theme import theme

EDGE = 6


def key_names(keys: str) -> list[str]:
    """The keys of a shortcut one by one: "Ctrl+Shift+E" is three, "Ctrl++" is two."""
    return [part.replace("\0", "+") for part in keys.replace("++", "+\0").split("+") if part]


class PaletteDelegate(QStyledItemDelegate):
    """Paints captions and finds: icon, verb with the typed letters marked, grey words, key caps."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        line = theme().line_height()
        return QSize(200, line + 24 if isinstance(index.data(ItemRole), Found) else line + 14)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item = index.data(ItemRole)
        box = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(item, Found):
            view = self.parent()
            chosen = isinstance(view, QListView) and view.currentIndex().row() == index.row()
            self._paint_found(painter, box, item, chosen)
        else:
            painter.setFont(theme().font("caption"))
            painter.setPen(theme().tokens.text2)
            painter.drawText(box.adjusted(theme().px(20), 4, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(item))
        painter.restore()

    def _paint_found(self, painter: QPainter, box: QRectF, item: Found, chosen: bool) -> None:
        look, tokens = theme(), theme().tokens
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.select)
            painter.drawRoundedRect(box.adjusted(EDGE, 0, -EDGE, 0), 6, 6)
        side = look.px(18)
        left = box.left() + look.px(20)
        role = "text" if chosen else "text2"
        if item.icon:
            place = QRectF(left, box.center().y() - side / 2, side, side)
            paint_icon(painter, place, item.icon, role if item.enabled else "placeholder")
        right = box.right() - look.px(16)
        caps = ["⏎"] if chosen and item.enabled else key_names(item.keys)
        if caps:
            right = _paint_cap(painter, right, box.center().y(), " ".join(caps)) - look.px(10)
        left = _paint_marked(painter, QRectF(left + look.px(29), box.top(), 0, box.height()), right, item)
        if item.detail and right - left > look.px(40):
            font = look.ui_font(9.5)
            painter.setFont(font)
            painter.setPen(tokens.text2 if item.enabled else tokens.placeholder)
            room = QRectF(left + look.px(12), box.top(), right - left - look.px(12), box.height())
            text = QFontMetricsF(font).elidedText(item.detail, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


def _paint_cap(painter: QPainter, right: float, middle: float, keys: str) -> float:
    """A key cap that ends at `right`; returns where it begins."""
    look, tokens = theme(), theme().tokens
    font = look.font("caption_strong")
    height = QFontMetricsF(font).height() + 6
    wide = look.px(14) if keys == "⏎" else QFontMetricsF(font).horizontalAdvance(keys)
    cap = QRectF(QRectF(right - wide - 12, middle - height / 2, wide + 12, height).toRect())
    painter.setPen(QPen(tokens.dark, 1))
    painter.setBrush(tokens.window)
    painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    if keys == "⏎":
        inset = (cap.height() - look.px(13)) / 2
        paint_icon(painter, cap.adjusted(0, inset, 0, -inset), "corner-down-left", "text")
    else:
        painter.setFont(font)
        painter.setPen(tokens.text2)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, keys)
    return cap.left()


def _runs(text: str, marks: tuple[int, ...]) -> list[tuple[str, bool]]:
    """`text` cut into pieces that are marked or not."""
    runs: list[tuple[str, bool]] = []
    marked = set(marks)
    for place, letter in enumerate(text):
        if runs and runs[-1][1] == (place in marked):
            runs[-1] = (runs[-1][0] + letter, runs[-1][1])
        else:
            runs.append((letter, place in marked))
    return runs


def _paint_marked(painter: QPainter, box: QRectF, limit: float, item: Found) -> float:
    """The verb with its marked letters; returns where it ends."""
    look, tokens = theme(), theme().tokens
    plain, bold = look.ui_font(10), look.ui_font(10, 600)
    left = box.left()
    for piece, marked in _runs(item.text, item.marks):
        font: QFont = bold if marked else plain
        metrics = QFontMetricsF(font)
        shown = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, max(0.0, limit - left))
        wide = metrics.horizontalAdvance(shown)
        painter.setFont(font)
        painter.setPen(tokens.placeholder if not item.enabled else tokens.link if marked else tokens.text)
        painter.drawText(QRectF(left, box.top(), wide + 4, box.height()), Qt.AlignmentFlag.AlignVCenter, shown)
        left += wide
    return left
