"""A layout that sets fields side by side and breaks the line where the width ends.

So that a form needs no horizontal scroll bar at 200 % or 1024 pixels. It must not know what it lays out.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QLayout, QLayoutItem, QScrollArea, QSizePolicy, QStackedWidget, QWidget


class FlowLayout(QLayout):
    """Items from left to right in lines; the items with a stretch share what is left of their line.

    spacing and line_spacing in pixels.
    """

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8, line_spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._stretch: dict[int, int] = {}
        self._sizes: dict[int, tuple[QSize, QSize]] = {}
        self._gap = spacing
        self._line_gap = line_spacing
        self.setContentsMargins(QMargins(0, 0, 0, 0))

    def add(self, widget: QWidget, stretch: int = 0) -> QWidget:
        """Append a widget; with `stretch` it grows over the rest of its line."""
        self._stretch[len(self._items)] = stretch
        self.addWidget(widget)
        return widget

    def addItem(self, item: QLayoutItem, /) -> None:
        self._items.append(item)
        self._sizes.clear()

    def invalidate(self) -> None:
        self._sizes.clear()
        super().invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int, /) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int, /) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        item = self._items.pop(index)
        self._sizes.clear()
        self._stretch = {at - (at > index): value for at, value in self._stretch.items() if at != index}
        return item

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int, /) -> int:
        return self._arrange(QRect(0, 0, width, 0), apply=False)

    def setGeometry(self, rect: QRect, /) -> None:
        super().setGeometry(rect)
        self._arrange(rect, apply=True)

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + self._gap * max(0, len(shown) - 1)
        height = max((size.height() for size in shown), default=0)
        return QSize(width + margins.left() + margins.right(), height + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:
        margins = self.contentsMargins()
        size = QSize(0, 0)
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, apply: bool) -> int:
        inner = rect.marginsRemoved(self.contentsMargins())
        y = inner.y()
        for number, line in enumerate(self._lines(inner.width())):
            y += self._line_gap if number else 0
            height = max(self._hint(at).height() for at in line)
            if apply:
                self._place(line, QRect(inner.x(), y, inner.width(), height))
            y += height
        return y - rect.y() + self.contentsMargins().bottom()

    def _sizes_of(self, at: int) -> tuple[QSize, QSize]:
        """What an item would have, and its least: asked once, for one look at a form asks many times."""
        known = self._sizes.get(at)
        if known is None:
            item = self._items[at]
            least = item.minimumSize()
            known = self._sizes[at] = item.sizeHint().expandedTo(least).boundedTo(item.maximumSize()), least
        return known

    def _hint(self, at: int) -> QSize:
        return self._sizes_of(at)[0]

    def _least(self, at: int) -> QSize:
        return self._sizes_of(at)[1]

    def _lines(self, width: int) -> list[list[int]]:
        lines: list[list[int]] = []
        used = 0
        for at, item in enumerate(self._items):
            if item.isEmpty():
                continue
            need = self._least(at).width() if self._stretch.get(at) else self._hint(at).width()
            if not lines or used + self._gap + need > width:
                lines.append([at])
                used = need
            else:
                lines[-1].append(at)
                used += self._gap + need
        return lines

    def _stands_low(self, at: int) -> bool:
        """Check boxes and buttons stand beside the inputs of their line, not beside the captions above these."""
        item = self._items[at]
        low = item.alignment() & Qt.AlignmentFlag.AlignBottom
        return bool(low) or isinstance(item.widget(), QCheckBox)

    def _place(self, line: list[int], room: QRect) -> None:
        total = sum(self._stretch.get(at, 0) for at in line)
        base = [
            self._least(at).width()
            if self._stretch.get(at)
            else min(self._hint(at).width(), room.width())
            for at in line
        ]
        spare = max(0, room.width() - sum(base) - self._gap * (len(line) - 1))
        x = room.x()
        for at, least in zip(line, base, strict=True):
            width = least
            if total and self._stretch.get(at):
                width = min(least + spare * self._stretch[at] // total, self._items[at].maximumSize().width())
            height = self._hint(at).height()
            spare_height = room.height() - height
            top = room.y() + (spare_height if self._stands_low(at) else spare_height // 2)
            self._items[at].setGeometry(QRect(QPoint(x, top), QSize(width, height)))
            x += width + self._gap


class FlowBox(QWidget):
    """A widget with a FlowLayout, never lower than its lines need at its width."""

    def __init__(self, *widgets: QWidget, spacing: int = 8, line_spacing: int = 8) -> None:
        super().__init__()
        self.flow = FlowLayout(self, spacing=spacing, line_spacing=line_spacing)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        for widget in widgets:
            self.add(widget)

    def add(self, widget: QWidget, stretch: int = 0) -> QWidget:
        """Append a widget; see FlowLayout.add."""
        return self.flow.add(widget, stretch)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def event(self, event: QEvent, /) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._keep_height()
        return done

    def _keep_height(self) -> None:
        """A parent that knows least sizes only, a splitter or a page of a stack, must not cut the last line."""
        if self.testAttribute(Qt.WidgetAttribute.WA_Resized):
            edge = self.contentsMargins()
            inner = self.flow.heightForWidth(self.width() - edge.left() - edge.right())
            self.setMinimumHeight(inner + edge.top() + edge.bottom())


class Pages(QStackedWidget):
    """Pages of which one is shown, and only that one's need of room counts."""

    def __init__(self, *pages: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for page in pages:
            self.addWidget(page)
        self.currentChanged.connect(lambda _index: self.updateGeometry())

    def sizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.sizeHint() if page is not None else super().sizeHint()

    def minimumSizeHint(self) -> QSize:
        page = self.currentWidget()
        return page.minimumSizeHint().expandedTo(page.minimumSize()) if page is not None else super().minimumSizeHint()


def scrolled(body: QWidget) -> QScrollArea:
    """A body of forms that scrolls up and down where the room is short, never sideways."""
    scroll = scroll_area()
    scroll.setWidget(body)
    return scroll


def scroll_area(parent: QWidget | None = None) -> QScrollArea:
    """As `scrolled`, for a body that is made within it: `viewport()` is its parent, `setWidget()` comes last.

    Each move of a finished widget to a parent costs a new look at the style of everything in it.
    """
    scroll = QScrollArea(parent)
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return scroll


def reveal(widget: QWidget) -> None:
    """Scroll whatever is around `widget` until it is seen, as far as it fits."""
    holder = widget.parentWidget()
    while holder is not None:
        if isinstance(holder, QScrollArea):
            holder.ensureWidgetVisible(widget, 0, 0)
        holder = holder.parentWidget()
