"""The strip above every view while something is captured: where, how many, what was dropped, and a Stop.

It must not know how packets are captured.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from widgets.parts.buttons import Button
from widgets.parts.state_label import StateLabel
from widgets.parts.text import ElidedLabel


class LiveStrip(QWidget):
    """Hidden until `say`. stop_requested: the button was pressed."""

    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        frame = QFrame()
        frame.setProperty("banner", "note")
        around = QVBoxLayout(self)
        around.setContentsMargins(16, 0, 16, 8)
        around.addWidget(frame)
        row = QHBoxLayout(frame)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(12)
        self.state = StateLabel("running", "Capturing")
        self.words = ElidedLabel("", "body", "text2")
        self.stop_button = Button("Stop", "square", small=True)
        self.stop_button.clicked.connect(self.stop_requested)
        row.addWidget(self.state)
        row.addWidget(self.words, 1)
        row.addWidget(self.stop_button)
        self.hide()

    def say(self, where: str, captured: str, dropped: str, by_us: str) -> None:
        """Show what is captured now; "" as dropped for what can't drop."""
        lost = f", {dropped} dropped by the kernel, {by_us} by us" if dropped else ", reconstructed: nothing is dropped"
        self.words.setText(f"{where}: {captured} packets{lost}")
        self.setAccessibleName(self.words.text())
        self.show()
