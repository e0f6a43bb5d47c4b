"""A field with its label above it, tied together for keyboard and screen reader."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from widgets.parts.text import Label, set_tone
from widgets.theme.theme import set_look


class LabelledField(QWidget):
    """`label` in small over `field`; a mnemonic (&Port) jumps to it; `hint` stands under it."""

    def __init__(self, label: str, field: QWidget, hint: str = "") -> None:
        super().__init__()
        self.field = field
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._label = Label(label, "caption", "text2")
        self._label.setBuddy(field)
        self._hint = Label("", "caption", "text2", wrap=True)
        column.addWidget(self._label)
        column.addWidget(field)
        column.addWidget(self._hint)
        field.setAccessibleName(label.replace("&", ""))
        self.set_hint(hint)

    def set_hint(self, hint: str, *, error: bool = False) -> None:
        """Say something under the field, as an error if asked; "" for nothing."""
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        set_tone(self._hint, "error" if error else "text2")
        self.field.setAccessibleDescription(hint)
        set_look(self.field, "invalid", error)
