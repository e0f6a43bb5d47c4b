"""The packets panel: its views beside each other. Each is a page of its own, made when it is first shown.

Puts the views together: what is captured is shown by the list. It must not know how a view does its work.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any, ClassVar, Final, Self

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from widgets.desk import Desk
from widgets.packets import demo
from widgets.packets.listing.colour_page import ColourPage
from widgets.packets.listing.colours import Colours
from widgets.packets.listing.document import Document
from widgets.packets.listing.page import ListPage
from widgets.packets.live_views import VIEWS as LIVE_VIEWS
from widgets.packets.live_views import LiveViews
from widgets.packets.panel_actions import PanelActions
from widgets.panel import DemoStep, Panel, finished
from widgets.parts.buttons import Button
from widgets.parts.panel_head import EDGE_PX, PanelHead
from widgets.parts.segments import Segments

VIEWS: Final = (("packets", "Packets"), *LIVE_VIEWS)


def _list_in_steps(desk: Desk) -> Generator[QWidget, None, ListPage]:
    """The page of a capture without one, and before it the largest of its parts."""
    document = Document(desk)
    colour_page = ColourPage(Colours(document))
    yield colour_page
    page = ListPage(desk, document, colour_page)
    yield page
    return page


class PacketsPanel(Panel):
    """The panel. packets: the view that lists a capture; page(name): any of VIEWS. live: the views beside the list."""

    id: ClassVar[str] = "packets"
    title: ClassVar[str] = "Packets"
    icon: ClassVar[str] = "package"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None, packets: ListPage | None = None) -> None:
        super().__init__(desk, parent)
        self.segments = Segments([title for _, title in VIEWS], "Views of packets")
        self.open_button = Button("Open", "folder-open", small=True)
        self.save_button = Button("Save", "save", small=True)
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.packets = packets or finished(_list_in_steps(desk))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.packets)
        self.live = LiveViews(desk, self.packets, self)
        self._frames: dict[str, QWidget] = {"packets": self.packets}
        self._lay_out()
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.live.show_requested.connect(self.show_view)
        self.packets.show_requested.connect(lambda: self.show_view("packets"))
        self.packets.capture_requested.connect(lambda: self.show_view("capture"))
        self.actions_of = PanelActions(self)

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        packets = yield from _list_in_steps(desk)
        return cls(desk, parent, packets)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(PanelHead(self.title, self.segments, self.open_button, self.save_button, self.python_button))
        column.addWidget(self.live.levels)
        column.addWidget(self.live.strip)
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
        if name == "packets":
            return self.packets
        if name not in self._frames:
            self._frames[name] = _framed(self.live.page(name))
            self.stack.addWidget(self._frames[name])
        return self.live.page(name)

    def shown(self) -> None:
        self.packets.shown()
        self.live.looking.look_once()

    def hidden(self) -> None:
        self.packets.hidden()

    # State

    def save_state(self) -> dict[str, Any]:
        """Columns, colours, filters, forms; no packets."""
        return {"view": self.current_view(), "packets": self.packets.save_state(), "live": self.live.save_state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave; what is strange is ignored."""
        packets = state.get("packets")
        if isinstance(packets, dict):
            self.packets.restore_state(packets)
        live = state.get("live")
        if isinstance(live, dict):
            self.live.restore_state(live)
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
