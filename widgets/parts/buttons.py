"""Buttons: ordinary, primary, link and icon buttons, with or without an action behind them.

They must not know what they start. Rule of the house: one primary button in a card at most.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetricsF, QIcon, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from widgets.parts.text import plain_tip
from widgets.theme.focus import came_by_keyboard
from widgets.theme.signs import paint_icon
from widgets.theme.theme import theme

RETURN_KEY = "⏎"
ICON_GAP = 4
BESIDE_ICON_PX = 4
"""What the style leaves between an icon and its words."""


class Button(QPushButton):
    """A button with icon and verb. `key` paints the shortcut's cap at its right end, "⏎" as a sign."""

    def __init__(
        self,
        text: str = "",
        icon: str = "",
        *,
        primary: bool = False,
        small: bool = False,
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._words = text
        self._shows = "both"
        self._icon_name = ""
        self._key = key
        self._action: QAction | None = None
        self.setProperty("primary", primary)
        self.setProperty("small", small)
        self.setProperty("keyed", bool(key))
        self.setAutoDefault(False)
        if icon:
            self.set_icon(icon)
        theme().scaled.connect(self._size_icon)

    def set_icon(self, name: str) -> None:
        """Show the Lucide icon `name` before the text."""
        self._icon_name = name
        self._draw_icon()
        self._size_icon()

    def text(self) -> str:
        """The whole text, also where the icon stands alone."""
        return self._words

    def setText(self, text: str) -> None:
        """Say something else."""
        self._words = text
        super().setText("" if self._shows == "icon" else text)
        self._size_icon()

    def show_only(self, shows: Literal["both", "icon", "words"]) -> None:
        """Give room: the icon alone, whose tool tip then says the words, or the words alone."""
        if shows == self._shows or not (self._words and self._icon_name):
            return
        if not self.toolTip() and shows == "icon":
            self.setToolTip(plain_tip(self._words))
        elif self._shows == "icon" and self.toolTip() == plain_tip(self._words):
            self.setToolTip("")
        self._shows = shows
        self.setAccessibleName(self._words if shows == "icon" else "")
        super().setText("" if shows == "icon" else self._words)
        self._draw_icon()
        self._size_icon()

    def width_of(self, shows: Literal["both", "icon", "words"]) -> int:
        """How wide the button is when it shows that, in px."""
        if not (self._words and self._icon_name):
            return self.sizeHint().width()
        words, icon = self.fontMetrics().horizontalAdvance(self._words), theme().px(16) + BESIDE_ICON_PX
        now = {"both": words + theme().px(ICON_GAP) + icon, "icon": icon, "words": words}
        return self.sizeHint().width() + now[shows] - now[self._shows]

    def _draw_icon(self) -> None:
        role = "highlighted_text" if self.property("primary") else "text"
        self.setIcon(QIcon() if self._shows == "words" else theme().icon(self._icon_name, role))

    def bind(self, action: QAction) -> Button:
        """Let `action` be what the button does, says and allows; returns the button."""
        self._action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._take_action)
        self._take_action()
        return self

    def _take_action(self) -> None:
        action = self._action
        if action is None:
            return
        if not self.text():
            self.setText(action.text())
        if not self._icon_name and not action.icon().isNull():
            self.setIcon(action.icon())
            self._size_icon()
        self.setEnabled(action.isEnabled())
        self.setToolTip(action.toolTip())

    def _size_icon(self) -> None:
        side = theme().px(16)
        self.setIconSize(QSize(side + (theme().px(ICON_GAP) if super().text() else 0), side))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._key:
            self._paint_key()
        if self.property("primary") and self.hasFocus() and came_by_keyboard(self):
            self._paint_inner_ring()

    def _paint_inner_ring(self) -> None:
        """The outer ring has the primary button's own colour; this line parts them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().tokens.highlighted_text, 1.5))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.75, 1.75, -1.75, -1.75), 5, 5)

    def _paint_key(self) -> None:
        look = theme()
        role = "highlighted_text" if self.property("primary") else "text2"
        if not self.isEnabled():
            role = "placeholder"
        colour = look.tokens.role(role)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = look.ui_font(9, 500)
        sign = self._key == RETURN_KEY
        wide = look.px(14) if sign else QFontMetricsF(font).horizontalAdvance(self._key)
        height = look.line_height() + 2
        cap = QRectF(self.width() - look.px(11) - wide - 8, (self.height() - height) / 2, wide + 8, height)
        cap = QRectF(cap.toRect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = type(colour)(colour)
        edge.setAlphaF(0.55)
        painter.setPen(QPen(edge, 1))
        painter.drawRoundedRect(cap, 4, 4)
        if sign:
            paint_icon(painter, cap.adjusted(3, 3, -3, -3), "corner-down-left", role)
        else:
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)


class PrimaryButton(Button):
    """The one next step of a card."""

    def __init__(self, text: str = "", icon: str = "", *, key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, icon, primary=True, key=key, parent=parent)


class LinkButton(QPushButton):
    """A button that looks like a link, for "Why?" and for jumping to something."""

    def __init__(self, text: str = "", *, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("link", True)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)


class IconButton(QToolButton):
    """A flat button with an icon alone; `name` says what it does, in the tool tip and to a screen reader."""

    def __init__(self, icon: str, name: str, *, checkable: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setIcon(theme().icon(icon, "text2", on="text"))
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(name))
        self.setCheckable(checkable)
        self._size_icon()
        theme().scaled.connect(self._size_icon)

    def set_icon(self, icon: str) -> None:
        """Show another icon."""
        self.setIcon(theme().icon(icon, "text2", on="text"))

    def _size_icon(self) -> None:
        self.setIconSize(QSize(theme().px(16), theme().px(16)))


class ActionButton(QToolButton):
    """A bordered button that shows an action: icon, verb, state and tool tip come from it."""

    def __init__(self, action: QAction, *, icon_only: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDefaultAction(action)
        self.setProperty("bordered", not icon_only)
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if icon_only else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.setToolButtonStyle(style)
        self.setAccessibleName(action.text().replace("&", ""))
        theme().dress(self, "button")
        self._size_icon()
        theme().scaled.connect(self._size_icon)

    def _size_icon(self) -> None:
        gap = ICON_GAP if self.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon else 0
        self.setIconSize(QSize(theme().px(16 + gap), theme().px(16)))
