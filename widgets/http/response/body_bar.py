"""The bar above a body: how it is shown, in which charset, and what is looked for in it; a remark below.

It must not know bodies.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.segments import Segments
from widgets.parts.text import Label
from widgets.theme.theme import theme

CHARSETS: Final = ("utf-8", "latin-1", "cp1252", "ascii", "utf-16", "cp1251", "koi8-r", "shift_jis", "gb18030")


class BodyBar(QWidget):
    """The parts, for the body's view to listen to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.modes = Segments(("Pretty", "Raw", "Hex"), "How the body is shown")
        self.charset = QuietCombo()
        self.charset.setAccessibleName("Charset of the body")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find, Enter for the next")
        self.search.setAccessibleName("Find in the body")
        self.search.setMinimumWidth(theme().px(90))
        self.note = Label("", "caption", "text2", wrap=True)
        self.note.setContentsMargins(12, 0, 12, 6)
        for field in (self.charset, self.search):
            field.setProperty("small", True)
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 6)
        row.setSpacing(8)
        row.addWidget(self.modes)
        row.addWidget(self.charset)
        row.addStretch(1)
        row.addWidget(self.search, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.note)
        self.fill_charsets("")
        self.say("")

    def fill_charsets(self, own: str) -> None:
        """Offer the charsets, the body's own first; nothing is told."""
        self.charset.blockSignals(True)
        names = [own] if own and own not in CHARSETS else []
        title = f"{own}, as it says" if own else "Charset: its own"
        self.charset.fill([Choice("", title), *(Choice(name, name) for name in (*names, *CHARSETS))])
        self.charset.setCurrentIndex(0)
        self.charset.blockSignals(False)

    def say(self, text: str) -> None:
        """Show a remark, "" for none."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
