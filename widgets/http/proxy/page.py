"""The proxy view of the web panel: what runs, what passed through it, and what is held.

Puts the view together: the card of the proxy, the list with rules and line, the details of the chosen
exchange. It must not know sockets, nor how the proxy does its work; it asks protocols/http/proxy and shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.proxy.entry import Entry
from protocols.http.request import Request
from protocols.record.event import detail_of, monotonic_ns
from protocols.record.trace import address_text
from widgets.http import why
from widgets.http.both_ends import BothEnds
from widgets.http.exchange.sent import Sent
from widgets.http.proxy.card import ProxyCard
from widgets.http.proxy.details import DetailsCard
from widgets.http.proxy.doings import Doings
from widgets.http.proxy.line import LinePage
from widgets.http.proxy.list import ExchangesView
from widgets.http.proxy.request import ViaProxy
from widgets.http.proxy.rules import rule_of, values_of
from widgets.http.proxy.rules_page import RulesPage
from widgets.http.proxy.slot import ProxySlot
from widgets.parts.card import Card
from widgets.parts.flow import Pages
from widgets.parts.segments import Segments
from widgets.parts.splitter import Splitter

PARTS: Final = ("exchanges", "rules", "line")
TITLES: Final = ("Exchanges", "Rules", "Speed")
RULES_KEPT: Final = 100


class ProxyPage(QWidget):
    """The view. `poll` is called while it is at the front. `builder_wanted(request)`: show it in the builder."""

    builder_wanted = Signal(object)

    def __init__(self, ends: BothEnds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = ends.desk
        self.setAccessibleName("Debugging proxy")
        self.ends = ends
        self.slot = ProxySlot(self.desk, self)
        self.via = ViaProxy(ends, self)
        self.card = ProxyCard(self.desk, self.slot, self._example)
        self.exchanges, self.rules, self.line = ExchangesView(self.slot), RulesPage(self.slot), LinePage(self.slot)
        self.list_card = Card("Traffic", "list")
        self.segments = Segments(TITLES, "Exchanges, rules or speed")
        self.parts = Pages(self.exchanges, self.rules, self.line)
        self.details = DetailsCard(self.desk)
        self._soon: tuple[int, Sent | None] | None = None
        self._then_send = False
        self._lay_out()
        self.doings = Doings(self)
        self._connect()
        self._suit()

    def _lay_out(self) -> None:
        self.list_card.add_head(self.segments)
        self.list_card.add(self.parts, 1)
        self.whole = Splitter(Qt.Orientation.Vertical, self.list_card, self.details, line=False)
        self.whole.setSizes([300, 280])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        column.addWidget(self.card)
        column.addWidget(self.whole, 1)

    def _connect(self) -> None:
        self.segments.chosen.connect(lambda index: self.show_part(PARTS[index]))
        self.card.request_wanted.connect(self.send_through)
        self.card.why_requested.connect(lambda: why.explain_start(self.desk, self.slot.trouble, self.slot.port))
        self.exchanges.first_requested.connect(self.send_through)
        self.exchanges.picked.connect(self._on_picked)
        self.exchanges.release_all_requested.connect(self.release_all)
        self.details.why_requested.connect(self._on_why)
        self.via.went.connect(self._on_went)
        self.via.refused.connect(self.desk.toast)
        self.slot.came.connect(self._on_came)
        self.slot.changed.connect(self._on_slot)
        self.slot.cleared.connect(self._on_cleared)
        self.ends.request.changed.connect(self.card.refresh)
        self.desk.selection.changed.connect(self._on_selection)

    def _example(self) -> str:
        """The address for the curl line: the builder's, or that of a server that runs."""
        running = self.ends.servers.running()
        return self.ends.request.url or (running.url if running is not None else "")

    def show_part(self, key: str) -> None:
        """Go to the exchanges, the rules, or the speed."""
        self.parts.setCurrentIndex(PARTS.index(key))
        self.segments.set_current(PARTS.index(key))
        self._suit()

    def _suit(self) -> None:
        there = self.exchanges.source.rowCount() > 0
        self.details.setVisible(there and self.parts.currentWidget() is self.exchanges)
        on = sum(rule.on for rule in self.slot.rules)
        slow = self.line.slows
        texts = (TITLES[0], f"Rules {on}" if on else "Rules", "Speed: slowed" if slow else "Speed")
        for at, text in enumerate(texts):
            button = self.segments.button(at)
            if button.text() != text:
                button.setText(text)
                button.updateGeometry()

    def poll(self) -> None:
        """Look at the proxy."""
        self.slot.poll()
        if self.slot.running:
            self.exchanges.tick()
            entry = self.details.entry
            if entry is not None and not entry.over:
                self.details.refresh()
            self._choose_awaited()

    # Exchanges

    def _on_came(self, entries: list[Entry]) -> None:
        self._suit()
        if self.details.entry in entries:
            self.details.refresh()
        self._choose_awaited()

    def _on_cleared(self) -> None:
        entry, proxy = self.details.entry, self.slot.proxy
        if entry is not None and (proxy is None or proxy.entry(entry.number) is not entry):
            self.details.show_entry(None)
        self._suit()

    def show_entry(self, number: int) -> bool:
        """Choose an exchange, as a click would but without the time line; False where no row shows it."""
        entry = self.slot.proxy.entry(number) if self.slot.proxy is not None else None
        if entry is None or not self.exchanges.choose(number):
            return False
        if not (self.details.editing and self.details.entry is not entry and self.details.entry.held):  # type: ignore[union-attr]
            self.details.show_entry(entry)
        return True

    def _on_picked(self, entry: Entry) -> None:
        self._soon = None
        self.details.show_entry(entry)
        self.doings.show_on_timeline(entry)

    def _on_why(self, entry: Entry) -> None:
        between = (entry.begun_ns, entry.ended_ns or monotonic_ns())
        why.explain(self.desk, entry.failure, self.slot.service, between)

    def _on_selection(self) -> None:
        """An event of an exchange was chosen on the time line: its row is chosen too."""
        row, log = self.desk.selection.row, self.desk.log
        if row is None or not self.isVisible() or not log.first <= row < len(log):
            return
        raw = log.raw(row)
        number = detail_of(raw).get("number") if raw[3] == self.slot.service else None
        if isinstance(number, int) and (self.details.entry is None or self.details.entry.number != number):
            self.show_entry(number)

    def release_all(self) -> None:
        """Let everything go on that is held."""
        if self.slot.proxy is not None:
            self.slot.proxy.release_all()
        self.poll()

    def add_rule(self, action: str, entry: Entry) -> None:
        """A rule for exchanges like this one, shown."""
        self.rules.add_like(action, entry.method, entry.url)
        self.show_part("rules")

    def open_in_builder(self, request: Request) -> None:
        """Show the request of an exchange in the builder."""
        self.builder_wanted.emit(request)

    # Through the proxy

    def send_through(self, *, start: bool = False) -> None:
        """Send the builder's request through the proxy, and choose its row when it is there.

        start: start the proxy first where none runs.
        """
        proxy = self.slot.proxy
        if proxy is not None and self.slot.running:
            self.show_part("exchanges")
            self.via.send(proxy)
        elif start and self.slot.phase in ("idle", "ended"):
            self._then_send = True
            self.card.start()

    def _on_slot(self) -> None:
        if self._then_send and self.slot.phase != "starting":
            self._then_send = False
            self.send_through()
        self._suit()

    def show_python(self) -> bool:
        """Show the script of the exchange chosen; False where there is none."""
        entry = self.details.entry
        if entry is None or entry.kind not in ("http", "upgraded"):
            return False
        self.doings.do("python", entry.number)
        return True

    def _on_went(self, sent: Sent) -> None:
        proxy = self.slot.proxy
        if proxy is not None:
            self._soon = (0, sent)
            self._choose_awaited()

    def choose_soon(self, number: int) -> None:
        """Choose an exchange as soon as it has a row."""
        self._soon = (number, None)
        self._choose_awaited()

    def _choose_awaited(self) -> None:
        if self._soon is None or self.slot.proxy is None:
            return
        number, sent = self._soon
        if sent is not None:
            found = [one for one in self.slot.proxy.entries() if _is_of(one, sent)]
            number = found[-1].number if found else 0
        if number and self.exchanges.source.place_of(number) >= 0:
            if self.exchanges.rows.row_of(number) < 0:
                self.exchanges.filter.clear()
            entry = self.slot.proxy.entry(number)
            self.show_entry(number)
            if entry is not None and (sent is None or sent.over or entry.held):
                self._soon = None
        elif sent is not None and sent.over and not number:
            self._soon = None  # it never came here

    # Life

    def values(self) -> dict[str, Any]:
        """What the next start finds again; nothing runs then."""
        return {
            "form": self.card.form.kept_values(), "line": self.line.values(), "filter": self.exchanges.filter.text(),
            "rules": [values_of(rule) for rule in self.slot.rules[:RULES_KEPT]], "sizes": self.whole.sizes(),
            "part": PARTS[self.parts.currentIndex()],
        }  # fmt: skip

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave; what is strange is ignored."""
        for key, take in (("form", self.card.form.set_values), ("line", self.line.fields.set_values)):
            if isinstance(values.get(key), Mapping):
                take(values[key])
        rules = values.get("rules")
        kept = [one for one in rules if isinstance(one, Mapping)] if isinstance(rules, list) else []
        try:
            self.rules.set_rules(tuple(rule_of(one) for one in kept[:RULES_KEPT]))
        except (TypeError, ValueError):
            self.rules.set_rules(())
        self.exchanges.filter.setText(str(values.get("filter", "")))
        sizes = values.get("sizes")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) for size in sizes):
            self.whole.setSizes(sizes)
        if values.get("part") in PARTS:
            self.show_part(str(values["part"]))


def _is_of(entry: Entry, sent: Sent) -> bool:
    """Whether this exchange came of that request."""
    if entry.begun_ns < sent.begun_ns or entry.replay_of is not None:
        return False
    final = sent.final
    if final is not None and final.local is not None:
        host, port = final.local
        return entry.client == address_text((host, port))
    return isinstance(sent.request, Request) and entry.url.rstrip("/") == sent.request.url.partition("#")[0].rstrip("/")
