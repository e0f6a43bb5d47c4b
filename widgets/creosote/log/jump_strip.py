"""JumpStrip: go to a time of day in the log. It must not know the log."""

from __future__ import annotations

import re
import time
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import IconLabel
from widgets.parts.text import Label
from widgets.theme.theme import set_look, theme

_CLOCK: Final = re.compile(r"\s*(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s*$")


def wall_ns_of(text: str, day_ns: int) -> int | None:
    """A time of day, on the day of `day_ns`, as nanoseconds since 1970; None for what is none."""
    found = _CLOCK.match(text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        return None
    day = time.localtime(day_ns / 1e9)
    parts = (day.tm_year, day.tm_mon, day.tm_mday, int(found[1]), int(found[2]), int(found[3] or 0), 0, 0, -1)
    return int(time.mktime(parts)) * 1_000_000_000 + int(float(found[4] or 0) * 1e9)


class JumpStrip(QWidget):
    """Hidden until `ask`. jump_requested(text): go there."""

    jump_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText("10:58:14")
        self.field.setAccessibleName("Time of day to go to")
        self.field.setMaximumWidth(theme().px(150))
        set_look(self.field, "small", True)
        self.go_button = Button("Go", "arrow-right", small=True)
        self.close_button = IconButton("x", "Close")
        self.problem = Label("", "caption", "error")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(10)
        for widget in (IconLabel("clock", "text2", 16), Label("Go to", "body", "text2"), self.field, self.go_button,
                       self.problem):  # fmt: skip
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.close_button)
        self.field.returnPressed.connect(self._on_go)
        self.go_button.clicked.connect(self._on_go)
        self.close_button.clicked.connect(self.hide)
        self.hide()

    def ask(self) -> None:
        """Open it."""
        self.problem.setText("")
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def _on_go(self) -> None:
        self.jump_requested.emit(self.field.text())

    def refuse(self, why: str) -> None:
        """Say why not."""
        self.problem.setText(why)
