"""Sections: the parts that the inspector's pages are made of: a head, rows of facts, captions and text.

They must not know events: words come from the pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from widgets.parts.buttons import LinkButton
from widgets.parts.card import IconLabel, Line
from widgets.parts.chip import Chip
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label, plain_tip
from widgets.theme.signs import paint_direction, paint_layer
from widgets.theme.theme import theme

EDGE: Final = 16
CAPTION_PX: Final = 104
LONGEST: Final = "Connection"
NARROW_PX: Final = 260
LAST_ROW: Final = 999


class Sign(QWidget):
    """The sign of a layer, as big as a line of the title."""

    def __init__(self, layer: str = "call", side: int = 20) -> None:
        super().__init__()
        self._layer, self._side = layer, side
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_layer(self, layer: str) -> None:
        """Show another layer."""
        self._layer = layer
        self.setAccessibleName(layer)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(self._side), theme().px(self._side))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_layer(painter, QRectF(self.rect()), self._layer)
        painter.end()


class Arrow(QWidget):
    """The arrow of a direction."""

    def __init__(self) -> None:
        super().__init__()
        self._direction: str | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_direction(self, direction: str | None) -> None:
        """out, in or None."""
        self._direction = direction
        self.setVisible(direction is not None)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(16), theme().px(16))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_direction(painter, self.rect(), self._direction)
        painter.end()


class Head(QWidget):
    """Sign or icon, and the title of what is looked at."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._sign = Sign()
        self._icon = IconLabel("octagon-x", "error", 20)
        self.title = Label("", "title", wrap=True)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.title, 1)

    def show_event(self, layer: str, title: str) -> None:
        """A layer's sign and a title."""
        self._sign.set_layer(layer)
        self._sign.show()
        self._icon.hide()
        self.title.setText(title)

    def show_error(self, title: str) -> None:
        """The sign of errors and a title."""
        self._icon.show()
        self._sign.hide()
        self.title.setText(title)


@dataclass(frozen=True, slots=True)
class Row:
    """A fact: what it is called and what it is. mono: literally so. tone: the colour's role.

    arrow: a direction's arrow before it. chip: a word on a soft ground before it.
    """

    caption: str
    value: str
    mono: bool = False
    tone: str = ""
    arrow: str | None = None
    chip: str = ""


class FactRows(QWidget):
    """Facts one under the other, captions at one edge, values at another; values can be selected and copied."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(LAST_ROW, 1)  # what is too high for the facts is left below, not between them
        self._lines: list[tuple[Label, Arrow, Chip, Label]] = []
        theme().scaled.connect(self._size)
        self._size()

    def _size(self) -> None:
        """In a narrow place captions take what they need, so that an address keeps its port."""
        narrow = self.testAttribute(Qt.WidgetAttribute.WA_Resized) and self.width() < theme().px(NARROW_PX)
        self._grid.setColumnMinimumWidth(0, 0 if narrow else theme().px(CAPTION_PX))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._size()

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these facts; labels are used again."""
        while len(self._lines) < len(rows):
            self._add_line()
        for place, (caption, arrow, chip, value) in enumerate(self._lines):
            if place < len(rows):
                caption.show()
                value.show()
                self._fill(caption, arrow, chip, value, rows[place])
            else:
                for widget in (caption, arrow, chip, value):
                    widget.hide()
        self.setVisible(bool(rows))

    def _add_line(self) -> None:
        caption, value = Label("", "body", "text2"), Label("", "body", wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        arrow, chip = Arrow(), Chip()
        cell = QHBoxLayout()
        cell.setSpacing(6)
        cell.addWidget(arrow)
        cell.addWidget(chip)
        cell.addWidget(value, 1)
        place = len(self._lines)
        self._grid.addWidget(caption, place, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addLayout(cell, place, 1)
        self._lines.append((caption, arrow, chip, value))

    @staticmethod
    def _fill(caption: Label, arrow: Arrow, chip: Chip, value: Label, row: Row) -> None:
        caption.setText(row.caption)
        arrow.set_direction(row.arrow)
        chip.setText(row.chip)
        chip.setVisible(bool(row.chip))
        theme().dress(value, "mono" if row.mono else "body")
        value.setText(breakable(row.value) if row.mono else row.value)
        value.set_tone(row.tone)
        value.setAccessibleName(f"{row.caption}: {row.value}")


def breakable(text: str) -> str:
    """A long word (an address, bytes) may break anywhere: zero-width spaces allow it."""
    if max((len(word) for word in text.split(" ")), default=0) < 24:
        return text
    return "\u200b".join(text[at : at + 8] for at in range(0, len(text), 8))


class Links(QWidget):
    """Links beside a caption, wrapped. chosen(int): the number of the link that was clicked."""

    chosen = Signal(int)

    def __init__(self, caption: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._caption = Label(caption, "body", "text2")
        self._flow = FlowBox(spacing=12, line_spacing=2)
        self._buttons: list[LinkButton] = []
        row.addWidget(self._caption, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._flow, 1)
        theme().scaled.connect(self._size)
        self._size()

    def _size(self) -> None:
        """As wide as the captions of the facts above: in a narrow place these take what the longest needs."""
        narrow = self.testAttribute(Qt.WidgetAttribute.WA_Resized) and self.width() < theme().px(NARROW_PX)
        needed = self._caption.fontMetrics().horizontalAdvance(LONGEST) + 2
        self._caption.setMinimumWidth(needed if narrow else theme().px(CAPTION_PX))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._size()

    def show_links(self, texts: Sequence[str], tips: Sequence[str]) -> None:
        """Show these links; none hides the row."""
        while len(self._buttons) < len(texts):
            self._add_button()
        for number, button in enumerate(self._buttons):
            button.setVisible(number < len(texts))
            if number < len(texts):
                button.setText(texts[number])
                button.setToolTip(plain_tip(tips[number]))
        self.setVisible(bool(texts))

    def _add_button(self) -> None:
        number = len(self._buttons)
        button = LinkButton()
        button.clicked.connect(lambda: self.chosen.emit(number))
        self._buttons.append(button)
        self._flow.add(button)


class Page(QScrollArea):
    """A page that scrolls up and down; `column` takes sections."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.body = QWidget()
        self.column = QVBoxLayout(self.body)
        self.column.setContentsMargins(0, 0, 0, EDGE)
        self.column.setSpacing(0)
        self.setWidget(self.body)

    def add_section(self, *widgets: QWidget, line: bool = True, gap: int = 8) -> QWidget:
        """Widgets under each other with the page's edges, a line above if asked; returns what holds them."""
        holder = QWidget()
        outer = QVBoxLayout(holder)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        if line:
            outer.addWidget(Line())
        inner = QVBoxLayout()
        inner.setContentsMargins(EDGE, 12, EDGE, 12)
        inner.setSpacing(gap)
        for widget in widgets:
            inner.addWidget(widget)
        outer.addLayout(inner)
        self.column.addWidget(holder)
        return holder


class Ticks(QWidget):
    """Sentences with a sign before each: a tick for what was found so, a question mark for what to look at."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._lines: list[tuple[QWidget, IconLabel, Label]] = []

    def show_lines(self, lines: Sequence[tuple[str, str, str]]) -> None:
        """Show (icon, role, sentence) lines."""
        while len(self._lines) < len(lines):
            holder, icon, text = QWidget(), IconLabel("", "text2", 16), Label("", "body", wrap=True)
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(10)
            row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(text, 1)
            self._column.addWidget(holder)
            self._lines.append((holder, icon, text))
        for place, (holder, icon, text) in enumerate(self._lines):
            holder.setVisible(place < len(lines))
            if place < len(lines):
                icon.set_icon(*lines[place][:2])
                text.setText(lines[place][2])


