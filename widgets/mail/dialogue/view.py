"""The conversation of a client, live, with what each line means and where the RFC says so.

Follows the tail only while its end is in sight. It must not know a client.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.record.event import Raw
from widgets.mail.dialogue.model import DialogueModel
from widgets.parts.card import Aside
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PlainTable


class DialogueView(QWidget):
    """Table and explanation. `picked(raw)`: a person went to a line."""

    picked = Signal(object)

    def __init__(self, wanted: Callable[[Raw], bool], empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = DialogueModel(wanted, self)
        self.table = PlainTable(self.model, "Dialogue, line by line", mono=(0, 1), widths=(30, 0, 230), stretch=1)
        self.empty = EmptyState("message-square", empty)
        self.meaning = Aside()
        self.pages = Pages(self.empty, self.table, parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        below = QVBoxLayout()
        below.setContentsMargins(12, 8, 12, 8)
        below.addWidget(self.meaning)
        column.addLayout(below)
        self.meaning.hide()
        self.table.picked.connect(self._on_picked)
        self._follows = True
        bar = self.table.verticalScrollBar()
        bar.valueChanged.connect(self._on_scrolled)
        bar.rangeChanged.connect(self._on_range)

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder."""
        if self.model.take(raws):
            self.pages.setCurrentWidget(self.table)
            if self._follows:
                self.table.scrollToBottom()

    def _on_scrolled(self, value: int) -> None:
        self._follows = value >= self.table.verticalScrollBar().maximum() - 1

    def _on_range(self, _least: int, most: int) -> None:
        """More rows, or less room for them: a strip above may come and go."""
        if self._follows:
            self.table.verticalScrollBar().setValue(most)

    def clear(self) -> None:
        """Begin anew."""
        self.model.clear()
        self.meaning.hide()
        self.pages.setCurrentWidget(self.empty)

    def _on_picked(self, row: int) -> None:
        said = self.model.line(row)
        if said is None:
            return
        meaning = said.meaning
        lead = meaning.title or ("What the client said" if said.by == "client" else "What the server said")
        self.meaning.set(f"{lead.rstrip('.?')}.", " ".join(each for each in (meaning.text, meaning.rfc) if each))
        self.meaning.show()
        self.picked.emit(said.raw)
