"""InspectorDock: the dock at the right that shows what is behind the selected event.

Bytes, Call and Why follow the selection of all views; the pin holds on to one event. It must not
know panels, the time line's views or the bridge's batches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon

from protocols.record.event import Event
from widgets.inspector.bytes_page import BytesPage
from widgets.inspector.call_page import CallPage
from widgets.inspector.why_page import WhyPage
from widgets.parts.buttons import IconButton
from widgets.parts.empty import EmptyState
from widgets.parts.side_dock import DockTitle, SideDock
from widgets.parts.tabs import TabBar
from widgets.selection import ByteRange
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from widgets.desk import Desk

TABS: Final = ("bytes", "call", "why")
LEAST_PX: Final = 240
WIDTH_PX: Final = 372
LOOK_BACK: Final = 4096
NOTHING: Final = "Select an event in the time line: its bytes, its call and the reason for it show up here."


class InspectorTitle(DockTitle):
    """Tabs, the pin and the close button."""

    def __init__(self) -> None:
        super().__init__("inspector", WIDTH_PX, LEAST_PX, margin=6, gap=4)
        self.tabs = TabBar()
        self.tabs.setAccessibleName("Views of the inspector")
        for text in ("Bytes", "Call", "Why"):
            self.tabs.add(text)
        self.pin = IconButton("pin", "Keep showing this event", checkable=True)
        self.add_name(self.tabs, align=Qt.AlignmentFlag.AlignBottom)
        self.add_button(self.pin)


class InspectorDock(SideDock):
    """The inspector. desk: its log and selection are looked at."""

    def __init__(self, desk: Desk) -> None:
        self._bar = InspectorTitle()
        self.bytes_page = BytesPage()
        self.call_page = CallPage()
        self.why_page = WhyPage(desk)
        self._empty = EmptyState("scan-line", NOTHING)
        pages = (self.bytes_page, self.call_page, self.why_page, self._empty)
        super().__init__("inspector", "Inspector", self._bar, LEAST_PX, *pages)
        self._desk = desk
        self._row: int | None = None
        self._event: Event | None = None
        self._marked: ByteRange | None = None
        self._stale = set(TABS)
        self._bar.tabs.currentChanged.connect(lambda _: self._show())
        self._bar.pin.toggled.connect(self._on_pin_toggled)
        self.bytes_page.joined_chosen.connect(desk.selection.select)
        desk.selection.changed.connect(self._on_selection_changed)
        self.visibilityChanged.connect(self._on_visibility_changed)
        self._show()

    # What is looked at

    @property
    def pinned(self) -> bool:
        """True while the selection is not followed."""
        return self._bar.pin.isChecked()

    def set_pinned(self, pinned: bool) -> None:
        """Hold on to the event shown, or follow the selection again."""
        self._bar.pin.setChecked(pinned)

    def show_tab(self, name: str) -> None:
        """Bring "bytes", "call" or "why" to the front."""
        self._bar.tabs.setCurrentIndex(TABS.index(name))

    def explain(self, event: Event) -> None:
        """Show why this event is as it is, and select it in all views if the log still holds it."""
        self.show_tab("why")
        row = self._row_of(event)
        if row is not None:
            self._desk.selection.select(row)
        self._look_at(row, event)

    def _row_of(self, event: Event) -> int | None:
        """The log's row of an event, looked for among the newest."""
        log = self._desk.log
        for row in range(len(log) - 1, max(log.first, len(log) - LOOK_BACK) - 1, -1):
            raw = log.raw(row)
            if raw[0] == event.t and raw[2] == event.kind and raw[3] == event.service:
                return row
        return None

    def _on_selection_changed(self) -> None:
        if self.pinned:
            return
        selection, log = self._desk.selection, self._desk.log
        row = selection.row
        if row is None or not log.first <= row < len(log):
            self._look_at(None, None)
        elif row == self._row and self._event is not None:
            self._marked = selection.bytes
            self._stale.add("bytes")
            self._show()
        else:
            self._marked = selection.bytes
            self._look_at(row, log.event(row))

    def _on_pin_toggled(self, pinned: bool) -> None:
        name = "Follow the selection again" if pinned else "Keep showing this event"
        self._bar.pin.set_icon("pin-off" if pinned else "pin")
        self._bar.pin.setAccessibleName(name)
        self._bar.pin.setToolTip(name)
        if not pinned:
            self._on_selection_changed()

    def _on_visibility_changed(self, visible: bool) -> None:
        if visible:
            self._show()

    def _look_at(self, row: int | None, event: Event | None) -> None:
        self._row, self._event = row, event
        self._stale = set(TABS)
        icon = theme().icon("octagon-x", "error") if event is not None and event.errno is not None else None
        self._bar.tabs.setTabIcon(TABS.index("why"), icon if icon is not None else QIcon())
        self._show()

    def _show(self) -> None:
        """Fill the page in front, if it is seen at all."""
        event = self._event
        if event is None:
            self.pages.setCurrentWidget(self._empty)
            return
        name = TABS[self._bar.tabs.currentIndex()]
        self.pages.setCurrentIndex(TABS.index(name))
        if name not in self._stale or self.isHidden():
            return
        self._stale.discard(name)
        if name == "bytes":
            self.bytes_page.show_event(self._desk.log, -1 if self._row is None else self._row, event, self._marked)
        elif name == "call":
            self.call_page.show_event(event, self._zero_ns())
        else:
            self.why_page.show_event(event)

    def _zero_ns(self) -> int:
        log = self._desk.log
        return log.raw(log.first)[0] if len(log) > log.first else 0

    # State

    def save_state(self) -> dict[str, Any]:
        """What the next start shall find again."""
        return {"tab": TABS[self._bar.tabs.currentIndex()]}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        if state.get("tab") in TABS:
            self.show_tab(state["tab"])
