"""BytesPage: the bytes of the selected event, as hex or as text, and what else carried them.

It must not know the dock or how an event came to be selected.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from protocols.numbers import grouped
from protocols.record.event import Event
from protocols.record.log import EventLog
from widgets.hexview import Field, HexView
from widgets.inspector.chosen import Legend, Picked
from widgets.inspector.datagram import SHOWN_TEXT, SHOWN_TITLE, DatagramPart, facts_of
from widgets.inspector.joined import Joined, assembled, joined_events, overlap, range_of
from widgets.inspector.reasons import reason_of
from widgets.inspector.sections import EDGE, FactRows, Head, Links, Row
from widgets.parts.buttons import IconButton
from widgets.parts.card import Aside, Line
from widgets.parts.empty import EmptyState
from widgets.parts.segments import Segments
from widgets.selection import ByteRange
from widgets.theme.theme import theme
from widgets.timeline.wording import visible

TEXT_LIMIT: Final = 200_000
NONE: Final = "This event moved no bytes. Its facts are under Call, and what it means under Why."
NOT_KEPT: Final = "This event tells of its bytes and keeps no copy of them. Its facts are under Call."
CARRIED: Final = "This event tells of its bytes and keeps no copy of them: the events above carried them."


class BytesPage(QWidget):
    """Head, hex or text, selection. joined_chosen(row, range): a link to another event was clicked."""

    joined_chosen = Signal(int, object)

    def __init__(self) -> None:
        super().__init__()
        self._event: Event | None = None
        self._joined: list[Joined] = []
        self._data = b""
        self._marked: ByteRange | None = None
        self.head = Head()
        self.facts = FactRows()
        self.links = Links("Carried by")
        self.datagram = DatagramPart()
        self.hex = HexView()
        self.text = QPlainTextEdit()
        self._view = Segments(("Hex", "Text"), "How the bytes are shown")
        self._legend = Legend()
        self._picked = Picked()
        self._aside = Aside()
        self._copy = IconButton("copy", "Copy the bytes")
        self._pages = QStackedWidget()
        self._empty = EmptyState("binary", NONE)
        self._lay_out()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._find_joined)
        self._log: EventLog | None = None
        self._row = 0

    def _lay_out(self) -> None:
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Bytes as text")
        self._view.chosen.connect(self._on_view_chosen)
        self.links.chosen.connect(self._on_links_chosen)
        self.hex.selected.connect(self._show_picked)
        self._copy.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self._copy.setMenu(self._copy_menu())
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        theme().dress(self.text, "mono")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(EDGE, 12, EDGE, 12)
        top.setSpacing(8)
        for widget in (self.head, self.facts, self.links):
            top.addWidget(widget)
        tools = QHBoxLayout()
        tools.setContentsMargins(EDGE, 8, 12, 8)
        tools.setSpacing(8)
        tools.addWidget(self._view)
        tools.addStretch(1)
        tools.addWidget(self._copy)
        shown = QWidget()
        below = QVBoxLayout(shown)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        self._bodies = QStackedWidget()
        self._bodies.addWidget(self.hex)
        self._bodies.addWidget(self.text)
        below.addLayout(tools)
        legend = QHBoxLayout()
        legend.setContentsMargins(EDGE, 0, EDGE, 6)
        legend.addWidget(self._legend)
        below.addLayout(legend)
        below.addWidget(self._bodies, 1000)
        below.addWidget(self._picked)
        rest = QVBoxLayout()
        rest.setContentsMargins(EDGE, 12, EDGE, EDGE)
        rest.addWidget(self._aside)
        below.addLayout(rest)
        below.addStretch(1)
        self._pages.addWidget(shown)
        self._pages.addWidget(self._empty)
        column.addLayout(top)
        column.addWidget(Line())
        column.addWidget(self.datagram)
        column.addWidget(self._pages, 1)

    def _copy_menu(self) -> QMenu:
        menu = QMenu(self)
        for text, handler in (
            ("Copy as hex", self.hex.copy_hex),
            ("Copy as text", self.hex.copy_text),
            ("Copy as Python bytes", self.hex.copy_python),
        ):
            action = QAction(text, menu)
            action.triggered.connect(lambda _=False, handler=handler: handler())
            menu.addAction(action)
        return menu

    # Showing

    def show_event(self, log: EventLog, row: int, event: Event, marked: ByteRange | None) -> None:
        """Show the bytes of the event in this row; `marked`: what of them another view has singled out."""
        self._log, self._row, self._event = log, row, event
        self.head.show_event(event.layer, title_of(event))
        reading = self.datagram.show_event(event)
        self.facts.show_rows(_facts(event) if reading is None else facts_of(event, reading))
        self.links.show_links((), ())
        self._data, self._marked = event.data or b"", marked
        self._empty.set_sentence(NOT_KEPT if event.size else NONE)
        self._show_data()
        self._show_reason()
        self._later.start(0)

    def _show_data(self) -> None:
        event, data = self._event, self._data
        self._pages.setCurrentIndex(0 if data else 1)
        if data and event is not None:
            self.hex.set_data(data, event.offset or 0, (Field(0, len(data), 0, "Data"),))
            self._mark(self._marked)
            self._fit_height()
            self._show_text()
        self._show_picked()

    def _mark(self, marked: ByteRange | None) -> None:
        place = None if self._event is None else range_of(self._event.raw())
        if marked is None or place is None:
            return
        common = overlap(place, marked)
        if common is not None and common != (place.start, place.stop):
            self.hex.set_mark(common[0] - place.start, common[1] - place.start)

    def _fit_height(self) -> None:
        """What follows stands right under a few bytes; many bytes take all the room there is."""
        few = self._view.current() == 0
        self._bodies.setMaximumHeight(max(self.hex.content_height(), 1) if few else 16_777_215)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may mean another number of lines."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._fit_height)

    def _show_text(self) -> None:
        if self._view.current() == 1 and self._event is not None:
            text = self._data[:TEXT_LIMIT].decode("utf-8", "replace")
            self.text.setPlainText(text.replace("\r\n", "\u240d\u240a\n"))

    def _on_view_chosen(self, index: int) -> None:
        self._bodies.setCurrentIndex(index)
        self._show_text()
        self._fit_height()

    def _show_picked(self) -> None:
        """The legend of the tint, and what the chosen bytes mean."""
        event = self._event
        if event is None or not self._data:
            return
        kept, size = len(self._data), event.size or len(self._data)
        marked = self.hex.mark
        self._legend.show_counts(kept, size, 0 if marked is None else marked[1] - marked[0])
        start, stop = self.hex.selection()
        if start == stop and marked is not None:
            start, stop = marked
        self._picked.show_bytes((event.offset or 0) + start, self._data[start:stop])

    def _show_reason(self) -> None:
        if not self.datagram.isHidden():
            self._aside.show()
            self._aside.set(SHOWN_TITLE, SHOWN_TEXT)
            return
        reason = None if self._event is None or self._event.errno else reason_of(self._event)
        self._aside.setVisible(reason is not None)
        if reason is not None:
            self._aside.set(f"{reason.title}.", reason.text)

    # What else carried them

    def _find_joined(self) -> None:
        log, event = self._log, self._event
        if log is None or event is None or not log.first <= self._row < len(log):
            return
        self._joined = joined_events(log, self._row)
        texts = [f"{visible(one.kind)} {visible(one.who)}".strip() for one in self._joined]
        tips = [f"Bytes {grouped(one.bytes.start)} to {grouped(one.bytes.stop - 1)}" for one in self._joined]
        self.links.show_links(texts, tips)
        if event.size and not self._data:
            self._data = assembled(log, self._row, self._joined) or b""
            if self._data:
                self._show_data()
            elif texts:
                self._empty.set_sentence(CARRIED)

    def _on_links_chosen(self, number: int) -> None:
        if self._event is not None and number < len(self._joined):
            own = range_of(self._event.raw())
            self.joined_chosen.emit(self._joined[number].row, own)


def title_of(event: Event) -> str:
    """The head of a page: what it is and how many bytes."""
    name = visible(event.kind)
    if event.layer == "call":
        name = f"{name}()"
    elif event.layer == "message":
        name = name.capitalize()
    if event.size is None:
        return name
    noun = "byte" if event.size == 1 else "bytes"
    return f"{name}, {grouped(event.size)} {noun}"


def _facts(event: Event) -> list[Row]:
    """Direction, byte range and origin."""
    rows: list[Row] = []
    end = event.detail.get("end")
    if event.direction is not None:
        if end in ("client", "server"):
            to_server = (end == "client") == (event.direction == "out")
            way = "client to server" if to_server else "server to client"
            rows.append(Row("Direction", way, arrow=event.direction))
        else:
            rows.append(Row("Direction", event.direction, arrow=event.direction))
    if event.conn is not None and event.offset is not None and event.size:
        last = event.offset + event.size - 1
        rows.append(
            Row("Byte range", f"{grouped(event.offset)} \u2013 {grouped(last)} of conn {event.conn}, {event.direction}")
        )
    elif event.conn is not None:
        rows.append(Row("Connection", f"conn {event.conn}"))
    if event.detail.get("tls"):
        rows.append(Row("Origin", "as the program saw it", chip="TLS plaintext"))
    elif event.detail.get("origin"):
        rows.append(Row("Origin", "", chip=str(event.detail["origin"])))
    if event.service is not None and not rows:
        rows.append(Row("Where", visible(event.service)))
    return rows
