"""LadderView: the live ladder. A painted scroll area that draws only the steps in sight.

It follows while it is at the bottom, shares the selection and can be worked by keys alone. It
must not know filters, the bridge or the dock; what is on it comes from a LadderFeed.
"""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip, QWidget

from protocols.record.log import EventLog
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline import wording
from widgets.timeline.ladder_feed import LadderFeed
from widgets.timeline.ladder_items import Item
from widgets.timeline.ladder_painter import LadderPainter, Look

ZOOM_LEAST: Final = 0.6
ZOOM_MOST: Final = 3.0
SVG_STEPS: Final = 5_000
"""An SVG holds at most this many steps, the last ones: beyond that no program opens it in comfort."""
_ROOM_BELOW: Final = 12


class LadderView(QAbstractScrollArea):
    """The ladder of a feed's subject. followed: the view has reached or left the bottom."""

    followed = Signal(bool)
    mark_requested = Signal()

    def __init__(self, feed: LadderFeed, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Time line, ladder of one connection")
        self.feed: Final = feed
        self._selection = selection
        self._painter = LadderPainter(feed.layout, feed.log)
        self._follows = True
        self._hovered = -1
        self._moving = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        feed.restarted.connect(self._on_feed_restarted)
        feed.grew.connect(self._on_feed_grew)
        selection.changed.connect(self._on_selection_changed)
        self.verticalScrollBar().valueChanged.connect(self._on_bar_value_changed)
        theme().changed.connect(self._on_theme_changed)
        self._measure()

    def set_log(self, log: EventLog) -> None:
        """Texts come from another log."""
        self._painter.log = log
        self._measure()

    # Sizes and following

    def _body_height(self) -> int:
        return math.ceil(self.feed.layout.height() * self._painter.step_height) + _ROOM_BELOW

    def _page(self) -> int:
        return max(1, self.viewport().height() - math.ceil(self._painter.head_height))

    def _measure(self) -> None:
        """Scroll bars for what there is; stay at the bottom if there."""
        self._painter.layout = self.feed.layout
        self._painter.arrange(self.viewport().width())
        bar, across = self.verticalScrollBar(), self.horizontalScrollBar()
        self._moving = True
        bar.setPageStep(self._page())
        bar.setSingleStep(math.ceil(self._painter.step_height))
        bar.setRange(0, max(0, self._body_height() - self._page()))
        across.setPageStep(self.viewport().width())
        across.setSingleStep(24)
        across.setRange(0, max(0, math.ceil(self._painter.width) - self.viewport().width()))
        if self._follows:
            bar.setValue(bar.maximum())
        self._moving = False
        self.viewport().update()

    @property
    def follows(self) -> bool:
        """True while new steps are scrolled to."""
        return self._follows

    def follow(self) -> None:
        """Go to the newest step and stay with it."""
        self._set_follows(True)
        self._measure()

    def newer(self) -> int:
        """How many steps there are below the last one in sight."""
        bottom = (self.verticalScrollBar().value() + self._page()) / self._painter.step_height
        return max(0, len(self.feed.layout.steps) - self.feed.layout.between(bottom, bottom + 1).start - 1)

    def _set_follows(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self.followed.emit(follows)

    def _on_bar_value_changed(self, value: int) -> None:
        if not self._moving:
            self._set_follows(value >= self.verticalScrollBar().maximum())
        self.viewport().update()

    def _on_feed_restarted(self) -> None:
        self._hovered = -1
        self._set_follows(True)
        self._measure()

    def _on_feed_grew(self) -> None:
        if self.isVisible():
            self._measure()

    def _on_theme_changed(self) -> None:
        self._painter.refresh()
        self._measure()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lanes share the new width."""
        super().resizeEvent(event)
        self._measure()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while another view was in front."""
        super().showEvent(event)
        self._measure()
        self._reveal()

    def set_zero(self, zero_ns: int) -> None:
        """Count times from this instant."""
        self._painter.zero_ns = zero_ns
        self.viewport().update()

    def set_to_scale(self, to_scale: bool) -> None:
        """Distances follow time, or are equal."""
        self.feed.layout.set_to_scale(to_scale)
        self._measure()
        self._reveal()

    def set_zoom(self, zoom: float) -> None:
        """Height of the steps, 1 is the size that reads best."""
        self._painter.zoom = min(max(zoom, ZOOM_LEAST), ZOOM_MOST)
        self._measure()

    def fit(self) -> None:
        """The whole ladder in sight, or as much of it as stays legible."""
        height = self.feed.layout.height() * self._painter.step_height / self._painter.zoom + _ROOM_BELOW
        self.set_zoom(min(self._page() / height, 1.0) if height else 1.0)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only what is in sight."""
        self._painter.arrange(self.viewport().width())
        painter = QPainter(self.viewport())
        across, down, head = self.horizontalScrollBar().value(), self.verticalScrollBar().value(), self._head()
        painter.translate(-across, 0)
        painter.save()
        painter.setClipRect(QRectF(across, head, self.viewport().width(), self._page() + 1))
        painter.translate(0, head - down)
        look = Look(self._selection.row, self._hovered)
        self._painter.paint_body(painter, down, down + self._page() + 1, look)
        painter.restore()
        self._painter.paint_head(painter)
        painter.end()

    def _head(self) -> int:
        return math.ceil(self._painter.head_height)

    def svg(self) -> bytes:
        """The ladder as an SVG document, whole up to SVG_STEPS steps; the last ones of a longer one."""
        steps = len(self.feed.layout.steps)
        top = self.feed.layout.top(max(0, steps - SVG_STEPS)) * self._painter.step_height if steps else 0.0
        height = self._body_height() - top
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        size = QSize(math.ceil(self._painter.width), math.ceil(self._painter.head_height + height))
        generator.setSize(size)
        generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
        generator.setTitle(f"NetLab ladder, {self.feed.subject.title}")
        painter = QPainter(generator)
        self._painter.vector = True
        painter.translate(0, self._painter.head_height - top)
        self._painter.paint_body(painter, top, top + height, Look())
        painter.resetTransform()
        self._painter.paint_head(painter)
        painter.end()
        self._painter.vector = False
        buffer.close()
        return bytes(content.data())

    # Selection

    def _on_selection_changed(self) -> None:
        self._reveal()
        self.viewport().update()

    def _reveal(self) -> None:
        """Scroll as little as needed to have the selected step in sight."""
        row = self._selection.row
        item = None if row is None else self.feed.layout.places.get(row)
        if item is None:
            return
        step = self._painter.step_height
        top = self.feed.layout.top(item.place) * step
        bar = self.verticalScrollBar()
        if top < bar.value():
            bar.setValue(int(top - step))
        elif top + step > bar.value() + self._page():
            bar.setValue(math.ceil(top + 2 * step - self._page()))

    def _row_at(self, point: QPointF) -> int | None:
        """The log row of what is painted there."""
        place = self._place_at(point)
        x = point.x() + self.horizontalScrollBar().value()
        if place is None:
            return None
        if x >= self._painter.bar_left():
            y = point.y() - self._head() + self.verticalScrollBar().value()
            for bar in self._painter.bars_near(range(place, place + 1)):
                if self._painter.bar_box(bar).contains(QPointF(x, y)):
                    return min(bar.rows)
        items = self.feed.layout.steps[place].items
        return min(items, key=lambda item: _distance(x, self._painter.item_span(item))).log_row

    def _place_at(self, point: QPointF) -> int | None:
        if point.y() < self._head():
            return None
        y = (point.y() - self._head() + self.verticalScrollBar().value()) / self._painter.step_height
        places = self.feed.layout.between(y, y + 0.001)
        if not len(places) or y - self.feed.layout.top(places.start) > 1.0:
            return None
        return places.start

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select what was clicked."""
        row = self._row_at(event.position())
        if row is not None:
            self._selection.select(row)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The press has done it all."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light up the step under the pointer."""
        place = self._place_at(event.position())
        hovered = -1 if place is None else place
        if hovered != self._hovered:
            self._hovered = hovered
            self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is gone."""
        self._hovered = -1
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """The tool tip has what a label had to cut."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(QPointF(event.pos()))
            text = "" if row is None else wording.tool_tip(self.feed.log.raw(row))
            QToolTip.showText(event.globalPos(), wording.plain_tip(text), self)
            return True
        return super().viewportEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl: zoom."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._painter.zoom * (1.1 if event.angleDelta().y() > 0 else 1 / 1.1))
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go from item to item, Home and End to the ends, M marks, plus and minus zoom."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._go(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Home:
            self.verticalScrollBar().setValue(0)
        elif key == Qt.Key.Key_End:
            self.follow()
        elif key == Qt.Key.Key_M:
            self.mark_requested.emit()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self.set_zoom(self._painter.zoom * (1.1 if key == Qt.Key.Key_Plus else 1 / 1.1))
        else:
            super().keyPressEvent(event)

    def _go(self, by: int) -> None:
        """Select the next or previous item."""
        steps = self.feed.layout.steps
        if not steps:
            return
        row = self._selection.row
        item = None if row is None else self.feed.layout.places.get(row)
        if item is None:
            place = self.feed.layout.between(self.verticalScrollBar().value() / self._painter.step_height, 1e18).start
            self._selection.select(steps[place].items[0].log_row)
            return
        self._selection.select(self._beside(item, by).log_row)

    def _beside(self, item: Item, by: int) -> Item:
        steps = self.feed.layout.steps
        items = steps[item.place].items
        at = items.index(item) + by
        if 0 <= at < len(items):
            return items[at]
        place = min(max(item.place + by, 0), len(steps) - 1)
        if place == item.place:
            return item
        return steps[place].items[0 if by > 0 else -1]


def _distance(x: float, span: tuple[float, float]) -> float:
    return max(span[0] - x, x - span[1], 0.0)
