"""RowPainter: paints the rows in sight, column after column, with as few calls as that takes.

While workers run, each call into Qt may wait for the interpreter: fonts and pens are set once for a
column, signs are pictures made once. Colours and fonts come from the theme. It must not know
scrolling, selection or filters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPixmap

from protocols.creosote.reading.ansi import Style, runs
from protocols.creosote.reading.reading import LEVELS
from widgets.creosote import wording
from widgets.creosote.feed import Feed
from widgets.creosote.table.columns import Column, Words
from widgets.theme.signs import paint_chip, paint_icon, paint_sender
from widgets.theme.theme import theme
from widgets.theme.tokens import Tokens, tint
from widgets.timeline.faces import Face

PAD: Final = 8
LEVEL_SIGNS: Final = {
    "DEBUG": ("minus", "text2"),
    "INFO": ("info", "message"),
    "WARN": ("triangle-alert", "warning"),
    "ERROR": ("circle-x", "error"),
    "CRITICAL": ("octagon-x", "error"),
}
MONO: Final = frozenset(("message", "address"))
_DIM: Final = frozenset(("number", "arrived", "bucket", "stamp"))
_ANSI_ROLES: Final = ("text2", "error", "running", "waiting", "link", "out", "in", "text")
_PICTURES: Final = 512
_WARM_WIDTH, _WARM_SENDERS = 1200, 8
_PRINTABLE: Final = "".join(map(chr, range(33, 127)))
WARNED: Final = {"pickle": "refused", "text": "cut off"}
"""The word of a chip for what could not be read."""
KINDS: Final = ("text", "bytes", "json", "syslog", "gelf", "logfmt", "trace", "pickle")
Line: TypeAlias = tuple[int, int]
"""A row to paint: its number in the log, and its upper edge in px."""


class RowPainter:
    """Paints rows of the log that is looked at, in the colour of the alarm that goes off on them."""

    def __init__(self, feed: Feed, words: Words) -> None:
        self._feed = feed
        self.words = words
        self.ansi_as_colour = True
        self._pictures: dict[tuple[str, str, float], QPixmap] = {}
        self.refresh()

    def refresh(self) -> None:
        """Ask the theme for fonts and colours again."""
        look = theme()
        self.ui = Face(look.ui_font(9.5))
        self.mono = Face(look.mono_font(9.5))
        self._bold = look.mono_font(9.5, 600)
        self.row_height = round(max(self.ui.height, self.mono.height)) + 10
        self._narrowest = max(self.mono.metrics.horizontalAdvance("i"), 3.0)
        self._pictures.clear()

    def warm(self) -> None:
        """Draw each printable character and sign once: a font's first use is slow, and must not be the first rows'."""
        ground = QPixmap(_WARM_WIDTH, self.row_height)
        painter = QPainter(ground)
        for face in (self.ui, self.mono):
            painter.setFont(face.font)
            painter.drawText(QPointF(0, face.height), _PRINTABLE)
        for level in LEVELS:
            self._level(painter, level)
        for number in range(_WARM_SENDERS):
            self._disc(painter, number, self.row_height - 9)
        for kind in KINDS:
            self._chip_picture(painter, kind)
        painter.end()

    def width_of(self, column: Column) -> int:
        """How wide a column begins."""
        extra = {"sender": self.row_height, "level": self.row_height, "number": 22, "kind": 12}.get(column.id, 0)
        face = self.mono if column.id in MONO else self.ui
        return round(face.metrics.horizontalAdvance(column.sample)) + 2 * PAD + extra

    @property
    def alarms(self) -> bool:
        """Whether a row may have the colour of an alarm."""
        return bool(self._feed.alarms)

    @property
    def named(self) -> int:
        """How many senders have a name: a row may look different when one more has."""
        return len(self._feed.seen.names)

    def ground(self, place: int, row: int, *, selected: bool, hovered: bool) -> QColor:
        """The colour behind a row."""
        tokens = theme().tokens
        if selected:
            return tokens.select
        for piece in self.words.pieces(row):
            alarm = self._feed.seen.watch.colour(piece)
            if alarm is not None:
                return tint(tokens, tokens.sender(alarm))
        if hovered:
            return tokens.hover
        return tokens.alternate if place % 2 else tokens.base

    def paint(self, painter: QPainter, lines: Sequence[Line], column: Column, left: int, width: int) -> None:
        """Paint a column of all lines; the ground is there."""
        if not lines or width <= 2 * PAD:
            return
        cells: dict[str, Callable[[QPainter, Sequence[Line], int, int], None]] = {
            "message": self._messages,
            "sender": self._senders,
            "level": self._levels,
            "kind": self._kinds,
        }
        special = cells.get(column.id)
        if special is not None:
            special(painter, lines, left + PAD, width - 2 * PAD)
        else:
            self._plain(painter, lines, column, left + PAD, width - 2 * PAD)

    def _base(self, top: int, face: Face) -> float:
        return top + self.row_height / 2 + face.drop

    def _plain(self, painter: QPainter, lines: Sequence[Line], column: Column, left: int, room: int) -> None:
        tokens = theme().tokens
        face = self.mono if column.id in MONO else self.ui
        colour = tokens.text2 if column.id in _DIM else tokens.text
        painter.setFont(face.font)
        painter.setPen(colour)
        for row, top in lines:
            text, wide = face.fit(self.words.cell(row, column), room)
            x = left + room - wide if column.right else left
            if column.id == "bytes" and self._feed.log.would_be_cut(row):
                painter.setPen(tokens.warning)
                painter.drawText(QPointF(x, self._base(top, face)), text)
                painter.setPen(colour)
                painter.drawPixmap(QPointF(left - 4, top), self._icon(painter, "scissors", "warning"))
                continue
            if text:
                painter.drawText(QPointF(x, self._base(top, face)), text)
            if column.id == "number" and self._feed.seen.marked(row):
                painter.drawPixmap(QPointF(left - 4, top), self._icon(painter, "bookmark", "link"))

    def _senders(self, painter: QPainter, lines: Sequence[Line], left: int, room: int) -> None:
        tokens, side = theme().tokens, self.row_height - 9
        painter.setFont(self.ui.font)
        for row, top in lines:
            number = self._feed.log.sender(row)
            painter.drawPixmap(QPointF(left, top), self._disc(painter, number, side))
            name, address = self._feed.name(number), self._feed.address(number)
            mode = Qt.TextElideMode.ElideLeft if name == address else Qt.TextElideMode.ElideRight
            painter.setPen(tokens.sender(number))
            text = self.ui.fit(name, max(room - side - 7, 1), mode)[0]
            painter.drawText(QPointF(left + side + 7, self._base(top, self.ui)), text)

    def _levels(self, painter: QPainter, lines: Sequence[Line], left: int, room: int) -> None:
        for row, top in lines:
            level = self.words.reading(row).level
            if level:
                painter.drawPixmap(QPointF(left, top), self._level(painter, level))

    def _kinds(self, painter: QPainter, lines: Sequence[Line], left: int, room: int) -> None:
        for row, top in lines:
            self._chip(painter, self.words.reading(row).kind, left + room, top)

    def _chip(self, painter: QPainter, word: str, right: float, top: int) -> float:
        """A chip whose right edge is at `right`; its width."""
        picture = self._chip_picture(painter, word)
        wide = picture.width() / picture.devicePixelRatio()
        painter.drawPixmap(QPointF(right - wide, top), picture)
        return wide

    # Messages

    def _messages(self, painter: QPainter, lines: Sequence[Line], left: int, room: int) -> None:
        tokens = theme().tokens
        limit = int(room / self._narrowest) + 2
        rests: list[tuple[float, int, str, int]] = []
        painter.setFont(self.mono.font)
        painter.setPen(tokens.text)
        for row, top in lines:
            found = self.words.raw_message(row)
            space = room - self._flags(painter, row, left + room, top) if room > 200 else room
            if self.ansi_as_colour and "\x1b" in found.text[: limit * 4]:
                end = self._coloured(painter, found.text[: limit * 4], left, top, space, tokens)
                painter.setFont(self.mono.font)
                painter.setPen(tokens.text)
            else:
                text, wide = self.mono.fit(wording.shown(found.text, limit), max(int(space), 1))
                painter.drawText(QPointF(left, self._base(top, self.mono)), text)
                end = left + wide
            if found.rest and end + 40 < left + space:
                rests.append((end + 16, top, found.rest[:limit], int(left + space - end - 16)))
        painter.setPen(tokens.text2)
        for x, top, text, space in rests:
            painter.drawText(QPointF(x, self._base(top, self.mono)), self.mono.fit(text, space)[0])

    def _flags(self, painter: QPainter, row: int, right: float, top: int) -> float:
        """Chips at the right end: refused, joined, what an original bucket would have cut; the room they take."""
        reading = self.words.reading(row)
        taken = 0.0
        if reading.warning:
            taken += self._chip(painter, WARNED.get(reading.kind, "stopped"), right, top) + 4
        if self._feed.log.would_be_cut(row):
            taken += self._chip(painter, "over 1024", right - taken, top) + 4
        pieces = len(self.words.pieces(row))
        if pieces > 1:
            taken += self._chip(painter, f"{pieces} joined", right - taken, top) + 4
        return taken + PAD if taken else 0.0

    def _coloured(
        self, painter: QPainter, text: str, left: float, top: int, room: float, tokens: Tokens
    ) -> float:
        painter.save()
        painter.setClipRect(QRectF(left, top, room, self.row_height))
        x = left
        for run, style in runs(text):
            font = self._styled(style)
            part = wording.shown(run)
            painter.setFont(font)
            painter.setPen(ansi_colour(style, tokens))
            painter.drawText(QPointF(x, self._base(top, self.mono)), part)
            x += QFontMetricsF(font).horizontalAdvance(part)
            if x > left + room:
                break
        painter.restore()
        return x

    def _styled(self, style: Style) -> QFont:
        font = QFont(self._bold if style.bold else self.mono.font)
        font.setUnderline(style.underlined)
        return font

    # Pictures

    def _picture(
        self, painter: QPainter, kind: str, what: str, width: float, draw: Callable[[QPainter, QRectF], object]
    ) -> QPixmap:
        """A picture as high as a row, made once for a theme, a word and a screen's ratio."""
        dpr = painter.device().devicePixelRatioF()
        key = (kind, what, dpr)
        found = self._pictures.get(key)
        if found is None:
            if len(self._pictures) >= _PICTURES:
                self._pictures.clear()
            found = self._pictures[key] = QPixmap(round(width * dpr) + 1, round(self.row_height * dpr))
            found.setDevicePixelRatio(dpr)
            found.fill(Qt.GlobalColor.transparent)
            inner = QPainter(found)
            draw(inner, QRectF(0, 0, width, self.row_height))
            inner.end()
        return found

    def _icon(self, painter: QPainter, name: str, role: str) -> QPixmap:
        side = 15.0
        return self._picture(painter, "icon", name, side,
                             lambda inner, rect: paint_icon(inner, rect.adjusted(0, 6, 0, -6), name, role))  # fmt: skip

    def _disc(self, painter: QPainter, number: int, side: int) -> QPixmap:
        return self._picture(painter, "disc", str(number % 208), side,
                             lambda inner, rect: paint_sender(inner, rect.adjusted(0, 4, 0, -4), number))  # fmt: skip

    def _level(self, painter: QPainter, level: str) -> QPixmap:
        sign, role = LEVEL_SIGNS[level if level in LEVELS else "DEBUG"]
        side = self.row_height - 11

        def draw(inner: QPainter, rect: QRectF) -> None:
            paint_icon(inner, QRectF(0, (rect.height() - side) / 2, side, side), sign, role)
            inner.setFont(self.ui.font)
            inner.setPen(theme().tokens.role(role))
            inner.drawText(QPointF(side + 6, self._base(0, self.ui)), level)

        return self._picture(painter, "level", level, side + 8 + self.ui.metrics.horizontalAdvance(level), draw)

    def _chip_picture(self, painter: QPainter, word: str) -> QPixmap:
        found = self._pictures.get(("chip", word, painter.device().devicePixelRatioF()))
        if found is not None:  # measuring the word takes longer than painting its picture
            return found
        width = QFontMetricsF(theme().font("caption")).horizontalAdvance(word) + 2 * theme().px(6)
        return self._picture(painter, "chip", word, width,
                             lambda inner, rect: paint_chip(inner, rect.adjusted(0, 3, 0, -3), word))  # fmt: skip


def ansi_colour(style: Style, tokens: Tokens) -> QColor:
    """A terminal's colour as a role of the palette, so that it can be read on both grounds."""
    return tokens.text if style.colour is None else tokens.role(_ANSI_ROLES[style.colour % 8])
