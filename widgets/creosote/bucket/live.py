"""BucketLive: what a bucket shows while it listens: its numbers, zero too, and who writes how much.

Asks a slot and the feed once a second. It must not know services or the log's view.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.numbers import grouped
from widgets.creosote.bucket.rate_graph import AREAS, SECONDS, RateGraph
from widgets.creosote.bucket.senders_view import SHOWN, SenderFacts
from widgets.creosote.bucket.slot import BucketSlot
from widgets.creosote.feed import Feed
from widgets.parts.card import Line
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

ONE_LINE_PX: Final = 540
GRAPH_FROM_PX: Final = 118


class BucketLive(QWidget):
    """Facts and graph of one bucket. looked: the numbers are new; `senders` has who wrote."""

    looked = Signal()

    def __init__(self, slot: BucketSlot, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.feed = feed
        self.per_second = 0
        self.senders: list[SenderFacts] = []
        self.more_senders = 0
        self.received = Fact("Received")
        self.lost = Fact("Lost in the kernel")
        self.gaps = Fact("Gaps in numbers")
        self.long = Fact("Over 1\u202f024 bytes")
        self.queue = Fact("Not shown yet")
        self.forwarded = Fact("Redirected")
        self.log_file = Fact("Log file", mono=True)
        self.groups = Fact("Groups", mono=True)
        self.strip = TroubleStrip()
        self.graph = RateGraph()
        self._lay_out()

    def _lay_out(self) -> None:
        facts = FlowBox(spacing=20, line_spacing=6)
        facts.flow.setContentsMargins(12, 8, 12, 8)
        for fact in (self.received, self.lost, self.gaps, self.long, self.queue, self.forwarded, self.groups,
                     self.log_file):  # fmt: skip
            facts.add(fact)
        self.long.setToolTip("An original bucket would have cut these at 1\u202f024 bytes")
        self.lost.setToolTip("They reached this machine and found no room in the socket's queue (SO_RXQ_OVFL)")
        self.gaps.setToolTip("Missing between the numbers of senders that number their messages")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(facts)
        column.addWidget(Line())
        column.addWidget(self.strip)
        holder = QVBoxLayout()
        holder.setContentsMargins(8, 8, 8, 6)
        holder.addWidget(self.graph)
        column.addLayout(holder, 1000)
        column.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.queue.setVisible(event.size().width() > theme().px(ONE_LINE_PX))
        self.graph.setVisible(event.size().height() > theme().px(GRAPH_FROM_PX))

    def look(self) -> None:
        """Ask for the numbers, who wrote, and paint the graph anew."""
        if self.slot.bucket is not None:
            self.look_at_numbers()
            self.per_second = self.feed.per_second(self.slot.service)
            self._look_at_senders()
            self.looked.emit()

    def look_at_numbers(self) -> None:
        """Ask the bucket for what it counts."""
        bucket = self.slot.bucket
        if bucket is None:
            return
        self.received.set_value(grouped(bucket.received))
        self.lost.set_value(grouped(bucket.dropped), "warning" if bucket.dropped else "")
        gaps = bucket.losses.total
        self.gaps.set_value(grouped(gaps), "warning" if gaps else "")
        self.long.set_value(grouped(bucket.cut), "warning" if bucket.cut else "")
        self.queue.set_value(grouped(self.feed.desk.bridge.behind))
        self.forwarded.setVisible(bucket.settings.redirect is not None)
        if bucket.settings.redirect is not None:
            host, port = bucket.settings.redirect
            kept_back = f", {grouped(bucket.unforwarded)} failed" if bucket.unforwarded else ""
            self.forwarded.set_value(f"{grouped(bucket.forwarded)} to {host}:{port}{kept_back}",
                                     "warning" if kept_back else "")  # fmt: skip
        self.log_file.setVisible(bool(bucket.settings.log_file))
        ended = bucket.log_error
        self.log_file.set_value(bucket.settings.log_file if ended is None else f"ended: {ended.strerror}",
                                "" if ended is None else "error")  # fmt: skip
        self.groups.setVisible(bool(bucket.settings.groups))
        self.groups.set_value(", ".join(bucket.settings.groups))

    def _look_at_senders(self) -> None:
        feed, bucket = self.feed, self.slot.bucket
        assert bucket is not None
        now = feed.now_second()
        live = feed.live
        heard = feed.senders_of(bucket.name)
        last = live.rates.last(now)
        # In the order in which they were first heard: what a reader points at must not jump.
        shown = sorted(heard[:SHOWN])
        self.more_senders = len(heard) - len(shown)
        self.senders = [
            SenderFacts(number, live.name(number), live.address(number), last.get(number, 0), live.log.counts[number],
                        bucket.losses.of(live.log.senders[number][1]))
            for number in shown
        ]  # fmt: skip
        drawn = sorted(heard[:AREAS])
        series = live.rates.series(drawn, now, SECONDS)
        rest = live.rates.series(heard[AREAS : AREAS + 200], now, SECONDS)
        others = [sum(row[at] for row in rest) for at in range(SECONDS)]
        self.graph.show_rates(drawn, series, others)
