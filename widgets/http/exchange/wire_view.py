"""The wire tab: what went out and what came back, byte for byte, in the colours of their directions.

Plain text with formats; nothing received is read as markup. It must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QToolTip, QWidget

from widgets.http.exchange.wire_text import WireLine
from widgets.parts.code_edit import CodeEdit
from widgets.parts.text import plain_tip
from widgets.theme.theme import theme

_MARKS: Final = {"sent": "\u2192 ", "received": "\u2190 ", "chunk": "\u2190 ", "note": "  "}
_ROLES: Final = {"sent": "out", "received": "in", "chunk": "waiting", "note": "text2"}


class WireView(CodeEdit):
    """The lines of an exchange. words(line, column): what stands under the pointer, "" for nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Bytes on the wire", read_only=True, parent=parent)
        self._lines: tuple[WireLine, ...] = ()
        self.words: Callable[[WireLine, int], str] | None = None
        theme().changed.connect(self._write)

    def words_at(self, point: QPoint) -> str:
        """What stands at a point of the viewport."""
        cursor = self.cursorForPosition(point)
        at, column = cursor.blockNumber(), cursor.positionInBlock()
        if self.words is None or not 0 <= at < len(self._lines) or column < len(_MARKS[self._lines[at].role]):
            return ""
        return self.words(self._lines[at], column - len(_MARKS[self._lines[at].role]))

    def viewportEvent(self, event: QEvent, /) -> bool:
        if event.type() != QEvent.Type.ToolTip or self.words is None or not isinstance(event, QHelpEvent):
            return super().viewportEvent(event)
        QToolTip.showText(event.globalPos(), plain_tip(self.words_at(event.pos())), self)
        return True

    def set_lines(self, lines: Sequence[WireLine]) -> None:
        """Show other lines, from the first."""
        if tuple(lines) != self._lines:
            self._lines = tuple(lines)
            self._write()

    def _write(self) -> None:
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for at, line in enumerate(self._lines):
            form = QTextCharFormat()
            form.setForeground(theme().tokens.role(_ROLES[line.role]))
            cursor.insertText(("\n" if at else "") + _MARKS[line.role] + line.text, form)
            if line.end:
                form.setForeground(theme().tokens.role("text2"))
                cursor.insertText(line.end, form)
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)


class DiffView(CodeEdit):
    """A unified diff: what came in one colour, what went in another, each with its sign at the beginning."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, read_only=True, parent=parent)
        self._text = ""
        theme().changed.connect(self._write)

    def set_diff(self, text: str) -> None:
        """Show another one."""
        self._text = text
        self._write()

    def _write(self) -> None:
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for at, line in enumerate(self._text.rstrip("\n").split("\n")):
            role = {"+": "running", "-": "error", "@": "text2"}.get(line[:1], "text")
            form = QTextCharFormat()
            form.setForeground(theme().tokens.role(role))
            cursor.insertText(("\n" if at else "") + line, form)
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
