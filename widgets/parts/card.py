"""The card: one thing of a panel, with a head that names it and a body that shows it.

It must not know what stands in it.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.parts.buttons import Button
from widgets.parts.chip import Chip
from widgets.parts.state_label import StateLabel
from widgets.parts.text import ElidedLabel, LeadText, fit_height, plain_tip
from widgets.theme.theme import set_look, theme

PAD = 12
CORNER = 3
HEAD_GAP = 8
HEAD_RIGHT = 8
ACTIONS_GAP = 6
LAST_STEP = 7
"""In so many steps the head of a card gives way where it gets narrow."""


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

    @property
    def has_icon(self) -> bool:
        """Whether there is one to show."""
        return bool(self._icon)

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
    """Icon, title, chip and state at the left, buttons at the right.

    Where it gets narrow the parts give way one after the other: the chip, the title's second half, the buttons'
    icons, the state's word, the icon, the words of up to two buttons (`gives_words`); only then is the title cut.
    """

    def __init__(self, title: str, icon: str) -> None:
        theme()  # where nothing has asked for it before: its first dressing must not meet a half-built head
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(PAD, 0, HEAD_RIGHT, 0)
        row.setSpacing(HEAD_GAP)
        self._full, self._brief = title, title
        self.gives_words: tuple[Button, ...] = ()
        self.icon = IconLabel(icon)
        self.title = ElidedLabel(title, "title")
        self.chip = Chip()
        self.state = StateLabel()
        for part in (self.chip, self.state) if icon else (self.icon, self.chip, self.state):
            part.hide()  # and never shown before it has a parent: it would be a window of its own
        self._extra = QHBoxLayout()
        self._extra.setSpacing(8)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(ACTIONS_GAP)
        row.addWidget(self.icon)
        row.addWidget(self.title)
        row.addLayout(self._extra)
        row.addWidget(self.chip)
        row.addWidget(self.state)
        self._details = QHBoxLayout()
        row.addLayout(self._details)
        row.addStretch(1)
        row.addLayout(self._actions)
        theme().scaled.connect(self._size)
        self._size()

    def set_title(self, title: str, brief: str = "") -> None:
        """Name the card; `brief` is the name where there is little room."""
        self._full, self._brief = title, brief or title
        self.title.setText(title)
        self._suit()

    def set_chip(self, text: str) -> None:
        """Show a kind beside the title, "" for none."""
        self.chip.setText(text)
        self._suit()

    def set_icon(self, icon: str) -> None:
        """Show another icon, "" for none."""
        self.icon.set_icon(icon)
        self._suit()

    def add_extra(self, widget: QWidget) -> None:
        """Put `widget` (segments, a number) right after the title."""
        self._extra.addWidget(widget)

    def add_detail(self, widget: QWidget) -> None:
        """Put `widget` after the state; it shortens itself before anything else gives way."""
        self._details.addWidget(widget)

    def add_action(self, widget: QWidget) -> None:
        """Put a button at the right end."""
        widget.setProperty("small", True)
        self._actions.addWidget(widget)

    def minimumSizeHint(self) -> QSize:
        cut = max(0, self._title_width(LAST_STEP) - self.title.minimumSizeHint().width())
        return QSize(self._need(LAST_STEP) - cut, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._suit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._suit()
        return done

    def _suit(self) -> None:
        """Give way as far as the width asks for."""
        step = next((step for step in range(LAST_STEP) if self._need(step) <= self.width()), LAST_STEP)
        if not self.testAttribute(Qt.WidgetAttribute.WA_Resized):
            step = 0
        self.chip.setVisible(bool(self.chip.text()) and step < 1)
        title = self._full if step < 2 else self._brief
        if title != self.title.text():
            self.title.setText(title)
        for widget in _shown(self._actions):
            if isinstance(widget, Button):
                widget.show_only(self._shows(widget, step))
        self.state.show_brief(step >= 4)
        self.icon.setVisible(self.icon.has_icon and step < 5)
        gone = [self._full, self.chip.text()] if step else []
        self.setToolTip(plain_tip(", ".join(word for word in gone if word)))

    def _shows(self, button: Button, step: int) -> Literal["both", "icon", "words"]:
        if step < 3:
            return "both"
        return "icon" if button in self.gives_words[: max(0, step - 5)] else "words"

    def _title_width(self, step: int) -> int:
        return self.title.fontMetrics().horizontalAdvance(self._full if step < 2 else self._brief) + 2

    def _need(self, step: int) -> int:
        """The width that the line needs after so many parts have given way."""
        parts = [self._title_width(step)]
        if self.icon.has_icon and step < 5:
            parts.append(self.icon.sizeHint().width())
        if self.chip.text() and step < 1:
            parts.append(self.chip.sizeHint().width())
        if not self.state.isHidden():
            parts.append(self.state.width_of(brief=step >= 4))
        parts += [_width_of(widget) for widget in _shown(self._extra)]
        parts += [widget.minimumSizeHint().width() for widget in _shown(self._details)]
        actions = [
            widget.width_of(self._shows(widget, step)) if isinstance(widget, Button) else _width_of(widget)
            for widget in _shown(self._actions)
        ]
        gaps = HEAD_GAP * (len(parts) - (not actions)) + ACTIONS_GAP * max(0, len(actions) - 1)
        return PAD + sum(parts) + sum(actions) + gaps + HEAD_RIGHT

    def _size(self) -> None:
        self.setFixedHeight(theme().line_height() + 28)
        self._suit()


def _shown(box: QHBoxLayout) -> list[QWidget]:
    items = (box.itemAt(at) for at in range(box.count()))
    found = (item.widget() for item in items if item is not None)
    return [widget for widget in found if widget is not None and not widget.isHidden()]


def _width_of(widget: QWidget) -> int:
    return max(widget.sizeHint().width(), widget.minimumWidth())


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
        self._least = 0
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.head_line)
        whole.addLayout(self.body, 1)
        self.head.setVisible(bool(title))
        self.head_line.setVisible(bool(title))
        self.set_chip(chip)

    def set_least_height(self, height: int) -> None:
        """No lower than this, in px, and than its parts need: a plain minimum would let them be cut."""
        self._least = height
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().expandedTo(QSize(0, self._least))

    def set_title(self, title: str, brief: str = "") -> None:
        """Name the card; `brief` is the name where there is little room."""
        self.head.set_title(title, brief)
        self.setAccessibleName(title)
        self.head.setVisible(bool(title))
        self.head_line.setVisible(bool(title))
        self._spare_corners()

    def set_icon(self, icon: str) -> None:
        """Change the icon before the title."""
        self.head.set_icon(icon)

    def set_chip(self, text: str) -> None:
        """Show a kind beside the title, "" for none."""
        self.head.set_chip(text)

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
        theme().scaled.connect(self._fit)

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
