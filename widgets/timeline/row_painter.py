"""RowPainter: paints rows of the time line's table, whole rows in one go.

Not a delegate: Qt would call one for each cell, and each of those calls waits for the
interpreter while workers run; a row painted here costs a fifth of its cells. Colours and fonts
come from the theme. It must not know filters, the bridge, the dock or scroll bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from protocols.numbers import grouped
from protocols.record.event import Raw
from widgets.theme.icons import icon_pixmap
from widgets.theme.signs import paint_chip
from widgets.theme.theme import theme
from widgets.theme.tokens import Tokens
from widgets.timeline import wording
from widgets.timeline.faces import Face, Signs
from widgets.timeline.model import Column

if TYPE_CHECKING:
    from widgets.timeline.model import TimelineModel

PAD: Final = 8
ROW_SPACE: Final = 10
"""Row height = line height + this."""
_END: Final = Qt.TextElideMode.ElideRight
_MIDDLE: Final = Qt.TextElideMode.ElideMiddle
Span = tuple[int, int]
"""Left edge and width of a column in px; width 0: hidden."""


class RowPainter:
    """Paints rows of a TimelineModel. `hovered` is the row under the pointer, -1 for none."""

    def __init__(self, model: TimelineModel) -> None:
        self._model = model
        self.hovered = -1
        self.refresh()

    def refresh(self) -> None:
        """Take fonts and colours from the theme again."""
        look = theme()
        self._signs = Signs()
        self.ui = Face(look.ui_font(9.5))
        self.event = Face(look.ui_font(9.5, 500))
        self.mono = Face(look.mono_font(9.5))
        self.strong = Face(look.mono_font(9.5, 600))
        self.small = Face(look.ui_font(9))
        self.row_height = round(max(self.ui.metrics.height(), self.mono.metrics.height())) + ROW_SPACE

    def paint(
        self, painter: QPainter, first: int, tops: Sequence[int], spans: Sequence[Span], selected: set[int], width: int
    ) -> None:
        """Paint the rows from `first` on, one for each of `tops`, across `width` px."""
        tokens = theme().tokens
        dpr = painter.device().devicePixelRatioF()
        for row, top in enumerate(tops, first):
            painter.fillRect(0, top, width, self.row_height, self._surface(tokens, row, row in selected))
            self._row(painter, row, top, spans, tokens, dpr)

    def _surface(self, tokens: Tokens, row: int, selected: bool) -> QColor:
        if selected:
            return tokens.select
        if row == self.hovered:
            return tokens.hover
        # By the log's row, so that stripes don't dance when old rows go.
        return tokens.alternate if self._model.log_row(row) % 2 else tokens.base

    def _row(
        self, painter: QPainter, row: int, top: int, spans: Sequence[Span], tokens: Tokens, dpr: float
    ) -> None:
        raw = self._model.raw_at(row)
        time_text = wording.milliseconds(raw[0] - self._model.zero_ns)
        self._right(painter, spans[Column.TIME], top, time_text, self.ui, tokens.text2)
        self._edge(painter, self._model.log_row(row), top, tokens, dpr)
        left, width = spans[Column.SIGN]
        if width:
            side = min(theme().px(17), self.row_height - 6)
            at = QPointF(left + (width - side) // 2, top + (self.row_height - side) // 2)
            painter.drawPixmap(at, self._signs.picture(raw[1], side, dpr))
        self._where(painter, spans[Column.WHERE], top, raw, tokens)
        self._arrow(painter, spans[Column.DIRECTION], top, raw[5], tokens, dpr)
        self._left(painter, spans[Column.EVENT], top, wording.visible(raw[2]), self.event, tokens.text)
        self._what(painter, spans[Column.WHAT], top, raw, tokens)
        if raw[7] is not None:
            self._right(painter, spans[Column.BYTES], top, grouped(raw[7]), self.ui, tokens.text)
        self._took(painter, spans[Column.TOOK], top, raw, tokens)

    # Cells

    def _put(self, painter: QPainter, left: float, top: int, text: str, face: Face, colour: QColor) -> None:
        painter.setFont(face.font)
        painter.setPen(colour)
        painter.drawText(QPointF(left, top + self.row_height / 2 + face.drop), text)

    def _left(
        self, painter: QPainter, span: Span, top: int, text: str, face: Face, colour: QColor,
        mode: Qt.TextElideMode = _END,
    ) -> None:  # fmt: skip
        room = span[1] - 2 * PAD
        if room > 0 and text:
            self._put(painter, span[0] + PAD, top, face.fit(text, room, mode)[0], face, colour)

    def _right(self, painter: QPainter, span: Span, top: int, text: str, face: Face, colour: QColor) -> None:
        room = span[1] - 2 * PAD
        if room > 0:
            shown, wide = face.fit(text, room, _END)
            self._put(painter, span[0] + span[1] - PAD - wide, top, shown, face, colour)

    def _edge(self, painter: QPainter, log_row: int, top: int, tokens: Tokens, dpr: float) -> None:
        """A bookmark at the left edge of a marked row, a clock where time counts from."""
        if log_row == self._model.zero_row:
            name, colour = "timer", tokens.highlight
        elif log_row in self._model.marks:
            name, colour = "bookmark", tokens.warning
        else:
            return
        size = min(theme().px(14), self.row_height - 8)
        painter.drawPixmap(QPointF(4, top + (self.row_height - size) // 2), icon_pixmap(name, colour, size, dpr))

    def _where(self, painter: QPainter, span: Span, top: int, raw: Raw, tokens: Tokens) -> None:
        """Who it was, and which connection in small at the right where there is room for both."""
        name, conn = wording.where(raw)
        room = span[1] - 2 * PAD
        shown, wide = self.ui.fit(name, max(room, 1), _MIDDLE)
        self._put(painter, span[0] + PAD, top, shown, self.ui, tokens.text)
        if conn and shown == name:
            small, beside = self.small.fit(conn, max(room, 1), _END)
            if wide + beside + PAD <= room:
                self._put(painter, span[0] + span[1] - PAD - beside, top, small, self.small, tokens.text2)

    def _arrow(
        self, painter: QPainter, span: Span, top: int, direction: str | None, tokens: Tokens, dpr: float
    ) -> None:
        if direction is None or not span[1]:
            return
        size = min(theme().px(16), self.row_height - 8)
        name, colour = ("arrow-right", tokens.out) if direction == "out" else ("arrow-left", tokens.in_)
        at = QPointF(span[0] + (span[1] - size) // 2, top + (self.row_height - size) // 2)
        painter.drawPixmap(at, icon_pixmap(name, colour, size, dpr))

    def _what(self, painter: QPainter, span: Span, top: int, raw: Raw, tokens: Tokens) -> None:
        """The line in mono (a note's in prose); the error's symbol in the colour of errors, never cut."""
        face = self.ui if raw[1] == "note" else self.mono
        before, errno, after = wording.what_parts(raw)
        if not errno:
            self._left(painter, span, top, before, face, tokens.text)
            return
        room = span[1] - 2 * PAD
        symbol, symbol_wide = self.strong.fit(errno, max(room, 1), _END)
        shown, wide = face.fit(before, max(room - int(symbol_wide) - 1, 1), _END)
        left = float(span[0] + PAD)
        self._put(painter, left, top, shown, face, tokens.text)
        self._put(painter, left + wide, top, symbol, self.strong, tokens.error)
        rest = int(room - wide - symbol_wide)
        if after and rest > 12:
            self._put(painter, left + wide + symbol_wide, top, face.fit(after, rest, _END)[0], face, tokens.text)

    def _took(self, painter: QPainter, span: Span, top: int, raw: Raw, tokens: Tokens) -> None:
        text, chip = wording.took(raw)
        if chip and text and span[1] > 2 * PAD:
            paint_chip(painter, QRectF(span[0] + PAD, top, span[1] - PAD, self.row_height), text)
        else:
            self._left(painter, span, top, text, self.small, tokens.text2)
