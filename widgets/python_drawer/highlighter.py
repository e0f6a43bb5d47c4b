"""Colours Python source as it is read: words, texts, numbers, comments, names.

The lexer is pygments, imported when the first script is shown. It must not know where the source is from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from widgets.theme.theme import theme

_LINE_STATES: Final = 0
# How a kind of token looks: (role of the theme, weight or None). The series colours are the code's; layers keep theirs.
_LOOKS: Final[dict[str, tuple[str, int | None]]] = {
    "Keyword": ("sender6", 500),
    "Operator.Word": ("sender6", 500),
    "Literal.String": ("sender3", None),
    "Literal.String.Affix": ("sender6", None),
    "Literal.String.Interpol": ("text", None),
    "Literal.Number": ("sender2", None),
    "Comment": ("text2", None),
    "Name.Function": ("sender1", None),
    "Name.Class": ("sender1", 500),
    "Name.Decorator": ("sender4", None),
    "Name.Builtin": ("sender5", None),
    "Name.Builtin.Pseudo": ("text2", None),
    "Name.Exception": ("sender5", None),
}


def tokens_of(source: str) -> Iterator[tuple[str, str]]:
    """The tokens of Python source: kind ("Keyword.Constant") and text; together they are the source."""
    from pygments.lexers.python import PythonLexer

    lexer = PythonLexer(stripnl=False, ensurenl=False)
    for kind, text in lexer.get_tokens(source):
        yield str(kind).removeprefix("Token."), text


def look_of(kind: str) -> tuple[str, int | None] | None:
    """The look of the nearest kind above `kind` that has one; None for plain text."""
    while kind:
        if kind in _LOOKS:
            return _LOOKS[kind]
        kind = kind.rpartition(".")[0]
    return None


class Highlighter(QSyntaxHighlighter):
    """Colours one document; `read` the source before it is set there."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._lines: list[list[tuple[int, int, str]]] = []
        self._formats: dict[str, QTextCharFormat] = {}
        theme().changed.connect(self._on_theme_changed)

    def read(self, source: str) -> None:
        """Cut the source into tokens, line by line; offsets count UTF-16 units, as Qt does."""
        lines: list[list[tuple[int, int, str]]] = [[]]
        column = 0
        for kind, text in tokens_of(source):
            for number, piece in enumerate(text.split("\n")):
                if number:
                    lines.append([])
                    column = 0
                length = len(piece.encode("utf-16-le")) // 2
                if length and look_of(kind) is not None:
                    lines[-1].append((column, length, kind))
                column += length
        self._lines = lines

    def highlightBlock(self, text: str) -> None:
        """Called by Qt for each line."""
        number = self.currentBlock().blockNumber()
        if number < len(self._lines):
            for start, length, kind in self._lines[number]:
                self.setFormat(start, length, self._format(kind))
        self.setCurrentBlockState(_LINE_STATES)  # never changes: one line never asks for the next again

    def _format(self, kind: str) -> QTextCharFormat:
        if kind not in self._formats:
            made = QTextCharFormat()
            look = look_of(kind)
            if look is not None:
                role, weight = look
                made.setForeground(theme().tokens.role(role))
                if weight is not None:
                    made.setFontWeight(QFont.Weight(weight))
            self._formats[kind] = made
        return self._formats[kind]

    def _on_theme_changed(self) -> None:
        self._formats.clear()
        self.rehighlight()
