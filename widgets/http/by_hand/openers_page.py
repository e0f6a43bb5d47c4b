"""What urllib can do: an opener made of handlers that are ticked, a URL opened by it, and what each handler did.

It must not know urllib: `protocols.http.by_hand.openers` calls it.
"""

from __future__ import annotations

import http.cookiejar
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from protocols.http.by_hand.opener_table import HANDLERS, USUAL, OpenerOrder
from protocols.http.by_hand.openers import Opening, file_name
from protocols.numbers import grouped
from widgets.desk import Desk
from widgets.http.exchange.wire_view import WireView
from widgets.http.request.card import RequestCard
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, Pages, scrolled
from widgets.parts.more_below import MoreBelow
from widgets.parts.paths import ask_place
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.tab_pages import TabPages
from widgets.parts.text import Label

LOOK_MS: Final = 100
METHODS: Final = (Choice("", "As urllib chooses"), *(Choice(name, name) for name in
                  ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")))  # fmt: skip
WAYS: Final = (
    Choice("opener", "An opener of handlers", "build_opener() with the handlers that are ticked"),
    Choice("simple", "Simply urlopen()", "No cookies, no identity, no proxy, no scheme of one's own"),
)
NOTHING: Final = "Open a URL: the chain of handlers, what each of them did, and the answer stand here."
SIGNS: Final = {"answer": "done", "error": "warning", "failed": "error", "cancelled": "error"}


class OpenersPage(QWidget):
    """The opener at the left, what it did at the right. `other_end_requested`: a site shall be started."""

    other_end_requested = Signal()

    def __init__(self, desk: Desk, request: RequestCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.request = desk, request
        self.opening: Opening | None = None
        self._jar = http.cookiejar.CookieJar()
        self._end: Callable[[], None] | None = None
        self._suggested = ""
        self.fields = Fields(self)
        self.ticks: dict[str, QCheckBox] = {}
        self.card, self.result = Card("Opener", "layers"), Card("What it did", "list")
        self.open_button = PrimaryButton("Open", "play")
        self.retrieve_button = Button("Retrieve to a file\u2026", "download")
        self.cancel_button = Button("Cancel", "square")
        self.calls, self.chain = RowsModel(("Handler", "Call", "What it gave"), self), RowsModel(
            ("Order", "Handler", "Its methods"), self, numbers=(0,))  # fmt: skip
        self.headers = RowsModel(("Header", "Value"), self)
        self.reports = RowsModel(("Blocks so far", "Block size", "Total"), self, numbers=(0, 1, 2))
        self.said = Label("", "body", "text2", wrap=True)
        self.body = WireView()
        self.tabs = TabPages("What the opener did")
        self.empty = EmptyState("layers", NOTHING, "Start the sandbox", button_icon="play")
        self.pages = Pages(parent=self.result)
        self._lay_out()
        self.open_button.clicked.connect(self._on_open)
        self.retrieve_button.clicked.connect(self.ask_retrieve)
        self.cancel_button.clicked.connect(self.cancel)
        self.empty.acted.connect(self.other_end_requested)
        self.fields.changed.connect(lambda _key: self.refresh())
        request.changed.connect(self.suggest)
        self.suggest()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(8)
        for part in (self._handlers(), self._who()):
            column.addWidget(part)
        column.addStretch(1)
        scroll = scrolled(inside)
        self.more_below = MoreBelow(scroll)
        self.card.add(scroll, 1)
        calls = PlainTable(self.calls, "What each handler did", mono=(1, 2), widths=(164, 120), stretch=2)
        chain = PlainTable(self.chain, "Handlers in their order", mono=(2,), widths=(56, 180), stretch=2)
        headers = PlainTable(self.headers, "Headers of the answer", mono=(0, 1), widths=(150,), stretch=1)
        reports = PlainTable(self.reports, "What the report hook was given", widths=(110, 90, 110))
        for key, title, page in (("calls", "Calls", calls), ("chain", "Chain", chain), ("headers", "Headers", headers),
                                 ("body", "Body", self.body), ("reports", "Report hook", reports)):  # fmt: skip
            self.tabs.add(key, title, page)
        shown = QWidget()
        rows = QVBoxLayout(shown)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        self.said.setContentsMargins(12, 8, 12, 4)
        rows.addWidget(self.said)
        rows.addWidget(self.tabs, 1)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(shown)
        self.result.add(self.pages, 1)
        cards = Splitter(Qt.Orientation.Horizontal, self.card, self.result, line=False)
        cards.setSizes([300, 700])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 8, 0, 0)
        outer.setSpacing(8)
        outer.addWidget(self._what())
        outer.addWidget(cards, 1)

    def _what(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.line("url", "URL", hint="http, https, ftp, file, data or lab", characters=26), 3)
        row.add(add.choice("way", "By", WAYS))
        row.add(add.choice("method", "Method", METHODS))
        row.add(add.line("data", "Body", hint="None: GET; any: POST", characters=16), 1)
        row.add(add.line("agent", "User-Agent", hint="Python-urllib/3", characters=14), 1)
        for button in (self.open_button, self.retrieve_button, self.cancel_button):
            row.add(button)
            row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        return row

    def _handlers(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for one in HANDLERS:
            box = self.fields.check(f"with_{one.id}", one.title, one.id in USUAL, tip=one.meaning)
            self.ticks[one.id] = box
            column.addWidget(box)
        return holder

    def _who(self) -> QWidget:
        add, row = self.fields, FlowBox(spacing=12)
        row.add(add.line("user", "User", "guido", characters=8))
        row.add(add.line("password", "Password", characters=9))
        row.add(add.line("realm", "Realm", hint="Any", characters=8))
        row.add(add.line("proxy", "Proxy", hint="http://127.0.0.1:8888", characters=16))
        row.add(add.line("proxy_user", "Its user", characters=8))
        row.add(add.line("proxy_password", "Its password", characters=8))
        for key in ("password", "proxy_password"):
            edit = self.fields.editor(key)
            assert isinstance(edit, QLineEdit)
            edit.setEchoMode(QLineEdit.EchoMode.Password)
        return row

    def suggest(self) -> None:
        """The URL of the request, until another one is typed here."""
        if self.fields["url"] == self._suggested:
            self._suggested = self.request.url
            self.fields["url"] = self._suggested
        self.refresh()

    def order(self, retrieve: str = "") -> OpenerOrder:
        """What the form says."""
        fields = self.fields
        agent = fields["agent"].strip()
        return OpenerOrder(
            fields["url"].strip(), fields["method"], fields["data"].encode() if fields["data"] else None,
            (("User-Agent", agent),) if agent else (), tuple(key for key, box in self.ticks.items() if box.isChecked()),
            fields["way"] == "simple", fields["user"], fields["password"], fields["realm"], fields["proxy"].strip(),
            fields["proxy_user"], fields["proxy_password"], retrieve, self.request.believed(),
        )  # fmt: skip

    # Opening

    def open(self, retrieve: str = "") -> None:
        """Open the URL elsewhere; nothing happens while one is being opened."""
        if self._end is not None:
            return
        self.opening = opening = Opening(self.desk.lab.recorder, self.order(retrieve), jar=self._jar)
        self._end = self.desk.bridge.every(LOOK_MS, self._look)
        self.result.set_state("waiting", "Opening")
        self.desk.bridge.call(opening.run, self._on_done, self._on_failed, owner=self)
        self.refresh()

    def _on_open(self) -> None:
        self.open()

    def ask_retrieve(self) -> None:
        """Ask for a place, then let the body go there block by block."""
        ask_place(self, "Retrieve to a file", file_name(self.fields["url"]), self.retrieve)

    def retrieve(self, path: Path) -> None:
        """As urlretrieve does it."""
        self.open(str(path))

    def cancel(self) -> None:
        """End it at once."""
        if self.opening is not None:
            self.opening.cancel()

    def _on_failed(self, error: BaseException) -> None:
        self._over()
        self.result.set_state("error", str(error))

    def _over(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None
        self.refresh()

    def _look(self) -> None:
        """How far a retrieve is."""
        opening = self.opening
        if opening is not None and opening.reports:
            blocks, size, total = opening.reports[-1]
            done = blocks * size if total < 0 else min(blocks * size, total)
            self.result.set_state("waiting", f"{grouped(done)}{f' of {grouped(total)}' if total >= 0 else ''} bytes")

    def _on_done(self, opening: Opening) -> None:
        self._over()
        self.pages.setCurrentIndex(1)
        word = str(opening.status) if opening.status else opening.exception or opening.outcome.capitalize()
        self.result.set_state(SIGNS[opening.outcome], word)
        said = opening.error or f"{opening.method} gave {opening.status} from {opening.url}"
        self.said.setText(said if said.endswith(".") else f"{said}.")
        self.calls.set_rows([(one.handler, one.method, one.gave) for one in opening.calls])
        self.chain.set_rows([(str(one.order), one.name, one.methods) for one in opening.chain])
        self.headers.set_rows(opening.headers)
        self.reports.set_rows([(grouped(blocks), grouped(size), "not said" if total < 0 else grouped(total))
                               for blocks, size, total in opening.reports[-1000:]])  # fmt: skip
        self.body.setPlainText(opening.body[:256 << 10].decode("utf-8", "backslashreplace").replace("\0", "\u2400"))
        self.tabs.set_count("calls", len(opening.calls))
        self.tabs.set_count("headers", len(opening.headers))
        self.tabs.allow("reports", bool(opening.reports))

    def refresh(self) -> None:
        """Grey what does not count."""
        busy, simple = self._end is not None, self.fields["way"] == "simple"
        self.open_button.setVisible(not busy)
        self.open_button.setEnabled(bool(self.fields["url"].strip()))
        self.retrieve_button.setVisible(not busy)
        self.retrieve_button.setEnabled(bool(self.fields["url"].strip()))
        self.cancel_button.setVisible(busy)
        for box in self.ticks.values():
            box.setEnabled(not simple)
        on = {key for key, box in self.ticks.items() if box.isChecked() and not simple}
        for key in ("user", "password", "realm"):
            self.fields.show(key, bool(on & {"basic", "digest"}))
        self.fields.show("proxy", "proxy" in on)
        for key in ("proxy_user", "proxy_password"):
            self.fields.show(key, bool(on & {"proxy_basic", "proxy_digest"}))

    def python(self) -> tuple[str, dict[str, Any]]:
        """The script of the opener."""
        order = self.order()
        return "http-opener", {
            "url": order.url or "http://127.0.0.1:8080/", "method": order.method,
            "data": self.fields["data"] or None,
            "headers": order.headers, "handlers": ("redirect", "errors") if order.simple else order.handlers,
            "user": order.user, "realm": order.realm, "proxy": order.proxy, "proxy_user": order.proxy_user,
        }  # fmt: skip
