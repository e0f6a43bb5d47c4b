"""ListenPage: the buckets with their graph, who writes to the one shown, and the log below.

Says while it holds that a bucket is open to others, with the button that ends it. It must not know
the other views of the panel.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.creosote.bucket.card import BucketCard
from widgets.creosote.bucket.senders_view import SendersView
from widgets.creosote.feed import Feed
from widgets.creosote.log.pane import LogPane
from widgets.creosote.wording import many
from widgets.desk import Desk
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.splitter import Splitter
from widgets.parts.text import ElidedLabel
from widgets.theme.theme import theme

NARROW_PX: Final = 640
UPPER_SHARE: Final = 0.36
LEAST_PX: Final = 132
MOST_PX: Final = 290
FORMS: Final = 8
"""Buckets' forms that the next start finds again."""


class SendersCard(Card):
    """Who writes to the bucket shown. only_requested(number): show only this one in the log."""

    only_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.view = SendersView()
        self.said = ElidedLabel("", "caption", "text2", mode=Qt.TextElideMode.ElideRight)
        self.only_button = Button("Only this sender", "funnel", small=True)
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(12, 4, 8, 6)
        row.addWidget(self.said, 1)
        row.addWidget(self.only_button)
        self.add(self.view, 1)
        self.add(foot)
        self.setAccessibleName("Senders")
        self.only_button.clicked.connect(self._on_only)
        self.only_button.hide()  # until there is one to show: what the kernel lost has the room
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.view.sender_chosen.connect(self.only_requested)

    def _on_only(self) -> None:
        self.only_requested.emit(self.view.chosen())

    def _on_selection_changed(self) -> None:
        self.only_button.setVisible(self.view.chosen() >= 0)


class ListenPage(QWidget):
    """The page. programs_requested: let made-up programs write to the bucket shown."""

    programs_requested = Signal()

    def __init__(self, desk: Desk, feed: Feed, buckets: BucketCard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.feed = feed
        self.warning = Banner("warning")
        self.buckets = buckets
        self.senders = SendersCard()
        self.log = LogPane(desk, feed)
        self.top = Splitter(Qt.Orientation.Horizontal, self.buckets, self.senders, line=False)
        self.top.setSizes([620, 320])
        self.top.setStretchFactor(0, 2)
        self.top.setStretchFactor(1, 1)
        self.splitter = Splitter(Qt.Orientation.Vertical)
        self._moved = False
        self._lay_out()
        self.buckets.current_changed.connect(self.refresh)
        self.buckets.started.connect(lambda _slot: self.refresh())
        self.warning.acted.connect(self.close_to_others)
        self.senders.only_requested.connect(self.log.bar.only_sender)
        self.log.first_requested.connect(self.programs_requested)
        feed.grew.connect(self._on_first_rows)
        feed.emptied.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        upper = QWidget()
        inside = QVBoxLayout(upper)
        inside.setContentsMargins(16, 0, 16, 8)
        inside.setSpacing(8)
        inside.addWidget(self.warning)
        inside.addWidget(self.top, 1)
        upper.setMinimumHeight(theme().px(LEAST_PX))
        self.log.stack.setMinimumHeight(theme().px(96))
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.log)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.splitterMoved.connect(self._on_splitter_moved)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self._moved:
            self._share_height()
        self.refresh()

    def _on_splitter_moved(self) -> None:
        self._moved = True

    def _share_height(self) -> None:
        """The log is what people look at: it gets the most of a low place."""
        upper = min(max(round(self.height() * UPPER_SHARE), theme().px(LEAST_PX)), theme().px(MOST_PX))
        if not self.warning.isHidden():
            upper = max(upper, theme().px(LEAST_PX) + self.warning.height())
        self.splitter.setSizes([upper, max(self.height() - upper, 1)])

    def _on_first_rows(self) -> None:
        if self.log.isHidden():
            self.refresh()

    def refresh(self) -> None:
        """Show what there is: senders while a bucket listens, the log once there can be rows."""
        view = self.buckets.current
        listens = view.slot.phase == "running"
        shows_log = bool(self.buckets.running()) or len(self.feed.log) > 0
        if shows_log == self.log.isHidden():
            self.log.setVisible(shows_log)
            self._share_height()
        self.senders.setVisible(listens and self.width() >= theme().px(NARROW_PX))
        if listens:
            live = view.live
            self.senders.view.facts.update_rows(live.senders)
            self.senders.said.setText(self._said())
            bucket = view.slot.bucket
            if bucket is not None:
                self.log.say_where(bucket.port, ipv6=":" in bucket.settings.host)
        self._warn()

    def _said(self) -> str:
        bucket, live = self.buckets.current.slot.bucket, self.buckets.current.live
        if bucket is None or not live.senders:
            return "Nobody has written yet"
        gone = []
        if bucket.dropped:
            gone.append(f"{many(bucket.dropped, 'datagram')} lost in the kernel's queue")
        if live.more_senders:
            gone.append(f"{many(live.more_senders, 'quieter sender')} not shown")
        return ", ".join(gone) or "The kernel lost none"

    def _warn(self) -> None:
        exposed = [slot for slot in self.buckets.running() if slot.exposed]
        if not exposed:
            self.warning.clear()
            return
        where = ", ".join(slot.where for slot in exposed)
        everywhere = any(slot.where.startswith(("0.0.0.0:", "[::]:")) for slot in exposed)
        lead = "Listening on all interfaces." if everywhere else f"Listening on {where}."
        text = "Anyone who can reach this machine can write here, under any name."
        self.warning.say(lead, text, "Only this machine", "shield-check")

    def close_to_others(self) -> None:
        """Bind every exposed bucket to loopback, on the port it has."""
        for slot in self.buckets.running():
            if slot.exposed:
                home = "::1" if slot.where.startswith("[") else "127.0.0.1"
                slot.rebind({"bind": home})
                view = self.buckets.view_of(slot)
                view.form.fields.set_values({"bind": home})

    def save_state(self) -> dict[str, Any]:
        """Forms, sizes, and what the log keeps."""
        return {
            "buckets": [view.form.values() for view in self.buckets.views],
            "sizes": self.splitter.sizes() if self._moved else [],
            "log": self.log.save_state(),
        }

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        forms = state.get("buckets")
        entries = [entry for entry in forms if isinstance(entry, dict)] if isinstance(forms, list) else []
        for values, view in zip(entries, self.buckets.views, strict=False):
            view.form.fields.set_values(values)
        first = self.buckets.current
        for values in entries[len(self.buckets.views) : FORMS]:
            self.buckets.add_bucket(values)
        self.buckets.show_view(first)
        sizes = state.get("sizes")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(each, int) and each > 0 for each in sizes):
            self._moved = True
            self.splitter.setSizes(sizes)
        log = state.get("log")
        if isinstance(log, dict):
            self.log.restore_state(log)
