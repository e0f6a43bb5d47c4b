"""A field for a number: a port, a count, a delay."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QSpinBox, QWidget

TEXT_MARGIN = 6


class NumberField(QSpinBox):
    """A spin box that scrolling past cannot change, with its text where other inputs have it.

    `suffix` holds the unit ("ms"); `special` is shown instead of the least value ("any").
    returned: Enter was pressed, and what was typed is the value (Qt has a signal for it only from 6.10 on).
    """

    returned = Signal()

    def __init__(
        self,
        value: int = 0,
        least: int = 0,
        most: int = 65535,
        *,
        suffix: str = "",
        special: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setRange(least, most)
        self.setValue(value)
        self.setSuffix(f" {suffix}" if suffix else "")
        self.setSpecialValueText(special)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        # The style sheet cannot pad the editor inside a spin box.
        self.lineEdit().setTextMargins(TEXT_MARGIN, 0, 0, 0)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.returned.emit()

    def wheelEvent(self, event: QWheelEvent, /) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
