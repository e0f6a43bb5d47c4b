"""The list of exchanges: filter, what is held, the table, and the bar that tells of newer ones below.

It follows at the bottom only, and never while the chosen exchange is held. It must not know the
details, nor take the focus.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.http.proxy.entry import ENTRIES, Entry
from protocols.numbers import grouped
from widgets.http.proxy.rows import BYTES, CLIENT, METHOD, TOOK, URL, ExchangesModel, Filtered
from widgets.http.proxy.slot import ProxySlot
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import IconLabel
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.state_label import StateLabel
from widgets.parts.text import Label, plain_tip

NOT_RUNNING: Final = "Start the proxy above. Then each request that goes through it is a row here."
NOTHING_YET: Final = "Nothing has passed yet. Run the curl line above in a terminal, or send the builder's request."
NOTHING_FITS: Final = "No exchange fits the filter."
NARROW: Final = 880
"""Below this width the URL needs the room that the client's address has."""
TIP: Final = "Words that must all stand in the row: get /items 404 held failed\n-word: must not stand in it"


class ExchangesView(QWidget):
    """The view. `picked(entry)`: a person went to a row. `first_requested`: send something through it.

    `release_all_requested`, `next_held_requested`: buttons beside the filter.
    """

    picked = Signal(object)
    first_requested = Signal()
    release_all_requested = Signal()

    def __init__(self, slot: ProxySlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.source = ExchangesModel(self)
        self.rows = Filtered(self.source, self)
        self.bar = QWidget()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: words, -not, 404, held, failed")
        self.filter.setAccessibleName("Filter the exchanges")
        self.filter.setToolTip(plain_tip(TIP))
        self.filter.setProperty("small", True)
        self.filter.setClearButtonEnabled(True)
        self.count = Label("", "caption", "text2")
        self.held = StateLabel("waiting", "")
        self.next_button = Button("Go to the oldest", "hourglass", small=True)
        self.release_all_button = Button("Release all", "step-forward", small=True)
        self.clear_button = IconButton("trash-2", "Forget the exchanges that are over")
        self.table = PlainTable(self.rows, "Exchanges", mono=(CLIENT, METHOD, URL), middle=(CLIENT, URL),
                                widths=(44, 140, 76, 200, 62, 76, 76, 150), stretch=URL, least_rows=4,
                                needs=((CLIENT, NARROW), (BYTES, 640), (TOOK, 560)))  # fmt: skip
        self.empty = EmptyState("waypoints", NOT_RUNNING, "Send a request through it", button_icon="send", primary=True)
        self.pages = Pages(self.empty, self.table)
        self.tail = QFrame()
        self.newer_button = Button("", "arrow-down", small=True)
        self._newer = 0
        self._at_end = True
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.filter, 1)
        for widget in (self.count, self.held, self.next_button, self.release_all_button, self.clear_button):
            row.addWidget(widget)
        foot = QHBoxLayout(self.tail)
        foot.setContentsMargins(12, 4, 12, 4)
        foot.setSpacing(8)
        foot.addWidget(IconLabel("pause", "text2", 16))
        foot.addWidget(Label("The view stands still, nothing is lost.", "body", "text2"), 1)
        foot.addWidget(self.newer_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        column.addWidget(self.tail)
        self.tail.hide()

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._on_filter)
        self.table.picked.connect(lambda row: self.picked.emit(self.rows.entry(row)))
        self.empty.acted.connect(self.first_requested)
        self.newer_button.clicked.connect(self.follow)
        self.next_button.clicked.connect(self.go_to_held)
        self.release_all_button.clicked.connect(self.release_all_requested)
        self.clear_button.clicked.connect(self.slot.clear)
        scroll = self.table.verticalScrollBar()
        scroll.valueChanged.connect(self._on_scrolled)
        scroll.rangeChanged.connect(lambda _least, _most: self._on_range())
        self.rows.rowsInserted.connect(self._after)
        self.slot.came.connect(self.take)
        self.slot.cleared.connect(self._on_cleared)
        self.slot.changed.connect(self.refresh)

    # Rows

    def take(self, entries: list[Entry]) -> None:
        """New or changed exchanges."""
        self.source.take(entries)
        proxy = self.slot.proxy
        if proxy is not None:
            self.source.trim(ENTRIES, proxy.entry)
        self.refresh()

    def tick(self) -> None:
        """Times that grow; what is held."""
        self.source.touch_running()
        self._show_held()

    def _on_cleared(self) -> None:
        kept = self.chosen()
        self.source.reset(self.slot.proxy.entries() if self.slot.proxy is not None else ())
        self._newer = 0
        self.tail.hide()
        if kept is not None and self.rows.row_of(kept.number) >= 0:
            self.choose(kept.number, scroll=False)
        self.refresh()

    def _on_filter(self, text: str) -> None:
        self.rows.set_text(text)
        self.refresh()

    def chosen(self) -> Entry | None:
        """The exchange of the current row."""
        index = self.table.currentIndex()
        return self.rows.entry(index.row()) if index.isValid() else None

    def choose(self, number: int, *, scroll: bool = True) -> bool:
        """Go to the row of an exchange without telling and without the focus; False where no row shows it."""
        at = self.rows.row_of(number)
        if at < 0:
            return False
        self.table.selectRow(at)
        if scroll:
            self.table.scrollTo(self.rows.index(at, 0))
        return True

    def go_to_held(self) -> None:
        """Choose what waits longest for a word."""
        held = self.slot.held()
        if held:
            if not self.choose(held[0].number):
                self.filter.clear()
                self.choose(held[0].number)
            self.picked.emit(held[0])

    # Following

    @property
    def follows(self) -> bool:
        """The newest row is kept in sight: nobody scrolled up, and what is chosen does not wait for a word."""
        chosen = self.chosen()
        return self._at_end and not (chosen is not None and chosen.held)

    def _after(self, _parent: object, first: int, last: int) -> None:
        if not self.follows and last == self.rows.rowCount() - 1:
            self._newer += last - first + 1
            self._show_tail()

    def _on_range(self) -> None:
        """There are more rows, or there is less room."""
        bar = self.table.verticalScrollBar()
        if self.follows:
            bar.setValue(bar.maximum())
        elif self.table.currentIndex().isValid() and self._at_end:
            self.table.scrollTo(self.table.currentIndex())
            self._at_end = True

    def _on_scrolled(self, value: int) -> None:
        self._at_end = value >= self.table.verticalScrollBar().maximum()
        if self._at_end:
            self._newer = 0
        self._show_tail()

    def _show_tail(self) -> None:
        self.newer_button.setText(f"{grouped(self._newer)} newer, follow")
        self.tail.setVisible(self._newer > 0)

    def follow(self) -> None:
        """Go to the newest."""
        self.table.scrollToBottom()
        self._newer, self._at_end = 0, True
        self._show_tail()

    # What stands around the table

    def refresh(self) -> None:
        """Show what fits: rows, or what to do first."""
        shown, whole = self.rows.rowCount(), self.source.rowCount()
        self.pages.setCurrentWidget(self.table if shown else self.empty)
        running = self.slot.running
        self.empty.set_sentence(NOTHING_FITS if whole else NOTHING_YET if running else NOT_RUNNING)
        self.empty.button.setVisible(running and not whole)
        every = f"{grouped(whole)} exchange{'s' * (whole != 1)}"
        words = f"{grouped(shown)} of {grouped(whole)}" if shown != whole else every
        forgotten = self.slot.proxy.forgotten if self.slot.proxy is not None else 0
        words += f", {grouped(forgotten)} older ones forgotten" if forgotten else ""
        self.count.setText(words if whole else "")
        self.clear_button.setVisible(bool(whole))
        self.bar.setVisible(bool(whole))
        self._show_held()

    def _show_held(self) -> None:
        count = len(self.slot.held())
        for widget in (self.held, self.next_button, self.release_all_button):
            widget.setVisible(count > 0)
        if count:
            self.held.set("waiting", f"{grouped(count)} held")
