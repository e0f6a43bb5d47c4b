"""How far a body is that comes or is written: words, a bar, and a button that ends it.

It must not know what moves.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from protocols.numbers import size_text
from widgets.parts.buttons import Button
from widgets.parts.text import ElidedLabel

PARTS = 1000


class ProgressRow(QWidget):
    """Hidden until `show_progress`. `cancelled`: the button was pressed."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = ElidedLabel("", "body", "text2", mode=Qt.TextElideMode.ElideRight)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.button = Button("Cancel", "square", small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 6)
        row.setSpacing(10)
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        self.button.clicked.connect(self.cancelled)
        self.hide()

    def show_progress(self, verb: str, done: int, total: int | None, *, cancel: bool = False) -> None:
        """Say how far it is. total: bytes, None where nobody knows. cancel: with the button."""
        of = f" of {size_text(total)}" if total is not None else ""
        self.words.setText(f"{verb} {size_text(done)}{of}")
        self.bar.setRange(0, PARTS if total else 0)
        if total:
            self.bar.setValue(min(PARTS, done * PARTS // total))
        self.button.setVisible(cancel)
        self.show()
