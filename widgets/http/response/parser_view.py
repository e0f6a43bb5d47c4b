"""The page as html.parser sees it: its events in a table, and the place of the chosen one in the source beside it.

It must not know how a page is parsed.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.markup import LIMIT, MarkupEvent, markup_events
from protocols.numbers import grouped
from widgets.desk import Desk
from widgets.parts.code_edit import CodeEdit
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.timeline.wording import visible

SHOWN_CHARACTERS: Final = 256 << 10


class ParserView(QWidget):
    """The events of one page. Choosing one selects what it was made of."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.events: list[MarkupEvent] = []
        self.model = RowsModel(("Line", "Call", "With"), self, numbers=(0,))
        self.table = PlainTable(self.model, "Events of html.parser", mono=(1, 2), widths=(48, 146), stretch=2)
        self.source = CodeEdit("Source of the page", read_only=True)
        self.said = Label("", "caption", "text2", wrap=True)
        self.said.setContentsMargins(12, 8, 12, 6)
        halves = Splitter(Qt.Orientation.Vertical, self.table, self.source)
        halves.setSizes([300, 200])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.said)
        column.addWidget(halves, 1)
        self._shown = ""
        self.table.selectionModel().currentRowChanged.connect(lambda now, _before: self._on_row(now.row()))

    def show_page(self, html: str) -> None:
        """Feed a page to the parser, elsewhere, and show what it called."""
        html = html[:SHOWN_CHARACTERS]
        if html and html != self._shown:
            self._shown = html
            self.desk.bridge.call(lambda: markup_events(html), lambda found: self._on_events(html, found), owner=self)

    def _on_events(self, html: str, found: list[MarkupEvent]) -> None:
        self.events = found
        self.source.setPlainText(html.replace("\r", "\u240d").replace("\0", "\u2400"))
        self.model.set_rows([(str(one.line), one.call, visible(one.of)) for one in found])
        more = f" The first {grouped(LIMIT)} are shown." if len(found) >= LIMIT else ""
        self.said.setText(f"parser.feed(page) made {grouped(len(found))} calls.{more} Choose one to see its source.")

    def _on_row(self, at: int) -> None:
        if not 0 <= at < len(self.events):
            return
        cursor = QTextCursor(self.source.document())
        # Qt counts a character outside the basic plane as two.
        begin, end = (_units(self._shown, place) for place in (self.events[at].begin, self.events[at].end))
        last = self.source.document().characterCount() - 1
        cursor.setPosition(min(begin, last))
        cursor.setPosition(min(end, last), QTextCursor.MoveMode.KeepAnchor)
        self.source.setTextCursor(cursor)


def _units(text: str, place: int) -> int:
    return place if text.isascii() else len(text[:place].encode("utf-16-le", "replace")) // 2
