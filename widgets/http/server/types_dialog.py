"""The table of media types that a folder's server gives: one's own above, the usual ones below.

It must not know servers.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from protocols.http.server.media import MediaError, read_types, usual_types, write_types
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.pairs_view import PairsView
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

OWN: Final = ("End of the name", "Media type")


class TypesDialog(QDialog):
    """`changed(line)`: the types as the form keeps them, ".md=text/markdown, .log=text/plain"."""

    changed = Signal(str)

    def __init__(self, line: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Media types")
        self.own = PairsModel(OWN, self)
        self.own_view = PairsView(self.own, "Media types of your own", ".md, .log")
        self.usual = RowsModel((*OWN, ""), self)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find an end of a name or a type")
        self.search.setAccessibleName("Find among the usual types")
        self.strip = TroubleStrip()
        table = PlainTable(self.usual, "The usual media types", mono=(0, 1), widths=(140, 300), stretch=2)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(8)
        for part in (
            Label("Yours go before the usual ones, from the next start of the server on.", "body", "text2", wrap=True),
            self.own_view, self.strip, self.search, table,
        ):
            column.addWidget(part)
        column.setStretchFactor(table, 1)
        self.own_view.setMaximumHeight(theme().row_height() * 6)
        self.resize(theme().px(560), theme().px(520))
        self._fill(line)
        self.own.edited.connect(self._on_edited)
        self.search.textChanged.connect(lambda _text: self._show())
        self._show()

    def _fill(self, line: str) -> None:
        words = (word.partition("=") for word in line.split(",") if word.strip())
        self.own.set_pairs([Pair(end.strip(), kind.strip()) for end, _, kind in words], quiet=True)

    def types(self) -> dict[str, str]:
        """Those of the table that are whole. Raises MediaError."""
        return read_types(f"{pair.name}={pair.value}" for pair in self.own.pairs() if pair.on)

    def _on_edited(self) -> None:
        half = [pair for pair in self.own.pairs() if pair.on and not (pair.name and pair.value)]
        try:
            types = self.types() if not half else None
        except MediaError as error:
            self.strip.tell("That is no media type", f"{error}.")
            self.strip.banner.action_button.hide()
            return
        self.strip.clear()
        if types is not None:
            self.changed.emit(write_types(types))
            self._show()

    def _show(self) -> None:
        try:
            own = self.types()
        except MediaError:
            own = {}
        wanted = self.search.text().strip().lower()
        rows = [(end, kind, f"yours: {own[end]}" if end in own else "") for end, kind in usual_types().items()]
        self.usual.set_rows([row for row in rows if wanted in row[0] or wanted in row[1].lower()])

    def open_over(self) -> None:
        """Show it; the window stays usable."""
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.show()
