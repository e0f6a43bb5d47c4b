"""LogView: the log as painted rows that can be read while a hundred thousand a second come in.

Ten million rows cost what the visible ones cost: there is no item, no section and no layout for a
row. It follows the tail only while it is at the bottom. It must not know filters, fields or files.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QFrame, QToolTip, QWidget

from widgets.creosote.table.chosen_rows import ChosenRows
from widgets.creosote.table.head import LogHead
from widgets.creosote.table.row_painter import RowPainter
from widgets.creosote.table.rows import LogRows
from widgets.creosote.table.tail_picture import TailPicture
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

PAINT_MS: Final = 66
"""Between two paintings of a tail that runs: fifteen a second, more than anybody reads."""
_STEP: Final = 120


class LogView(QAbstractScrollArea):
    """rows: what is shown. chosen: which of them are selected.

    followed(bool): the view has reached or left the bottom. menu_requested(global place, row or -1).
    """

    followed = Signal(bool)
    menu_requested = Signal(QPoint, int)
    activated = Signal(int)

    def __init__(self, rows: LogRows, painter: RowPainter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = rows
        self.painter = painter
        self.chosen = ChosenRows(rows, self)
        self.head = LogHead(painter, self)
        self._follows = True
        self._hovered = -1
        self._own = False
        self._fitted_s = 0.0
        self._fitted = (0, 0)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._fit_later)
        self._tail = TailPicture(self)
        self._tail.ready.connect(self._on_tail_ready)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Log of datagrams")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().valueChanged.connect(self._on_bar_value_changed)
        self.horizontalScrollBar().valueChanged.connect(self._on_sideways)
        rows.changed.connect(self._on_rows_changed)
        rows.shifted.connect(self._on_rows_shifted)
        rows.restarted.connect(self._on_rows_restarted)
        self.chosen.changed.connect(self._on_chosen_changed)
        self.head.resized.connect(self._on_head_resized)
        theme().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    # Where it stands

    @property
    def follows(self) -> bool:
        """True while new rows are scrolled to."""
        return self._follows

    def follow(self) -> None:
        """Go to the newest row and stay with it."""
        self._set_follows(True)
        self._fit_bars()

    def page(self) -> int:
        """How many whole rows fit."""
        return max(self.viewport().height() // self.painter.row_height, 1)

    def top(self) -> int:
        """The place of the uppermost row."""
        return self.verticalScrollBar().value()

    def newer(self) -> int:
        """How many rows there are below the last one that is seen."""
        return max(self.rows.count() - self.top() - self.page(), 0)

    def visible_numbers(self) -> list[int]:
        """The log's rows that are painted now."""
        stop = min(self.rows.count(), self.top() + self.page() + 1)
        return [self.rows.number(place) for place in range(self.top(), stop)]

    def show_row(self, row: int, *, centre: bool = False) -> None:
        """Bring a log's row into sight, and stand there."""
        place, top, page = self.rows.place(row), self.top(), self.page()
        if place >= self.rows.count():
            return
        self._own = True
        if centre and not top <= place < top + page:
            self.verticalScrollBar().setValue(place - page // 2)
        elif place < top:
            self.verticalScrollBar().setValue(place)
        elif place >= top + page:
            self.verticalScrollBar().setValue(place - page + 1)
        self._own = False
        self._set_follows(self._at_end())
        self.repaint_rows()

    def _at_end(self) -> bool:
        return self.verticalScrollBar().value() >= self.verticalScrollBar().maximum()

    def _set_follows(self, follows: bool) -> None:
        if follows != self._follows:
            self._follows = follows
            self._tail.spoil()  # a page that ends with the last row has none below it
            self.followed.emit(follows)

    def _seen(self) -> tuple[int, int]:
        """What changes when a row or a sender's name is new."""
        return self.rows.count(), self.painter.named

    def _fit_bars(self) -> None:
        self._fitted = self._seen()
        bar, page = self.verticalScrollBar(), self.page()
        self._own = True
        bar.setPageStep(page)
        bar.setRange(0, max(self.rows.count() - page, 0))
        if self._follows:
            bar.setValue(bar.maximum())
        self._own = False
        self.viewport().update()

    def _on_rows_changed(self) -> None:
        """While the tail is followed, all rows are new each time: often enough is enough."""
        if not self._later.isActive():
            self._later.start(max(PAINT_MS - round((time.monotonic() - self._fitted_s) * 1000), 0))

    def _fit_later(self) -> None:
        if self._tail.busy or (self._follows and self._fitted == self._seen() and not self.rows.joined):
            return
        self._fitted_s = time.monotonic()
        top = self.rows.count() - self.page()
        if self._follows and self.isVisible() and top - self.top() >= self.page():
            self._paint_tail(top)
            return
        before = (self.top(), self.verticalScrollBar().maximum())
        bar = self.verticalScrollBar()
        if not self._follows and before[1] and bar.maximum() >= self.page():
            self._own = True  # nothing moves under the reader, and nothing seen is painted again
            bar.setRange(0, max(self.rows.count() - self.page(), 0))
            self._own = False
            if before[0] != bar.value():
                self.repaint_rows()
            return
        self._fit_bars()

    def _paint_tail(self, top: int) -> None:
        """A page of new rows: painted a few at a time, then shown."""
        lines = [(place, self.rows.number(place)) for place in range(top, top + self.page())]
        port = self.viewport()
        self._tail.begin(top, lines, self._paint_lines, port.size(), port.devicePixelRatioF(), theme().tokens.base)

    def _on_tail_ready(self, top: int) -> None:
        if not self._follows:
            self._forget_page()
            return
        self._fitted = (top + self.page(), self.painter.named)
        bar = self.verticalScrollBar()
        self._own = True
        bar.setPageStep(self.page())
        bar.setRange(0, top)
        bar.setValue(top)
        self._own = False
        self.viewport().update()

    def _forget_page(self) -> None:
        """A page under way is no longer what will be shown: another is begun."""
        if self._tail.busy:
            self._later.start(0)
        self._tail.forget()

    def _on_rows_shifted(self, by: int) -> None:
        self._forget_page()
        if not self._follows:
            bar = self.verticalScrollBar()
            self._own = True
            bar.setRange(0, max(self.rows.count() - self.page(), 0))
            bar.setValue(max(bar.value() + by, 0))
            self._own = False
            self.repaint_rows()

    def _on_rows_restarted(self) -> None:
        self._forget_page()
        self._hovered = -1
        current = self.chosen.current
        keeps = current is not None and not self._follows and self.rows.has(current)
        self._set_follows(not keeps)
        self._fit_bars()
        if keeps and current is not None:
            self.show_row(current, centre=True)

    def _on_bar_value_changed(self, _value: int) -> None:
        if not self._own:
            self._set_follows(self._at_end())
        self.viewport().update()

    def _on_sideways(self, value: int) -> None:
        self.head.setOffset(value)
        self.repaint_rows()

    def _on_chosen_changed(self) -> None:
        current = self.chosen.current
        if current is not None:
            self.setAccessibleDescription(self.painter.words.line(current, self.head.columns()))
        self.repaint_rows()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        port, top, area = self.viewport(), self.top(), event.rect()
        painter = QPainter(port)
        picture = self._tail.shown(top, port.size(), port.devicePixelRatioF())
        if picture is not None:
            painter.drawPixmap(0, 0, picture)
        else:
            height = self.painter.row_height
            painter.fillRect(area, theme().tokens.base)
            places = range(top + area.top() // height, min(self.rows.count(), top + area.bottom() // height + 1))
            self._paint_lines(painter, [(place, self.rows.number(place)) for place in places], top)
        painter.end()

    def repaint_rows(self) -> None:
        """What stands in the rows, or how it looks, has changed."""
        self._tail.spoil()
        self.viewport().update()

    def _paint_lines(self, painter: QPainter, places: Sequence[tuple[int, int]], top: int) -> None:
        """Paint these (place, row), the page beginning at `top`; the ground is filled."""
        height, width = self.painter.row_height, self.viewport().width()
        lines = [(row, (place - top) * height) for place, row in places]
        for place, row in places:
            hovered = place == self._hovered
            if place % 2 or hovered or self.painter.alarms or self.chosen.has(row):
                ground = self.painter.ground(place, row, selected=self.chosen.has(row), hovered=hovered)
                painter.fillRect(0, (place - top) * height, width, height, ground)
        for column, left, wide in self.head.places():
            if left < width and left + wide > 0:
                self.painter.paint(painter, lines, column, left, wide)
        current = self.chosen.current
        if current is not None and self.hasFocus():
            painter.setPen(theme().tokens.highlight)
            for row, y in lines:
                if row == current:
                    painter.drawRect(0, y, width - 1, height - 1)

    # Sizes

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_head()
        self._fit_bars()

    def _lay_head(self) -> None:
        head_height = QFontMetrics(theme().font("table_head")).height() + 12
        self.setViewportMargins(0, head_height, 0, 0)
        port = self.viewport().geometry()
        self.head.setGeometry(port.left(), port.top() - head_height, port.width(), head_height)
        self.head.share(port.width())

    def _on_head_resized(self) -> None:
        self._forget_page()
        bar, wide = self.horizontalScrollBar(), self.viewport().width()
        bar.setPageStep(wide)
        bar.setRange(0, max(self.head.length() - wide, 0))
        self.repaint_rows()

    def _on_theme_changed(self) -> None:
        self._forget_page()
        self.painter.refresh()
        self.head.setFont(theme().font("table_head"))
        self.head.forget_widths()
        self._lay_head()
        self._fit_bars()

    # Pointer

    def place_at(self, y: int) -> int:
        """The place under a height in the viewport, -1 for none."""
        place = self.top() + y // self.painter.row_height
        return place if 0 <= place < self.rows.count() else -1

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.place_at(event.pos().y())
            text = self.painter.words.whole(self.rows.number(place)) if place >= 0 else ""
            QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        if event.type() == QEvent.Type.Leave:
            self._hover(-1)
        return super().viewportEvent(event)

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            height = self.painter.row_height
            self._tail.spoil()
            for each in (self._hovered, place):
                if each >= 0:
                    self.viewport().update(0, (each - self.top()) * height, self.viewport().width(), height)
            self._hovered = place

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(round(event.position().y()))
        if event.button() == Qt.MouseButton.LeftButton and place >= 0:
            self._choose(place, event.modifiers())
        elif place >= 0 and not self.chosen.has(self.rows.number(place)):
            self._choose(place, Qt.KeyboardModifier.NoModifier)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(round(event.position().y()))
        if event.buttons() & Qt.MouseButton.LeftButton:
            if place >= 0:
                self.chosen.extend_to(self.rows.number(place))
        else:
            self._hover(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(round(event.position().y()))
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.activated.emit(self.rows.number(place))

    def _choose(self, place: int, keys: Qt.KeyboardModifier) -> None:
        row = self.rows.number(place)
        if keys & Qt.KeyboardModifier.ShiftModifier:
            self.chosen.extend_to(row)
        elif keys & Qt.KeyboardModifier.ControlModifier:
            self.chosen.toggle(row)
        else:
            self.chosen.choose(row)
        # Who points at a row wants to read it: it must not run away.
        self._set_follows(False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            current = self.chosen.current
            self.menu_requested.emit(self.viewport().mapToGlobal(QPoint(24, 24)), -1 if current is None else current)
            return
        place = self.place_at(self.viewport().mapFromGlobal(event.globalPos()).y())
        self.menu_requested.emit(event.globalPos(), self.rows.number(place) if place >= 0 else -1)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta()
        if abs(turned.x()) > abs(turned.y()):
            super().wheelEvent(event)
            return
        bar = self.verticalScrollBar()
        lines = max(QApplication.wheelScrollLines(), 1)
        bar.setValue(bar.value() - round(turned.y() * lines / _STEP))
        event.accept()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, shift = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        page = self.page()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page}
        last = self.rows.count() - 1
        if event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier or last < 0:
            event.ignore()
        elif key in steps:
            self._step(steps[Qt.Key(key)], shift)
        elif key == Qt.Key.Key_Home:
            self._go(0, shift)
        elif key == Qt.Key.Key_End:
            self._go(last, shift)
            self.follow()
        else:
            event.ignore()

    def _step(self, by: int, shift: bool) -> None:
        current = self.chosen.current
        place = self.rows.place(current) if current is not None else self.top() - 1
        self._go(min(max(place + by, 0), self.rows.count() - 1), shift)

    def _go(self, place: int, shift: bool) -> None:
        row = self.rows.number(place)
        if shift:
            self.chosen.extend_to(row)
        else:
            self.chosen.choose(row)
        self.show_row(row)

    def focusInEvent(self, event: QEvent) -> None:
        self.repaint_rows()

    def focusOutEvent(self, event: QEvent) -> None:
        self.repaint_rows()
