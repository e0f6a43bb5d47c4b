"""A row that breaks into lines when it gets narrow, so that no form needs a horizontal scroll bar."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget


class FlowLayout(QLayout):
    """Places items left to right, and on the next line when one doesn't fit."""

    def __init__(self, parent: QWidget | None = None, gap: int = 8, line_gap: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap, self._line_gap = gap, line_gap
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self._gap * max(0, len(shown) - 1)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def _place(self, rect: QRect, *, move: bool) -> int:
        left, top = rect.x(), rect.y()
        line: list[tuple[QLayoutItem, int, QSize]] = []
        height = 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint().boundedTo(QSize(max(rect.width(), item.minimumSize().width()), 1 << 20))
            if line and left + size.width() > rect.right() + 1:
                self._finish(line, top, height, move)
                left, top, line, height = rect.x(), top + height + self._line_gap, [], 0
            line.append((item, left, size))
            left += size.width() + self._gap
            height = max(height, size.height())
        self._finish(line, top, height, move)
        return top + height - rect.y()

    @staticmethod
    def _finish(line: list[tuple[QLayoutItem, int, QSize]], top: int, height: int, move: bool) -> None:
        if move:
            for item, left, size in line:
                item.setGeometry(QRect(QPoint(left, top + (height - size.height()) // 2), size))


class FlowRow(QWidget):
    """A widget with a FlowLayout."""

    def __init__(self, *widgets: QWidget, gap: int = 8, line_gap: int = 8) -> None:
        super().__init__()
        self._flow = FlowLayout(self, gap, line_gap)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for widget in widgets:
            self.add(widget)

    def add(self, widget: QWidget) -> None:
        """Append a widget."""
        self._flow.addWidget(widget)
