"""The picture of a private network: hosts, routers, switches and wires. A click chooses a host.

Painted from a plan. It must not know how networks are made or what runs on them beside its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from protocols.packets.networks.plan import Host, bridge
from widgets.theme.signs import paint_icon
from widgets.theme.theme import theme

BOX_W: Final = 150
BOX_H: Final = 78
SWITCH_H: Final = 30
GAP: Final = 34
RADIUS: Final = 8


class NetworkView(QWidget):
    """chosen(name): a person chose this host."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._hosts: tuple[Host, ...] = ()
        self._words: dict[str, str] = {}
        self._current = ""
        self._standing = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self.setAccessibleName("The private network")
        theme().scaled.connect(self.updateGeometry)

    def show_network(self, hosts: Sequence[Host], *, standing: bool) -> None:
        """Draw these hosts; `standing`: the network is there, not only planned."""
        self._hosts, self._standing = tuple(hosts), standing
        if self._current not in {host.name for host in hosts}:
            self._current = hosts[0].name if hosts else ""
        self._tell()
        self.updateGeometry()
        self.update()

    def show_words(self, words: Mapping[str, str]) -> None:
        """What runs on each host, in a word or two."""
        if dict(words) != self._words:
            self._words = dict(words)
            self._tell()
            self.update()

    @property
    def current(self) -> str:
        """The name of the chosen host."""
        return self._current

    def choose(self, name: str) -> None:
        """Choose a host."""
        if name in {host.name for host in self._hosts} and name != self._current:
            self._current = name
            self._tell()
            self.update()
            self.chosen.emit(name)

    def _tell(self) -> None:
        said = [f"{host.name} {host.address} {self._words.get(host.name, '')}".strip() for host in self._hosts]
        self.setAccessibleDescription(f"{', '.join(said)}. Chosen: {self._current}")

    # Places

    def sizeHint(self) -> QSize:
        look = theme()
        routed = any(host.router for host in self._hosts)
        columns = min(len(self._hosts), 4) if not routed else min(len(self._hosts), 5)
        height = self._rows() * (BOX_H + GAP) + SWITCH_H + GAP
        return QSize(look.px(max(columns, 1) * (BOX_W + GAP)), look.px(height))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(BOX_W * 2), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometry()  # a narrow one needs more rows

    def _columns(self) -> int:
        wide, gap = theme().px(BOX_W), theme().px(GAP)
        return max(1, min(len(self._hosts), int((self.width() + gap) // (wide + gap))))

    def _rows(self) -> int:
        return -(-max(len(self._hosts), 1) // self._columns())

    def _boxes(self) -> dict[str, QRectF]:
        """Where each host is drawn: a row for hosts on one switch, a row that hops for routers."""
        look, count = theme(), len(self._hosts)
        wide, high, gap = look.px(BOX_W), look.px(BOX_H), look.px(GAP)
        columns = self._columns()
        found = {}
        for number, host in enumerate(self._hosts):
            row, column = divmod(number, columns)
            in_row = min(columns, count - row * columns)
            left = (self.width() - in_row * wide - (in_row - 1) * gap) / 2 + column * (wide + gap)
            found[host.name] = QRectF(left, look.px(8) + row * (high + gap), wide, high)
        return found

    def _switches(self, boxes: Mapping[str, QRectF]) -> dict[int, QRectF]:
        """Where each segment's switch is: below the middle of those that are plugged into it."""
        look = theme()
        bottom = max((box.bottom() for box in boxes.values()), default=0) + look.px(GAP)
        found: dict[int, QRectF] = {}
        for segment in sorted({port.segment for host in self._hosts for port in host.ports}):
            members = [boxes[host.name] for host in self._hosts if any(port.segment == segment for port in host.ports)]
            middle = sum(box.center().x() for box in members) / len(members)
            wide = look.px(96)
            found[segment] = QRectF(middle - wide / 2, bottom, wide, look.px(SWITCH_H))
        ordered, apart = sorted(found.values(), key=QRectF.left), look.px(8)
        for left, right in pairwise(ordered):  # none lies over another
            right.moveLeft(max(right.left(), left.right() + apart))
        limit = float(self.width())
        for box in reversed(ordered):
            box.moveRight(min(box.right(), limit))
            limit = box.left() - apart
        return found

    def _wire(self, boxes: Mapping[str, QRectF], name: str, switch: QPointF) -> list[QPointF]:
        """From a host to a switch: straight from a single row, else beside the boxes of lower rows and at right angles.

        Each host's wires have a height of their own in the gap above the switches.
        """
        box, lowest = boxes[name], max(other.bottom() for other in boxes.values())
        start = QPointF(box.center().x(), box.bottom())
        if all(other.bottom() == lowest for other in boxes.values()):
            return [start, switch]
        gap, part = theme().px(GAP), (list(boxes).index(name) + 1) / (len(boxes) + 1)
        shift = (part - 0.5) * gap * 0.7  # wires in one lane stay apart
        below = [other for other in boxes.values() if other.top() > box.bottom()]
        edges = [edge for other in below for edge in (other.left() - gap / 2 + shift, other.right() + gap / 2 + shift)]
        lanes = [x for x in (start.x(), *edges)
                 if 0 < x < self.width() and not any(other.left() - 2 < x < other.right() + 2 for other in below)]
        lane = min(lanes, key=lambda x: abs(x - start.x()), default=start.x())
        bend, level = box.bottom() + gap / 2 + shift, lowest + part * gap * 0.8
        down = [start] if lane == start.x() else [start, QPointF(start.x(), bend), QPointF(lane, bend)]
        return [*down, QPointF(lane, level), QPointF(switch.x(), level), switch]

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        boxes = self._boxes()
        switches = self._switches(boxes)
        tokens = theme().tokens
        pen = QPen(tokens.role("packet") if self._standing else tokens.dark, 1.5)
        if not self._standing:
            pen.setDashPattern([3, 3])
        painter.setPen(pen)
        for host in self._hosts:
            for port in host.ports:
                painter.drawPolyline(self._wire(boxes, host.name, switches[port.segment].center()))
        for segment, box in switches.items():
            self._switch(painter, box, segment)
        for host in self._hosts:
            self._host(painter, boxes[host.name], host)

    def _switch(self, painter: QPainter, box: QRectF, segment: int) -> None:
        tokens = theme().tokens
        painter.setPen(QPen(tokens.dark, 1))
        painter.setBrush(tokens.track)
        painter.drawRoundedRect(box, RADIUS / 2, RADIUS / 2)
        painter.setPen(tokens.text)
        painter.setFont(theme().mono_font(9.5))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"switch {bridge(segment)}")

    def _host(self, painter: QPainter, box: QRectF, host: Host) -> None:
        look, tokens = theme(), theme().tokens
        chosen = host.name == self._current
        painter.setPen(QPen(tokens.highlight if chosen else tokens.dark, 2 if chosen else 1))
        painter.setBrush(tokens.select if chosen else tokens.base)
        painter.drawRoundedRect(box, RADIUS, RADIUS)
        side, pad = look.px(18), look.px(10)
        icon = "route" if host.router else "monitor"
        paint_icon(painter, QRectF(box.left() + pad, box.top() + pad, side, side), icon, "text")
        inner = box.adjusted(pad, pad, -pad, -pad)
        line = inner.height() / 3
        self._line(painter, inner.adjusted(side + 6, 0, 0, 0), 0, line, host.name, "text", mono=False)
        self._line(painter, inner, 1, line, host.address, "text", mono=True)
        words = self._words.get(host.name, "router" if host.router else "")
        self._line(painter, inner, 2, line, words, "text2", mono=False)

    def _line(
        self, painter: QPainter, box: QRectF, number: int, height: float, text: str, role: str, *, mono: bool
    ) -> None:
        font = (
            theme().mono_font(9.5) if mono else theme().ui_font(10 if number == 0 else 9, 600 if number == 0 else 400)
        )
        painter.setFont(font)
        painter.setPen(theme().tokens.role(role))
        place = QRectF(box.left(), box.top() + number * height, box.width(), height)
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for name, box in self._boxes().items():
            if box.contains(event.position()):
                self.choose(name)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        names = [host.name for host in self._hosts]
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        step = steps.get(Qt.Key(event.key()))
        if step is None or self._current not in names:
            super().keyPressEvent(event)
            return
        self.choose(names[(names.index(self._current) + step) % len(names)])
