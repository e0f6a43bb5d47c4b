"""CodeEdit: a field of plain monospaced text, for bodies that are typed and for what came back.

Nothing that it shows is ever read as markup. It must not know what the text means.
"""

from __future__ import annotations

from PySide6.QtGui import QFontMetricsF, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from widgets.theme.theme import theme


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

    def show_text(self, text: str) -> None:
        """Replace the text, at its beginning."""
        self.setPlainText(text)
        bar = self.verticalScrollBar()
        bar.setValue(0)
