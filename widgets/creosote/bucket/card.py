"""The bucket card: a numbered tab for each bucket; empty, its form, or its numbers and graph.

It must not know the log: what concerns the page leaves as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent

from protocols.creosote.wire import PORT
from protocols.numbers import grouped
from widgets.creosote.bucket.form import BucketForm
from widgets.creosote.bucket.live import BucketLive
from widgets.creosote.bucket.slot import WORDS, BucketSlot
from widgets.creosote.feed import Feed
from widgets.desk import Desk
from widgets.parts.buttons import Button
from widgets.parts.empty import EmptyState
from widgets.parts.numbered import FormedView, NumberedCard
from widgets.parts.text import ElidedLabel, Label
from widgets.parts.trouble import Mend, TroubleStrip
from widgets.theme.theme import theme

ROOMY_PX: Final = 560
NUMBERS_MS: Final = 250
EMPTY: Final = (
    f"No bucket listens yet.\nPrograms send debug messages to UDP port {PORT}, not caring who listens; "
    "a bucket shows them all."
)


def bucket_mends(errno: str, port: int) -> tuple[Mend, ...]:
    """The ways out of a bucket's error."""
    if errno == "EADDRINUSE":
        return (Mend("share", "Share the port", "users"), Mend("free-port", "Use a free port", "shuffle"),
                Mend("edit", "Change the port", "pencil"))  # fmt: skip
    if errno == "EACCES" and 0 < port < 1024:
        return (Mend("free-port", "Use a free port", "shuffle"),)
    if errno in ("EADDRNOTAVAIL", "EAFNOSUPPORT"):
        return (Mend("loopback", "Bind to 127.0.0.1", "monitor"),)
    return ()


class BucketView(FormedView[BucketSlot]):
    """One bucket's pages."""

    def __init__(self, slot: BucketSlot, feed: Feed, *, empty: bool) -> None:
        super().__init__(slot, empty=empty)
        self.empty = EmptyState("megaphone", EMPTY, f"Listen on {PORT}", button_icon="play", primary=True)
        self.form = BucketForm()
        self.strip = TroubleStrip()
        self.form.place_for_strip.addWidget(self.strip)
        self.live = BucketLive(slot, feed)
        self._begin(self.empty, self.form, self.live)

    def refresh(self) -> None:
        """Show the page of the slot's phase, and its trouble where the click was."""
        super().refresh()
        slot = self.slot
        self.form.start_button.setEnabled(slot.phase != "starting")
        self._tell_trouble(self.strip, lambda errno: bucket_mends(errno, int(slot.values.get("port", 0))))
        if slot.phase == "running":
            self.live.look()


class BucketCard(NumberedCard[BucketView, BucketSlot]):
    """All buckets. started(slot), stopped(slot): what became of one; current_changed: another is shown, or its state.

    why_requested(slot): explain its last error.
    """

    started = Signal(object)
    current_changed = Signal()
    why_requested = Signal(object)

    def __init__(self, desk: Desk, feed: Feed) -> None:
        super().__init__("Bucket", "megaphone", "Buckets")
        self.desk = desk
        self.feed = feed
        self.where = ElidedLabel("", "mono", mode=Qt.TextElideMode.ElideLeft)  # the port tells buckets apart
        self.rate = Label("", "figure")
        self.rate_word = Label("a second", "caption", "text2")
        self.rate.setToolTip("Datagrams in the last whole second")
        self.rate_word.setToolTip("Datagrams in the last whole second")
        self.form_button = Button("Set up", "sliders-horizontal", small=True)
        self.stop_button = Button("Stop", "square", small=True)
        self.remove_button = Button("Remove", "trash-2", small=True)
        self.head.title.setMinimumWidth(self.head.title.sizeHint().width())
        self.head.add_detail(self.where)
        for widget in (self.rate, self.rate_word, self.form_button, self.remove_button, self.stop_button):
            self.add_action(widget)
        self.stop_button.clicked.connect(self._on_stop)
        self.form_button.clicked.connect(self._on_form)
        self.remove_button.clicked.connect(lambda: self.remove(self.current))
        feed.ticked.connect(self.look)
        desk.bridge.every(NUMBERS_MS, self._look_at_numbers)
        self.add_bucket(empty=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refresh_head()

    def _on_stop(self) -> None:
        self.current.slot.stop()

    def _on_form(self) -> None:
        self.current.show_form()
        self._refresh_head()

    def running(self) -> list[BucketSlot]:
        """The buckets that listen."""
        return [slot for slot in self.slots() if slot.phase == "running"]

    def add_bucket(self, values: Mapping[str, Any] | None = None, *, empty: bool = False) -> BucketView:
        """A new bucket in a tab of its own, shown; its form starts with `values`."""
        slot = BucketSlot(self.desk, self._next_number(), self)
        view = BucketView(slot, self.feed, empty=empty)
        if values:
            view.form.fields.set_values(values)
        view.empty.acted.connect(lambda: slot.start(view.form.values(), free_port_if_taken=True))
        view.form.start_requested.connect(lambda: self.start(view))
        view.strip.why_requested.connect(lambda: self.why_requested.emit(slot))
        view.strip.mend_requested.connect(lambda key: self._mend(view, key))
        slot.started.connect(lambda: self.started.emit(slot))
        view.live.looked.connect(self._refresh_rate)
        return self._add_view(view)

    def _new_view(self) -> BucketView:
        return self.add_bucket()

    def _end(self, slot: BucketSlot) -> None:
        slot.stop()

    def start(self, view: BucketView) -> None:
        """Start with the form's values."""
        view.slot.start(view.form.values())

    def choose(self, index: int) -> None:
        """Show the bucket of a tab, with the numbers of now."""
        super().choose(index)
        if self.current.slot.phase == "running":
            self.current.live.look()

    def look(self) -> None:
        """Once a second: the numbers of the bucket shown, and whether each still runs."""
        for slot in self.slots():
            slot.poll()
        if self.current.slot.phase == "running":
            self.current.live.look()

    def _look_at_numbers(self) -> None:
        if self.isVisible() and self.current.slot.phase == "running":
            self.current.live.look_at_numbers()

    def _mend(self, view: BucketView, key: str) -> None:
        if key == "edit":
            view.form.fields.editor("port").setFocus()
            return
        changes: dict[str, dict[str, Any]] = {
            "share": {"share": True},
            "free-port": {"port": 0},
            "loopback": {"bind": "127.0.0.1"},
        }
        view.form.fields.set_values(changes.get(key, {}))
        if key == "share" and self._ask_to_share(view):
            return
        self.start(view)

    def _ask_to_share(self, view: BucketView) -> bool:
        """A port is shared by those alone who all asked for it: let our own bucket that has it ask too, then start."""
        port = int(str(view.form.fields["port"]))
        for slot in self.running():
            if slot.bucket is not None and slot.bucket.port == port and not slot.bucket.settings.share:
                self.view_of(slot).form.fields.set_values({"share": True})
                slot.started.connect(lambda: self.start(view), Qt.ConnectionType.SingleShotConnection)
                slot.rebind({"share": True})
                return True
        return False

    def _refresh_rate(self) -> None:
        self.rate.setText(grouped(self.current.live.per_second))
        self.current_changed.emit()

    def _refresh_head(self, *_: object) -> None:
        view = self.current
        slot = view.slot
        running = slot.phase == "running"
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and not running:
            sign, word = "error", slot.trouble.title.capitalize()
        self.set_state(sign, word)
        roomy = self.width() - (self.tabs.sizeHint().width() if len(self.views) > 1 else 0) > theme().px(ROOMY_PX)
        self.set_chip("UDP" if running and roomy else "")
        self.where.setText(slot.where)
        for widget in (self.where, self.rate, self.stop_button):
            widget.setVisible(running)
        self.rate_word.setVisible(running and roomy)
        self.tabs.setVisible(len(self.views) > 1)
        self.remove_button.setVisible(len(self.views) > 1 and not running)
        self.form_button.setVisible(view.stack.currentWidget() is view.empty)
        self.current_changed.emit()
