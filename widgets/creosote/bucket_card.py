"""The bucket card: a numbered tab for each bucket; empty, its form, or its numbers and graph.

It must not know the log: what concerns the page leaves as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from protocols.creosote.wire import PORT
from protocols.numbers import grouped
from widgets.creosote.bucket_form import BucketForm
from widgets.creosote.bucket_live import BucketLive
from widgets.creosote.bucket_slot import WORDS, BucketSlot
from widgets.creosote.feed import Feed
from widgets.desk import Desk
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.segments import Segments
from widgets.parts.text import ElidedLabel, Label
from widgets.parts.trouble import Mend, TroubleStrip
from widgets.theme.theme import theme

ROOMY_PX: Final = 560
NUMBERS_MS: Final = 250
EMPTY: Final = (
    f"No bucket listens yet. Programs send debug messages to UDP port {PORT}, not caring who listens; "
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


class BucketView(QWidget):
    """One bucket's pages."""

    def __init__(self, slot: BucketSlot, feed: Feed, *, empty: bool) -> None:
        super().__init__()
        self.slot = slot
        self.empty = EmptyState("megaphone", EMPTY, f"Listen on {PORT}", button_icon="play", primary=True)
        self.form = BucketForm()
        self.strip = TroubleStrip()
        self.form.place_for_strip.addWidget(self.strip)
        self.live = BucketLive(slot, feed)
        self.stack = QStackedWidget()
        for page in (self.empty, self.form, self.live):
            self.stack.addWidget(page)
        self._wants_form = not empty
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        slot.changed.connect(self.refresh)
        self.refresh()

    def show_form(self) -> None:
        """Show the form instead of the empty state."""
        self._wants_form = True
        self.refresh()

    def refresh(self) -> None:
        """Show the page of the slot's phase, and its trouble where the click was."""
        slot = self.slot
        if slot.phase in ("starting", "ended") or slot.trouble is not None:
            self._wants_form = True
        page: QWidget = self.live if slot.phase == "running" else self.form if self._wants_form else self.empty
        self.stack.setCurrentWidget(page)
        self.form.start_button.setEnabled(slot.phase != "starting")
        trouble = slot.trouble
        if trouble is None:
            self.strip.clear()
        elif not self.strip.text():
            mends = bucket_mends(trouble.errno, int(slot.values.get("port", 0)))
            self.strip.tell(trouble.title, trouble.why, mends, errno=trouble.errno)
        if slot.phase == "running":
            self.live.look()


class BucketCard(Card):
    """All buckets. started(slot), stopped(slot): what became of one; current_changed: another is shown, or its state.

    why_requested(slot): explain its last error.
    """

    started = Signal(object)
    current_changed = Signal()
    why_requested = Signal(object)

    def __init__(self, desk: Desk, feed: Feed) -> None:
        super().__init__("Bucket", "megaphone")
        self.desk = desk
        self.feed = feed
        self.views: list[BucketView] = []
        self._numbers = 0
        self.tabs = Segments((), "Buckets")
        self.where = ElidedLabel("", "mono")
        self.rate = Label("", "figure")
        self.rate_word = Label("a second", "caption", "text2")
        self.rate.setToolTip("Datagrams in the last whole second")
        self.rate_word.setToolTip("Datagrams in the last whole second")
        self.form_button = Button("Set up", "sliders-horizontal", small=True)
        self.stop_button = Button("Stop", "square", small=True)
        self.remove_button = Button("Remove", "trash-2", small=True)
        self.stack = QStackedWidget()
        self.add_head(self.tabs)
        self.head.title.setMinimumWidth(self.head.title.sizeHint().width())
        self.head.add_detail(self.where)
        for widget in (self.rate, self.rate_word, self.form_button, self.remove_button, self.stop_button):
            self.add_action(widget)
        self.add(self.stack, 1)
        self.tabs.chosen.connect(self.choose)
        self.stop_button.clicked.connect(self._on_stop)
        self.form_button.clicked.connect(self._on_form)
        self.remove_button.clicked.connect(lambda: self.remove_bucket(self.current))
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

    @property
    def current(self) -> BucketView:
        """The bucket shown."""
        view = self.stack.currentWidget()
        assert isinstance(view, BucketView)
        return view

    def slots(self) -> list[BucketSlot]:
        """All buckets, in the order of their tabs."""
        return [view.slot for view in self.views]

    def running(self) -> list[BucketSlot]:
        """The buckets that listen."""
        return [slot for slot in self.slots() if slot.phase == "running"]

    def add_bucket(self, values: Mapping[str, Any] | None = None, *, empty: bool = False) -> BucketView:
        """A new bucket in a tab of its own, shown; its form starts with `values`."""
        self._numbers += 1
        slot = BucketSlot(self.desk, self._numbers, self)
        view = BucketView(slot, self.feed, empty=empty)
        if values:
            view.form.fields.set_values(values)
        view.empty.acted.connect(lambda: slot.start(view.form.values(), free_port_if_taken=True))
        view.form.start_requested.connect(lambda: self.start(view))
        view.strip.why_requested.connect(lambda: self.why_requested.emit(slot))
        view.strip.mend_requested.connect(lambda key: self._mend(view, key))
        slot.changed.connect(self._refresh_head)
        slot.started.connect(lambda: self.started.emit(slot))
        view.live.looked.connect(self._refresh_rate)
        self.views.append(view)
        self.stack.addWidget(view)
        self.tabs.set_texts([str(each.slot.number) for each in self.views])
        self.choose(len(self.views) - 1)
        return view

    def start(self, view: BucketView) -> None:
        """Start with the form's values."""
        view.slot.start(view.form.values())

    def remove_bucket(self, view: BucketView) -> None:
        """Stop a bucket and take its tab away; the last one stays, as a form."""
        view.slot.stop()
        if len(self.views) == 1:
            return
        at = self.views.index(view)
        self.views.remove(view)
        self.stack.removeWidget(view)
        view.slot.changed.disconnect(self._refresh_head)
        view.hide()
        view.deleteLater()
        self.tabs.set_texts([str(each.slot.number) for each in self.views])
        self.choose(min(at, len(self.views) - 1))

    def free_view(self) -> BucketView:
        """A bucket that does not listen: the one shown, another, or a new one."""
        for view in (self.current, *self.views):
            if view.slot.phase in ("idle", "ended"):
                return view
        return self.add_bucket()

    def choose(self, index: int) -> None:
        """Show the bucket of a tab."""
        self.stack.setCurrentWidget(self.views[index])
        self.tabs.set_current(index)
        if self.current.slot.phase == "running":
            self.current.live.look()
        self._refresh_head()

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
        self.start(view)

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
        roomy = self.width() > theme().px(ROOMY_PX)
        self.set_chip("UDP" if running and roomy else "")
        self.where.setText(slot.where)
        for widget in (self.where, self.rate, self.stop_button):
            widget.setVisible(running)
        self.rate_word.setVisible(running and roomy)
        self.tabs.setVisible(len(self.views) > 1)
        self.remove_button.setVisible(len(self.views) > 1 and not running)
        self.form_button.setVisible(view.stack.currentWidget() is view.empty)
        self.current_changed.emit()
