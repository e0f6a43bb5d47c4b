"""Source code: coloured, with line numbers, to be copied, and to be changed where that is asked for."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from widgets.python_drawer.highlighter import Highlighter
from widgets.theme.theme import theme

_GAP = 12
_EDGE = 14
_TAB_COLUMNS = 4


class _Numbers(QWidget):
    """The column of line numbers at the left; painted by the view, which knows where each line is."""

    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self) -> QSize:
        return QSize(self._view.numbers_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_numbers(self, event.rect())


class CodeView(QPlainTextEdit):
    """Python source. Keyboard and mouse select and scroll; where it is `editable`, its colours follow what is typed."""

    def __init__(self, parent: QWidget | None = None, *, editable: bool = False) -> None:
        super().__init__(parent)
        self.setReadOnly(not editable)
        self.setAccessibleName("Script")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        if not editable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self._highlighter = Highlighter(self.document())
        self._colouring = False
        if editable:
            self.textChanged.connect(self._colour)
        self._numbers = _Numbers(self)
        self.updateRequest.connect(self._on_update_request)
        self.blockCountChanged.connect(lambda _: self._make_room())
        theme().dress(self, "mono")
        theme().changed.connect(self._make_room)
        self._make_room()

    def set_source(self, source: str) -> None:
        """Show this source from its first line."""
        self._highlighter.read(source)
        self.setPlainText(source)
        self._make_room()

    def _colour(self) -> None:
        if not self._colouring:  # colours are a change of the text, too
            self._colouring = True
            self._highlighter.read(self.toPlainText())
            self._highlighter.rehighlight()
            self._colouring = False

    def numbers_width(self) -> int:
        """The width of the column of line numbers, in px."""
        digits = max(2, len(str(self.blockCount())))
        return round(QFontMetricsF(self._numbers_font()).horizontalAdvance("0" * digits)) + _EDGE + _GAP

    def paint_numbers(self, column: QWidget, area: QRect) -> None:
        """Paint the numbers of the lines that can be seen in `area` of `column`."""
        painter = QPainter(column)
        painter.fillRect(area, theme().tokens.base)
        painter.setFont(self._numbers_font())
        painter.setPen(theme().tokens.placeholder)
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= area.bottom():
            height = self.blockBoundingRect(block).height()
            if block.isVisible() and top + height >= area.top():
                place = QRect(0, round(top), column.width() - _GAP, round(height))
                painter.drawText(
                    place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(block.blockNumber() + 1)
                )
            top += height
            block = block.next()
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.numbers_width(), inside.height()))

    def _numbers_font(self) -> QFont:
        return theme().mono_font(8.5)

    def _make_room(self) -> None:
        self.setTabStopDistance(_TAB_COLUMNS * QFontMetricsF(theme().mono_font()).horizontalAdvance(" "))
        self.setViewportMargins(self.numbers_width(), 0, 0, 0)
        self._numbers.resize(self.numbers_width(), self._numbers.height())
        self._numbers.update()

    def _on_update_request(self, area: QRect, scrolled: int) -> None:
        if scrolled:
            self._numbers.scroll(0, scrolled)
        else:
            self._numbers.update(0, area.y(), self._numbers.width(), area.height())
