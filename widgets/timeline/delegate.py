"""RowDelegate: paints the cells of the time line's table.

Signs, arrows, errors, chips and marks are painted; no cell is a widget. Colours and fonts come
from the theme at the moment of painting. It must not know filters, the bridge or the dock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from protocols.record.event import Raw
from widgets.theme.icons import icon_pixmap
from widgets.theme.signs import paint_chip, paint_direction, paint_layer
from widgets.theme.theme import theme
from widgets.theme.tokens import Tokens
from widgets.timeline import wording
from widgets.timeline.model import Column

if TYPE_CHECKING:
    from widgets.timeline.model import TimelineModel

PAD: Final = 8
ROW_SPACE: Final = 10
"""Row height = line height + this."""


class Fonts:
    """The fonts and metrics of one theme setting, made once and again when the theme changes."""

    def __init__(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Ask the theme again."""
        look = theme()
        self.ui: QFont = look.ui_font(9.5)
        self.event: QFont = look.ui_font(9.5, 500)
        self.mono: QFont = look.mono_font(9.5)
        self.mono_bold: QFont = look.mono_font(9.5)
        self.mono_bold.setWeight(QFont.Weight.DemiBold)
        self.small: QFont = look.ui_font(9)
        self.ui_metrics = QFontMetrics(self.ui)
        self.event_metrics = QFontMetrics(self.event)
        self.mono_metrics = QFontMetrics(self.mono)
        self.bold_metrics = QFontMetrics(self.mono_bold)
        self.small_metrics = QFontMetrics(self.small)
        self.row_height = max(self.ui_metrics.height(), self.mono_metrics.height()) + ROW_SPACE


class RowDelegate(QStyledItemDelegate):
    """Paints rows of a TimelineModel. `hovered` is the row under the pointer, -1 for none."""

    def __init__(self, model: TimelineModel) -> None:
        super().__init__(model)
        self._model = model
        self.fonts: Final = Fonts()
        self.hovered = -1
        self.show_conn = True

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """One fixed height for every row."""
        return QSize(40, self.fonts.row_height)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint one cell."""
        tokens = theme().tokens
        rect: QRect = option.rect
        state = option.state
        selected = bool(state & QStyle.StateFlag.State_Selected)
        row, column = index.row(), index.column()
        painter.fillRect(rect, self._surface(tokens, row, selected))
        raw = self._model.raw_at(row)
        painter.save()
        painter.setClipRect(rect)
        self._cell(painter, rect, column, raw, tokens)
        if column == Column.TIME:
            self._edge(painter, rect, self._model.log_row(row), tokens)
        painter.restore()

    def _surface(self, tokens: Tokens, row: int, selected: bool) -> QColor:
        if selected:
            return tokens.select
        if row == self.hovered:
            return tokens.hover
        return tokens.alternate if row % 2 else tokens.base

    def _edge(self, painter: QPainter, rect: QRect, log_row: int, tokens: Tokens) -> None:
        """A bookmark at the left edge of a marked row, a clock where time counts from."""
        name = "timer" if log_row == self._model.zero_row else "bookmark" if log_row in self._model.marks else ""
        if not name:
            return
        size = min(14, rect.height() - 8)
        picture = icon_pixmap(name, tokens.highlight if name == "timer" else tokens.warning, size, _dpr(painter))
        painter.drawPixmap(rect.left() + 4, rect.center().y() - size // 2 + 1, picture)

    def _cell(self, painter: QPainter, rect: QRect, column: int, raw: Raw, tokens: Tokens) -> None:
        fonts = self.fonts
        inner = rect.adjusted(PAD, 0, -PAD, 0)
        if column == Column.TIME:
            text = wording.milliseconds(raw[0] - self._model.zero_ns)
            _text(painter, inner, text, fonts.ui, fonts.ui_metrics, tokens.text2, right=True)
        elif column == Column.SIGN:
            side = min(17, rect.height() - 8)
            paint_layer(painter, _square(rect, side), raw[1])
        elif column == Column.WHERE:
            self._where(painter, inner, raw, tokens)
        elif column == Column.DIRECTION:
            paint_direction(painter, _square(rect, min(16, rect.height() - 8)), raw[5])
        elif column == Column.EVENT:
            text = wording.visible(raw[2])
            _text(painter, inner, text, fonts.event, fonts.event_metrics, tokens.text)
        elif column == Column.WHAT:
            self._what(painter, inner, raw, tokens)
        elif column == Column.BYTES:
            if raw[7] is not None:
                text = wording.grouped(raw[7])
                _text(painter, inner, text, fonts.ui, fonts.ui_metrics, tokens.text, right=True)
        else:
            self._took(painter, inner, raw, tokens)

    def _where(self, painter: QPainter, rect: QRect, raw: Raw, tokens: Tokens) -> None:
        fonts = self.fonts
        name, conn = wording.where(raw)
        wanted = fonts.ui_metrics.horizontalAdvance(name)
        beside = fonts.small_metrics.horizontalAdvance(conn) + PAD if conn and self.show_conn else 0
        if beside and wanted + beside <= rect.width():
            _text(painter, rect, conn, fonts.small, fonts.small_metrics, tokens.text2, right=True)
        _text(painter, rect, name, fonts.ui, fonts.ui_metrics, tokens.text, elide=Qt.TextElideMode.ElideMiddle)

    def _what(self, painter: QPainter, rect: QRect, raw: Raw, tokens: Tokens) -> None:
        """The line in mono (a note's in prose); the error's symbol in the colour of errors."""
        fonts = self.fonts
        prose = raw[1] == "note"
        font, metrics = (fonts.ui, fonts.ui_metrics) if prose else (fonts.mono, fonts.mono_metrics)
        before, errno, after = wording.what_parts(raw)
        if not errno:
            _text(painter, rect, before, font, metrics, tokens.text)
            return
        symbol = fonts.bold_metrics.horizontalAdvance(errno)
        room = max(0, rect.width() - symbol)
        shown = metrics.elidedText(before, Qt.TextElideMode.ElideRight, room)
        _text(painter, rect, shown, font, metrics, tokens.text)
        rest = rect.adjusted(metrics.horizontalAdvance(shown), 0, 0, 0)
        _text(painter, rest, errno, fonts.mono_bold, fonts.bold_metrics, tokens.error)
        if after:
            _text(painter, rest.adjusted(symbol, 0, 0, 0), after, font, metrics, tokens.text)

    def _took(self, painter: QPainter, rect: QRect, raw: Raw, tokens: Tokens) -> None:
        text, chip = wording.took(raw)
        if not text:
            return
        if chip:
            paint_chip(painter, rect, text)
        else:
            _text(painter, rect, text, self.fonts.small, self.fonts.small_metrics, tokens.text2)


def _text(
    painter: QPainter,
    rect: QRect,
    text: str,
    font: QFont,
    metrics: QFontMetrics,
    colour: QColor,
    *,
    right: bool = False,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    if rect.width() <= 0 or not text:
        return
    if len(text) > _LONG:
        text = text[:_LONG] + "\u2026"
    shown = metrics.elidedText(text, elide, rect.width())
    painter.setFont(font)
    painter.setPen(QPen(colour))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(rect, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)


def _square(rect: QRect, side: int) -> QRectF:
    return QRectF(rect.center().x() - side / 2 + 0.5, rect.center().y() - side / 2 + 0.5, side, side)


def _dpr(painter: QPainter) -> float:
    return painter.device().devicePixelRatioF()


_LONG: Final = 2000
"""No column is as wide as this many characters: longer text is not measured."""
