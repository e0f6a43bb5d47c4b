"""PacketPainter: paints whole rows of the packet list in one go, with the sign and colour of their rule.

Not a delegate: one for each cell costs five times as much. Colours and fonts come from the theme. It must not know
scrolling or selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from protocols.packets.files.capture import RECONSTRUCTED
from widgets.packets.listing.colours import Colours, Rule
from widgets.packets.listing.columns import COLUMNS, Column, Words
from widgets.packets.listing.document import Document
from widgets.theme.icons import icon_pixmap
from widgets.theme.signs import paint_sender
from widgets.theme.theme import theme
from widgets.theme.tokens import Tokens
from widgets.timeline.faces import Face

PAD: Final = 8
ROW_SPACE: Final = 10
_MIDDLE: Final = Qt.TextElideMode.ElideMiddle
_END: Final = Qt.TextElideMode.ElideRight
Span = tuple[int, int]
"""Left edge and width of a column; width 0: hidden."""


class PacketPainter:
    """hovered: the place under the pointer, -1 for none."""

    def __init__(self, document: Document, words: Words, colours: Colours) -> None:
        self._document = document
        self._words = words
        self.colours = colours
        self.hovered = -1
        self.refresh()

    def refresh(self) -> None:
        """Ask the theme for fonts and colours again."""
        look = theme()
        self.ui = Face(look.ui_font(9.5))
        self.mono = Face(look.mono_font(9.5))
        self.strong = Face(look.ui_font(9.5, 600))
        self.row_height = round(max(self.ui.height, self.mono.height)) + ROW_SPACE
        self._discs: dict[tuple[int, float], QPixmap] = {}

    def width_of(self, column: Column) -> int:
        """How wide a column begins."""
        face = self.mono if column.mono else self.ui
        extra = {"protocol": self.row_height, "number": theme().px(18), "origin": theme().px(12)}.get(column.id, 0)
        return round(face.metrics.horizontalAdvance(column.sample)) + 2 * PAD + extra

    def paint(
        self, painter: QPainter, first: int, tops: Sequence[int], spans: Sequence[Span], chosen: set[int], width: int
    ) -> None:
        """Paint the rows from place `first` on, one for each of `tops`, across `width` px."""
        tokens, dpr = theme().tokens, painter.device().devicePixelRatioF()
        self.colours.look(self._document.rows(first, first + len(tops)).tolist())
        for place, top in enumerate(tops, first):
            painter.fillRect(0, top, width, self.row_height, self._ground(tokens, place, place in chosen))
            row = self._document.row(place)
            rule = self.colours.rule(row)
            for column, span in zip(COLUMNS, spans, strict=True):
                if span[1] > 2 * PAD and span[0] < width and span[0] + span[1] > 0:
                    self._cell(painter, place, row, top, column, span, rule, dpr)
            self._edge(painter, row, top, dpr)

    def _ground(self, tokens: Tokens, place: int, chosen: bool) -> QColor:
        if chosen:
            return tokens.select
        if place == self.hovered:
            return tokens.hover
        return tokens.alternate if place % 2 else tokens.base

    def _cell(
        self, painter: QPainter, place: int, row: int, top: int, column: Column, span: Span, rule: Rule | None,
        dpr: float,
    ) -> None:  # fmt: skip
        tokens = theme().tokens
        text = self._words.cell(place, column.id)
        left, room = span[0] + PAD, span[1] - 2 * PAD
        face = self.mono if column.mono else self.ui
        colour = tokens.text2 if column.id in ("number", "time", "delta", "stream") else tokens.text
        if column.id == "protocol" and rule is not None:
            side = self.row_height - 10
            self._sign(painter, rule, left, top + 5, side, dpr)
            left, room = left + side + 6, room - side - 6
            face, colour = self.strong, tokens.sender(rule.series)
        elif column.id == "info" and self._document.note_bits(row):
            colour = tokens.warning
        if not text or room <= 0:
            return
        if column.id == "origin" and text == RECONSTRUCTED:
            self._frame(painter, left, top, room)
            left, room, colour = left + 5, room - 10, tokens.warning
        mode = _MIDDLE if column.id in ("source", "destination") else _END
        shown, wide = face.fit(text, room, mode)
        painter.setFont(face.font)
        painter.setPen(colour)
        x = left + room - wide if column.right else left
        painter.drawText(QPointF(x, top + self.row_height / 2 + face.drop), shown)

    def _frame(self, painter: QPainter, left: int, top: int, room: int) -> None:
        """A chip's line around the word, so that it is no matter of colour alone."""
        painter.setPen(theme().tokens.warning)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(left + 0.5, top + 3.5, room - 1, self.row_height - 7), 4, 4)

    def _sign(self, painter: QPainter, rule: Rule, left: int, top: int, side: int, dpr: float) -> None:
        colour = theme().tokens.sender(rule.series)
        if rule.icon:
            painter.drawPixmap(QPointF(left, top), icon_pixmap(rule.icon, colour, side, dpr))
            return
        found = self._discs.get((rule.series, dpr))
        if found is None:
            found = QPixmap(round(side * dpr), round(side * dpr))
            found.setDevicePixelRatio(dpr)
            found.fill(Qt.GlobalColor.transparent)
            disc = QPainter(found)
            paint_sender(disc, QRectF(0, 0, side, side), rule.series)
            disc.end()
            self._discs[rule.series, dpr] = found
        painter.drawPixmap(QPointF(left, top), found)

    def signs(self, row: int) -> list[tuple[str, QColor]]:
        """What is noted of a packet, as icon and colour: time counts from it, it is marked, something is said of it."""
        tokens, document = theme().tokens, self._document
        noted = (
            (row == document.zero_row, "timer", tokens.highlight),
            (row in document.marked, "bookmark", tokens.warning),
            (bool(document.comment(row)), "message-square", tokens.text2),
        )
        return [(name, colour) for is_so, name, colour in noted if is_so]

    def _edge(self, painter: QPainter, row: int, top: int, dpr: float) -> None:
        """Its signs at the left edge, several over one another."""
        signs = self.signs(row)
        if not signs:
            return
        size = min(theme().px(14), self.row_height - 8 if len(signs) == 1 else (self.row_height - 4) // len(signs))
        y = top + (self.row_height - size * len(signs)) // 2
        for at, (name, colour) in enumerate(signs):
            x = 5 + (theme().px(14) - size) // 2
            painter.drawPixmap(QPointF(x, y + at * size), icon_pixmap(name, colour, size, dpr))
