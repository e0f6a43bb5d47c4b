"""LadderPainter: draws a LadderLayout, on the screen and into an SVG alike.

It turns steps into pixels and paints only the steps it is asked for. Colours and fonts come from
the theme. It must not know scroll bars, the selection or who added the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from protocols.numbers import grouped
from protocols.record.event import Raw
from protocols.record.log import EventLog
from widgets.theme.signs import paint_layer
from widgets.theme.theme import theme
from widgets.theme.tokens import tint
from widgets.timeline import wording
from widgets.timeline.faces import Face, Signs
from widgets.timeline.ladder_items import Bar, Item, Lane
from widgets.timeline.ladder_layout import KERNEL_CLIENT, KERNEL_SERVER, OTHERS, LadderLayout

_MIDDLE: Final = Qt.TextElideMode.ElideMiddle
NEAR_STEPS: Final = 40
"""Bars that begin this many steps above or below what is visible may still reach into it."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is lit up: the selected log row and the step under the pointer."""

    selected: int | None = None
    hovered: int = -1


class LadderPainter:
    """Paints lanes, steps and bars at a zoom of 0.6 to 3; `width` is what there is to fill."""

    def __init__(self, layout: LadderLayout, log: EventLog) -> None:
        self.layout = layout
        self.log = log
        self.zoom = 1.0
        self.width = 800.0
        self.zero_ns = 0
        self.vector = False
        self._xs: dict[str, float] = {}
        self._lanes: list[Lane] = []
        self.refresh()

    # Sizes

    def refresh(self) -> None:
        """Take fonts and lengths from the theme again."""
        look = theme()
        italic = look.ui_font(9)
        italic.setItalic(True)
        self._head = Face(look.ui_font(9.5, 600))
        self._sub = Face(look.ui_font(9))
        self._text = Face(look.ui_font(9.5))
        self._strong = Face(look.mono_font(9, 600))
        self._badge = Face(look.ui_font(8.5, 600))
        self._italic = Face(italic)
        self._signs = Signs()
        self._line = self._text.height

    @property
    def step_height(self) -> float:
        """Height of one step in px."""
        return (self._line + 5) * self.zoom

    @property
    def head_height(self) -> float:
        """Height of the lanes' titles in px."""
        return self._head.height + self._sub.height + 10

    @property
    def time_right(self) -> float:
        """Right edge of the times."""
        return 12 + self._text.metrics.horizontalAdvance("000\u202f000.000") + 6

    def least_width(self) -> float:
        """Below this width a ladder is scrolled sideways instead of squeezed."""
        lanes = self.layout.ordered_lanes()
        return self.time_right + self._left_room(lanes) + self._unit() * sum(_weights(lanes)) + self._bar_room()

    def _left_room(self, lanes: list[Lane]) -> float:
        """Between the times and the first lane; its states stand there where no client of ours does."""
        room = self._unit() * 0.55
        if lanes and lanes[0].key == KERNEL_CLIENT and self.layout.split_kernel:
            return max(room, self._badge.fit("ESTABLISHED", 10_000)[1] + 16 + 9 + 8)
        return room

    def _unit(self) -> float:
        return self._text.metrics.averageCharWidth() * 17

    def _bar_room(self) -> float:
        return theme().px(64)

    def arrange(self, width: float) -> None:
        """Give every lane its place for this width."""
        self.width = max(width, self.least_width())
        self._lanes = self.layout.ordered_lanes()
        weights = _weights(self._lanes)
        left = self.time_right + self._left_room(self._lanes)
        right = self.width - self._bar_room() - self._unit() * 0.4
        total = sum(weights) or 1.0
        unit = min((right - left) / total, self._unit() * 2.6)
        left += max(0.0, (right - left - unit * total) / 2)
        self._xs.clear()
        for lane, weight in zip(self._lanes, [0.0, *weights], strict=False):
            left += unit * weight
            self._xs[lane.key] = left
        if KERNEL_SERVER not in self._xs and KERNEL_CLIENT in self._xs:
            self._xs[KERNEL_SERVER] = self._xs[KERNEL_CLIENT]

    def bar_left(self) -> float:
        """Left edge of the messages' bars."""
        return self.width - self._bar_room()

    def item_span(self, item: Item) -> tuple[float, float]:
        """From where to where an item reaches, in px."""
        source, target = self._xs.get(item.source, 0.0), self._xs.get(item.target, 0.0)
        reach = self._unit() * 0.9
        if item.shape == "state":
            reach = self._badge.fit(wording.visible(self.log.raw(item.log_row)[2]), 10_000)[1] + 16 + 9
            return (source - reach, source) if item.source == KERNEL_CLIENT else (source, source + reach)
        return (source - 10, source + reach * 1.4) if source == target else (min(source, target), max(source, target))

    # The head

    def paint_head(self, painter: QPainter) -> None:
        """The titles of the lanes over a line."""
        tokens = theme().tokens
        height = self.head_height
        painter.fillRect(QRectF(0, 0, self.width, height), tokens.base)
        rooms = self._title_rooms()
        for lane, room in zip(self._lanes, rooms, strict=True):
            x = self._xs[lane.key]
            top = 4.0
            for text, face, colour in ((lane.title, self._head, tokens.text), (lane.subtitle, self._sub, tokens.text2)):
                shown, wide = face.fit(wording.visible(text), int(room), _MIDDLE)
                self._write(painter, x - wide / 2, top + face.height / 2, shown, face, colour)
                top += face.height
            painter.setPen(QPen(tokens.dark, 1))
            painter.drawLine(QPointF(x, top + 2), QPointF(x, height))

    def _title_rooms(self) -> list[float]:
        """How wide each lane's title may be: what its neighbours' titles leave, and not over the edges."""
        xs = [self._xs[lane.key] for lane in self._lanes]
        wanted = [
            max(self._head.fit(lane.title, 10_000)[1], self._sub.fit(lane.subtitle, 10_000)[1]) for lane in self._lanes
        ]
        rooms = []
        for place, x in enumerate(xs):
            sides = [x - 6, self.width - x - 6]
            for other in (place - 1, place + 1):
                if 0 <= other < len(xs):
                    gap = abs(xs[other] - x)
                    sides.append(max(gap - wanted[other] / 2, gap / 2) - 6)
            rooms.append(max(40.0, 2 * min(sides)))
        return rooms

    # The body

    def paint_body(self, painter: QPainter, top: float, bottom: float, look: Look) -> None:
        """The steps between two heights in px of the whole ladder; the painter stands at the ladder's top."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = theme().tokens
        painter.fillRect(QRectF(0, top, self.width, bottom - top), tokens.base)
        between = (self._xs.get(KERNEL_CLIENT), self._xs.get(KERNEL_SERVER))
        if between[0] is not None and between[1] is not None and between[1] > between[0]:
            painter.fillRect(QRectF(between[0], top, between[1] - between[0], bottom - top), tokens.alternate)
        places = self.layout.between(top / self.step_height, bottom / self.step_height)
        self._surfaces(painter, places, look)
        painter.setPen(QPen(tokens.dark, 1))
        for lane in self._lanes:
            x = round(self._xs[lane.key]) + 0.5
            painter.drawLine(QPointF(x, top), QPointF(x, bottom))
        for place in places:
            self._gap(painter, place)
        self._flights(painter, places, look)
        for place in places:
            self._step(painter, place, look)
        self._bars(painter, places, look)

    def _middle(self, place: int) -> float:
        return (self.layout.top(place) + 0.5) * self.step_height

    def _surfaces(self, painter: QPainter, places: range, look: Look) -> None:
        tokens = theme().tokens
        painter.setPen(Qt.PenStyle.NoPen)
        for place in places:
            chosen = any(item.log_row == look.selected for item in self.layout.steps[place].items)
            if chosen or place == look.hovered:
                painter.setBrush(tokens.select if chosen else tokens.hover)
                height = min(self.step_height, self._line + 5)
                top = self._middle(place) - height / 2
                painter.drawRoundedRect(QRectF(6, top, self.bar_left() - 10, height), 4, 4)

    def _gap(self, painter: QPainter, place: int) -> None:
        pause = self.layout.gap_before(place)
        if not pause:
            return
        tokens = theme().tokens
        y = self._middle(place) - self.step_height * 0.92
        text, wide = self._italic.fit(f"{wording.duration(pause)} later", int(self.time_right))
        self._write(painter, self.time_right - wide, y, text, self._italic, tokens.text2)
        pen = QPen(tokens.dark, 1)
        pen.setDashPattern([4, 5])
        painter.setPen(pen)
        painter.drawLine(QPointF(self.time_right + 16, y), QPointF(self.bar_left() - 4, y))

    def _flights(self, painter: QPainter, places: range, look: Look) -> None:
        """Where a recv got its bytes from: a line from the send to the recv, through the wire's lane."""
        if self._xs.get(KERNEL_CLIENT) == self._xs.get(KERNEL_SERVER):
            return
        for place in places:
            for item in self.layout.steps[place].items:
                if self._lost(item):
                    self._stub(painter, item, look)
                for sent in item.fed_by[-4:]:
                    self._flight(painter, sent, item)

    def _lost(self, item: Item) -> bool:
        """A datagram that was sent and that nobody was seen to receive, though things went on."""
        sending = item.shape == "call" and item.target in (KERNEL_CLIENT, KERNEL_SERVER)
        if not self.layout.datagram or not sending or item.fed or item.error or not item.flow:
            return False
        return item.place < len(self.layout.steps) - 1

    def _stub(self, painter: QPainter, item: Item, look: Look) -> None:
        """A line that ends half-way: the datagram left, and nothing more is known."""
        tokens = theme().tokens
        other = KERNEL_SERVER if item.target == KERNEL_CLIENT else KERNEL_CLIENT
        start = QPointF(self._xs[item.target], self._middle(item.place))
        stop = QPointF(start.x() + (self._xs[other] - start.x()) * 0.16, start.y())
        pen = QPen(tokens.warning, 1)
        pen.setDashPattern([2, 3])
        painter.setPen(pen)
        painter.drawLine(start, stop)
        cross(painter, stop, tokens.warning)
        side = 1 if stop.x() > start.x() else -1
        text = "not seen to arrive"
        wide = self._sub.metrics.horizontalAdvance(text)
        centre = stop + QPointF(side * (wide / 2 + 14), 0)
        self._label(painter, centre, text, "", tokens.warning, self._under(centre.y(), look), self._sub, 0.0)

    def _under(self, y: float, look: Look) -> QColor:
        """What is behind a text between the kernel's lanes at this height."""
        tokens = theme().tokens
        for place in self.layout.between(y / self.step_height, y / self.step_height + 0.001):
            if abs(self._middle(place) - y) <= self.step_height / 2:
                if any(item.log_row == look.selected for item in self.layout.steps[place].items):
                    return tokens.select
                if place == look.hovered:
                    return tokens.hover
        return tokens.alternate

    def _flight(self, painter: QPainter, sent: Item, taken: Item) -> None:
        tokens = theme().tokens
        start = QPointF(self._xs[sent.target], self._middle(sent.place))
        stop = QPointF(self._xs[taken.source], self._middle(taken.place))
        pen = QPen(tokens.text2, 1)
        pen.setDashPattern([2, 3])
        painter.setPen(pen)
        size = self.log.raw(taken.log_row)[7] or 0
        noun = "datagram, " if self.layout.datagram else ""
        text = f"{noun}{grouped(size)} B"
        text, wide = self._sub.fit(text, 10_000)
        share = min(0.5, (wide / 2 + 6) / max(1.0, abs(stop.x() - start.x())))
        centre, along = (start + stop) / 2, stop - start
        painter.drawLine(start, centre - along * share)
        painter.drawLine(centre + along * share, stop)
        arrow_head(painter, start, stop, tokens.text2, 6)
        self._write(painter, centre.x() - wide / 2, centre.y(), text, self._sub, tokens.text2)

    def _step(self, painter: QPainter, place: int, look: Look) -> None:
        step, y = self.layout.steps[place], self._middle(place)
        tokens = theme().tokens
        text, wide = self._text.fit(wording.milliseconds(step.t - self.zero_ns), int(self.time_right))
        self._write(painter, self.time_right - wide, y, text, self._text, tokens.text2)
        chosen = any(item.log_row == look.selected for item in step.items)
        surface = tokens.select if chosen else tokens.hover if place == look.hovered else None
        for item in step.items:
            if item.shape == "state":
                self._state(painter, item, y)
            elif item.source == item.target:
                self._loose(painter, item, y, surface)
            else:
                self._arrow(painter, item, y, surface)

    def _arrow(self, painter: QPainter, item: Item, y: float, surface: QColor | None) -> None:
        tokens = theme().tokens
        raw = self.log.raw(item.log_row)
        side = 1 if self._xs[item.target] > self._xs[item.source] else -1
        start, stop = QPointF(self._xs[item.source] + 4 * side, y), QPointF(self._xs[item.target] - 4 * side, y)
        colour = tokens.error if item.error else tokens.layer(raw[1])
        pen = QPen(colour, 1.6)
        if item.shape != "call":
            pen.setDashPattern([3, 2] if item.shape == "packet" else [1, 3])
        painter.setPen(pen)
        if item.error:
            broken = QPointF(stop.x() - side * 22, y)
            painter.drawLine(start, broken)
            cross(painter, broken + QPointF(side * 7, 0), colour)
        else:
            painter.drawLine(start, stop)
            arrow_head(painter, start, stop, colour, 8)
        room = self._label_room(item, raw)
        centre = QPointF((room[0] + room[1]) / 2, y)
        under = surface or (tokens.alternate if item.shape == "packet" else tokens.base)
        width = room[1] - room[0] - 24
        self._label(painter, centre, wording.ladder_text(raw), raw[1], tokens.text, under, self._text, width,
                    wording.error_of(raw) or "")  # fmt: skip

    def _label_room(self, item: Item, raw: Raw) -> tuple[float, float]:
        """The stretch an arrow's text may fill: beside its kernel lane, before it crosses another lane."""
        low, high = sorted((self._xs[item.source], self._xs[item.target]))
        inner = sorted(x for x in set(self._xs.values()) if low < x < high)
        if inner and item.shape == "call":
            wide = inner[0] - low
            need = self._text.fit(wording.ladder_text(raw), 10_000)[1] + theme().px(58)
            if wide > need or item.target == OTHERS:
                return low, inner[0]
        return low, high

    def _write(self, painter: QPainter, left: float, middle: float, text: str, face: Face, colour: QColor) -> None:
        painter.setFont(face.font)
        painter.setPen(colour)
        painter.drawText(QPointF(left, middle + face.drop), text)

    def _label(
        self, painter: QPainter, centre: QPointF, text: str, layer: str, colour: QColor, under: QColor,
        face: Face, width: float, errno: str = "",
    ) -> None:  # fmt: skip
        """A sign and a text in the middle of a line, the line cleared behind them; width 0: as wide as needed."""
        tile = theme().px(15) if layer else 0
        symbol, mark = self._strong.fit(errno, 10_000) if errno else ("", 0.0)
        room = max(24.0, width - tile - mark - 14) if width else 10_000.0
        text, wide = face.fit(text, int(room))
        total = tile + (6 if tile else 0) + wide + (mark + 6 if mark else 0)
        left, y = centre.x() - total / 2, centre.y()
        painter.fillRect(QRectF(left - 6, y - self._line / 2, total + 12, self._line), under)
        if layer:
            self._sign(painter, QRectF(left, y - tile / 2, tile, tile), layer)
            left += tile + 6
        self._write(painter, left, y, text, face, colour)
        if symbol:
            self._write(painter, left + wide + 6, y, symbol, self._strong, theme().tokens.error)

    def _sign(self, painter: QPainter, box: QRectF, layer: str) -> None:
        """On the screen a picture made once; in an SVG the lines themselves."""
        if self.vector:
            paint_layer(painter, box, layer)
        else:
            side = round(min(box.width(), box.height()))
            at = QPointF(box.center().x() - side / 2, box.center().y() - side / 2)
            painter.drawPixmap(at, self._signs.picture(layer, side, painter.device().devicePixelRatioF()))

    def _loose(self, painter: QPainter, item: Item, y: float, surface: QColor | None) -> None:
        """A note or message without an arrow: a dotted stub from its lane."""
        tokens = theme().tokens
        raw = self.log.raw(item.log_row)
        x = self._xs.get(item.source, self.time_right + 40)
        last = x >= max(self._xs.values(), default=x) and len(self._xs) > 1
        room = self._neighbour_gap(x, last)
        pen = QPen(tokens.error if item.error else tokens.layer(raw[1]), 1.6)
        pen.setDashPattern([1, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, y), QPointF(x + (-14 if last else 14), y))
        errno = wording.error_of(raw) or ""
        wanted = self._text.fit(wording.ladder_text(raw), 10_000)[1] + 40
        wanted += self._strong.fit(errno, 10_000)[1] + 6 if errno else 0
        width = min(wanted, room - 26)
        centre = QPointF(x + (-1 if last else 1) * (20 + width / 2), y)
        self._label(painter, centre, wording.ladder_text(raw), raw[1], tokens.text, surface or tokens.base,
                    self._text, width, errno)  # fmt: skip

    def _neighbour_gap(self, x: float, leftwards: bool) -> float:
        others = [other for other in self._xs.values() if (other < x if leftwards else other > x)]
        if not others:
            return max(60.0, self.bar_left() - x)
        return abs((max(others) if leftwards else min(others)) - x)

    def _state(self, painter: QPainter, item: Item, y: float) -> None:
        """A badge beside the kernel's lane, on the side away from the wire."""
        tokens = theme().tokens
        text = wording.visible(self.log.raw(item.log_row)[2])
        height = min(self._badge.height + 3, max(self.step_height - 1, 10))
        width = self._badge.fit(text, 10_000)[1] + 16
        x = self._xs[item.source]
        left = x - width - 9 if item.source == KERNEL_CLIENT else x + 9
        box = QRectF(left, y - height / 2, width, height)
        painter.setPen(QPen(tokens.state, 1.2))
        painter.setBrush(tint(tokens, tokens.state))
        painter.drawRoundedRect(box, 4, 4)
        self._write(painter, left + 8, y, text, self._badge, tokens.state)

    # Messages

    def bars_near(self, places: range) -> list[Bar]:
        """The messages that reach into these steps, each once."""
        found: dict[int, Bar] = {}
        first, stop = max(0, places.start - NEAR_STEPS), min(len(self.layout.steps), places.stop + NEAR_STEPS)
        for place in range(first, stop):
            for item in self.layout.steps[place].items:
                for bar in item.bars:
                    found.setdefault(id(bar), bar)
        return [bar for bar in found.values() if bar.last >= places.start and bar.first < places.stop]

    def bar_box(self, bar: Bar) -> QRectF:
        """Where a message's bar stands."""
        side = theme().px(24)
        reach = self.step_height * 0.42
        top, bottom = self._middle(bar.first) - reach, self._middle(bar.last) + reach
        return QRectF(self.bar_left() + 4 + bar.column * (side + 4), top, side, bottom - top)

    def _bars(self, painter: QPainter, places: range, look: Look) -> None:
        tokens = theme().tokens
        for bar in self.bars_near(places):
            box = self.bar_box(bar)
            chosen = look.selected in bar.rows
            painter.setPen(QPen(tokens.message, 2 if chosen else 1.2))
            painter.setBrush(tokens.select if chosen else tint(tokens, tokens.message))
            painter.drawRoundedRect(box, 4, 4)
            inset = max(1.0, (box.height() - theme().px(16)) / 2)
            self._sign(painter, box.adjusted(4, inset, -4, -inset), "message")


def _weights(lanes: list[Lane]) -> list[float]:
    """How wide the stretches between neighbouring lanes are, relatively."""
    weights = []
    for left, right in pairwise(lanes):
        kernel = left.rank == 1 and right.rank == 2
        weights.append(1.15 if kernel else 0.9 if left.rank >= 3 else 1.2 if left.rank == 0 else 1.05)
    return weights


def arrow_head(painter: QPainter, start: QPointF, stop: QPointF, colour: QColor, size: float) -> None:
    """A filled arrow head at `stop`."""
    along = stop - start
    length = (along.x() ** 2 + along.y() ** 2) ** 0.5 or 1.0
    unit = along / length
    normal = QPointF(-unit.y(), unit.x())
    base = stop - unit * size
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(QPolygonF([stop, base + normal * size * 0.45, base - normal * size * 0.45]))
    painter.restore()


def cross(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """The mark where a call broke off."""
    painter.setPen(QPen(colour, 2))
    painter.drawLine(at + QPointF(-4, -4), at + QPointF(4, 4))
    painter.drawLine(at + QPointF(-4, 4), at + QPointF(4, -4))
