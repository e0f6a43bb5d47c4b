"""ProgressStrip: long work under way in the time line, with its numbers and a Cancel, and how it failed.

It must not know what the work is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from protocols.numbers import grouped
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.text import ElidedLabel, Label

LOOK_MS: Final = 100


class ProgressStrip(QFrame):
    """Hidden until `begin`. cancelled: the user wants it to stop."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "window")
        self._work = QWidget()
        self._title = ElidedLabel("", "body")
        self._numbers = Label("", "caption", "text2")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self._cancel = Button("Cancel", "x", small=True)
        self._failure = Banner("error")
        self._done: Callable[[], int] = int
        self._total = 0
        row = QHBoxLayout(self._work)
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(12)
        for widget, stretch in ((self._title, 0), (self._bar, 1), (self._numbers, 0), (self._cancel, 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._work)
        column.addWidget(self._failure)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._on_look_timeout)
        self._cancel.clicked.connect(self._on_cancel_clicked)
        self._failure.acted.connect(self.end)
        self.hide()

    def begin(self, title: str, total: int, done: Callable[[], int]) -> None:
        """Show work of `total` parts; `done()` is asked ten times a second."""
        self._title.setText(title)
        self._done, self._total = done, total
        self._bar.setRange(0, max(1, total))
        self._cancel.setEnabled(True)
        self._cancel.setText("Cancel")
        self._failure.clear()
        self._work.show()
        self.show()
        self._look.start()
        self._on_look_timeout()

    def end(self) -> None:
        """The work is over."""
        self._look.stop()
        self._failure.clear()
        self.hide()

    def fail(self, text: str) -> None:
        """The work has failed: say why, until it is dismissed."""
        self._look.stop()
        self._work.hide()
        self._failure.say(text, "", "Dismiss")
        self.show()

    def _on_look_timeout(self) -> None:
        done = self._done()
        self._bar.setValue(done)
        self._numbers.setText(f"{grouped(done)} of {grouped(self._total)}")

    def _on_cancel_clicked(self) -> None:
        self._cancel.setEnabled(False)
        self._cancel.setText("Stopping")
        self.cancelled.emit()
