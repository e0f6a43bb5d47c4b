"""The red strip of a card: what failed in plain words, "Why?", and the buttons that mend it.

It must not know what the buttons do: it says which was pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.flow import FlowBox, reveal


@dataclass(frozen=True)
class Mend:
    """One way out of an error: `key` names what the card does, `text` and `icon` what its button shows."""

    key: str
    text: str
    icon: str


class TroubleStrip(QWidget):
    """Hidden until `tell`. `why_requested`: the link was used; `mend_requested(key)`: a button was."""

    why_requested = Signal()
    mend_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banner = Banner("error")
        self.banner.acted.connect(self.why_requested)
        self.row = FlowBox()
        self.buttons: dict[str, Button] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.banner)
        column.addWidget(self.row)
        self.errno = ""
        self.setVisible(False)

    def tell(self, title: str, sentence: str, mends: Sequence[Mend] = (), *, errno: str = "") -> None:
        """Show an error: its title in bold, a sentence, and a button for each way out."""
        self.errno = errno
        self.banner.say(f"{title.rstrip('.')}.", sentence, "Why?")
        self.banner.action_button.setAccessibleName(f"Why? {title}")
        self._clear_buttons()
        for mend in mends:
            button = Button(mend.text, mend.icon, small=True)
            button.clicked.connect(lambda _checked=False, key=mend.key: self.mend_requested.emit(key))
            self.row.add(button)
            self.buttons[mend.key] = button
        self.row.setVisible(bool(mends))
        self.setVisible(True)
        QTimer.singleShot(0, self, lambda: reveal(self))  # once it has its place: its buttons are what is looked for

    def text(self) -> str:
        """What the strip says; empty when it is away."""
        return "" if self.isHidden() else self.banner.text()

    def clear(self) -> None:
        """Take the strip away."""
        self.errno = ""
        self.setVisible(False)
        self.banner.clear()
        self._clear_buttons()

    def _clear_buttons(self) -> None:
        for button in self.buttons.values():
            button.setParent(None)
            button.deleteLater()
        self.buttons.clear()
