"""The raw source of a mail with its parts marked: each part's header has a colour of its own.

It must not know how a mail is read.
"""

from __future__ import annotations

from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QVBoxLayout, QWidget

from protocols.mail.message.shown import Shown
from widgets.parts.code_edit import CodeEdit
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

MARKS_MOST = 200


class SourceView(QWidget):
    """The text. `go_to(number)` brings a part into sight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = CodeEdit("Raw source of the mail", read_only=True)
        self._shown: Shown | None = None
        self._chosen = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        theme().changed.connect(self._mark)

    def show_message(self, shown: Shown) -> None:
        """Show another mail's source."""
        self._shown, self._chosen = shown, ""
        self.text.show_text(shown.source)
        self._mark()

    def go_to(self, number: str) -> None:
        """Mark a part as a whole and scroll to it."""
        self._chosen = number
        self._mark()
        spans = [span for span in self._shown.spans if span.number == number] if self._shown is not None else []
        if spans:
            cursor = self.text.textCursor()
            cursor.setPosition(spans[0].start)
            self.text.setTextCursor(cursor)
            self.text.centerCursor()

    def _mark(self) -> None:
        """A tint for each part's header; the chosen part's body has it, too."""
        shown, tokens = self._shown, theme().tokens
        marks = []
        numbers = list(dict.fromkeys(span.number for span in shown.spans)) if shown is not None else []
        for span in shown.spans[:MARKS_MOST] if shown is not None else ():
            if not span.header and span.number != self._chosen:
                continue
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.text.document())
            cursor.setPosition(span.start)
            cursor.setPosition(span.end, QTextCursor.MoveMode.KeepAnchor)
            look = QTextCharFormat()
            look.setBackground(tint(tokens, tokens.sender(numbers.index(span.number) % 8)))
            mark.cursor, mark.format = cursor, look
            marks.append(mark)
        self.text.setExtraSelections(marks)
