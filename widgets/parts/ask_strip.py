"""AskStrip: one question in its place: a text to type, or a yes. Never a dialog. It must not know what is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLineEdit, QWidget

from widgets.parts.buttons import Button
from widgets.parts.card import IconLabel
from widgets.parts.text import Label
from widgets.theme.theme import theme

NARROW_PX: Final = 420


class AskStrip(QFrame):
    """Hidden until `ask` or `confirm`; Esc puts it away, Enter takes what is there."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("banner", "warning")
        self.icon = IconLabel("triangle-alert", "warning", 16)
        self.words = Label("", "body", wrap=True)
        self.field = QLineEdit()
        self.yes = Button("OK", "check", small=True)
        self.no = Button("Cancel", "x", small=True)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(10, 5, 8, 5)
        self._row.setSpacing(8)
        asked, answers = QHBoxLayout(), QHBoxLayout()
        asked.addWidget(self.icon)
        asked.addWidget(self.words, 2)
        asked.addWidget(self.field, 3)
        answers.addWidget(self.yes)
        answers.addWidget(self.no)
        answers.addStretch(1)
        self._row.addLayout(asked, 1)
        self._row.addLayout(answers)
        self._then: Callable[[str], object] | None = None
        self.yes.clicked.connect(self._on_yes)
        self.no.clicked.connect(self.put_away)
        self.field.returnPressed.connect(self._on_yes)
        self.hide()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme().px(NARROW_PX)  # the answers go below: what is typed has room
        ways = QBoxLayout.Direction
        self._row.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)

    def ask(self, words: str, text: str, verb: str, then: Callable[[str], object]) -> None:
        """Ask for a text; `then(text)` when it was given."""
        self._show(words, verb, "check", then)
        self.icon.hide()
        self.field.show()
        self.field.setText(text)
        self.field.setAccessibleName(words)
        self.field.setFocus()
        stem = text.rfind(".")
        self.field.setSelection(0, stem if stem > 0 else len(text))

    def confirm(self, words: str, verb: str, icon: str, then: Callable[[], object]) -> None:
        """Ask for a yes."""
        self._show(words, verb, icon, lambda _text: then())
        self.icon.show()
        self.field.hide()
        self.no.setFocus()

    def _show(self, words: str, verb: str, icon: str, then: Callable[[str], object]) -> None:
        self._then = then
        self.words.setText(words)
        self.setAccessibleName(words)
        self.yes.setText(verb)
        self.yes.set_icon(icon)
        self.show()

    def _on_yes(self) -> None:
        then, text = self._then, self.field.text()
        self.put_away()
        if then is not None:
            then(text)

    def put_away(self) -> None:
        """Ask no more."""
        self._then = None
        self.hide()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.put_away()
            return
        super().keyPressEvent(event)
