"""CodeEdit: a field of plain monospaced text, for bodies that are typed and for what came back.

Nothing that it shows is ever read as markup. It must not know what the text means.
"""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtGui import QFontMetricsF, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from widgets.theme.theme import theme

_UNTYPABLE: Final = re.compile("^\ufeff|[\0\r\u2029\ufdd0\ufdd1]")
"""What a field can't hold as it is: Qt takes it for a mark of byte order, or the end of a line or a frame."""


def typable(text: str) -> tuple[str, bool] | None:
    """A text as a field shows it, and whether its lines end with CRLF; None where typing would change it."""
    plain = text.replace("\r\n", "\n")
    crlf = len(plain) != len(text)
    if _UNTYPABLE.search(plain) or (crlf and plain.count("\n") != len(text) - len(plain)):
        return None
    return plain, crlf


class CodeEdit(QPlainTextEdit):
    """Plain text. name: for a screen reader. read_only: it can be selected and copied, not changed."""

    def __init__(self, name: str, *, read_only: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setReadOnly(read_only)
        self.setProperty("field", not read_only)
        self.setTabChangesFocus(read_only)
        self.setUndoRedoEnabled(not read_only)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        theme().dress(self, "mono")
        theme().scaled.connect(self._suit)
        self._suit()

    def _suit(self) -> None:
        metrics = QFontMetricsF(theme().mono_font())
        self.setTabStopDistance(4 * metrics.horizontalAdvance(" "))
        self.setMinimumHeight(round(metrics.height() * 3))

    def toPlainText(self) -> str:
        """The text as it is, with LF between its lines: Qt's own makes blanks of no-break spaces."""
        return self.document().toRawText().replace("\u2029", "\n")

    def show_text(self, text: str) -> None:
        """Replace the text, at its beginning."""
        self.setPlainText(text)
        bar = self.verticalScrollBar()
        bar.setValue(0)
