"""Lanes: a session with both its connections drawn, live. It must not know which end is ours.

A painted scroll area that draws only the steps in sight; it follows while it is at the bottom and shares the selection.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QHBoxLayout, QToolTip, QVBoxLayout, QWidget

from widgets.desk import Desk
from widgets.ftp.lanes_layout import LanesLayout, Session
from widgets.ftp.lanes_painter import LanesPainter
from widgets.parts.card import Line
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import Pages
from widgets.parts.text import Label
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline import wording

NEWEST = ""
EMPTY = "Connect a client or start a server: what both say and who connects to whom stands here."


class LanesView(QAbstractScrollArea):
    """The drawing of one session."""

    chosen = Signal(int)

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Control and data connections of an FTP session")
        self.painter = LanesPainter()
        self._selection = selection
        self._hovered = -1
        self._follows = True
        self._moving = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        selection.changed.connect(self._on_selection)
        self.verticalScrollBar().valueChanged.connect(self._on_bar)
        theme().changed.connect(self._on_theme)

    def show_session(self, session: Session | None) -> None:
        """Draw another session, from its end."""
        self.painter.session = session
        self.painter.refresh()
        self._follows, self._hovered = True, -1
        self.measure()

    def measure(self) -> None:
        """Scroll bars for what there is; stay at the bottom if there."""
        self.painter.arrange(self.viewport().width())
        bar, across = self.verticalScrollBar(), self.horizontalScrollBar()
        page = max(1, self.viewport().height() - math.ceil(self.painter.head_height))
        self._moving = True
        bar.setPageStep(page)
        bar.setSingleStep(math.ceil(self.painter.step_height))
        bar.setRange(0, max(0, math.ceil(self.painter.height()) + 8 - page))
        across.setPageStep(self.viewport().width())
        across.setRange(0, max(0, math.ceil(self.painter.width) - self.viewport().width()))
        if self._follows:
            bar.setValue(bar.maximum())
        self._moving = False
        self.viewport().update()

    def _on_bar(self, value: int) -> None:
        if not self._moving:
            self._follows = value >= self.verticalScrollBar().maximum()
        self.viewport().update()

    def _on_theme(self) -> None:
        self.painter.refresh()
        self.measure()

    def _on_selection(self) -> None:
        session, row = self.painter.session, self._selection.row
        if session is not None and row is not None:
            place = next((at for at, step in enumerate(session.steps) if row in step.rows), None)
            if place is not None:
                self._reveal(place)
        self.viewport().update()

    def _reveal(self, place: int) -> None:
        self.painter.arrange(self.viewport().width())
        bar, top = self.verticalScrollBar(), self.painter.top(place)
        if top < bar.value():
            bar.setValue(int(top))
        elif top + 2 * self.painter.step_height > bar.value() + bar.pageStep():
            bar.setValue(math.ceil(top + 2 * self.painter.step_height - bar.pageStep()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.measure()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Only what is in sight."""
        self.painter.arrange(self.viewport().width())
        painter = QPainter(self.viewport())
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        head, height = math.ceil(self.painter.head_height), self.viewport().height()
        painter.translate(-across, 0)
        painter.save()
        painter.setClipRect(QRectF(across, head, self.viewport().width(), height - head))
        painter.translate(0, head - down)
        self.painter.paint_body(painter, down, down + height - head + 1, self._selection.row, self._hovered)
        painter.restore()
        self.painter.paint_head(painter)
        painter.end()

    def place_at(self, point: QPointF) -> int:
        """The step that is painted there, -1 for none."""
        y = point.y() - math.ceil(self.painter.head_height)
        if y < 0:
            return -1
        places = self.painter.between(y + self.verticalScrollBar().value(), y + self.verticalScrollBar().value() + 0.01)
        return places.start if len(places) else -1

    def _choose(self, place: int) -> None:
        session = self.painter.session
        if session is not None and 0 <= place < len(session.steps):
            self._selection.select(session.steps[place].log_row)
            self.chosen.emit(session.steps[place].log_row)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(self.place_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """The tool tip has what a line had to cut."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            session, place = self.painter.session, self.place_at(QPointF(event.pos()))
            text = ""
            if session is not None and 0 <= place < len(session.steps):
                step = session.steps[place]
                text = "\n".join(filter(None, (step.text, step.more)))
            QToolTip.showText(event.globalPos(), wording.plain_tip(text), self)
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down go from step to step."""
        session = self.painter.session
        if event.key() not in (Qt.Key.Key_Up, Qt.Key.Key_Down) or session is None or not session.steps:
            super().keyPressEvent(event)
            return
        row = self._selection.row
        place = next((at for at, step in enumerate(session.steps) if row in step.rows), None)
        by = 1 if event.key() == Qt.Key.Key_Down else -1
        self._choose(0 if place is None else min(max(place + by, 0), len(session.steps) - 1))


class Lanes(QWidget):
    """The drawing with the choice of a session above it. It takes the desk's events from when it is made."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.layout_of = LanesLayout()
        self.view = LanesView(desk.selection)
        self.combo = QuietCombo()
        self.combo.setAccessibleName("Session")
        self.pages = Pages(EmptyState("arrow-left-right", EMPTY), self.view)
        self._wanted = NEWEST
        self._titles: list[str] = []
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 8)
        head.setSpacing(8)
        head.addWidget(Label("Session", "body", "text2"))
        head.addWidget(self.combo)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self.pages, 1)
        self.combo.activated.connect(lambda _index: self._on_combo())
        self._next = 0
        self._take(())
        desk.bridge.add_consumer(self._take)
        take, bridge = self._take, desk.bridge
        self.destroyed.connect(lambda: bridge.remove_consumer(take))

    def _take(self, _raws: object) -> None:
        """Whatever came: the log, which was fed before, has it under its rows."""
        log, layout, touched = self.desk.log, self.layout_of, False
        begin = max(self._next, log.first)
        shown = self.view.painter.session
        for row, raw in enumerate(log.raws(begin, len(log)), begin):
            touched |= layout.add(row, raw) is not None
        self._next = len(log)
        if touched:
            self._refresh(shown)

    def _refresh(self, shown: Session | None) -> None:
        order = self.layout_of.order
        self.pages.setCurrentIndex(1 if order else 0)
        titles = [_title(session) for session in order]
        if titles != self._titles:
            self._titles = titles
            choices = [Choice(NEWEST, "Newest"), *(Choice(s.name, t) for s, t in zip(order, titles, strict=True))]
            self.combo.fill(choices)
            self.combo.choose(self._wanted)
        wanted = self.layout_of.sessions.get(self._wanted) or (order[-1] if order else None)
        if wanted is not shown:
            self.view.show_session(wanted)
        else:
            self.view.measure()

    def _on_combo(self) -> None:
        self._wanted = self.combo.key()
        self._refresh(self.view.painter.session)

    def choose_session(self, index: int) -> None:
        """Draw a session by its place in the order of coming."""
        order = self.layout_of.order
        if 0 <= index < len(order):
            self._wanted = order[index].name
            self.combo.choose(self._wanted)
            self._refresh(self.view.painter.session)

    def choose_row(self, log_row: int) -> bool:
        """Draw the session that an event belongs to; False where it belongs to none."""
        session = self.layout_of.places.get(log_row)
        if session is None:
            return False
        self._wanted = session.name
        self.combo.choose(session.name)
        self._refresh(self.view.painter.session)
        return True


def _title(session: Session) -> str:
    wall = ", behind the firewall" if session.wall else ""
    return f"{session.number}: {session.user or 'not logged in'} from {session.title or 'a client'}{wall}"
