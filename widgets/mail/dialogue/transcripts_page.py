"""Transcripts: what the client and the server each wrote down of one connection, line by line in step.

It must not know who talked.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHeaderView, QVBoxLayout, QWidget

from protocols.record.event import Raw
from widgets.desk import Desk
from widgets.mail.dialogue.transcript_model import TranscriptModel
from widgets.parts.buttons import Button
from widgets.parts.card import Aside, Card
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PlainTable
from widgets.timeline_link import TimelineLink


class TranscriptsPage(QWidget):
    """The view. It follows the newest connection until a person chooses one."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.model = TranscriptModel(self)
        self.card = Card("Both transcripts", "columns-2")
        self.choice = QuietCombo()
        self.choice.setProperty("small", True)
        self.choice.setAccessibleName("Connection")
        self.newest_button = Button("Newest", "arrow-down", small=True)
        self.table = PlainTable(self.model, "Lines of both ends", mono=(0, 1, 2), widths=(34, 0, 0, 80))
        self.table.horizontalHeader().setStretchLastSection(False)
        for end in (1, 2):  # the ends share what the times leave
            self.table.horizontalHeader().setSectionResizeMode(end, QHeaderView.ResizeMode.Stretch)
        self.empty = EmptyState("columns-2", "Send a mail to the server of the lab: what each end wrote stands here.")
        self.pages = Pages(self.empty, self.table)
        self.meaning = Aside()
        self.link = TimelineLink(desk, self)
        self._follow = True
        for widget in (self.choice, self.newest_button):
            self.card.add_action(widget)
        self.card.add(self.pages, 1)
        self.card.add_section(self.meaning)
        self.meaning.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        self.choice.activated.connect(lambda _index: self._on_chosen())
        self.newest_button.clicked.connect(self.show_newest)
        self.table.picked.connect(self._on_row)

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder."""
        if self.model.take(raws):
            self._fill()
        if self.model.rowCount() and self.pages.currentWidget() is not self.table:
            self.pages.setCurrentWidget(self.table)

    def _fill(self) -> None:
        connections = list(self.model.connections.values())
        shown = self.model.shown
        newest = connections[-1].id if connections else ""
        wanted = newest if self._follow or shown is None else shown.id
        self.choice.blockSignals(True)
        self.choice.fill([Choice(each.id, each.title) for each in reversed(connections)])
        self.choice.choose(wanted)
        self.choice.blockSignals(False)
        if shown is None or shown.id != wanted:
            self.model.show_connection(wanted)

    def _on_chosen(self) -> None:
        self._follow = False
        self.model.show_connection(self.choice.key())
        self.meaning.hide()

    def show_newest(self) -> None:
        """Follow the newest connection again."""
        self._follow = True
        self._fill()

    def _on_row(self, row: int) -> None:
        both = self.model.row(row)
        said = None if both is None else both.client or both.server
        if said is None:
            return
        meaning = said.meaning
        lead = meaning.title or ("What the client said" if said.by == "client" else "What the server said")
        self.meaning.set(f"{lead.rstrip('.?')}.", " ".join(each for each in (meaning.text, meaning.rfc) if each))
        self.meaning.show()
        self.link.choose((said.raw[2],), str(said.raw[3]), said.raw[4], said.raw[6])
