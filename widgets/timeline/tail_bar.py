"""TailBar: says that the view is not at the newest event, how many came since, and goes there.

It must not know which view it stands under.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from protocols.numbers import grouped
from widgets.parts.buttons import Button
from widgets.parts.card import IconLabel, Line
from widgets.parts.text import ElidedLabel


class TailBar(QFrame):
    """Hidden while the view follows. follow_requested, resume_requested: its button was used."""

    follow_requested = Signal()
    resume_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(8)
        column.addWidget(Line())
        column.addLayout(row)
        self._icon = IconLabel("arrow-up", "text2", 16)
        self._text = ElidedLabel("", "body", "text2")
        self.button = Button(small=True)
        self.button.clicked.connect(self._on_button_clicked)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self.button)
        self._paused = False
        self.hide()

    def show_state(self, *, paused: bool, follows: bool, newer: int, kept: int) -> None:
        """What the view stands at: paused with `kept` new events, or scrolled up with `newer` rows below."""
        self._paused = paused
        if paused:
            self._say("pause", "Paused, nothing is lost", "play", f"{grouped(kept)} new, go on" if kept else "Go on")
        elif not follows and newer:
            self._say("arrow-up", "You scrolled up, nothing is lost", "arrow-down", f"{grouped(newer)} newer, follow")
        self.setVisible(paused or (not follows and newer > 0))

    def _say(self, icon: str, text: str, button_icon: str, button: str) -> None:
        if self._text.text() != text:
            self._icon.set_icon(icon)
            self._text.setText(text)
            self.button.set_icon(button_icon)
        if self.button.text() != button:
            self.button.setText(button)

    def _on_button_clicked(self) -> None:
        (self.resume_requested if self._paused else self.follow_requested).emit()
