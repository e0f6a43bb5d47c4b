"""The empty state: one sentence that says what would be here, and one button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.parts.buttons import Button
from widgets.parts.card import IconLabel
from widgets.parts.text import Label


class EmptyState(QWidget):
    """Icon, sentence and at most one button, in the middle of its place; `acted` tells that it was clicked."""

    acted = Signal()

    def __init__(
        self,
        icon: str,
        sentence: str,
        button: str = "",
        *,
        button_icon: str = "",
        primary: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        centre = Qt.AlignmentFlag.AlignHCenter
        self._icon = IconLabel(icon, "text2", 26)
        self._sentence = Label(sentence, "body", "text2", wrap=True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = Button(button, button_icon, primary=primary)
        self.button.clicked.connect(self.acted)
        column.addStretch(1)
        column.addWidget(self._icon, 0, centre)
        column.addWidget(self._sentence)
        column.addWidget(self.button, 0, centre)
        self.button.setVisible(bool(button))  # not before it has a parent: it would be a window of its own
        column.addStretch(1)

    def set_sentence(self, sentence: str) -> None:
        """Say something else."""
        self._sentence.setText(sentence)
