"""The live half of the panel: its views by name, made when first shown, and what they mean to the list of packets.

A capture's file is opened in the list and grows there; a packet of the list goes to the craft view. It must
not know the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from protocols.packets.reconstruct.service import OwnTraffic
from protocols.record.event import Event, monotonic_ns
from protocols.record.explain import Explained
from widgets.packets.capture import launch as capture_launch
from widgets.packets.capture.level_bar import LevelBar
from widgets.packets.capture.live_strip import LiveStrip
from widgets.packets.capture.looking import Looking
from widgets.packets.capture.page import CapturePage

if TYPE_CHECKING:
    from widgets.desk import Desk
    from widgets.packets.capture.launch import Surroundings
    from widgets.packets.craft.page import CraftPage
    from widgets.packets.listing.page import ListPage
    from widgets.packets.networks.page import NetworksPage
    from widgets.packets.reach.page import PingPage

VIEWS: Final = (("capture", "Capture"), ("craft", "Craft"), ("ping", "Ping and paths"), ("networks", "Networks"))
LOOK_MS: Final = 150


class LiveViews(QObject):
    """Makes the views. show_requested(name): go to that view. did(script, params): for Show as Python. changed: a
    capture has begun or ended.

    packets: the list. levels, strip: for above all views.
    """

    show_requested = Signal(str)
    did = Signal(str, dict)
    changed = Signal()

    def __init__(self, desk: Desk, packets: ListPage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.packets = packets
        self.strip = LiveStrip()
        self.levels = LevelBar()
        self.looking = Looking(desk, self)
        self.pages: dict[str, QWidget] = {}
        self._kept: dict[str, Mapping[str, Any]] = {}
        self._live_path = self._slot_path = ""
        self.strip.stop_requested.connect(self.stop)
        self.looking.found.connect(lambda found: self.levels.show_levels(found.levels))
        self.levels.copied.connect(lambda command: desk.toast(f"Copied: {command}"))
        self.levels.level_requested.connect(self._on_level)
        cancel = desk.bridge.every(LOOK_MS, self._look)
        self.destroyed.connect(cancel)

    # Views

    def page(self, name: str) -> QWidget:
        """A view by name; built when first asked for."""
        if name not in self.pages:
            made = {
                "capture": self._made_capture,
                "craft": self._made_craft,
                "ping": self._made_ping,
                "networks": self._made_networks,
            }[name]()
            self.pages[name] = made
            kept = self._kept.get(name)
            if kept is not None:
                made.restore_state(kept)  # type: ignore[attr-defined]
        return self.pages[name]

    @property
    def capture(self) -> CapturePage:
        """The view of captures."""
        return cast(CapturePage, self.page("capture"))

    def _made_capture(self) -> CapturePage:
        page = CapturePage(self.desk, self.looking)
        page.started.connect(self._on_capture)
        page.ended.connect(self._on_ended)
        page.show_requested.connect(self._on_show)
        page.why_requested.connect(self._explain)
        page.did.connect(self.did)
        page.slot.changed.connect(self.changed)
        return page

    def phase(self) -> str:
        """Where the capture view's capture is in its life."""
        page = self.pages.get("capture")
        return page.slot.phase if isinstance(page, CapturePage) else "idle"

    def _made_craft(self) -> CraftPage:
        from widgets.packets.craft.page import CraftPage

        page = CraftPage(self.desk)
        page.why_requested.connect(self._explain)
        page.did.connect(self.did)

        def tell(found: Surroundings) -> None:
            """Where can be sent to, as soon as it is known what this user may do."""
            page.show_levels(found.levels, tuple(one.name for one in found.interfaces if one.up))

        self.looking.found.connect(tell)
        if self.looking.surroundings is not None:
            tell(self.looking.surroundings)
        self.looking.look_once()
        return page

    def _on_level(self, number: int) -> None:
        self.show_requested.emit("capture")
        self.capture.show_level(number)

    def _made_ping(self) -> PingPage:
        from widgets.packets.reach.page import PingPage

        page = PingPage(self.desk)
        page.why_requested.connect(self._explain)
        page.did.connect(self.did)
        return page

    def _made_networks(self) -> NetworksPage:
        from widgets.packets.networks.page import NetworksPage

        page = NetworksPage(self.desk)
        page.did.connect(self.did)
        page.capture_started.connect(self._on_started)
        page.capture_ended.connect(self._on_ended)
        page.show_requested.connect(self._on_show)
        page.why_requested.connect(self._explain)
        return page

    # A capture and the list

    def _on_capture(self, path: str) -> None:
        self._slot_path = path
        self._on_started(path)

    def _on_turned(self, path: str) -> None:
        """The next file of a ring has begun: the list goes on with it if it showed the one before."""
        before, self._slot_path = self._slot_path, path
        if self._live_path == before:
            self._on_started(path)

    def _on_started(self, path: str) -> None:
        self._live_path = path
        self.packets.open(path, growing=True)
        self.packets.table.follow()

    def _on_ended(self, path: str) -> None:
        if path == self._live_path:
            self.packets.document.finish_growing()

    def _on_show(self, path: str) -> None:
        document = self.packets.document
        shown = document.capture.source.path if document.capture is not None else None
        if str(shown) != path:
            self._live_path = path
            self.packets.open(path, growing=self.capture.slot.phase == "running")
        self.show_requested.emit("packets")

    def stop(self) -> None:
        """End the capture."""
        self.capture.slot.stop()

    def _look(self) -> None:
        page = self.pages.get("capture")
        if not isinstance(page, CapturePage):
            return
        service = page.slot.service
        if service is None or page.slot.phase != "running":
            self.strip.hide()
            return
        if page.slot.path != self._slot_path:
            self._on_turned(page.slot.path)
        captured, dropped, by_us, _ = capture_launch.counts_text(service)
        own = isinstance(service, OwnTraffic)
        where = "The lab's own traffic" if own else str(page.slot.values.get("where", ""))
        self.strip.say(where, captured, "" if own else dropped, by_us)

    # A packet of the list

    def edit_current(self) -> None:
        """Take the chosen packet of the list over into the craft view."""
        document, row = self.packets.document, self.packets.table.current()
        capture = document.capture
        if capture is None or row < 0:
            return
        data, linktype = capture.packet(row), capture.linktype(row)
        craft = cast("CraftPage", self.page("craft"))
        craft.edit_packet(data, linktype)
        self.show_requested.emit("craft")

    # Why

    def _explain(self, trouble: Explained | None) -> None:
        if trouble is None:
            return
        detail = {
            "errno": trouble.errno,
            "why": trouble.why,
            "title": trouble.title,
            "what": trouble.what,
            "checks": list(trouble.checks),
            "mend": list(trouble.mend),
        }
        self.desk.explain(Event(monotonic_ns(), "note", "explained", "packets", summary=trouble.why, detail=detail))

    # State

    def save_state(self) -> dict[str, Any]:
        """The forms; nothing that runs."""
        kept = dict(self._kept)
        for name in ("craft", "ping", "networks"):
            page = self.pages.get(name)
            if page is not None:
                kept[name] = page.save_state()  # type: ignore[attr-defined]
        return kept

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        for name in ("craft", "ping", "networks"):
            kept = state.get(name)
            if isinstance(kept, Mapping):
                self._kept[name] = kept
                if name in self.pages:
                    self.pages[name].restore_state(kept)  # type: ignore[attr-defined]
