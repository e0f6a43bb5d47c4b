"""ListPage: the packets of a capture: filter bar, list, and below it the chosen packet, its stream and statistics.

It must not know the panel's other views.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from protocols.assets import asset
from protocols.numbers import grouped, size_text
from protocols.packets.files.capture import RECONSTRUCTED
from protocols.packets.filters.capture_filter import ByCaptureFilter
from protocols.packets.filters.display import DisplayFilter, DisplayFilterError
from protocols.packets.scapy_child.asking import PacketChild
from widgets.packets.ask_strip import AskStrip
from widgets.packets.listing.colour_page import ColourPage
from widgets.packets.listing.colours import SERIES, STANDARD, Rule
from widgets.packets.listing.document import Document
from widgets.packets.listing.filter_bar import FilterBar
from widgets.packets.listing.follow_page import FollowPage
from widgets.packets.listing.joins import Joins
from widgets.packets.listing.model import PacketModel
from widgets.packets.listing.painter import PacketPainter
from widgets.packets.listing.saver import Saver
from widgets.packets.listing.table import PacketTable
from widgets.packets.packet.page import PacketPage
from widgets.packets.statistics.page import Statistics
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.chip import Chip
from widgets.parts.empty import EmptyState
from widgets.parts.splitter import Splitter
from widgets.parts.tabs import TabBar
from widgets.parts.text import ElidedLabel

if TYPE_CHECKING:
    from protocols.service.base import Service
    from widgets.desk import Desk

EMPTY: Final = (
    "Packets stand here: open a capture (pcap or pcapng, also packed) or drop one into the window, "
    "look at a sample, or capture what this lab's own clients and servers do: that needs no permission."
)
NO_MATCH: Final = "No packet fits the filter."
TABS: Final = (("packet", "Packet"), ("stream", "Stream"), ("conversations", "Conversations"),
               ("endpoints", "Endpoints"), ("protocols", "Protocols"), ("graph", "Graph"),
               ("experts", "Expert notes"), ("colours", "Colour rules"))  # fmt: skip
WARM_MS: Final = 300
"""What dissects is started so long after the panel is shown: the first rows are painted first."""
FILES: Final = "Captures (*.pcap *.pcapng *.cap *.gz *.zst);;All files (*)"


class ListPage(QWidget):
    """document: what is looked at. done(script, params): what Show as Python shows for what was just done.

    current_changed: another packet is chosen, or none. show_requested: this view has something to show.
    capture_requested: there is nothing here, and the user wants to capture.
    """

    did = Signal(str, dict)
    current_changed = Signal()
    show_requested = Signal()
    capture_requested = Signal()
    absolute_changed = Signal(bool)

    def __init__(self, desk: Desk, document: Document, colour_page: ColourPage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.document = document
        document.setParent(self)
        self.colours, self.colour_page = colour_page.colours, colour_page
        self.child = PacketChild(self._begin_child, desk.lab.stop)
        self.model = PacketModel(self.document, self)
        self.table = PacketTable(self.model, PacketPainter(self.document, self.model.words, self.colours))
        self.bar = FilterBar()
        self.question = AskStrip()
        self.packet = PacketPage(desk, self.child)
        self.stream = FollowPage(desk)
        self.statistics = Statistics(self.filter, self.go_to)
        self.tabs = TabBar()
        self.file_name = ElidedLabel("", "title")
        self.file_facts = ElidedLabel("", "caption", "text2", mode=Qt.TextElideMode.ElideRight)
        self.origin = Chip("captured")
        self.damage = Banner("warning")
        self.trouble = Banner("error")
        self.sample_button = Button("Look at a sample", "eye")
        self.capture_button = Button("Capture", "scan-line")
        self.empty = EmptyState("package", EMPTY, "Open a capture", button_icon="folder-open", primary=True)
        self.no_match = EmptyState("funnel", NO_MATCH, "Show all packets", button_icon="x")
        self.joins = Joins(desk, self)
        self.saver = Saver(desk, self.document, self._rows_to_save, self)
        self._first_row = 0
        self._warm = QTimer(self)
        self._warm.setSingleShot(True)
        self._warm.setInterval(WARM_MS)
        self._warm.timeout.connect(self.warm_up)
        self.setAcceptDrops(True)
        self._lay_out()
        self._wire()

    def _begin_child(self, service: Service) -> None:
        self.desk.lab.start(service)

    def _lay_out(self) -> None:
        layout = self.empty.layout()
        assert isinstance(layout, QVBoxLayout)
        for button in (self.sample_button, self.capture_button):
            button.setParent(self.empty)
            layout.insertWidget(layout.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter)
        facts = QHBoxLayout()
        facts.setContentsMargins(16, 2, 16, 2)
        facts.setSpacing(8)
        facts.addWidget(self.file_name)
        facts.addWidget(self.origin)
        facts.addWidget(self.file_facts, 1)
        self.list_stack = QStackedWidget()
        self.list_stack.addWidget(self.table)
        self.list_stack.addWidget(self.no_match)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        self.pages = QStackedWidget()
        pages = {"packet": self.packet, "stream": self.stream, "graph": self.statistics.graph,
                 "conversations": self.statistics.conversations, "endpoints": self.statistics.endpoints,
                 "protocols": self.statistics.protocols, "experts": self.statistics.experts,
                 "colours": self.colour_page}  # fmt: skip
        for name, title in TABS:
            self.tabs.add(title)
            self.pages.addWidget(pages[name])
        column.addWidget(self.pages, 1)
        self.splitter = Splitter(Qt.Orientation.Vertical, self.list_stack, lower)
        self.splitter.setSizes([300, 330])
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(facts)
        column.addWidget(self.damage)
        column.addWidget(self.bar)
        column.addWidget(self.question)
        column.addWidget(self.splitter, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.trouble)
        whole.addWidget(self.stack, 1)

    def _wire(self) -> None:
        document = self.document
        document.opened.connect(self._on_opened)
        document.grew.connect(self._on_grew)
        document.ended.connect(self._on_ended)
        document.failed.connect(self._on_failed)
        document.shown_changed.connect(self._on_shown_changed)
        document.told_changed.connect(self._on_told_changed)
        self.bar.filter_requested.connect(self._on_filter_requested)
        self.bar.capture_filter_requested.connect(self._on_capture_filter_requested)
        self.bar.left.connect(self.table.setFocus)
        self.question.left.connect(self.table.setFocus)
        self.table.current_changed.connect(self._on_current_changed)
        self.table.sort_requested.connect(document.set_sort)
        self.colour_page.changed.connect(self.table.viewport().update)
        self.tabs.currentChanged.connect(self.pages.setCurrentIndex)
        self.empty.acted.connect(self.ask_open)
        self.sample_button.clicked.connect(self.open_sample)
        self.capture_button.clicked.connect(self.capture_requested)
        self.no_match.acted.connect(lambda: self.bar.set_text(""))
        self.stream.only_requested.connect(self.only_conversation)
        self.saver.saved.connect(lambda path: self.did.emit("packets-write", {"path": path}))
        self.saver.failed.connect(lambda said: self.trouble.say("The packets were not saved.", said))
        self.joins.packet_found.connect(self._on_packet_found)
        self.joins.file_made.connect(self._on_file_made)

    # Opening

    def ask_open(self) -> None:
        """Ask for a file."""
        path, _ = QFileDialog.getOpenFileName(self, "Open a capture", "", FILES)
        if path:
            self.open(path)

    def open(self, path: str, *, growing: bool = False, row: int = 0) -> None:
        """Look at this file; growing: more is written to it. row: the packet to choose in it."""
        self.trouble.clear()
        self._first_row = row
        self.document.open(path, growing=growing)
        if not growing:
            self.did.emit("packets-read", {"path": path})

    def open_sample(self) -> None:
        """Look at the capture that comes with the lab."""
        self.open(str(asset("packets", "sample.pcapng")))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped(event.mimeData())
        if path:
            event.acceptProposedAction()
            self.open(path)

    def shown(self) -> None:
        """The panel came to the front: who looks at packets will choose one."""
        self._warm.start()

    def hidden(self) -> None:
        """It went away, or the window closes."""
        self._warm.stop()

    def warm_up(self) -> None:
        """Start what dissects, so that the first packet need not wait for it."""
        self.desk.bridge.call(self.child.start, None, lambda _error: None, owner=self)

    def _on_opened(self) -> None:
        capture = self.document.capture
        self.joins.forget()
        self.colours.forget()
        self.packet.show_nothing()
        self.stream.show_nothing()
        self.statistics.show(None)
        self.damage.clear()
        self.stack.setCurrentIndex(0 if capture is None and not self.document.reading else 1)
        self.file_name.setText(capture.source.path.name if capture is not None else "")
        self.list_stack.setCurrentIndex(0)
        if capture is not None:
            self._warm.start()
        self._say_facts()
        self.current_changed.emit()

    def _on_failed(self, said: str) -> None:
        self.trouble.say("The capture can't be read.", said)
        if self.document.capture is None:
            self.stack.setCurrentIndex(0)

    def _on_grew(self) -> None:
        self._say_facts()
        self._show_counts()
        if self.table.current() < 0 and self.document.shown() and not (self.document.capture or _Still).growing:
            self.table.choose(self._first_row if self._first_row < self.document.loaded else self.document.row(0))
        if self.document.capture is not None and self.document.capture.growing:
            self.stream.grown()

    def _on_ended(self) -> None:
        capture = self.document.capture
        if capture is not None and capture.why:
            self.damage.say("Not all of this file could be read.", capture.why)
        self._say_facts()
        self._show_counts()
        self.stream.grown()

    def _say_facts(self) -> None:
        capture = self.document.capture
        if capture is None:
            self.file_facts.setText("")
            return
        skipped = capture.skipped
        count = self.document.loaded
        parts = [f"{grouped(count)} packet{'' if count == 1 else 's'}",
                 f"{grouped(skipped)} block{'' if skipped == 1 else 's'} skipped",
                 size_text(capture.source.size), capture.format]  # fmt: skip
        if capture.walk is not None and capture.walk.secrets:
            parts.append("with TLS keys")
        if self.document.reading and not capture.growing:
            parts.insert(0, f"reading, {capture.done():.0%}")
        made = capture.any_reconstructed()
        self.origin.setText(RECONSTRUCTED if made else "captured")
        self.table.show_origin(made)
        self.file_facts.setText(", ".join(parts))

    # Filters

    def filter(self, text: str) -> None:
        """Show only what this display filter takes."""
        self.bar.set_text(text)

    def _on_filter_requested(self, text: str) -> None:
        try:
            self.document.set_filter(text)
        except DisplayFilterError as error:  # the bar has looked before
            self.bar.trouble.say("This is no filter.", str(error))

    def _on_capture_filter_requested(self, text: str) -> None:
        """libpcap compiles it elsewhere: a name in it may have to be looked up."""

        def took(wanted: ByCaptureFilter) -> None:
            self.bar.tell_bpf("")
            self.document.take_filter(wanted)

        def failed(error: BaseException) -> None:
            if not isinstance(error, (ValueError, RuntimeError)):
                raise error
            self.bar.tell_bpf(f"{str(error).rstrip('.').capitalize()}.")

        self.desk.bridge.call(lambda: ByCaptureFilter(text), took, failed, owner=self)

    def _on_shown_changed(self) -> None:
        none = not self.document.shown() and bool(self.document.display.text)
        self.list_stack.setCurrentIndex(1 if none else 0)
        self._show_counts()

    def _show_counts(self) -> None:
        shown, count = self.document.shown(), self.document.loaded
        busy = f"{self.document.busy}, " if self.document.busy else ""
        text = f"{busy}{grouped(shown)} of {grouped(count)}" if shown != count or busy else ""
        self.bar.show_counts(text)

    def only_conversation(self, row: int | None = None) -> None:
        """Show only the packets of this one's conversation."""
        row = self.table.current() if row is None else row
        capture = self.document.capture
        told = self.document.told
        if capture is None or row < 0:
            return
        if told is not None and row < len(told.streams.number) and told.streams.number[row] >= 0:
            self.filter(f"stream == {told.streams.number[row]}")
        else:
            self.desk.decline("This packet belongs to no conversation")

    def filter_by_cell(self, column: str, *, without: bool = False) -> None:
        """Show only packets with what the chosen one has in this column, or only those without it."""
        place = self.document.place(self.table.current())
        if place is None:
            return
        text = self.model.words.cell(place, column)
        field = {"source": "src", "destination": "dst", "protocol": "protocol"}[column]
        value = f'"{text}"' if column == "protocol" else text
        if column != "protocol" and "." not in text and text.count(":") == 5:
            field = "eth.src" if column == "source" else "eth.dst"
        self.filter(f"{field} {'!=' if without else '=='} {value}")

    def can_colour(self) -> bool:
        """Whether what is shown can have a colour: rules are display filters."""
        return bool(self.document.display.text) and isinstance(self.document.display, DisplayFilter)

    def colour_filter(self) -> None:
        """Give what the filter shows a colour of its own."""
        display = self.document.display
        if self.can_colour():
            text = display.text
            self.colours.put_first(Rule(text, text, len(self.colours.own) % SERIES))
            self.colour_page.refresh()
            self.table.viewport().update()

    def standard_colours(self) -> None:
        """Take the colours of one's own away."""
        self.colours.set_rules(STANDARD)
        self.colour_page.refresh()
        self.table.viewport().update()

    def _on_told_changed(self) -> None:
        self.colours.forget()
        self.statistics.show(self.document.told)
        self.table.viewport().update()

    # The chosen packet

    def _on_current_changed(self, row: int) -> None:
        capture = self.document.capture
        if capture is None or row < 0:
            self.packet.show_nothing()
        else:
            length = int(capture.table.column("length")[row])
            self.packet.show_packet(row + 1, capture.packet(row), length, capture.linktype(row),
                                    self.document.counted(row))  # fmt: skip
            self.joins.look(capture, row)
        self.current_changed.emit()

    def show_event(self) -> None:
        """Choose the call or message of the chosen packet on the time line, or say that there is none."""
        capture, row = self.document.capture, self.table.current()
        if capture is not None and row >= 0:
            self.joins.look(capture, row, say=True)

    def show_packet_of_event(self) -> None:
        """Go to the packet of the event that is chosen on the time line."""
        self.joins.show_packet(self.document.capture)

    def _on_packet_found(self, row: int) -> None:
        self.show_requested.emit()
        self.go_to(row)

    def _on_file_made(self, path: str, row: int) -> None:
        self.show_requested.emit()
        self.open(path, row=row)

    def go_to(self, row: int) -> None:
        """Choose a packet; the filter is taken away where it hides it."""
        if not self.table.choose(row):
            self.bar.set_text("")
            self.table.choose(row)
        self.show_tab("packet")

    def ask_go_to(self) -> None:
        """Ask for a packet's number."""
        self.question.ask("Go to packet number", str(max(self.table.current() + 1, 1)), self._on_number)

    def _on_number(self, text: str) -> None:
        digits = "".join(one for one in text if one in "0123456789")
        if digits and 1 <= int(digits[:15]) <= self.document.loaded:
            self.go_to(int(digits) - 1)
        else:
            self.desk.decline(f"There are packets 1 to {grouped(self.document.loaded)}")

    def show_tab(self, name: str) -> None:
        """Bring a page below the list to the front."""
        self.tabs.setCurrentIndex([key for key, _ in TABS].index(name))

    def current_tab(self) -> str:
        """The page in front."""
        return TABS[max(self.tabs.currentIndex(), 0)][0]

    def follow_stream(self) -> None:
        """Put together what both ends of the chosen packet's conversation said."""
        capture, row = self.document.capture, self.table.current()
        if capture is not None and row >= 0:
            self.stream.show_stream(capture, row)
            self.show_tab("stream")

    def toggle_mark(self) -> None:
        """Mark the chosen packets, or take the marks away."""
        for row in self.table.chosen_rows():
            self.document.toggle_mark(row)

    def next_mark(self) -> None:
        """Go to the next marked packet; behind the last comes the first."""
        marked = sorted(self.document.marked)
        if marked:
            current = self.table.current()
            self.go_to(next((row for row in marked if row > current), marked[0]))

    def toggle_zero(self) -> None:
        """Let time count from the chosen packet, or from the first again."""
        row = self.table.current()
        self.document.set_zero(None if row == self.document.zero_row else row)

    def set_absolute(self, absolute: bool) -> None:
        """Show sequence numbers as they were sent, or from the begin of their connection."""
        self.document.set_absolute(absolute)
        self.absolute_changed.emit(absolute)

    def ask_comment(self) -> None:
        """Ask what to say of the chosen packet."""
        row = self.table.current()
        if row >= 0:
            self.question.ask(f"Comment of packet {grouped(row + 1)}, saved with it", self.document.comment(row),
                              lambda text: self.document.set_comment(row, text))  # fmt: skip

    # Saving

    def _rows_to_save(self) -> list[int]:
        """What is chosen where that is more than one packet, else what is shown."""
        chosen = self.table.chosen_rows()
        return chosen if len(chosen) > 1 else self.document.rows(0, self.document.shown()).tolist()

    # State

    def save_state(self) -> dict[str, Any]:
        """Columns, colours and filters; no file."""
        return {"columns": self.table.save_columns(), "colours": self.colours.state(), "recent": self.bar.recent,
                "tab": self.current_tab(), "absolute": self.document.absolute}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        columns, colours, recent = state.get("columns"), state.get("colours"), state.get("recent")
        if isinstance(columns, dict):
            self.table.restore_columns(columns)
        if isinstance(colours, dict):
            self.colours.restore(colours)
            self.colour_page.refresh()
        if isinstance(recent, list):
            self.bar.recent = [str(one) for one in recent][:12]
        self.set_absolute(state.get("absolute") is True)
        if state.get("tab") in dict(TABS):
            self.show_tab(str(state["tab"]))


class _Still:
    """No capture is open: none grows."""

    growing = False


def _dropped(data: QMimeData) -> str:
    """The first file that is dropped, "" for none."""
    return next((url.toLocalFile() for url in data.urls() if url.isLocalFile()), "")
