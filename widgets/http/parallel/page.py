"""Many copies of the request at once, with a chart of what each took: queues behind few workers become visible.

It must not know how a request is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.http.client.client import HttpClient
from protocols.http.request import RequestError
from protocols.numbers import grouped
from widgets.desk import Desk
from widgets.http.exchange.phase_rows import ms_text
from widgets.http.exchange.request_launch import start_client, trusting
from widgets.http.parallel.burst import MOST, Burst, summary
from widgets.http.parallel.latency_chart import LatencyChart
from widgets.http.request.card import RequestCard
from widgets.http.request.slot import RequestSlot
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card, Line
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.fields import Fields
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.text import ElidedLabel, Label
from widgets.parts.trouble import TroubleStrip

POLL_MS: Final = 100
FACTS: Final = ("Over", "Failed", "Least", "Median", "95 of 100 within", "Most", "Answers a second",
                "Connections")  # fmt: skip


NOTHING: Final = (
    "Send the request of the first view many times: each copy becomes a bar here, and bars that grow show where they "
    "queue."
)
BARS: Final = "Each bar is one copy: where it begins and how long it takes. Bars that grow show a queue."
NO_URL: Final = "There is no request yet to be sent many times. Type a URL in the first view, or start a site."


class ParallelPage(QWidget):
    """The form, the numbers and the chart. burst: the last one. `other_end_requested`: a site shall be started."""

    other_end_requested = Signal()

    def __init__(self, desk: Desk, slot: RequestSlot, request: RequestCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk, self.slot, self.request = desk, slot, request
        self.burst: Burst | None = None
        self._end: Callable[[], None] | None = None
        self.card = Card("Many at once", "users")
        self.fields = Fields(self)
        self.what = ElidedLabel("", "mono", "text2")
        self.start_button, self.stop_button = PrimaryButton("Send them all", "send"), Button("Stop", "square")
        self.strip = TroubleStrip()
        self.strip.banner.action_button.hide()
        self.facts = {name: Fact(name) for name in FACTS}
        self.chart = LatencyChart()
        self.said = Label(BARS, "caption", "text2", wrap=True)
        self.empty = EmptyState("users", NOTHING, "Start the sandbox", button_icon="play")
        self.results = QWidget()
        self.pages = Pages(self.empty, self.results)
        self._lay_out()
        self.empty.acted.connect(self.other_end_requested)
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        request.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        form = FlowBox(spacing=12)
        form.flow.setContentsMargins(12, 10, 12, 8)
        form.add(self.fields.number("total", "Copies", 50, (1, MOST)))
        form.add(self.fields.number("at_once", "At once", 10, (1, 500)))
        alive = self.fields.check("keep_alive", "Keep connections", True,
                                  tip="The next copy goes over a connection that is there. Without: one connection for "
                                  "each, as HTTP/1.0 does it")  # fmt: skip
        form.add(alive)
        form.flow.setAlignment(alive, Qt.AlignmentFlag.AlignBottom)
        form.add(self.start_button)
        form.add(self.stop_button)
        numbers = FlowBox(spacing=20, line_spacing=6)
        numbers.flow.setContentsMargins(12, 8, 12, 8)
        for fact in self.facts.values():
            numbers.add(fact)
        strip = QVBoxLayout()
        strip.setContentsMargins(12, 0, 12, 0)
        strip.addWidget(self.strip)
        self.what.setContentsMargins(12, 10, 12, 0)
        self.said.setContentsMargins(12, 0, 12, 10)
        self.card.add(self.what)
        self.card.add(form)
        self.card.body.addLayout(strip)
        rows = QVBoxLayout(self.results)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(numbers)
        rows.addWidget(self.chart, 1)
        rows.addWidget(self.said)
        self.card.add(Line())
        self.card.add(self.pages, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)

    def refresh(self) -> None:
        """Show the request of the card, and how far the burst is."""
        url = self.request.url
        method = self.request.bar.method.currentText()
        text = f"{method} {url}" if url else "Type a URL in the first view, then come here."
        self.what.setText(text)
        busy = self._end is not None
        self.start_button.setVisible(not busy)
        self.start_button.setEnabled(bool(url))
        self.stop_button.setVisible(busy)
        shots = list(self.burst.shots) if self.burst is not None else []
        found = summary(shots)
        total = self.burst.total if self.burst is not None else 0
        values = ("",) * len(FACTS) if found is None else (
            f"{grouped(found.count)} of {grouped(total)}", grouped(found.failed), ms_text(found.least_ms),
            ms_text(found.median_ms), ms_text(found.p95_ms), ms_text(found.most_ms), f"{found.per_s:.0f}",
            grouped(found.connections),
        )  # fmt: skip
        for fact, value in zip(self.facts.values(), values, strict=True):
            fact.set_value(value)
        bad = Counter(shot.status for shot in shots if not 200 <= shot.status < 400)
        words = ", ".join(f"{status or 'no answer'}: {grouped(count)}" for status, count in bad.most_common(6))
        self.said.setText(f"{BARS} The red ones had no success ({words})." if bad else BARS)
        self.chart.set_shots(shots)
        self.pages.setCurrentWidget(self.empty if self.burst is None else self.results)
        self.empty.set_sentence(NOTHING if url else NO_URL)
        self.empty.button.setVisible(not url)

    def start(self) -> None:
        """Begin; nothing happens while one is under way."""
        if self._end is not None:
            return
        self.strip.clear()
        try:
            request, believed = self.request.ready(), self.request.believed()
        except RequestError as error:
            self._refuse(str(error))
            return
        lab, jar, client = self.desk.lab, self.slot.jar, self.slot.client
        total, at_once, alive = self.fields["total"], self.fields["at_once"], self.fields["keep_alive"]

        def work() -> tuple[HttpClient, Burst]:
            running = client if client is not None and client.state == "running" else start_client(lab, jar)
            return running, Burst(running, trusting(request, believed), total, at_once, keep_alive=alive)

        self.start_button.setEnabled(False)
        self.desk.bridge.call(work, self._on_made, lambda error: self._refuse(str(error)), owner=self)

    def _on_made(self, made: tuple[HttpClient, Burst]) -> None:
        self.slot.client, self.burst = made
        self._end = self.desk.bridge.every(POLL_MS, self.refresh)
        self.desk.bridge.call(self.burst.run, lambda _done: self._over(), self._on_failed, owner=self)
        self.refresh()

    def _on_failed(self, error: BaseException) -> None:
        self._over()
        self._refuse(str(error))

    def _over(self) -> None:
        if self._end is not None:
            self._end()
            self._end = None
        self.refresh()

    def stop(self) -> None:
        """End it at once."""
        if self.burst is not None:
            self.burst.cancel()

    def _refuse(self, sentence: str) -> None:
        self.start_button.setEnabled(True)
        self.strip.tell("This can't be sent", sentence if sentence.endswith(".") else f"{sentence}.")
        self.strip.banner.action_button.hide()
