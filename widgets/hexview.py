"""HexView: bytes as offsets, hex and text, painted line by line; only the lines in sight are made.

8 bytes a line, 16 where there is room. A range can be marked, and a range selected and copied.
It must not know events, connections or where the bytes come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QToolTip, QWidget

from widgets.parts.text import plain_tip
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

WIDE_PX: Final = 560
"""From this width on (at scale 1) a line holds 16 bytes instead of 8."""
COPY_LIMIT: Final = 4 << 20
_DOT: Final = "\u00b7"
_LEFT_PAD: Final = 16
_GAP_CHARS: Final = 1.6
_TEXT: Final = "".join(chr(code) if 0x20 <= code < 0x7F else _DOT for code in range(256))


@dataclass(frozen=True, slots=True)
class Field:
    """Bytes start to before stop that belong together; series: which of the sender colours tints them (from 0)."""

    start: int
    stop: int
    series: int
    name: str = ""


class HexView(QAbstractScrollArea):
    """Shows `data`. selected: the user's selection has changed."""

    selected = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Bytes in hex and text")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self._data: bytes | memoryview = b""
        self._base = 0
        self._fields: tuple[Field, ...] = ()
        self._mark: tuple[int, int] | None = None
        self._anchor: int | None = None
        self._cursor: int | None = None
        self._per_line = 8
        self.tip: Callable[[int], str] | None = None
        """Words for the byte under the pointer, by its place in `data`."""
        self.verticalScrollBar().valueChanged.connect(self.viewport().update)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # What is shown

    def set_data(self, data: bytes | memoryview, base: int = 0, fields: tuple[Field, ...] = ()) -> None:
        """Show these bytes; offsets count from `base`. Selection and mark are gone."""
        self._data, self._base, self._fields = data, base, fields
        self._mark = self._anchor = self._cursor = None
        self.verticalScrollBar().setValue(0)
        self._measure()
        self.selected.emit()

    def set_mark(self, start: int, stop: int) -> None:
        """Frame the bytes start to before stop (indexes into the data); an empty range takes the frame away."""
        start, stop = max(0, start), min(len(self._data), stop)
        self._mark = (start, stop) if start < stop else None
        if self._mark is not None:
            self._reveal(start)
        self.viewport().update()

    @property
    def mark(self) -> tuple[int, int] | None:
        """The framed range."""
        return self._mark

    @property
    def per_line(self) -> int:
        """Bytes in a line: 8 or 16."""
        return self._per_line

    # Selection

    def selection(self) -> tuple[int, int]:
        """The selected range, start to before stop; (0, 0) for none."""
        if self._anchor is None or self._cursor is None:
            return (0, 0)
        return min(self._anchor, self._cursor), max(self._anchor, self._cursor) + 1

    def select(self, start: int, stop: int) -> None:
        """Select the bytes start to before stop."""
        if start >= stop or not self._data:
            self._anchor = self._cursor = None
        else:
            self._anchor, self._cursor = max(0, start), min(len(self._data), stop) - 1
        self.viewport().update()
        self.selected.emit()

    def chosen_bytes(self) -> bytes:
        """What a copy takes: the selection, else the marked bytes, else all; at most COPY_LIMIT."""
        start, stop = self.selection()
        if start == stop:
            start, stop = self._mark or (0, len(self._data))
        return bytes(self._data[start : min(stop, start + COPY_LIMIT)])

    def copy_hex(self) -> None:
        """Copy as pairs of hex digits."""
        QApplication.clipboard().setText(self.chosen_bytes().hex(" "))

    def copy_text(self) -> None:
        """Copy as text; what is no UTF-8 becomes the replacement character."""
        QApplication.clipboard().setText(self.chosen_bytes().decode("utf-8", "replace"))

    def copy_python(self) -> None:
        """Copy as a Python bytes literal."""
        QApplication.clipboard().setText(repr(self.chosen_bytes()))

    # Sizes

    def _on_theme_changed(self) -> None:
        self._font = theme().mono_font(9.5)
        metrics = QFontMetricsF(self._font)
        self._char = metrics.horizontalAdvance("0")
        self._line = math.ceil(metrics.height() * 1.22)
        self._measure()

    def _digits(self) -> int:
        return max(4, len(f"{self._base + len(self._data):x}"))

    def _hex_left(self) -> float:
        return _LEFT_PAD + (self._digits() + 2) * self._char

    def _cell(self, at: int) -> float:
        """Left edge of the hex of the byte `at` of a line, seen from the first."""
        return at * 3 * self._char + (self._char if at >= 8 else 0)

    def _text_left(self) -> float:
        return self._hex_left() + self._cell(self._per_line - 1) + (2 + _GAP_CHARS) * self._char

    def _wanted_width(self, per_line: int) -> float:
        spare = 1 if per_line > 8 else 0
        chars = self._digits() + 2 + per_line * 3 - 1 + spare + _GAP_CHARS + per_line
        return _LEFT_PAD * 2 + chars * self._char

    def _measure(self) -> None:
        room = self.viewport().width()
        roomy = room >= theme().px(WIDE_PX) or room >= self._wanted_width(16) + 8
        self._per_line = 16 if roomy else 8
        bar = self.verticalScrollBar()
        lines = self._lines()
        page = max(1, self.viewport().height() // self._line)
        bar.setPageStep(page)
        bar.setRange(0, max(0, lines - page))
        self.viewport().update()

    def _lines(self) -> int:
        return -(-len(self._data) // self._per_line)

    def sizeHint(self) -> QSize:
        return QSize(math.ceil(self._wanted_width(8)), self._line * 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(200), self._line * 3)

    def content_height(self) -> int:
        """Height in px that shows all lines."""
        return self._lines() * self._line + 2

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        tokens = theme().tokens
        painter.fillRect(self.viewport().rect(), tokens.base)
        painter.setFont(self._font)
        first = self.verticalScrollBar().value()
        count = self.viewport().height() // self._line + 2
        for line in range(first, min(first + count, self._lines())):
            self._paint_line(painter, line, (line - first) * self._line)
        painter.end()

    def _paint_line(self, painter: QPainter, line: int, top: float) -> None:
        start = line * self._per_line
        chunk = bytes(self._data[start : start + self._per_line])
        tokens = theme().tokens
        for field in self._fields:
            self._fill(painter, start, top, field.start, field.stop, tint(tokens, tokens.sender(field.series)))
        if self._mark is not None:
            self._fill(painter, start, top, *self._mark, tokens.select)
        picked = self.selection()
        self._fill(painter, start, top, *picked, tokens.highlight)
        self._write(painter, _LEFT_PAD, top, f"{self._base + start:0{self._digits()}x}", tokens.text2)
        left, text_left = self._hex_left(), self._text_left()
        for at, value in enumerate(chunk):
            chosen = picked[0] <= start + at < picked[1]
            colour = tokens.highlighted_text if chosen else tokens.text
            self._write(painter, left + self._cell(at), top, f"{value:02x}", colour)
            shown = _TEXT[value]
            dim = tokens.text2 if shown == _DOT and not chosen else colour
            self._write(painter, text_left + at * self._char, top, shown, dim)

    def _write(self, painter: QPainter, left: float, top: float, text: str, colour: QColor) -> None:
        painter.setPen(colour)
        box = QRectF(left, top, (len(text) + 1) * self._char, self._line)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)

    def _fill(self, painter: QPainter, start: int, top: float, first: int, stop: int, colour: QColor) -> None:
        """Fill behind the bytes first..stop as far as they are in the line that starts at `start`."""
        low, high = max(first, start) - start, min(stop, start + self._per_line) - start
        if low >= high:
            return
        half = self._char * 0.5
        left, right = self._hex_left() + self._cell(low), self._hex_left() + self._cell(high - 1) + 2 * self._char
        painter.fillRect(QRectF(left - half, top, right - left + 2 * half, self._line), colour)
        text = self._text_left()
        painter.fillRect(QRectF(text + low * self._char, top, (high - low) * self._char, self._line), colour)

    # Pointer and keys

    def _byte_at(self, point: QPointF) -> int | None:
        line = self.verticalScrollBar().value() + int(point.y() // self._line)
        start, x = line * self._per_line, point.x()
        if not self._data or line < 0:
            return None
        if x >= self._text_left() - self._char * 0.6:
            at = int((x - self._text_left()) // self._char)
        else:
            cells = [self._hex_left() + self._cell(at) + self._char for at in range(self._per_line)]
            at = min(range(self._per_line), key=lambda place: abs(cells[place] - x))
        return min(max(start + min(max(at, 0), self._per_line - 1), 0), len(self._data) - 1)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.ToolTip or self.tip is None or not isinstance(event, QHelpEvent):
            return super().viewportEvent(event)
        at = self._byte_at(QPointF(event.pos()))
        QToolTip.showText(event.globalPos(), plain_tip(self.tip(at)) if at is not None else "", self)
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._byte_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or at is None:
            return
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier) and self._anchor is not None
        self._anchor = self._anchor if extend else at
        self._cursor = at
        self.viewport().update()
        self.selected.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._byte_at(event.position())
        if event.buttons() & Qt.MouseButton.LeftButton and at is not None and at != self._cursor:
            self._cursor = at
            self._reveal(at)
            self.viewport().update()
            self.selected.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self._per_line, Qt.Key.Key_Down: self._per_line,
            Qt.Key.Key_Home: -len(self._data), Qt.Key.Key_End: len(self._data),
        }  # fmt: skip
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_hex()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select(0, len(self._data))
        elif event.key() == Qt.Key.Key_Escape and self._anchor is not None:
            self.select(0, 0)
        elif event.key() in steps and self._data:
            self._move(steps[Qt.Key(event.key())], bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def _move(self, by: int, extend: bool) -> None:
        at = 0 if self._cursor is None else min(max(self._cursor + by, 0), len(self._data) - 1)
        self._cursor = at
        if not extend or self._anchor is None:
            self._anchor = at
        self._reveal(at)
        self.viewport().update()
        self.selected.emit()

    def _reveal(self, at: int) -> None:
        line, bar = at // self._per_line, self.verticalScrollBar()
        if line < bar.value():
            bar.setValue(line)
        elif line >= bar.value() + bar.pageStep():
            bar.setValue(line - bar.pageStep() + 1)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
