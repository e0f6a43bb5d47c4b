"""The URL's parameters: the table, and the way to encode and decode a query by hand.

It must not know the URL.
"""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.http.bodies import form_bytes
from protocols.http.request import Header
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.pairs_view import PairsView
from widgets.http.request.query_dialog import QueryDialog
from widgets.parts.buttons import Button


class ParamsPage(QWidget):
    """The page."""

    def __init__(self, model: PairsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.view = PairsView(model, "Parameters of the URL", "Add a parameter")
        self.query_button = Button("Encode and decode\u2026", "binary", small=True)
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 6)
        row.addWidget(self.query_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self.query_button.clicked.connect(self.show_query)

    def show_query(self) -> QueryDialog:
        """Open the dialog with the parameters as they stand."""
        pairs: list[Header] = [(pair.name, pair.value) for pair in self.model.pairs() if pair.on]
        dialog = QueryDialog(pairs, form_bytes(pairs).decode("ascii"), self)
        dialog.taken.connect(self._take)
        dialog.open_over()
        return dialog

    def _take(self, pairs: list[Header]) -> None:
        off = [pair for pair in self.model.pairs() if not pair.on]
        self.model.set_pairs([*(Pair(*pair) for pair in pairs), *off])
