"""The card: one thing of a panel, with a head that names it and a body that shows it.

It must not know what stands in it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.parts.chip import Chip
from widgets.parts.state_label import StateLabel
from widgets.parts.text import ElidedLabel, LeadText, fit_height
from widgets.theme.theme import set_look, theme

PAD = 12
CORNER = 3


class Line(QFrame):
    """A line of one pixel between sections; `dock` for the stronger one between docks."""

    def __init__(self, *, dock: bool = False, vertical: bool = False) -> None:
        super().__init__()
        self.setProperty("line", "dock" if dock else "true")
        if vertical:
            self.setFixedWidth(1)
        else:
            self.setFixedHeight(1)


class IconLabel(QLabel):
    """An icon beside a title, in today's colour and scale."""

    def __init__(self, icon: str = "", role: str = "text", size: int = 18) -> None:
        super().__init__()
        self._icon, self._role, self._size = icon, role, size
        theme().changed.connect(self._draw)
        self._draw()

    def set_icon(self, icon: str, role: str = "") -> None:
        """Show another icon, "" for none."""
        self._icon, self._role = icon, role or self._role
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._draw()

    def _draw(self) -> None:
        if self._icon:
            self.setPixmap(theme().pixmap(self._icon, self._role, self._size, self.devicePixelRatioF()))
        else:
            self.clear()


class CardHead(QWidget):
    """Icon, title, chip and state at the left, buttons at the right."""

    def __init__(self, title: str, icon: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(PAD, 0, 8, 0)
        row.setSpacing(10)
        self.icon = IconLabel(icon)
        if not icon:
            self.icon.hide()  # and never shown before it has a parent: it would be a window of its own
        self.title = ElidedLabel(title, "title")
        self.chip = Chip()
        self.chip.hide()
        self.state = StateLabel()
        self.state.hide()
        self._extra = QHBoxLayout()
        self._extra.setSpacing(8)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(6)
        row.addWidget(self.icon)
        row.addWidget(self.title)
        row.addLayout(self._extra)
        row.addWidget(self.chip)
        row.addWidget(self.state)
        row.addStretch(1)
        row.addLayout(self._actions)
        theme().changed.connect(self._size)
        self._size()

    def add_extra(self, widget: QWidget) -> None:
        """Put `widget` (segments, a number) right after the title."""
        self._extra.addWidget(widget)

    def add_action(self, widget: QWidget) -> None:
        """Put a button at the right end."""
        widget.setProperty("small", True)
        self._actions.addWidget(widget)

    def _size(self) -> None:
        self.setFixedHeight(theme().line_height() + 28)


class Card(QFrame):
    """A framed part of a panel. `body` is its vertical layout; `add` and `add_section` fill it."""

    def __init__(self, title: str = "", icon: str = "", chip: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", "true")
        self.setAccessibleName(title)
        whole = QVBoxLayout(self)
        # The style sheet keeps the border free by itself.
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.head = CardHead(title, icon)
        self.head_line = Line()
        self._full = False
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.head_line)
        whole.addLayout(self.body, 1)
        self.head.setVisible(bool(title))
        self.head_line.setVisible(bool(title))
        self.set_chip(chip)

    def set_title(self, title: str) -> None:
        """Name the card."""
        self.head.title.setText(title)
        self.setAccessibleName(title)
        self.head.setVisible(bool(title))
        self.head_line.setVisible(bool(title))
        self._spare_corners()

    def set_icon(self, icon: str) -> None:
        """Change the icon before the title."""
        self.head.icon.set_icon(icon)
        self.head.icon.setVisible(bool(icon))

    def set_chip(self, text: str) -> None:
        """Show a kind beside the title, "" for none."""
        self.head.chip.setText(text)
        self.head.chip.setVisible(bool(text))

    def set_state(self, state: str, word: str) -> None:
        """Show a state of `STATE_SIGNS` with a word, "" for none."""
        self.head.state.set(state, word)
        self.head.state.setVisible(bool(word))

    def set_chosen(self, chosen: bool) -> None:
        """Draw the border of the chosen one among several cards."""
        set_look(self, "card", "chosen" if chosen else "true")

    def add_head(self, widget: QWidget) -> None:
        """Put `widget` right after the title."""
        self.head.add_extra(widget)

    def add_action(self, widget: QWidget) -> None:
        """Put a button at the right end of the head."""
        self.head.add_action(widget)

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Add `widget` to the body, from edge to edge (tables)."""
        self.body.addWidget(widget, stretch)
        self._full = True
        self._spare_corners()

    def _spare_corners(self) -> None:
        """Square corners of what reaches the edge must not paint over the card's round ones."""
        headless = self.head.isHidden()
        self.body.setContentsMargins(0, CORNER if self._full and headless else 0, 0, CORNER if self._full else 0)

    def add_section(self, widget: QWidget, stretch: int = 0, *, line: bool = False) -> None:
        """Add `widget` with the padding of a card, after a line if asked."""
        if line:
            self.body.addWidget(Line())
        holder = QVBoxLayout()
        holder.setContentsMargins(PAD, PAD, PAD, PAD)
        holder.addWidget(widget)
        self.body.addLayout(holder, stretch)


class Aside(QFrame):
    """The boxed remark with a bar at its left: a bold sentence and the reason."""

    def __init__(self, lead: str = "", text: str = "") -> None:
        super().__init__()
        self.setProperty("aside", "true")
        row = QVBoxLayout(self)
        row.setContentsMargins(14, 10, 12, 10)
        self._text = LeadText(lead, text, "body")
        row.addWidget(self._text)
        theme().changed.connect(self._fit)

    def set(self, lead: str, text: str = "") -> None:
        """Say something else."""
        self._text.set(lead, text)
        self.setAccessibleName(self._text.text())
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fit_height(self)
