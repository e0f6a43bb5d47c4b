"""The empty state: one sentence that says what would be here, and one button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets.parts.buttons import Button
from widgets.parts.card import IconLabel
from widgets.parts.text import Label

SIDE, EDGE, GAP, TIGHT = 24, 16, 12, 4


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
        column.setContentsMargins(SIDE, EDGE, SIDE, EDGE)
        column.setSpacing(GAP)
        self._column = column
        centre = Qt.AlignmentFlag.AlignHCenter
        self._icon = IconLabel(icon, "text2", 26)
        self._sentence = Label(sentence, "body", "text2", wrap=True)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = Button(button, button_icon, primary=primary)
        self.button.clicked.connect(self.acted)
        column.addStretch(1)
        column.addWidget(self._icon, 0, centre)
        column.addWidget(self._sentence)
        column.addWidget(self.button, 0, centre)
        self.button.setVisible(bool(button))  # not before it has a parent: it would be a window of its own
        column.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where there is little room the margins go first, then the icon; sentence and button stay whole."""
        wide, room = max(1, self.width() - 2 * SIDE), self.height()
        parts = self._sentence.heightForWidth(wide)
        if not self.button.isHidden():
            parts += self.button.sizeHint().height() + GAP
        icon = self._icon.sizeHint().height() + GAP
        self._icon.setVisible(room >= parts + icon + 2 * TIGHT)
        self._column.setSpacing(GAP if room >= parts + 2 * TIGHT else TIGHT)
        edge = EDGE if room >= parts + icon + 2 * EDGE else TIGHT
        self._column.setContentsMargins(SIDE, edge, SIDE, edge)
        self._column.activate()

    def sentence(self) -> str:
        """What it says."""
        return self._sentence.text()

    def set_sentence(self, sentence: str) -> None:
        """Say something else."""
        self._sentence.setText(sentence)
        self._fit()
