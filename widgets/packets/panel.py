"""The packets panel: its views beside each other. Each is a page of its own, made when it is first shown.

Puts the views together: what is captured is shown by the list. It must not know how a view does its work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from protocols.record.event import Event, monotonic_ns
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.packets import demo
from widgets.packets.capture_page import CapturePage
from widgets.packets.craft_page import CraftPage
from widgets.packets.list_page import ListPage
from widgets.packets.networks_page import NetworksPage
from widgets.packets.panel_actions import PanelActions
from widgets.packets.ping_page import PingPage
from widgets.panel import DemoStep, Panel
from widgets.parts.buttons import Button
from widgets.parts.panel_head import EDGE_PX, PanelHead
from widgets.parts.segments import Segments

VIEWS: Final = (("packets", "Packets"), ("capture", "Capture"), ("craft", "Craft"), ("ping", "Ping and paths"),
                ("networks", "Networks"))  # fmt: skip


class PacketsPanel(Panel):
    """The panel. packets: the view that lists a capture; page(name): any of VIEWS."""

    id: ClassVar[str] = "packets"
    title: ClassVar[str] = "Packets"
    icon: ClassVar[str] = "package"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.segments = Segments([title for _, title in VIEWS], "Views of packets")
        self.open_button = Button("Open", "folder-open", small=True)
        self.save_button = Button("Save", "save", small=True)
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.packets = ListPage(desk)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.packets)
        self._pages: dict[str, QWidget] = {"packets": self.packets}
        self._frames: dict[str, QWidget] = {"packets": self.packets}
        self._makers: Final[Mapping[str, Callable[[], QWidget]]] = {
            "capture": self._capture, "craft": self._craft, "ping": self._ping, "networks": self._networks,
        }  # fmt: skip
        self._lay_out()
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.actions_of = PanelActions(self)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(PanelHead(self.title, self.segments, self.open_button, self.save_button, self.python_button))
        column.addWidget(self.stack, 1)

    # Views

    def show_view(self, name: str) -> None:
        """Go to a view; it is built when first shown."""
        if name in dict(VIEWS):
            self.page(name)
            self.stack.setCurrentWidget(self._frames[name])
            self.segments.set_current([key for key, _ in VIEWS].index(name))

    def current_view(self) -> str:
        """The name of the view in front."""
        current = self.stack.currentWidget()
        return next(name for name, frame in self._frames.items() if frame is current)

    def page(self, name: str) -> QWidget:
        """The page of a view."""
        found = self._pages.get(name)
        if found is None:
            found = self._pages[name] = self._makers[name]()
            self._frames[name] = _framed(found)
            self.stack.addWidget(self._frames[name])
        return found

    def _capture(self) -> QWidget:
        page = CapturePage(self.desk)
        page.started.connect(self._on_capture_started)
        page.ended.connect(self._on_capture_ended)
        page.show_requested.connect(self._on_show_requested)
        page.why_requested.connect(self._explain)
        page.did.connect(self.actions_of.did)
        return page

    def _craft(self) -> QWidget:
        page = CraftPage(self.desk)
        page.why_requested.connect(self._explain)
        page.did.connect(self.actions_of.did)
        return page

    def _ping(self) -> QWidget:
        page = PingPage(self.desk)
        page.why_requested.connect(self._explain)
        page.did.connect(self.actions_of.did)
        return page

    def _networks(self) -> QWidget:
        page = NetworksPage(self.desk)
        page.capture_started.connect(self._on_capture_started)
        page.capture_ended.connect(self._on_capture_ended)
        page.show_requested.connect(self._on_show_requested)
        page.why_requested.connect(self._explain)
        return page

    # What is captured is shown

    def _on_capture_started(self, path: str) -> None:
        self.packets.open(path, growing=True)
        self.packets.table.follow()

    def _on_capture_ended(self, path: str) -> None:
        capture = self.packets.document.capture
        if capture is not None and str(capture.source.path) == path:
            self.packets.document.finish_growing()

    def _on_show_requested(self, path: str) -> None:
        capture = self.packets.document.capture
        if capture is None or str(capture.source.path) != path:
            self.packets.open(path)
        self.show_view("packets")

    def _explain(self, trouble: Explained | None) -> None:
        if trouble is not None:
            detail = {"errno": trouble.errno, "why": trouble.why, "title": trouble.title, "what": trouble.what,
                      "checks": list(trouble.checks), "mend": list(trouble.mend)}  # fmt: skip
            self.desk.explain(Event(monotonic_ns(), "note", "explained", "packets", summary=trouble.why, detail=detail))

    # State

    def save_state(self) -> dict[str, Any]:
        """Columns, colours, filters; no packets."""
        return {"view": self.current_view(), "packets": self.packets.save_state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        packets = state.get("packets")
        if isinstance(packets, dict):
            self.packets.restore_state(packets)
        if state.get("view") in dict(VIEWS):
            self.show_view(str(state["view"]))

    def demo(self) -> Iterator[DemoStep]:
        """The sample is opened, filtered, dissected, followed and counted."""
        return demo.steps(self)


def _framed(page: QWidget) -> QWidget:
    """The page with the panel's edge around it; the list has none."""
    frame = QWidget()
    column = QVBoxLayout(frame)
    column.setContentsMargins(EDGE_PX, 4, EDGE_PX, EDGE_PX)
    column.addWidget(page)
    return frame
