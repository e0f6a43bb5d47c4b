"""A splitter whose line is thin to the eye and wide to the hand."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from widgets.theme.theme import theme

HANDLE_PX = 9


class SplitterHandle(QSplitterHandle):
    """Nine pixels to grab, one to see; two in the highlight colour under the pointer."""

    def __init__(self, orientation: Qt.Orientation, parent: QSplitter, *, line: bool) -> None:
        super().__init__(orientation, parent)
        self._line = line
        self._over = False

    def enterEvent(self, event: QEnterEvent) -> None:
        self._over = True
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not (self._line or self._over):
            return
        width = 2 if self._over else 1
        area = self.rect()
        if self.orientation() == Qt.Orientation.Horizontal:
            stroke = QRect(area.center().x() - width // 2, 0, width, area.height())
        else:
            stroke = QRect(0, area.center().y() - width // 2, area.width(), width)
        tokens = theme().tokens
        QPainter(self).fillRect(stroke, tokens.highlight if self._over else tokens.dark)


class Splitter(QSplitter):
    """A splitter that nobody has to look for. `line=False` between cards, whose own borders part them."""

    def __init__(
        self,
        orientation: Qt.Orientation = Qt.Orientation.Horizontal,
        *widgets: QWidget,
        line: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        self._line = line
        super().__init__(orientation, parent)
        self.setHandleWidth(HANDLE_PX)
        self.setChildrenCollapsible(False)
        for widget in widgets:
            self.addWidget(widget)

    def createHandle(self) -> QSplitterHandle:
        return SplitterHandle(self.orientation(), self, line=self._line)
