"""TimelineViews: the table, the ladder and what stands in their place while there is nothing to show.

One column: the filter row, the view, the bar that tells what is below. It must not know the dock
around it, the registry of actions or how events get in.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.record.log import EventLog
from widgets.parts.card import Line
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.selection import Selection
from widgets.timeline.filters import FilterRow, QueryField
from widgets.timeline.ladder import LadderView
from widgets.timeline.ladder_feed import LadderFeed, Subject
from widgets.timeline.model import TimelineModel
from widgets.timeline.table import TimelineTable
from widgets.timeline.tail_bar import TailBar

TABLE: Final = 0
LADDER: Final = 1
_NOTHING: Final = 2
_NO_MATCH: Final = 3
_NO_LADDER: Final = 4
FIRST: Final = "Nothing has happened yet. Start a server and a client: every call they make shows up here."
FILTERED: Final = "No event fits the filter."
UNDRAWN: Final = "A ladder shows one connection, and there is none yet. Connect a client, or choose a connection."


class TimelineViews(QWidget):
    """Table and ladder of one model. start_requested: the empty state's button was used."""

    start_requested = Signal()
    changed = Signal()

    def __init__(self, model: TimelineModel, selection: Selection, query: QueryField) -> None:
        super().__init__()
        self.setProperty("surface", "base")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model: Final = model
        self.feed: Final = LadderFeed(model.log, self)
        self.filters: Final = FilterRow(query, self._services, self._conns)
        self.table: Final = TimelineTable(model, selection)
        self.ladder: Final = LadderView(self.feed, selection)
        self.tail: Final = TailBar()
        self.first: Final = EmptyState("activity", FIRST, "Start a server and a client", button_icon="play")
        self._no_match = EmptyState("funnel", FILTERED, "Show everything", button_icon="x")
        self._no_ladder = EmptyState("arrow-left-right", UNDRAWN)
        self._stack = Pages()  # of pages out of sight the room that another text size needed must not count
        self._view = TABLE
        self._lay_out()
        self._connect(selection)
        self.show_view(TABLE)

    def _lay_out(self) -> None:
        for page in (self.table, self.ladder, self.first, self._no_match, self._no_ladder):
            self._stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._filter_line = Line()
        column.addWidget(self.filters)
        column.addWidget(self._filter_line)
        column.addWidget(self._stack, 1)
        column.addWidget(self.tail)

    def _connect(self, selection: Selection) -> None:
        self.filters.changed.connect(self._on_filters_changed)
        self.filters.show_all_requested.connect(self.show_all)
        self.tail.follow_requested.connect(self.follow)
        self.tail.resume_requested.connect(lambda: self.set_paused(False))
        self.table.followed.connect(self.refresh)
        self.ladder.followed.connect(self.refresh)
        self.table.verticalScrollBar().valueChanged.connect(self._show_tail)
        self.ladder.verticalScrollBar().valueChanged.connect(self._show_tail)
        self.first.acted.connect(self.start_requested)
        self._no_match.acted.connect(self.filters.reset)
        self.model.scanned.connect(self.refresh)
        self.feed.grew.connect(self._choose_page)
        self.feed.restarted.connect(self._choose_page)
        selection.changed.connect(self._on_selection_changed)
        self._selection = selection

    def _services(self) -> list[str]:
        return self.model.log.services()

    def _conns(self) -> list[str]:
        return self.model.log.conns()

    # Views

    @property
    def view(self) -> int:
        """TABLE or LADDER."""
        return self._view

    def show_view(self, view: int) -> None:
        """Show the table or the ladder."""
        self._view = view
        self.feed.set_active(view == LADDER)
        if view == LADDER:
            self.ladder.set_zero(self.model.zero_ns)
        self.refresh()

    def show_filters(self, shown: bool) -> None:
        """Show or hide the row of chips."""
        self.filters.setVisible(shown)
        self._filter_line.setVisible(shown)

    def follow(self) -> None:
        """Go to the newest event and stay with it."""
        (self.table if self._view == TABLE else self.ladder).follow()
        self.refresh()

    def set_paused(self, paused: bool) -> None:
        """Stop or go on showing what comes. Nothing is lost."""
        self.model.set_paused(paused)
        self.feed.set_frozen(paused)
        self.refresh()
        self.changed.emit()

    def clear(self) -> None:
        """Hide what has been so far."""
        self.model.clear()
        self.feed.set_floor(len(self.model.log))
        self.refresh()

    def show_all(self) -> None:
        """Take back `clear`."""
        self.model.show_all()
        self.feed.set_floor(self.model.log.first)
        self.refresh()

    # What is shown

    def _on_filters_changed(self) -> None:
        wanted = self.filters.filter()
        self.model.set_filter(wanted)
        self.feed.set_layers(wanted.layers)
        self.feed.ask(Subject(conn=self.filters.conn.value(), service=self.filters.service.value()))
        self.refresh()
        self.changed.emit()

    def _on_selection_changed(self) -> None:
        """With no connection chosen, the ladder shows the one of the event that was selected elsewhere."""
        row = self._selection.row
        if row is None or not self.feed.asked.newest or row in self.feed.layout.places:
            return
        raw = self.model.log.raw(row)
        if raw[4] is not None and raw[4] != self.feed.subject.conn:
            self.feed.ask(Subject(conn=raw[4]))
            self.feed.asked = Subject()

    def set_log(self, log: EventLog) -> None:
        """Show the ladder of another log; the model has been given it already."""
        self.filters.reset()
        self.feed.set_log(log)
        self.ladder.set_log(log)
        self.refresh()

    def took(self) -> None:
        """New events are in the log."""
        self.feed.catch_up()

    def refresh(self) -> None:
        """Bring numbers, pages and bars up to date; cheap enough for ten times a second."""
        if self._view == LADDER:
            self.ladder.set_zero(self.model.zero_ns)
        self.filters.show_counts(self.model.layer_counts())
        total = len(self.model.log) - self.model.log.first
        self.filters.show_result(self.model.row_count(), total, self.model.searching, self.model.hidden_before)
        self._choose_page()
        self._show_tail()

    def _choose_page(self) -> None:
        rows = self.model.row_count()
        if not rows and not self.model.searching:
            empty = self.model.wanted.everything and not self.model.pending
            page = _NOTHING if empty else _NO_MATCH
        elif self._view == LADDER and not self.feed.layout.steps and not self.feed.searching:
            page = _NO_LADDER
        else:
            page = self._view
        if page != self._stack.currentIndex():
            self._stack.setCurrentIndex(page)

    def _show_tail(self) -> None:
        view = self.table if self._view == TABLE else self.ladder
        shown = self._stack.currentIndex() == self._view
        paused = self.model.paused
        newer = view.newer() if shown and not view.follows else 0
        self.tail.show_state(paused=paused, follows=view.follows, newer=newer, kept=self.model.pending if paused else 0)
