"""LanesPainter: draws the steps of a session in two lanes between client and server, only those it is asked for.

Colours and fonts come from the theme. It must not know scroll bars, the selection or who added the events.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from widgets.ftp.lanes_layout import Session, Step
from widgets.theme.theme import theme
from widgets.timeline import wording
from widgets.timeline.faces import Face, Signs
from widgets.timeline.ladder_painter import arrow_head, cross

EDGE: Final = 14
LONGEST: Final = 1000
MOST_LINES: Final = 8
"""Of a reason, in characters and lines."""
SAID_LINES: Final = 2
"""Of what was said: six numbers of an address stand at the end of a reply, and are what is looked for."""
UNIT: Final = "ms"
SHARE: Final = 0.52
"""The control lane's part of the width."""


class LanesPainter:
    """Paints one session at a width."""

    def __init__(self) -> None:
        self.session: Session | None = None
        self.width = 600.0
        self._tops = array("d")
        self._seen: tuple[int, float] = (-1, 0.0)
        self._said: list[list[str]] = []
        self._more: list[list[str]] = []
        self._lit: set[int] = set()
        self.refresh()

    def refresh(self) -> None:
        """Take fonts from the theme again."""
        look = theme()
        self._head, self._sub = Face(look.ui_font(9.5, 600)), Face(look.ui_font(9))
        self._mono, self._text = Face(look.mono_font(9.5)), Face(look.ui_font(9.5))
        self._signs = Signs()
        self._line = max(self._mono.height, self._text.height) + 3
        self._seen = (-2, 0.0)

    @property
    def head_height(self) -> float:
        """Height of the lanes' titles in px."""
        return self._head.height + self._sub.height + 14

    @property
    def step_height(self) -> float:
        """Height of a step of one line."""
        return self._line + 10

    def arrange(self, width: float) -> None:
        """Give every step its place for this width."""
        self.width = max(width, theme().px(560))
        session = self.session
        seen = (-1 if session is None else session.changed, self.width)
        if seen == self._seen:
            return
        self._seen = seen
        self._tops, self._said, self._more = array("d", [0.0]), [], []
        rooms = {lane: int(right - left - 24) for lane in ("control", "data") for left, right in (self._lines(lane),)}
        for step in session.steps if session is not None else ():
            said = step.text if step.shape not in ("connect", "refused") else f"{step.source} {step.text}"
            self._said.append(folded(self._face(step), said, rooms[step.lane], SAID_LINES))
            self._more.append(folded(self._sub, step.more, rooms[step.lane], MOST_LINES) if step.more else [])
            lines = len(self._said[-1]) + len(self._more[-1])
            self._tops.append(self._tops[-1] + self.step_height + self._line * (lines - 1))

    def _face(self, step: Step) -> Face:
        return self._mono if step.shape == "message" else self._text

    def height(self) -> float:
        """Of all steps."""
        return self._tops[-1] if self._tops else 0.0

    def top(self, place: int) -> float:
        """Where a step begins."""
        return self._tops[place]

    def between(self, top: float, bottom: float) -> range:
        """The steps that are at least partly between two heights."""
        count = len(self._tops) - 1
        return range(max(0, bisect_right(self._tops, top) - 1), min(count, bisect_left(self._tops, bottom)))

    def _lines(self, lane: str) -> tuple[float, float]:
        """The client's and the server's lifeline of a lane."""
        left = EDGE + self._text.metrics.horizontalAdvance("00\u202f000.000") + 24
        room = self.width - left - EDGE
        middle = left + room * SHARE
        return (left, middle - 26) if lane == "control" else (middle + 26, self.width - EDGE - 10)

    # The head

    def paint_head(self, painter: QPainter) -> None:
        """The titles of both lanes over a line."""
        tokens, height = theme().tokens, self.head_height
        painter.fillRect(QRectF(0, 0, self.width, height), tokens.base)
        wall = self.session is not None and self.session.wall
        for lane, title in (("control", "Control connection"), ("data", "Data connections")):
            left, right = self._lines(lane)
            shown, wide = self._head.fit(title, int(right - left))
            self._write(painter, (left + right - wide) / 2, 5 + self._head.height / 2, shown, self._head, tokens.text)
            low = 8 + self._head.height + self._sub.height / 2
            self._write(painter, left - 4, low, "Client", self._sub, tokens.text2)
            name = "Server"
            wide = self._sub.metrics.horizontalAdvance(name)
            self._write(painter, right - wide + 4, low, name, self._sub, tokens.text2)
            if wall:
                text = "firewall"
                wide = self._sub.metrics.horizontalAdvance(text)
                self._write(painter, (left + right - wide) / 2, low, text, self._sub, tokens.warning)
        wide = self._sub.metrics.horizontalAdvance(UNIT)
        self._write(painter, self._lines("control")[0] - 18 - wide, low, UNIT, self._sub, tokens.text2)
        painter.setPen(QPen(tokens.mid, 1))
        painter.drawLine(QPointF(0, height - 0.5), QPointF(self.width, height - 0.5))

    # The body

    def paint_body(self, painter: QPainter, top: float, bottom: float, selected: int | None, hovered: int) -> None:
        """The steps between two heights; the painter stands at the top of all."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = theme().tokens
        painter.fillRect(QRectF(0, top, self.width, bottom - top), tokens.base)
        session = self.session
        if session is None:
            return
        left, right = self._lines("data")
        painter.fillRect(QRectF(left, top, right - left, bottom - top), tokens.alternate)
        places = self.between(top, bottom)
        painter.setPen(Qt.PenStyle.NoPen)
        self._lit.clear()
        for place in places:
            chosen = selected is not None and selected in session.steps[place].rows
            if chosen or place == hovered:
                self._lit.add(place)
                painter.setBrush(tokens.select if chosen else tokens.hover)
                height = self._tops[place + 1] - self._tops[place]
                painter.drawRoundedRect(QRectF(6, self._tops[place] + 1, self.width - 12, height - 2), 4, 4)
        self._lifelines(painter, top, bottom, session.wall)
        for place in places:
            self._step(painter, place, session.steps[place], session.steps[0].t)

    def _lifelines(self, painter: QPainter, top: float, bottom: float, wall: bool) -> None:
        tokens = theme().tokens
        painter.setPen(QPen(tokens.dark, 1))
        for lane in ("control", "data"):
            for x in self._lines(lane):
                painter.drawLine(QPointF(round(x) + 0.5, top), QPointF(round(x) + 0.5, bottom))
        if wall:
            pen = QPen(tokens.warning, 2)
            pen.setDashPattern([2, 2])
            painter.setPen(pen)
            left, right = self._lines("data")
            x = round((left + right) / 2)
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))

    def _step(self, painter: QPainter, place: int, step: Step, zero: int) -> None:
        tokens, y = theme().tokens, self._tops[place] + self._line / 2 + 2
        time, wide = self._text.fit(wording.milliseconds(step.t - zero), 10_000)
        left = self._lines("control")[0]
        self._write(painter, left - 18 - wide, y, time, self._text, tokens.text2)
        start, stop = self._lines(step.lane)
        room, face = int(stop - start - 24), self._face(step)
        colour = tokens.error if step.error else tokens.message if step.shape == "message" else tokens.text
        lines = [(line, face, colour) for line in self._said[place]]
        lines += [(line, self._sub, tokens.text2) for line in self._more[place]]
        wide = max(each.fit(line, room)[1] for line, each, _ in lines)
        self._clear_behind(painter, step, place, start, wide)
        for number, (line, each, shade) in enumerate(lines):
            self._write(painter, start + 12, y + self._line * number, line, each, shade)
        if step.source:
            self._arrow(painter, step, y + self._line * (len(lines) - 0.5) + 2, start, stop)

    def _clear_behind(self, painter: QPainter, step: Step, place: int, start: float, wide: float) -> None:
        """The firewall's line makes room for what is said over it."""
        if step.lane == "data" and self.session is not None and self.session.wall and place not in self._lit:
            height = self._line * (len(self._said[place]) + len(self._more[place]))
            painter.fillRect(QRectF(start + 8, self._tops[place] + 2, wide + 8, height), theme().tokens.alternate)

    def _arrow(self, painter: QPainter, step: Step, y: float, left: float, right: float) -> None:
        onward = step.source == "client"
        start, stop = QPointF(left + 3 if onward else right - 3, y), QPointF(right - 3 if onward else left + 3, y)
        colour = self._colour(step)
        pen = QPen(colour, 4 if step.shape == "data" else 1.6)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        if step.shape != "refused":
            painter.drawLine(start, stop)
            arrow_head(painter, start, stop, colour, 13 if step.shape == "data" else 8)
            return
        end = start + (stop - start) * 0.5
        painter.drawLine(start, end)
        cross(painter, end, colour)

    def _colour(self, step: Step) -> QColor:
        tokens = theme().tokens
        if step.shape == "refused" or (step.error and step.shape == "data"):
            return tokens.error
        return {"message": tokens.message, "connect": tokens.call, "data": tokens.packet}.get(step.shape, tokens.note)

    def _write(self, painter: QPainter, x: float, y: float, text: str, face: Face, colour: QColor) -> None:
        painter.setFont(face.font)
        painter.setPen(colour)
        painter.drawText(QPointF(x, y + face.drop), text)


def folded(face: Face, text: str, room: int, most: int) -> list[str]:
    """A text in lines of at most `room` px, broken between words; what `most` lines can't hold is cut with dots."""
    text = wording.visible(text)
    shown, _ = face.fit(text, room)
    if shown == text:
        return [shown]
    lines = [""]
    for word in text[:LONGEST].split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and len(lines) < most and face.metrics.horizontalAdvance(longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return [face.fit(line, room)[0] for line in lines]
