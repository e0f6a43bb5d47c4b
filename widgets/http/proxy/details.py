"""The chosen exchange: its two sides, its phases, its bytes, what was changed; and what can be done with it.

Shows an entry and says what was asked for. It must not know the proxy's calls.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from protocols.http.proxy.entry import Entry
from widgets.desk import Desk
from widgets.http.exchange.hops import sign_of
from widgets.http.exchange.phase_rows import ms_text
from widgets.http.exchange.waterfall import Waterfall
from widgets.http.exchange.wire_view import DiffView, WireView
from widgets.http.proxy.edit import EditPage
from widgets.http.proxy.message import MessagePage
from widgets.http.proxy.rows import state_sign, state_words
from widgets.http.proxy.shown import changes, phase_rows, remarks, verdict, wire_lines
from widgets.http.request.card import THERE
from widgets.parts.buttons import Button, IconButton, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages, scrolled
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.tab_pages import TabPages
from widgets.parts.text import ElidedLabel, Label
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

CHOOSE: Final = "Choose an exchange above: its bytes on both sides of the proxy, its phases, and what was done to it."
MENU: Final = (
    ("replay-edit", "Send again, changed\u2026", "pencil"), ("builder", "Open in the request builder", "send"),
    ("", "", ""),
    ("timeline", "The request on the time line", "activity"),
    ("origin", "Its way to the origin on the time line", "arrow-right"), ("", "", ""),
    ("hold", "Hold requests like this", "pause"), ("answer-rule", "Answer requests like this", "corner-down-left"),
    ("", "", ""), ("curl", "Copy as curl", "copy"), ("python", "Show as Python", "code-xml"),
    ("save", "Save the answer's body\u2026", "save"),
)  # fmt: skip

OF_REQUESTS: Final = ("replay-edit", "builder", "curl", "python", "save")
"""What a tunnel or plain TCP has no use for."""


class DetailsCard(Card):
    """The card. `asked(what, number)`: "release", "edit", "drop", "answer", "replay", "abort", or a word of `MENU`.

    `why_requested(entry)`: explain its failure.
    """

    asked = Signal(str, int)
    why_requested = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Exchange", "eye", parent=parent)
        self.desk = desk
        self.entry: Entry | None = None
        self._shown: tuple[Any, ...] = ()
        self._asked = 0
        self.what = ElidedLabel("", "mono", mode=Qt.TextElideMode.ElideMiddle)
        self.release_button = PrimaryButton("Release", "step-forward")
        self.edit_button, self.answer_button = Button("Edit", "pencil"), Button("Answer it myself", "corner-down-left")
        self.drop_button = Button("Drop", "x")
        self.replay_button = Button("Send again", "repeat", small=True)
        self.abort_button = Button("End it", "square", small=True)
        self.timeline_button = Button("Time line", "activity", small=True)
        self.timeline_button.setToolTip("Show the request on the time line")
        self.more_button = IconButton("ellipsis", "More for this exchange")
        self.menu = QMenu(self.more_button)
        self.of_requests: list[QAction] = []
        self.remarks = Label("", "caption", "text2", wrap=True)
        self.strip = TroubleStrip()
        self.request, self.response = MessagePage(desk, "request"), MessagePage(desk, "response")
        self.waterfall, self.verdict = Waterfall(), Aside()
        self.wire, self.diff = WireView(), DiffView("What the proxy passed on otherwise")
        self.tls_model = RowsModel(("", ""), self)
        self.tls = PlainTable(self.tls_model, "TLS with the origin", widths=(130,))
        self.tabs = TabPages("Parts of the exchange")
        self.edit = EditPage()
        self.pages = Pages(EmptyState("eye", CHOOSE), self.tabs, self.edit)
        self._lay_out()
        self._connect()
        self.show_entry(None)

    def _lay_out(self) -> None:
        timing = QWidget()
        column = QVBoxLayout(timing)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.waterfall)
        column.addWidget(self.verdict)
        column.addStretch(1)
        self.tls.horizontalHeader().hide()
        for key, title, page in (
            ("response", "Response", self.response), ("request", "Request", self.request),
            ("timing", "Timing", scrolled(timing)), ("wire", "Wire", self.wire), ("diff", "Changes", self.diff),
            ("tls", "TLS", self.tls),
        ):  # fmt: skip
            self.tabs.add(key, title, page)
        for key, title, icon in MENU:
            if key:
                action = self.menu.addAction(theme().icon(icon), title)
                action.triggered.connect(partial(self._ask, key))
                if key in OF_REQUESTS:
                    self.of_requests.append(action)
            else:
                self.menu.addSeparator()
        self.more_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self.menu)
        self.head.add_detail(self.what)
        for button in (self.abort_button, self.timeline_button, self.replay_button, self.more_button):
            self.add_action(button)
        row = QHBoxLayout()
        row.setSpacing(12)
        for button in (self.release_button, self.edit_button, self.answer_button, self.drop_button):
            row.addWidget(button)
        row.addWidget(self.remarks, 1)
        texts = QVBoxLayout()
        texts.setContentsMargins(12, 6, 12, 0)
        texts.setSpacing(6)
        texts.addWidget(self.strip)
        texts.addLayout(row)
        self.body.addLayout(texts)
        self.add(self.pages, 1)

    def _connect(self) -> None:
        for key, button in (
            ("release", self.release_button), ("edit", self.edit_button), ("answer", self.answer_button),
            ("drop", self.drop_button), ("replay", self.replay_button), ("abort", self.abort_button),
            ("timeline", self.timeline_button),
        ):  # fmt: skip
            button.clicked.connect(partial(self._ask, key))
        self.tabs.shown.connect(lambda _key: self._fill_tab(again=True))
        self.edit.left.connect(self.show_parts)
        self.strip.why_requested.connect(self._on_why)

    def _ask(self, key: str, *_: object) -> None:
        if self.entry is not None:
            self.asked.emit(key, self.entry.number)

    def _on_why(self) -> None:
        if self.entry is not None and self.entry.failure is not None:
            self.why_requested.emit(self.entry)

    # Showing

    @property
    def editing(self) -> bool:
        """Somebody is typing: nothing may take the page away."""
        return self.pages.currentWidget() is self.edit

    def show_parts(self) -> None:
        """Back from typing to the tabs."""
        self.pages.setCurrentIndex(0 if self.entry is None else 1)
        self.refresh()

    def show_entry(self, entry: Entry | None) -> None:
        """Show another exchange, None for none."""
        if entry is not self.entry or entry is None:
            self.entry, self._shown = entry, ()
            self.pages.setCurrentIndex(0 if entry is None else 1)
            if entry is not None and entry.state in ("held request", "request"):
                self.tabs.show_page("request")
        self.refresh()

    def refresh(self) -> None:
        """Show how far it is by now."""
        entry = self.entry
        for button in (self.replay_button, self.timeline_button, self.more_button):
            button.setVisible(entry is not None)
        held = entry is not None and entry.held
        for button in (self.release_button, self.edit_button, self.answer_button, self.drop_button):
            button.setVisible(held and not self.editing)
        self.abort_button.setVisible(entry is not None and not entry.over and not held)
        if entry is None:
            self.set_title("Exchange")
            self.what.setText("")
            self.set_state("", "")
            self.remarks.hide()
            self.strip.clear()
            return
        asks = entry.kind in ("http", "upgraded") and bool(entry.request.head)
        self.replay_button.setEnabled(asks)
        for action in self.of_requests:
            action.setEnabled(asks)
        key = (entry.number, entry.state, entry.status, tuple(entry.faults), entry.response.size,
               entry.request.size, len(entry.response.sent_head), len(entry.request.sent_head))  # fmt: skip
        if key == self._shown and entry.over:
            return
        self._shown = key
        self.set_title(f"#{entry.number}")
        self.what.setText(f"{entry.method} {entry.url}")
        word = f"{entry.status} {entry.reason}".strip() if entry.over and entry.status else state_words(entry)
        answered = entry.state == "done" and entry.status > 0
        self.set_state(sign_of(entry.status) if answered else state_sign(entry), word)
        said = remarks(entry)
        self.remarks.setText(said)
        self.remarks.setVisible(bool(said))
        self._tell_failure(entry)
        self.tabs.allow("tls", bool(entry.tls or entry.certificates))
        ours = {"edit", "answer", "map"} & set(entry.faults)
        self.tabs.set_word("diff", THERE if ours else "")
        self.tabs.set_word("timing", ms_text(entry.phases_ms()["total"]) if entry.over else "")
        self._fill_tab()

    def _tell_failure(self, entry: Entry) -> None:
        failure = entry.failure
        if failure is None:
            self.strip.clear()
        elif self.strip.errno != failure.symbol or failure.why not in self.strip.text():
            self.strip.tell(failure.title, failure.why, errno=failure.symbol)

    def _fill_tab(self, *, again: bool = False) -> None:
        """Fill the tab in front; the others when they come to the front."""
        entry, tab = self.entry, self.tabs.current()
        if entry is None:
            return
        if tab == "request":
            self.request.show_entry(entry)
        elif tab == "response":
            self.response.show_entry(entry)
        elif tab == "timing":
            rows, total = phase_rows(entry)
            self.waterfall.set_rows(rows, total)
            self.verdict.set(*verdict(entry))
        elif tab == "tls":
            self._fill_tls(entry)
        elif tab in ("wire", "diff"):
            self._read_bytes(entry, tab)

    def _read_bytes(self, entry: Entry, tab: str) -> None:
        self._asked += 1
        asked = self._asked
        if tab == "wire":
            self.desk.bridge.call(lambda: wire_lines(entry), lambda lines: self._put(asked, self.wire.set_lines, lines),
                                  owner=self)  # fmt: skip
        else:
            self.desk.bridge.call(lambda: changes(entry) or "Nothing was passed on yet.",
                                  lambda text: self._put(asked, self.diff.set_diff, text), owner=self)  # fmt: skip

    def _put(self, asked: int, show: Any, value: object) -> None:
        if asked == self._asked:
            show(value)

    def _fill_tls(self, entry: Entry) -> None:
        rows: list[tuple[str, str]] = [("With the origin", entry.tls)] if entry.tls else []
        for at, certificate in enumerate(entry.certificates):
            rows.append(("", ""))
            rows.append((f"Certificate {at + 1}", "Signed by" if at else "The origin's own"))
            rows += certificate.rows()
        if rows != self.tls_model.rows():
            self.tls_model.set_rows(rows)
