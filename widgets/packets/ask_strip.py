"""AskStrip: a question in one line, in place of a dialog: a caption and a field; Return answers, Escape takes it away.

It must not know what is asked.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from widgets.parts.buttons import Button, IconButton
from widgets.parts.text import Label


class AskStrip(QWidget):
    """left: the question was answered or taken away."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._done: Callable[[str], object] | None = None
        self.caption = Label("", "body", "text2")
        self.field = QLineEdit()
        self.done_button = Button("Done", "check", small=True)
        self.close_button = IconButton("x", "Take the question away")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 4)
        row.setSpacing(8)
        row.addWidget(self.caption)
        row.addWidget(self.field, 1)
        row.addWidget(self.done_button)
        row.addWidget(self.close_button)
        self.field.returnPressed.connect(self._answer)
        self.done_button.clicked.connect(self._answer)
        self.close_button.clicked.connect(self._leave)
        self.hide()

    def ask(self, caption: str, text: str, done: Callable[[str], object]) -> None:
        """Ask; `done` gets the answer."""
        self._done = done
        self.caption.setText(caption)
        self.field.setAccessibleName(caption)
        self.field.setText(text)
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def _answer(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(self.field.text())
        self._leave()

    def _leave(self) -> None:
        self._done = None
        self.hide()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)
