"""What became of a volley: each packet with its answer, and what else was heard. It must not know how it was sent."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal

from protocols.numbers import grouped
from protocols.packets.craft.sender import Outcome, Seen
from widgets.parts.card import Card
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.text import Label

TITLES = ("Packet", "After", "Answer")
MOST_ROWS = 500


class AnswersCard(Card):
    """The card. chosen(seen): a person went to that packet."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__("Answers", "arrow-left")
        self.model = RowsModel(TITLES, parent=self)
        self.table = PlainTable(self.model, "Answers", mono=(2,), widths=(120, 110), stretch=2)
        self.summary = Label("", "body", "text2", wrap=True)
        self._seen: list[Seen | None] = []
        self.add_section(self.summary)
        self.add(self.table, 1)
        self.table.picked.connect(self._on_picked)

    def show_outcome(self, outcome: Outcome) -> None:
        """Show it; the newest replaces the one before."""
        rows: list[tuple[str, str, str]] = []
        self._seen = []
        for number, one in enumerate(outcome.exchanges[:MOST_ROWS], 1):
            after = f"{one.rtt_us / 1000:.3f} ms" if one.rtt_us is not None else ""
            rows.append((grouped(number), after, one.answer.summary if one.answer else "no answer"))
            self._seen.append(one.answer)
        for other in outcome.others[:MOST_ROWS]:
            rows.append(("by the kernel" if other.by_kernel else "also heard", "", other.summary))
            self._seen.append(other)
        self.model.set_rows(rows)
        answered = sum(one.answer is not None for one in outcome.exchanges)
        self.summary.setText(f"{grouped(outcome.sent)} sent, {grouped(answered)} answered.")
        lines = min(max(len(rows), 2), 10) + 1
        self.table.setMinimumHeight(lines * self.table.verticalHeader().defaultSectionSize() + 8)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def _on_picked(self, row: int) -> None:
        if 0 <= row < len(self._seen) and self._seen[row] is not None:
            self.chosen.emit(self._seen[row])
