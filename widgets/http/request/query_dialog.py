"""Queries encoded and decoded: pairs on the left as one text, any text on the right as pairs, each with its call.

It must not know URLs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.http.query import Decoded, decoded, encoded
from protocols.http.request import Header
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.pairs_view import PairsView
from widgets.parts.buttons import Button
from widgets.parts.code_edit import CodeEdit
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.theme.theme import theme

DOSEQ: Final = "A name that stands twice is a list: each of its values becomes a pair (doseq=True)"
PLUS: Final = "A blank becomes + (quote_plus); without it %20 (quote)"
PASTE: Final = "Paste a query, or a URL that has one"


class QueryDialog(QDialog):
    """Encodes and decodes. `taken(pairs)`: these shall be the parameters of the URL."""

    taken = Signal(list)

    def __init__(self, pairs: Sequence[Header], query: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Encode and decode a query")
        self.pairs = PairsModel(("Name", "Value"), self)
        self.doseq, self.plus = QCheckBox(DOSEQ), QCheckBox(PLUS)
        self.text, self.code = CodeEdit("Encoded query", read_only=True), Label("", "mono", "text2", wrap=True)
        self.take_button = Button("Into the URL", "check", small=True)
        self.coded = QLineEdit()
        self.rows = RowsModel(("Name", "Value", "From"), self)
        self.call, self.gives = Label("", "mono", "text2", wrap=True), CodeEdit("What it gives", read_only=True)
        self.use_button = Button("Use these pairs", "arrow-left", small=True)
        halves = Splitter(Qt.Orientation.Horizontal, self._encoding(), self._decoding())
        halves.setSizes([560, 560])
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.addWidget(halves)
        self.resize(theme().px(1120), theme().px(520))
        self._found: Decoded | None = None
        for box in (self.doseq, self.plus):
            box.setChecked(True)
            box.toggled.connect(lambda _on: self._encode())
        self.pairs.edited.connect(self._encode)
        self.coded.textChanged.connect(lambda _text: self._decode())
        self.take_button.clicked.connect(lambda: self.taken.emit(self.headers()))
        self.use_button.clicked.connect(self._use)
        self.pairs.set_pairs([Pair(*pair) for pair in pairs], quiet=True)
        self.coded.setText(query)
        self._encode()
        self._decode()

    def _encoding(self) -> QWidget:
        return _column(
            Label("Encode", "section"), PairsView(self.pairs, "Pairs to encode", "Add a pair"), self.doseq, self.plus,
            self.text, self.code, self.take_button, tall=1, low=4,
        )  # fmt: skip

    def _decoding(self) -> QWidget:
        self.coded.setPlaceholderText(PASTE)
        self.coded.setAccessibleName(PASTE)
        theme().dress(self.coded, "mono")
        table = PlainTable(self.rows, "Decoded pairs", mono=(0, 1, 2), widths=(130, 160), stretch=2)
        return _column(Label("Decode", "section"), self.coded, table, self.call, self.gives, self.use_button,
                       tall=2, low=4)  # fmt: skip

    def headers(self) -> list[Header]:
        """The pairs that are ticked."""
        return [(pair.name, pair.value) for pair in self.pairs.pairs() if pair.on]

    def _encode(self) -> None:
        found = encoded(self.headers(), doseq=self.doseq.isChecked(), plus=self.plus.isChecked())
        self.text.setPlainText(found.problem or found.text)
        self.code.setText(found.code)

    def _decode(self) -> None:
        self._found = found = decoded(self.coded.text())
        self.rows.set_rows(found.rows)
        self.call.setText(found.code)
        self.gives.setPlainText(found.problem or found.gives)
        self.use_button.setEnabled(bool(found.rows))

    def _use(self) -> None:
        if self._found is not None:
            self.pairs.set_pairs([Pair(name, value) for name, value, _ in self._found.rows])

    def open_over(self) -> None:
        """Show it; the window stays usable."""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.show()


def _column(*widgets: QWidget, tall: int, low: int) -> QWidget:
    """Widgets below each other: one takes the room, one is a few lines high, a button at the end stays small."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(4, 0, 4, 0)
    column.setSpacing(8)
    for at, widget in enumerate(widgets):
        if isinstance(widget, Button):
            row = QHBoxLayout()
            row.addWidget(widget)
            row.addStretch(1)
            column.addLayout(row)
            continue
        if at == low:
            widget.setFixedHeight(theme().row_height() * 3)
        column.addWidget(widget, int(at == tall))
    return box
