"""Strips that say what went wrong (in the card that failed) or what holds (under the panel head).

Never a dialog. They must not know errors: the words come from the caller.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from widgets.parts.buttons import Button, LinkButton
from widgets.parts.card import IconLabel
from widgets.parts.text import LeadText, fit_height
from widgets.theme.theme import theme

KINDS = {"error": "octagon-x", "warning": "triangle-alert", "note": "info"}
ROLES = {"error": "error", "warning": "warning", "note": "text2"}


class Banner(QFrame):
    """A strip of kind "error", "warning" or "note", hidden until `say`.

    An error's action is a link ("Why?"), a warning's the button that ends the condition. `acted` tells that
    it was used.
    """

    acted = Signal()

    def __init__(self, kind: str = "error", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self.setProperty("banner", kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 5, 8, 5)
        row.setSpacing(10)
        self._icon = IconLabel(KINDS[kind], ROLES[kind], 18)
        self._text = LeadText()
        self._action: QPushButton = LinkButton() if kind == "error" else Button(small=True)
        self._action.clicked.connect(self.acted)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addWidget(self._action, 0, Qt.AlignmentFlag.AlignVCenter)
        theme().scaled.connect(self._fit)
        self.hide()

    @property
    def kind(self) -> str:
        """What the strip is for."""
        return self._kind

    @property
    def action_button(self) -> QPushButton:
        """The link or button at the right."""
        return self._action

    def text(self) -> str:
        """What the strip says now."""
        return self._text.text()

    def say(self, lead: str, text: str = "", action: str = "", icon: str = "") -> None:
        """Show a bold sentence, the rest of it, and the action's words ("" for none)."""
        self._text.set(lead, text)
        self.setAccessibleName(f"{self._kind}: {self._text.text()}")
        self._action.setText(action)
        self._action.setVisible(bool(action))
        if icon and isinstance(self._action, Button):
            self._action.set_icon(icon)
        self.show()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fit_height(self, theme().line_height() + 20)

    def clear(self) -> None:
        """Take the strip away: the condition has ended."""
        self._text.set("")
        self.hide()
