"""The body tab: pretty, raw and hex, in a charset that can be chosen, right or wrong; streams as they come.

What is shown of a whole body is made ready on a lab thread. It must not know how the body came.
"""

from __future__ import annotations

import codecs
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.exchange import Exchange
from protocols.http.reading import EventStream, Kind, ServerEvent, media_type
from protocols.numbers import grouped
from widgets.desk import Desk
from widgets.hexview import HexView
from widgets.http.response.body_bar import BodyBar
from widgets.http.response.body_source import BodySource
from widgets.http.response.find_text import find_text
from widgets.http.response.json_tree import JsonTree
from widgets.http.response.picture_view import PictureView
from widgets.http.response.prepared import SHOWN_BYTES, Prepared, copied, plain, prepare
from widgets.parts.code_edit import CodeEdit
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.text import Label
from widgets.theme.theme import theme
from widgets.timeline.wording import visible

STREAM_STEP: Final = 32 << 10
"""Bytes of a stream that are shown at a time; the rest waits for the next look."""
EVENTS_KEPT: Final = 5000
AT_ONCE_BYTES: Final = 1 << 20
"""A larger body is copied where it is made ready: the window would be deaf meanwhile."""
PRETTY, RAW, HEX = 0, 1, 2


class BodyView(QWidget):
    """The body of one request's last answer. `ready`: it is shown whole."""

    ready = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.kind: Kind = "empty"
        self.sent: BodySource | None = None
        self.body = b""
        self.prepared: Prepared | None = None
        self.preparing = 0
        self._streamed = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._events: EventStream | None = None
        self.bar = BodyBar()
        self.modes, self.charset, self.search, self.note = (
            self.bar.modes, self.bar.charset, self.bar.search, self.bar.note,
        )  # fmt: skip
        self.tree = JsonTree()
        self.raw = CodeEdit("Body as text", read_only=True)
        self.source = CodeEdit("Body, indented", read_only=True)
        self.picture = PictureView()
        self.table_model = RowsModel((), self)
        self.table = PlainTable(self.table_model, "Body as a table")
        self.events_model = RowsModel(("#", "Event", "Id", "Data"), self, numbers=(0,))
        self.events = PlainTable(self.events_model, "Events of the stream", mono=(2, 3), widths=(44, 90, 60))
        self.hex = HexView()
        self.hex.setAccessibleName("Body in hex")
        self.nothing = Label("", "body", "text2", wrap=True)
        self.nothing.setMargin(12)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.pages = Pages(self.nothing, self.tree, self.source, self.picture, self.table, self.events, self.raw,
                           self.hex)  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        self.modes.chosen.connect(lambda _index: self._show())
        self.charset.currentIndexChanged.connect(lambda _index: self._on_charset())
        self.search.returnPressed.connect(self.find_next)

    # As it comes

    def begin(self, sent: BodySource | None) -> None:
        """Forget the last body."""
        self.sent, self.body, self.prepared, self.kind = sent, b"", None, "empty"
        self.preparing += 1
        self._streamed = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._events = None
        self.tree.set_index(None)
        for field in (self.raw, self.source):
            field.clear()
        self.hex.set_data(b"")
        self.events_model.set_rows([])
        self.table_model.set_rows([])
        self.bar.fill_charsets("")
        self.bar.say("")
        self.nothing.setText("")
        self.pages.setCurrentWidget(self.nothing)

    def look(self) -> None:
        """Show what has come since the last look, while it goes on."""
        sent = self.sent
        if sent is None or self.prepared is not None or sent.over:
            return
        size = len(sent.body.data)
        if size <= self._streamed:
            return
        piece = bytes(sent.body.data[self._streamed : self._streamed + STREAM_STEP])
        if self._events is None and not self._streamed and _is_stream(sent.final):
            self._events = EventStream()
        self._streamed += len(piece)
        if self._events is not None:
            self._take_events(piece)
        elif self._streamed <= SHOWN_BYTES:
            text = plain(self._decoder.decode(piece))
            cursor = QTextCursor(self.raw.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text)
            self.pages.setCurrentWidget(self.raw)
        self.bar.say(f"{grouped(sent.body.size)} bytes so far, shown as they come.")

    def _take_events(self, piece: bytes) -> None:
        assert self._events is not None
        try:
            found = self._events.feed(piece)
        except ValueError as error:
            self.bar.say(str(error))
            return
        room = EVENTS_KEPT - self.events_model.rowCount()
        first = self.events_model.rowCount() + 1
        self.events_model.append([_event_row(first + at, one) for at, one in enumerate(found[: max(0, room)])])
        self.pages.setCurrentWidget(self.events)

    # Whole

    def finish(self) -> None:
        """It is over: make what came ready to be shown."""
        sent = self.sent
        if sent is None:
            return
        if self._events is None and not self._streamed and _is_stream(sent.final):
            self._events = EventStream()
        while self._events is not None and self._streamed < len(sent.body.data):
            piece = bytes(sent.body.data[self._streamed : self._streamed + STREAM_STEP])
            self._streamed += len(piece)
            self._take_events(piece)
        if len(sent.body.data) <= AT_ONCE_BYTES:
            self._keep(bytes(sent.body.data))
        self._prepare()

    def whole(self) -> bytes | bytearray:
        """All that came, also while a large body is still made ready."""
        return self.body or (self.sent.body.data if self.sent is not None else b"")

    def _keep(self, body: bytes) -> None:
        self.body = body
        self.hex.set_data(body)

    def _prepare(self) -> None:
        sent, body, charset = self.sent, self.body, self.charset.key()
        if sent is None:
            return
        self.preparing += 1
        number = self.preparing
        exchange = sent.final
        kind = exchange.answer.get("Content-Type") if exchange is not None and exchange.answer is not None else None
        data = sent.body.data
        if not data:
            self._on_ready(number, Prepared("empty"))
            return

        def made() -> tuple[bytes, Prepared]:
            whole = body or copied(data)
            return whole, prepare(whole, kind, charset, stopped=lambda: number != self.preparing)

        def take(found: tuple[bytes, Prepared]) -> None:
            if number == self.preparing and not self.body:
                self._keep(found[0])
            self._on_ready(number, found[1])

        self.desk.bridge.call(made, take, lambda error: self._on_failed(number, error), owner=self)

    def _on_failed(self, number: int, error: BaseException) -> None:
        if number == self.preparing:
            self._on_ready(number, Prepared("binary", problem=f"This body can't be read so: {error}."))

    def _on_ready(self, number: int, made: Prepared) -> None:
        if number != self.preparing:
            return
        self.prepared, self.kind = made, made.kind
        if made.known_by != "chosen":
            self.bar.fill_charsets(made.charset if made.kind not in ("empty", "image", "binary") else "")
        self.raw.show_text(made.text)
        self.tree.set_index(made.index)
        self.source.show_text(made.pretty or made.text)
        if made.rows:
            width = max(len(row) for row in made.rows)
            titles = [*made.rows[0], *("" for _ in range(width - len(made.rows[0])))]
            self.table_model.set_rows(made.rows[1:], titles)
            share = self.table.viewport().width() // max(1, width)
            self.table.horizontalHeader().setDefaultSectionSize(min(max(share, theme().px(90)), theme().px(400)))
        if made.picture is not None:
            self.picture.set_picture(made.picture)
        self._show()
        self.ready.emit()

    def _on_charset(self) -> None:
        if self.body:
            self._prepare()

    def _show(self) -> None:
        """The page of the mode and of the kind of body."""
        made = self.prepared
        if made is None:
            return
        mode = self.modes.current()
        self.charset.setEnabled(made.kind not in ("empty", "image"))
        if made.kind == "empty":
            self.nothing.setText(self._why_empty())
            self.pages.setCurrentWidget(self.nothing)
            self.bar.say("")
            return
        page = self.hex if mode == HEX else self.raw if mode == RAW else self._pretty_page(made)
        self.pages.setCurrentWidget(page)
        self.bar.say(" ".join(part for part in (self._remark(made, mode), self._unkept()) if part))

    def _pretty_page(self, made: Prepared) -> QWidget:
        if self._events is not None:
            return self.events
        if made.index is not None:
            return self.tree
        if made.picture is not None:
            return self.picture
        if made.rows:
            return self.table
        if made.kind == "binary" or (made.kind == "image" and made.problem):
            return self.hex
        return self.source

    def _remark(self, made: Prepared, mode: int) -> str:
        if mode == HEX:
            return ""
        words = [made.problem] if mode == PRETTY else []
        if not (mode == PRETTY and (made.index is not None or self._events is not None)):
            words.append(made.about)
        if made.known_by == "chosen":
            wrong = made.text.count("\ufffd")
            fits = f": {wrong} signs fit nothing." if wrong else "."
            words.append(f"Read as {made.charset} because you chose so{fits}")
        elif made.known_by == "guess" and made.kind not in ("image", "binary", "json"):
            words.append(f"Its charset is not said: {made.charset} is a guess.")
        return " ".join(word for word in words if word)

    def _unkept(self) -> str:
        sent = self.sent
        if sent is None or sent.body.whole:
            return ""
        if sent.file is not None:
            return f"All {grouped(sent.body.size)} bytes are in {sent.file.name}; the first of them are shown."
        return f"Of {grouped(sent.body.size)} bytes the first {grouped(len(sent.body.data))} were kept."

    def _why_empty(self) -> str:
        sent = self.sent
        if sent is None:
            return ""
        if sent.state == "cancelled":
            return "It was cancelled before a body came."
        if sent.failure is not None:
            return "No body came."
        exchange = sent.final
        if exchange is not None and exchange.method == "HEAD":
            return "An answer to HEAD has no body: its headers are those that GET would get."
        return "The answer has no body." if exchange is None or exchange.method else "The request has no body."

    # Looking into it

    def html(self) -> str:
        """The text of a page; "" for other kinds."""
        return self.prepared.text if self.prepared is not None and self.prepared.kind == "html" else ""

    def find_next(self) -> None:
        """Go to the next place where the words stand."""
        words, page = self.search.text(), self.pages.currentWidget()
        if not words:
            return
        if page is self.tree and self.tree.values.index_of is not None:
            data, start = self.tree.values.index_of.data, self.tree.place() + 1
            self.desk.bridge.call(lambda: find_text(data, words, start), self._on_found, owner=self)
        elif isinstance(page, CodeEdit) and not page.find(words):
            page.moveCursor(QTextCursor.MoveOperation.Start)
            if not page.find(words):
                self._on_found(-1)
        elif page is self.hex:
            start = self.hex.mark[1] if self.hex.mark else 0
            found = find_text(self.body, words, start)
            if found < 0:
                self._on_found(-1)
            else:
                self.hex.set_mark(found, found + len(words.encode()))

    def _on_found(self, place: int) -> None:
        if place < 0:
            self.bar.say(f"\u201c{visible(self.search.text())}\u201d is not in it.")
        else:
            self.tree.go_to(place)


def _is_stream(exchange: Exchange | None) -> bool:
    answer = exchange.answer if exchange is not None else None
    return answer is not None and media_type(answer.get("Content-Type"))[0] == "text/event-stream"


def _event_row(number: int, event: ServerEvent) -> tuple[str, ...]:
    return str(number), event.kind, event.id, event.data[:4000]
