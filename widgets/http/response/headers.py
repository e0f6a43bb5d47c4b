"""The headers of an answer, in order, duplicates and case kept; 1xx before it and trailers behind it.

It must not know what headers do.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.exchange import Exchange
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel

LIMIT: Final = 10_000


def header_rows(exchange: Exchange) -> list[tuple[str, str]]:
    """Name and value of each; what is no header of the answer itself says so."""
    rows: list[tuple[str, str]] = []
    for interim in exchange.interim:
        rows.append((f"{interim.status} {interim.reason}".rstrip(), "an answer before the answer (1xx)"))
        rows += [(f"  {name}", value) for name, value in interim.headers]
    rows += exchange.headers
    if exchange.answer is not None:
        rows += [("no header", line) for line in exchange.answer.odd]
    rows += [(f"{name} (trailer)", value) for name, value in exchange.trailers()]
    return rows[:LIMIT]


class HeadersView(QWidget):
    """The table."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = RowsModel(("Name", "Value"), self)
        self.table = PlainTable(self.model, "Headers of the answer", mono=(0, 1), widths=(170,))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)

    def show_exchange(self, exchange: Exchange) -> None:
        """Show an answer's headers."""
        rows = header_rows(exchange)
        if rows != self.model.rows():
            self.model.set_rows(rows)
