"""RowPainter: paints the cells of the log; colours and fonts come from the theme at that moment.

Nothing is a widget and nothing is laid out ahead: a row costs what painting it costs. It must not
know scrolling, selection or filters.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from protocols.creosote.reading.ansi import Style, runs
from widgets.creosote import wording
from widgets.creosote.columns import Column, Words
from widgets.creosote.feed import Feed
from widgets.theme.signs import paint_chip, paint_icon, paint_sender
from widgets.theme.theme import theme
from widgets.theme.tokens import Tokens, tint

PAD: Final = 8
LEVEL_SIGNS: Final = {
    "DEBUG": ("minus", "text2"),
    "INFO": ("info", "message"),
    "WARN": ("triangle-alert", "warning"),
    "ERROR": ("circle-x", "error"),
    "CRITICAL": ("octagon-x", "error"),
}
_ANSI_ROLES: Final = ("text2", "error", "running", "waiting", "link", "out", "in", "text")
_SINGLE: Final = int(Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
MONO: Final = frozenset(("message", "address"))


class RowPainter:
    """alarmed: the colour number of rows that an alarm lit up. marks: rows with a bookmark."""

    def __init__(self, feed: Feed, words: Words) -> None:
        self._feed = feed
        self.words = words
        self.ansi_as_colour = True
        self.alarmed: dict[int, int] = {}
        self.marks: set[int] = set()
        self.refresh()

    def refresh(self) -> None:
        """Ask the theme for fonts again."""
        look = theme()
        self.ui = look.ui_font(9.5)
        self.ui_metrics = QFontMetrics(self.ui)
        self.mono = look.mono_font(9.5)
        self.mono_metrics = QFontMetrics(self.mono)
        self._mono_bold: QFont = look.mono_font(9.5, 600)
        self.row_height = max(self.ui_metrics.height(), self.mono_metrics.height()) + 10
        self._least_wide = max(self.mono_metrics.horizontalAdvance("i"), 3)

    def width_of(self, column: Column) -> int:
        """How wide a column begins."""
        extra = {"sender": self.row_height, "level": self.row_height, "number": 22, "kind": 12}.get(column.id, 0)
        font = self.mono_metrics if column.id in MONO else self.ui_metrics
        return font.horizontalAdvance(column.sample) + 2 * PAD + extra

    def ground(self, place: int, row: int, *, selected: bool, hovered: bool) -> QColor:
        """The colour behind a row."""
        tokens = theme().tokens
        if selected:
            return tokens.select
        if row in self.alarmed:
            return tint(tokens, tokens.sender(self.alarmed[row]))
        if hovered:
            return tokens.hover
        return tokens.alternate if place % 2 else tokens.base

    def paint(self, painter: QPainter, rect: QRect, row: int, column: Column) -> None:
        """Paint one cell; the ground is there."""
        tokens = theme().tokens
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        if column.id == "message":
            self._message(painter, inner, row, tokens)
        elif column.id == "sender":
            self._sender(painter, inner, row, tokens)
        elif column.id == "level":
            self._level(painter, inner, row)
        elif column.id == "kind":
            paint_chip(painter, QRectF(inner), self._feed.log.reading(row).kind, right=True)
        else:
            self._plain(painter, inner, row, column, tokens)

    def _plain(self, painter: QPainter, rect: QRect, row: int, column: Column, tokens: Tokens) -> None:
        text = self.words.cell(row, column)
        dim = column.id in ("number", "arrived", "bucket", "stamp")
        colour = tokens.text2 if dim else tokens.text
        if column.id == "number" and row in self.marks:
            paint_icon(painter, QRectF(rect.left() - 3, rect.top(), 15, rect.height()), "bookmark", "link")
        if column.id == "bytes" and self._feed.log.would_be_cut(row):
            colour = tokens.warning
            paint_icon(painter, QRectF(rect.left() - 4, rect.top(), 14, rect.height()), "scissors", "warning")
        mono = column.id in MONO
        self._text(painter, rect, text, colour, mono=mono, right=column.right)

    def _sender(self, painter: QPainter, rect: QRect, row: int, tokens: Tokens) -> None:
        number = self._feed.log.sender(row)
        side = min(17, rect.height() - 7)
        paint_sender(painter, QRectF(rect.left(), rect.center().y() - side / 2 + 0.5, side, side), number)
        text = self._feed.name(number)
        self._text(painter, rect.adjusted(side + 7, 0, 0, 0), text, tokens.sender(number), middle=True)

    def _level(self, painter: QPainter, rect: QRect, row: int) -> None:
        level = self._feed.log.reading(row).level
        if not level:
            return
        sign, role = LEVEL_SIGNS[level]
        side = min(15, rect.height() - 9)
        paint_icon(painter, QRectF(rect.left(), rect.center().y() - side / 2 + 0.5, side, side), sign, role)
        self._text(painter, rect.adjusted(side + 6, 0, 0, 0), level, theme().tokens.role(role))

    def _message(self, painter: QPainter, rect: QRect, row: int, tokens: Tokens) -> None:
        rect = self._flags(painter, rect, row)
        found = self.words.raw_message(row)
        limit = rect.width() // self._least_wide + 2
        if self.ansi_as_colour and "\x1b" in found.text[: limit * 4]:
            left = self._coloured(painter, rect, found.text[: limit * 4], tokens)
        else:
            text = wording.shown(found.text, max(limit, 1))
            refused = self._feed.log.reading(row).kind == "pickle"
            self._text(painter, rect, text, tokens.warning if refused else tokens.text, mono=True)
            left = rect.left() + self.mono_metrics.horizontalAdvance(text)
        if found.rest and left + 30 < rect.right():
            gap = self.mono_metrics.horizontalAdvance("  ")
            self._text(painter, QRect(left + gap, rect.top(), rect.right() - left - gap, rect.height()),
                       found.rest[:limit], tokens.text2, mono=True)  # fmt: skip

    def _flags(self, painter: QPainter, rect: QRect, row: int) -> QRect:
        """Chips at the right end: refused, or what an original bucket would have cut."""
        reading = self._feed.log.reading(row)
        word = "refused" if reading.kind == "pickle" else "stopped" if reading.warning else ""
        if self._feed.log.would_be_cut(row):
            word = "over 1024" if not word else f"{word}, over 1024"
        if not word or rect.width() < 240:
            return rect
        chip = paint_chip(painter, QRectF(rect), word, right=True)
        return rect.adjusted(0, 0, -round(chip.width()) - PAD, 0)

    def _coloured(self, painter: QPainter, rect: QRect, text: str, tokens: Tokens) -> int:
        left = rect.left()
        for run, style in runs(text):
            part = wording.shown(run)
            painter.setFont(self._styled(style))
            painter.setPen(QPen(ansi_colour(style, tokens)))
            painter.drawText(QRect(left, rect.top(), max(rect.right() - left, 0), rect.height()), _SINGLE, part)
            left += QFontMetrics(painter.font()).horizontalAdvance(part)
            if left > rect.right():
                break
        return left

    def _styled(self, style: Style) -> QFont:
        font = QFont(self._mono_bold if style.bold else self.mono)
        font.setUnderline(style.underlined)
        return font

    def _text(
        self, painter: QPainter, rect: QRect, text: str, colour: QColor, *, mono: bool = False, right: bool = False,
        middle: bool = False,
    ) -> None:  # fmt: skip
        if not text or rect.width() <= 0:
            return
        font, metrics = (self.mono, self.mono_metrics) if mono else (self.ui, self.ui_metrics)
        mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
        painter.setFont(font)
        painter.setPen(QPen(colour))
        side = int(Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
        painter.drawText(rect, side | _SINGLE, metrics.elidedText(text, mode, rect.width()))


def ansi_colour(style: Style, tokens: Tokens) -> QColor:
    """A terminal's colour as a role of the palette, so that it can be read on both grounds."""
    return tokens.text if style.colour is None else tokens.role(_ANSI_ROLES[style.colour % 8])
