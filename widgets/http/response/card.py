"""The response's card: status with its meaning, hops, and tabs for body, headers, timing, wire, TLS and page.

Shows a Sent while it goes on and after. It must not know how a request is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from protocols.http.client.oddities import oddities
from protocols.http.exchange import Exchange, Kept
from protocols.http.failure import Failure
from protocols.http.identity import speaks_of_identity
from protocols.http.reading import meaning
from protocols.numbers import size_text
from widgets.desk import Desk
from widgets.http.exchange.hops import HopsModel, sign_of
from widgets.http.exchange.phase_rows import ms_text
from widgets.http.exchange.sent import Sent
from widgets.http.history import Past
from widgets.http.response.body_view import BodyView
from widgets.http.response.compare_view import CompareView
from widgets.http.response.headers import HeadersView
from widgets.http.response.identity_view import IdentityView
from widgets.http.response.mends import mends_for
from widgets.http.response.page_view import PageView
from widgets.http.response.timing_view import TimingView
from widgets.http.response.tls_view import TLSView
from widgets.http.response.wire_page import WirePage
from widgets.parts.buttons import IconButton, LinkButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.flow import Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.progress_row import ProgressRow
from widgets.parts.tab_pages import TabPages
from widgets.parts.text import ElidedLabel, Label
from widgets.parts.trouble import Mend, TroubleStrip
from widgets.theme.theme import theme

NOTHING_YET: Final = "No answer yet. Start a server below, or type a URL, then press Send."
PRESS_SEND: Final = "The server runs and its address stands above. Press Send: its answer shows up here."
HOPS_SHOWN: Final = 4
TABS_LEAST_PX: Final = 92
SLOW_MS: Final = 300
"""From then on a request that is under way shows its progress."""


class _Parts(TabPages):
    """The tabs. They ask for no height by their width: it would count as the least, and a strip above would be cut."""

    def hasHeightForWidth(self) -> bool:
        return False


class ResponseCard(Card):
    """The card. `why_requested(failure)`: explain it. `mend_requested(key)`: a button of the strip.

    `answered_requested`: go to the handler that answered. `hop_picked(exchange)`: another hop is shown.
    """

    why_requested = Signal(object)
    mend_requested = Signal(str)
    answered_requested = Signal()
    hop_picked = Signal(object)
    first_requested = Signal()
    save_requested = Signal()
    explore_requested = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Response", "download", parent=parent)
        self.desk = desk
        self.sent: Sent | None = None
        self.exchange: Exchange | None = None
        self.failure: Failure | None = None
        self.handler_ms: float | None = None
        self._picked = False
        self.facts = ElidedLabel("", "body", "text2", mode=Qt.TextElideMode.ElideRight)
        self.meaning = Label("", "body", "text2", wrap=True)
        self.answered = LinkButton("")
        self.save_button = IconButton("download", "Save the body to a file")
        self.explore_button = IconButton("square-terminal", "Explore the answer in Python")
        self.strip = TroubleStrip()
        self.progress = ProgressRow()
        self.hops = HopsModel(self)
        self.hops_table = PlainTable(self.hops, "Hops", mono=(3,), middle=(3,), widths=(40, 112, 62, 120, 74),
                                     stretch=3)  # fmt: skip
        self.whole = Pages(parent=self)
        self._answer = QWidget(self.whole)
        self.tabs = _Parts("Parts of the answer", self._answer, gives_way=True)
        inside = self.tabs.pages
        self.body_view, self.headers, self.timing = BodyView(desk, inside), HeadersView(inside), TimingView(inside)
        self.wire, self.tls, self.page = WirePage(inside), TLSView(desk, inside), PageView(desk, inside)
        self.identity, self.compare = IdentityView(inside), CompareView(desk, inside)
        self.empty = EmptyState("globe", NOTHING_YET, "Start a sample site", button_icon="play", primary=True,
                                parent=self.whole)  # fmt: skip
        self._lay_out_answer()
        for page in (self.empty, self._answer):
            self.whole.addWidget(page)
        self.head.add_detail(self.facts)
        self.head.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for button in (self.explore_button, self.save_button):
            self.add_action(button)
        self.add(self.whole, 1)
        self._connect()
        self.show_sent(None)

    def _lay_out_answer(self) -> None:
        pages: tuple[tuple[str, str, QWidget], ...] = (
            ("body", "Body", self.body_view), ("headers", "Headers", self.headers), ("timing", "Timing", self.timing),
            ("wire", "Wire", self.wire), ("tls", "TLS", self.tls), ("page", "Page", self.page),
            ("identity", "Auth", self.identity), ("compare", "Compare", self.compare),
        )  # fmt: skip
        for key, title, part in pages:
            self.tabs.add(key, title, part)
        column = QVBoxLayout(self._answer)
        words = QVBoxLayout()
        words.setContentsMargins(12, 8, 12, 4)
        words.setSpacing(2)
        words.addWidget(self.meaning)
        words.addWidget(self.answered, 0, Qt.AlignmentFlag.AlignLeft)
        strips = QVBoxLayout()
        strips.setContentsMargins(12, 0, 12, 0)
        strips.addWidget(self.strip)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(words)
        column.addLayout(strips)
        column.addWidget(self.progress)
        column.addWidget(self.hops_table)
        column.addWidget(self.tabs, 1)

    def _connect(self) -> None:
        self.empty.acted.connect(self.first_requested)
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.failure))
        self.strip.mend_requested.connect(self.mend_requested)
        self.answered.clicked.connect(self.answered_requested)
        self.save_button.clicked.connect(self.save_requested)
        self.explore_button.clicked.connect(self.explore_requested)
        self.hops_table.picked.connect(self._on_hop)
        self.tabs.shown.connect(lambda _key: self._fill_tab())
        theme().changed.connect(self._on_theme_changed)
        self.body_view.ready.connect(self._fill_tab)

    # Showing

    def show_sent(self, sent: Sent | None) -> None:
        """Show a request from its beginning; None for none."""
        self.sent, self.exchange, self.failure, self.handler_ms = sent, None, None, None
        self._picked = False
        self.wire.forget()
        self.tabs.allow("compare", False)
        self.strip.clear()
        self.tabs.setMinimumHeight(0)  # their own least
        self.body_view.begin(sent)
        self.set_answered("", None)
        self.whole.setCurrentIndex(0 if sent is None else 1)
        for button in (self.explore_button, self.save_button):
            button.setVisible(sent is not None)
        if sent is None or sent.over:  # whoever runs it asks for the first look, in a turn of its own
            self.look()

    def invite_to_send(self) -> None:
        """A server runs and its address is filled in: what is left to do is one click away, above."""
        self.empty.set_sentence(PRESS_SEND)
        self.empty.button.hide()

    def look(self) -> None:
        """Show how far it is by now."""
        sent = self.sent
        if sent is None:
            self.set_state("", "")
            self.facts.setText("")
            return
        exchanges = sent.exchanges
        self.hops.update(exchanges)
        self._suit_hops(len(exchanges))
        at = self.hops_table.currentIndex().row()
        if exchanges and (at < 0 or not self._picked or at >= len(exchanges)):
            at = len(exchanges) - 1
            self.hops_table.selectRow(at)
        self.exchange = exchanges[at] if exchanges else None
        self._say_head(sent)
        self._say_progress(sent)
        self.body_view.look()
        self._fill_tab()

    def finish(self) -> None:
        """It is over: what is read of a whole answer can be shown."""
        sent = self.sent
        if sent is None:
            return
        self.look()
        if sent.failure is not None:
            self.tell(sent.failure)
        self.body_view.finish()
        self._suit_tabs()
        self._fill_tab()

    def tell(self, failure: Failure) -> None:
        """Show why no whole answer came."""
        self.failure = failure
        self.whole.setCurrentIndex(1)
        self.strip.tell(failure.title, failure.why, self._mends(failure), errno=failure.symbol)
        self.tabs.setMinimumHeight(theme().px(TABS_LEAST_PX))  # in a low card they give way, not what failed

    def _mends(self, failure: Failure) -> tuple[Mend, ...]:
        return mends_for(failure, self.sent.believed if self.sent is not None else "")

    def _on_theme_changed(self) -> None:
        self._suit_hops(self.hops.rowCount())

    def _suit_hops(self, count: int) -> None:
        self.hops_table.setVisible(count > 1)
        if count > 1:
            head = self.hops_table.horizontalHeader().sizeHint().height()
            shown = min(count, HOPS_SHOWN)
            self.hops_table.setFixedHeight(head + shown * theme().row_height() + 4)

    def _on_hop(self, at: int) -> None:
        sent = self.sent
        if sent is not None and 0 <= at < len(sent.exchanges):
            self._picked = True  # from now on it stays, whatever comes
            self.exchange = sent.exchanges[at]
            self.handler_ms = None
            self._say_head(sent)
            self._fill_tab()
            self.hop_picked.emit(self.exchange)

    def _say_head(self, sent: Sent) -> None:
        exchange = self.exchange
        words = {"waiting": "Waiting", "running": "Under way", "cancelled": "Cancelled"}
        if exchange is not None and exchange.answer is not None and exchange.status:
            status = f"{exchange.status} {exchange.answer.reason}".rstrip()[:60]
            if sent.failure is not None and exchange is sent.exchanges[-1]:
                self.set_state("error", f"{status}, {words.get(sent.state, 'cut short').lower()}")
            else:
                self.set_state(sign_of(exchange.status), status)
            self._mean(" ".join((meaning(exchange.status), *(oddities(exchange) if sent.state == "done" else ()))))
        elif sent.over and exchange is not None and exchange.received.size:
            self.set_state("warning", "No status line")
            self._mean("What came does not begin like an answer in HTTP.")
        elif sent.over:
            done = sent.state == "done"
            self.set_state("done" if done else "error", "Done" if done else words.get(sent.state, "Failed"))
            self._mean(sent.ended_by)
        else:
            self.set_state("waiting", words.get(sent.state, "Under way"))
            self._mean("")
        version = f"HTTP/{exchange.answer.version}" if exchange and exchange.answer and exchange.answer.version else ""
        if version == "HTTP/":
            version = ""
        measured = sum(one.phases.total or 0.0 for one in sent.exchanges) if sent.over and sent.failure is None else 0.0
        parts = [ms_text(measured or sent.total_ms()), size_text(sent.body.size), version]
        self.facts.setText(" \u00b7 ".join(part for part in parts if part))

    def _mean(self, text: str) -> None:
        self.meaning.setText(text)
        self.meaning.setVisible(bool(text))

    def _say_progress(self, sent: Sent) -> None:
        """A body that takes its time shows how far it is."""
        if sent.over:
            self.progress.hide()
        elif sent.body.size and sent.total_ms() > SLOW_MS:
            answer = sent.final.answer if sent.final is not None else None
            length = (answer.get("Content-Length") or "") if answer is not None else ""
            coded = answer is not None and answer.get("Content-Encoding")
            total = int(length[:18]) if length.isascii() and length.isdecimal() and not coded else None
            self.progress.show_progress("Received", sent.body.size, total)

    def show_saved(self, done: int, total: int) -> None:
        """A body is on its way into a file."""
        self.progress.show_progress("Saved", done, total, cancel=True)

    def compare_with(self, entries: list[Past]) -> None:
        """Show what differs from an earlier answer."""
        if self.sent is not None and self.compare.show_sent(self.sent, entries):
            self.tabs.allow("compare", True)
            self.tabs.show_page("compare")

    def set_answered(self, text: str, handler_ms: float | None) -> None:
        """Who answered at the server's end, as a link; "" where that is not known."""
        self.answered.setText(text)
        self.answered.setVisible(bool(text))
        self.handler_ms = handler_ms
        if self.tabs.current() == "timing":
            self._fill_tab()

    def _suit_tabs(self) -> None:
        exchange = self.exchange
        self.tabs.allow("tls", exchange is not None and exchange.tls is not None)
        self.tabs.allow("page", self.body_view.kind == "html")
        self.tabs.allow("identity", exchange is not None and speaks_of_identity(exchange))
        self.tabs.set_count("headers", len(exchange.headers) if exchange is not None else 0)

    def _fill_tab(self) -> None:
        """Fill the tab in front; the others when they come to the front."""
        exchange, sent = self.exchange, self.sent
        self._suit_tabs()
        if sent is None or (exchange is None and not sent.over):
            return
        if exchange is None:  # it failed before anything was said: what an earlier answer had is not of this one
            exchange = Exchange(0, "", "", Kept(0), Kept(0))
        fill: dict[str, Callable[[], object]] = {
            "headers": lambda: self.headers.show_exchange(exchange),
            "timing": lambda: self.timing.show_exchange(exchange, self.handler_ms),
            "wire": lambda: self.wire.show_exchange(exchange),
            "identity": lambda: self.identity.show_exchange(sent, exchange),
            "tls": lambda: self.tls.show_exchange(exchange),
            "page": lambda: self.page.show_page(self.body_view.html(), exchange.url),
        }
        run = fill.get(self.tabs.current())
        if run is not None:
            run()
