"""An item of the status bar: sign and words, and a click that opens the detail."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from widgets.theme.signs import STATE_SIGNS, state_icon
from widgets.theme.theme import set_look, theme


class StatusItem(QToolButton):
    """Words in the status bar. `state` is one of `STATE_SIGNS`, "" for plain words; `icon` a Lucide name."""

    def __init__(self, text: str = "", *, icon: str = "", state: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._shown: tuple[str, str, str] | None = None
        theme().dress(self, "caption")
        theme().scaled.connect(self._size)
        self._size()
        self.set(text, icon=icon, state=state)

    @property
    def state(self) -> str:
        """The state whose sign is shown, "" for none."""
        return self._shown[2] if self._shown is not None else ""

    def set(self, text: str, *, icon: str = "", state: str = "", tip: str = "") -> None:
        """Show other words; costs nothing when nothing changed."""
        if self._shown == (text, icon, state):
            return
        before, self._shown = self._shown, (text, icon, state)
        self.setText(text)
        self.setAccessibleName(text)
        if tip:
            self.setToolTip(tip)
        if before is not None and before[1:] == (icon, state):
            return
        role = STATE_SIGNS[state][1] if state else ""
        if state:
            self.setIcon(state_icon(state))
        elif icon:
            self.setIcon(theme().icon(icon, "text2", 14))
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon if icon or state else Qt.ToolButtonStyle.ToolButtonTextOnly
        self.setToolButtonStyle(style)
        set_look(self, "status", role if role in ("running", "warning") else "true")

    def _size(self) -> None:
        self.setIconSize(QSize(theme().px(17), theme().px(14)))
