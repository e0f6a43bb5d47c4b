"""Statistics of a capture: conversations, endpoints, protocols, the graph over time, and what the experts say.

Each table leads to its packets. It must not know how the numbers were made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from protocols.numbers import grouped, size_text
from protocols.packets.streams.conversations import Conversation, Rate
from widgets.packets.listing.document import Told
from widgets.packets.statistics.graph_view import GraphView
from widgets.parts.empty import EmptyState
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.segments import Segments
from widgets.parts.text import Label

MOST: Final = 5000
"""So many rows are shown of a table; the busiest stand first."""
BOTH_WAYS_PX: Final = 980
"""From this width on there is room for what went each way, beside both ends."""


class TablePage(QWidget):
    """A table, the sentence for an empty one, and what a row stands for. picked(place): a row was clicked."""

    picked = Signal(int)

    def __init__(
        self, name: str, titles: Sequence[str], numbers: Sequence[int], widths: Sequence[int], mono: Sequence[int],
        empty: str, stretch: int | Sequence[int] = 0, needs: Sequence[tuple[int, int]] = (),
    ) -> None:  # fmt: skip
        super().__init__()
        self.rows = RowsModel(titles, self, numbers=numbers)
        self.table = PlainTable(self.rows, name, mono=mono, widths=widths, middle=mono, stretch=stretch, needs=needs)
        self.note = Label("", "caption", "text2")
        self._stack = QStackedWidget()
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(self.note)
        self.note.setContentsMargins(12, 4, 12, 4)
        self._stack.addWidget(EmptyState("table", empty))
        self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.table.picked.connect(self.picked)

    def set_rows(self, rows: Sequence[Sequence[str]], whole: int) -> None:
        """Show these; whole: how many there are."""
        self.rows.set_rows(rows)
        self.note.setText(f"The busiest {grouped(len(rows))} of {grouped(whole)}." if whole > len(rows) else "")
        self.note.setVisible(whole > len(rows))
        self._stack.setCurrentIndex(1 if rows else 0)


class Statistics:
    """The pages. filter_requested is called with a filter, row_requested with a packet to go to."""

    def __init__(self, filter_requested: Callable[[str], object], row_requested: Callable[[int], object]) -> None:
        self._conversations: list[Conversation] = []
        self._told: Told | None = None
        self._filter, self._row = filter_requested, row_requested
        self.conversations = TablePage(
            "Conversations", ("Stream", "Protocol", "First end", "Other end", "Packets", "Bytes", "→ packets",
                              "→ bytes", "← packets", "← bytes", "Lasted, s"), (0, 4, 5, 6, 7, 8, 9, 10),
            (68, 78, 230, 230, 76, 76, 84, 76, 84, 76, 88), (2, 3),
            "Conversations between two ends stand here.", (2, 3),
            [(column, BOTH_WAYS_PX) for column in (6, 7, 8, 9)])  # fmt: skip
        self.endpoints = TablePage(
            "Endpoints", ("Address", "Packets", "Bytes", "Sent packets", "Sent bytes", "Received packets",
                          "Received bytes"), (1, 2, 3, 4, 5, 6), (260, 90, 90, 110, 100, 130, 120), (0,),
            "Addresses that sent or received stand here.")  # fmt: skip
        self.protocols = TablePage(
            "Protocols", ("Protocol", "Packets", "Share of packets", "Bytes", "Share of bytes"), (1, 2, 3, 4),
            (140, 90, 130, 90, 120), (), "The protocols of the packets stand here.")  # fmt: skip
        self.experts = TablePage(
            "Expert notes", ("What", "How often", "First packet", "What it means"), (1, 2), (220, 90, 100), (),
            "Nothing odd was found: no retransmission, no closed window, no reset, nothing malformed.", 3)  # fmt: skip
        self.graph = GraphPage()
        self.conversations.picked.connect(self._on_conversation)
        self.endpoints.picked.connect(self._on_endpoint)
        self.protocols.picked.connect(self._on_protocol)
        self.experts.picked.connect(self._on_note)

    def show(self, told: Told | None) -> None:
        """Show the numbers of another capture, None for none."""
        self._told = told
        found = sorted(told.conversations, key=lambda one: -one.bytes)[:MOST] if told is not None else []
        self._conversations = found
        count = len(told.conversations) if told is not None else 0
        self.conversations.set_rows([_conversation(one) for one in found], count)
        ends = told.endpoints if told is not None else []
        self.endpoints.set_rows([
            (one.address, grouped(one.sent_packets + one.received_packets),
             size_text(one.sent_bytes + one.received_bytes), grouped(one.sent_packets), size_text(one.sent_bytes),
             grouped(one.received_packets), size_text(one.received_bytes)) for one in ends[:MOST]
        ], len(ends))  # fmt: skip
        parts = told.shares if told is not None else []
        packets, sizes = sum(one.packets for one in parts) or 1, sum(one.bytes for one in parts) or 1
        self.protocols.set_rows([
            (one.protocol, grouped(one.packets), f"{one.packets / packets:.1%}", size_text(one.bytes),
             f"{one.bytes / sizes:.1%}") for one in parts
        ], len(parts))  # fmt: skip
        notes = told.summary if told is not None else []
        self.experts.set_rows(
            [(one.name, grouped(one.count), grouped(one.first_row + 1), one.meaning) for one in notes], len(notes)
        )
        self.graph.show_rate(told.rate if told is not None else Rate(0, 1, (), ()))

    def _on_conversation(self, place: int) -> None:
        self._filter(f"stream == {self._conversations[place].number}")

    def _on_endpoint(self, place: int) -> None:
        self._filter(f"addr == {self.endpoints.rows.row(place)[0]}")

    def _on_protocol(self, place: int) -> None:
        self._filter(f'protocol == "{self.protocols.rows.row(place)[0]}"')

    def _on_note(self, place: int) -> None:
        if self._told is not None:
            self._row(self._told.summary[place].first_row)


def _conversation(one: Conversation) -> tuple[str, ...]:
    a = f"{one.a} {one.a_port}" if one.a_port is not None else one.a
    b = f"{one.b} {one.b_port}" if one.b_port is not None else one.b
    lasted = f"{(one.end - one.begin) / 1e9:.6f}" if one.begin is not None and one.end is not None else ""
    return (grouped(one.number), one.protocol, a, b, grouped(one.packets), size_text(one.bytes),
            grouped(one.packets_ab), size_text(one.bytes_ab), grouped(one.packets_ba), size_text(one.bytes_ba),
            lasted)  # fmt: skip


class GraphPage(QWidget):
    """The graph over time, in packets or bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = Rate(0, 1, (), ())
        self.unit = Segments(("Packets", "Bytes"), "What is drawn")
        self.view = GraphView()
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.addWidget(self.unit)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.view, 1)
        self.unit.chosen.connect(lambda _at: self._draw())

    def show_rate(self, rate: Rate) -> None:
        """Draw another capture."""
        self._rate = rate
        self._draw()

    def _draw(self) -> None:
        self.view.show_rate(self._rate, in_bytes=self.unit.current() == 1)
