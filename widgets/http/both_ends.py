"""Both ends of the web in one view: request and response side by side, the servers below.

What concerns several cards stands here: send, follow, mend, give the other end, join a request to
the handler that answered it. It must not know the other views of the panel.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.client.jar import Jar
from protocols.http.client.rawsend import RAW_NAME
from protocols.http.exchange import Exchange
from protocols.http.failure import Failure
from protocols.http.kept.collection import Item
from protocols.http.request import Request, RequestError
from protocols.http.server.served import Served
from protocols.record.event import Raw
from widgets.desk import Desk
from widgets.http import why
from widgets.http.exchange.phase_rows import ms_text
from widgets.http.exchange.sent import Sent
from widgets.http.history import History
from widgets.http.pairing import name_of, other_url, server_for
from widgets.http.request.card import RequestCard
from widgets.http.request.options_page import OptionsPage
from widgets.http.request.slot import RequestSlot
from widgets.http.response.body_view import AT_ONCE_BYTES
from widgets.http.response.card import ResponseCard
from widgets.http.saving import Saving
from widgets.http.server.card import ServerCard
from widgets.http.server.served_rows import worker_of
from widgets.http.server.slot import ServerSlot
from widgets.http.server.words import SITES, available
from widgets.http.store import Store
from widgets.parts.paths import ask_place
from widgets.parts.splitter import Splitter
from widgets.parts.turns import Turns
from widgets.timeline_link import TimelineLink

LONG: Final = 10
ANSWERS: Final = ("answered", "bad request", "timed out", "given up")
Cards: TypeAlias = tuple[RequestCard, ResponseCard, ServerCard]


def cards_in_steps(desk: Desk) -> Generator[QWidget, None, Cards]:
    """The three cards, one after the other."""
    options = OptionsPage()
    yield options
    request = RequestCard(options)
    yield request
    response = ResponseCard(desk)
    yield response
    servers = ServerCard(desk)
    yield servers
    return request, response, servers


class BothEnds(QWidget):
    """The three cards. `finished(sent)`: a request is over."""

    began = Signal(object)
    finished = Signal(object)

    def __init__(self, desk: Desk, cards: Cards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.jar = Jar()
        self.history = History(desk, self)
        self.store = Store(desk, self)
        self.slot = RequestSlot(desk, self.jar, self)
        self.whole = Splitter(Qt.Orientation.Vertical, line=False, parent=self)
        self.top = Splitter(Qt.Orientation.Horizontal, line=False, parent=self.whole)
        self.request, self.response, self.servers = cards
        self.request.filled = self.store.fill
        self.link = TimelineLink(desk, self)
        self.saving = Saving(desk, self)
        self._turns = Turns(self)
        self._then_send: ServerSlot | None = None
        for splitter, part in ((self.top, self.request), (self.top, self.response), (self.whole, self.top),
                               (self.whole, self.servers)):  # fmt: skip
            splitter.addWidget(part)
        self.top.setSizes([500, 500])
        self.whole.setSizes([440, 200])
        self.whole.setStretchFactor(0, 2)
        self.whole.setStretchFactor(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        column.addWidget(self.request.bar)
        column.addWidget(self.whole, 1)
        self._wire()

    def _wire(self) -> None:
        slot, request, response, servers = self.slot, self.request, self.response, self.servers
        request.send_requested.connect(self.send)
        request.cancel_requested.connect(slot.cancel)
        request.other_end_requested.connect(self.give_other_end)
        slot.changed.connect(self._on_changed)
        slot.began.connect(self._on_began)
        slot.ended.connect(self._on_ended)
        slot.refused.connect(request.refuse)
        slot.failed.connect(response.tell)
        response.first_requested.connect(self.start_sample)
        response.mend_requested.connect(self.mend)
        response.why_requested.connect(self._on_why)
        response.answered_requested.connect(self.go_to_handler)
        response.hop_picked.connect(self._on_hop)
        response.save_requested.connect(self.ask_save)
        self.saving.moved.connect(response.show_saved)
        self.saving.ended.connect(lambda _path, _why: response.progress.hide())
        response.progress.cancelled.connect(self.saving.cancel)
        response.page.link_requested.connect(self.follow)
        response.page.fill_requested.connect(request.fill)
        response.page.send_requested.connect(self.send_request)
        servers.first_requested.connect(self.start_sample)
        servers.url_wanted.connect(request.set_url)
        servers.request_wanted.connect(self.send_to)
        servers.try_wanted.connect(self.open_try)
        servers.started.connect(self._on_server_started)
        servers.failed.connect(self._on_server_failed)
        servers.picked.connect(self._on_served_picked)
        servers.why_requested.connect(lambda server: why.explain_start(self.desk, server.trouble, server.port))

        self.store.changed.connect(self._on_store)
        self.store.overtaken.connect(self._on_overtaken)
        self.store.failed.connect(lambda sentence: request.refuse(sentence, "The collection has a problem"))
        request.environment.currentIndexChanged.connect(
            lambda _index: self.store.choose_environment(request.environment.key())
        )
        request.save_button.clicked.connect(self.save_request)

    def _on_store(self) -> None:
        store, item = self.store, self.store.item
        self.request.show_collection(store.environments(), store.environment, item.named.name if item else "",
                                     there=store.collection is not None)  # fmt: skip

    def _on_overtaken(self, old: Item, new: Item) -> None:
        """An editor or git has changed the file of the request shown: nobody's work is lost."""
        try:
            untouched = self.request.request() == old.request
        except RequestError:
            untouched = False
        if untouched:
            self.open_item(new)
            self.request.note.say(f"{new.path} was changed.", " ".join(("This is how it is now.", *new.notes)))
        else:
            why = "Save does not write over that: save as another, or open it from the collection again."
            self.request.note.say(f"{new.path} was changed by somebody else.", why)

    def save_request(self, *, copy: bool = False) -> None:
        """Write the request into the collection; copy: as another one."""
        card, item = self.request, self.store.item
        name = name_of(card.request()) if copy or item is None else ""
        self.store.save(card.request(), name)

    def open_item(self, item: Item) -> None:
        """Show a request of the collection."""
        self.request.fill(item.request)
        self.store.choose(item)
        if item.notes:
            self.request.note.say("Read from the file.", " ".join(item.notes))

    # Sending

    def send(self) -> None:
        """Send what the card says, or say why it can't be sent."""
        card = self.request
        if self.slot.phase != "idle":
            return
        try:
            if card.is_raw:
                self.slot.send_raw(card.raw_order())
            else:
                self.slot.send(card.ready(), card.believed(), asked=card.request())
        except RequestError as error:
            card.refuse(str(error))

    def send_request(self, request: Request) -> None:
        """Show a request in the card and send it."""
        self.request.fill(request)
        self.send()

    def send_to(self, server: ServerSlot) -> None:
        """A first request to a server."""
        self.request.go_to(server.url)
        self.send()

    def open_try(self, request: Request) -> None:
        """A page of a site, asked for with the body and the identity that show what it does; the rest stays."""
        self.request.take_try(request)
        self.send()

    def send_to_file(self, path: Path) -> None:
        """Send the request, its body into a file."""
        try:
            self.slot.send(self.request.ready(), self.request.believed(), path, self.request.request())
        except RequestError as error:
            self.request.refuse(str(error))

    def follow(self, url: str) -> None:
        """A link of a page becomes a request."""
        self.request.go_to(url)
        self.send()

    def _on_changed(self) -> None:
        self.request.set_busy(self.slot.phase != "idle")
        if self.slot.phase == "running":
            self.response.look()

    def _on_began(self, sent: Sent) -> None:
        self._turns.finish()
        self.request.strip.clear()
        self.response.show_sent(sent)
        self.began.emit(sent)

    def _on_ended(self, sent: Sent) -> None:
        self._turns.run(
            self.response.finish,
            lambda: self.history.add(sent, self.store.scope().secret_values()),
            lambda: self._join(self.response.exchange),
            lambda: self.finished.emit(sent),
        )
        if sent.body.size <= AT_ONCE_BYTES:  # behind a larger one other threads are busy, and each step takes longer
            self._turns.finish()

    # The other end

    def start_sample(self) -> None:
        """A first site, and its address in the request."""
        best = next((one.key for one in SITES if available(one)), "folder")
        self._then_send = self.servers.start_site({"site": best, "root": "", "port": 8080, "tls": ""})

    def give_other_end(self) -> None:
        """A server at the place that the URL names, or anywhere; the address is filled in, the request sent."""
        values: dict[str, Any] = {"site": next((one.key for one in SITES if available(one)), "folder"), "root": ""}
        values |= server_for(self.request.url)
        self._then_send = self.servers.start_site(values)

    def _on_server_started(self, server: ServerSlot) -> None:
        if server is self._then_send:
            self._then_send = None
            url = other_url(self.request.url, server.url)
            self.request.set_url(url)
            self.request.bar.url.setFocus()
            self.response.invite_to_send()
            if self.response.failure is not None:
                self.send()
        elif not self.request.url:
            self.request.set_url(server.url)

    def _on_server_failed(self, server: ServerSlot) -> None:
        if server is self._then_send:
            self._then_send = None

    def mend(self, key: str) -> None:
        """A button of the response's red strip."""
        options = self.request.options.fields
        if key == "other-end":
            self.give_other_end()
            return
        if key == "longer":
            for name in ("timeout_s", "connect_s"):
                options.set_values({name: min(86_400, int(options[name]) * LONG)})
        elif key == "trust-lab":
            options.set_values({"trust": "lab"})
        elif key == "no-verify":
            options.set_values({"trust": "none"})
        elif key == "no-follow":
            options.set_values({"follow": False})
        elif key == "direct":
            options.set_values({"proxy": ""})
        elif key == "other-version":
            options.set_values({"version": "auto"})
        elif key == "plain":
            self.request.set_url(self.request.url.replace("https://", "http://", 1))
        elif key == "secure":
            url = self.request.url
            bare = "://" not in url and not url.startswith("{{")
            self.request.set_url(f"https://{url}" if bare else url.replace("http://", "https://", 1))
        self.send()

    # Both ends joined

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder."""
        news = self.servers.take(raws)
        response = self.response
        if news and response.handler_ms is None and response.exchange is not None and self.slot.phase == "idle":
            self._join(response.exchange)

    def poll(self) -> None:
        """See what still runs."""
        self.servers.poll()

    def served_for(self, exchange: Exchange | None) -> tuple[ServerSlot, Served] | None:
        """The row of the server that answered an exchange."""
        if exchange is None or exchange.conn is None or exchange.begin_sent is None:
            return None
        for slot in self.servers.slots():
            served = slot.rows.find(exchange.conn, exchange.begin_sent)
            if served is not None:
                return slot, served
        return None

    def _join(self, exchange: Exchange | None) -> None:
        found = self.served_for(exchange)
        if found is None:
            return
        slot, served = found
        took_ms = served.took_ns / 1e6
        self.response.set_answered(f"Answered by {worker_of(served) or slot.service}, {ms_text(took_ms)}", took_ms)
        self.servers.view_of(slot).live.choose(served)

    def _on_hop(self, exchange: Exchange) -> None:
        self.response.set_answered("", None)
        self._join(exchange)
        if exchange.conn is not None:
            self.link.choose(("request",), self._client_name(), exchange.conn, exchange.begin_sent)

    def _on_why(self, failure: Failure) -> None:
        sent = self.response.sent
        if sent is None or sent.raw or sent.failure is not failure:  # raw bytes, which perhaps found nobody
            why.explain(self.desk, failure, RAW_NAME)
        else:
            why.explain(self.desk, failure, self._client_name(), sent.between())

    def _client_name(self) -> str:
        return self.slot.client.name if self.slot.client is not None else ""

    def go_to_handler(self) -> None:
        """Choose the handler that answered, in the server's rows and on the time line."""
        found = self.served_for(self.response.exchange)
        if found is not None:
            slot, served = found
            self.servers.show_slot(slot).live.choose(served)
            self._choose_served(served)

    def _on_served_picked(self, _slot: ServerSlot, served: Served) -> None:
        self._choose_served(served)

    def _choose_served(self, served: Served) -> None:
        self.link.choose(ANSWERS, served.service, served.conn, served.begin)

    # Keeping

    def ask_save(self) -> None:
        """Ask where the body is to be written."""
        sent = self.response.sent
        if sent is None or self.slot.phase != "idle":
            return
        name = Path(urlsplit(sent.final.url if sent.final else "").path).name or "body"
        view = self.response.body_view
        ask_place(self, "Save the body", name[:100], lambda path: self.saving.save(view.whole(), path))

    def ask_send_to_file(self) -> None:
        """Ask for a place, then send and let the body stream there."""
        name = Path(urlsplit(self.request.url).path).name or "body"
        ask_place(self, "Send, and save the body", name[:100], self.send_to_file)
