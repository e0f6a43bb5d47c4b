"""The web panel: requests and servers in one view, and what the views share.

Puts the views together and holds the polls, the actions, what the next start shall find again. It
must not know the window.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from PySide6.QtWidgets import QWidget

from protocols.http.formats.imported import Imported
from protocols.http.kept.collection import Item
from protocols.http.request import Request
from protocols.record.event import Raw
from widgets.desk import Desk
from widgets.http import demo
from widgets.http.both_ends import BothEnds, Cards, cards_in_steps
from widgets.http.panel_actions import PanelActions
from widgets.http.server.slot import ServerSlot
from widgets.panel import DemoStep, Panel, finished
from widgets.parts.buttons import Button
from widgets.parts.flow import Pages
from widgets.parts.panel_head import PanelHead, lay_out_pages
from widgets.parts.segments import Segments
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from widgets.http.proxy.page import ProxyPage
    from widgets.http.server.program_page import ProgramPage
    from widgets.http.ways_dialog import WaysDialog

POLL_MS: Final = 250
FILES_MS: Final = 2000
VIEWS: Final = (("ends", "Both ends"), ("collection", "Collection"), ("cookies", "Cookies"),
                ("parallel", "Many at once"), ("low", "Low level"), ("code", "Code"),
                ("ladder", "Ladder"), ("proxy", "Proxy"))  # fmt: skip


class HttpPanel(Panel):
    """The panel. `view(name)` is one of its views, built when first shown."""

    id: ClassVar[str] = "http"
    title: ClassVar[str] = "Web"
    icon: ClassVar[str] = "globe"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None, cards: Cards | None = None) -> None:
        super().__init__(desk, parent)
        self.segments = Segments([title for _, title in VIEWS], "Views of the web")
        self.history_button = Button("History", "history", small=True)
        self.server_button = Button("Server", "plus", small=True)
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.pages = Pages(parent=self)
        self.ends = BothEnds(desk, cards or finished(cards_in_steps(desk)), self.pages)
        self._views: dict[str, QWidget] = {"ends": self.ends}
        self._polls: list[Callable[[], None]] = []
        self._proxy: ProxyPage | None = None
        self._proxy_kept: Mapping[str, Any] = {}
        self.ways: WaysDialog | None = None
        self._programs: ProgramPage | None = None
        self._programs_kept: Mapping[str, Any] = {}
        self.pages.addWidget(self.ends)
        self._lay_out()
        self.actions_of = PanelActions(self)
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.server_button.clicked.connect(self.new_server)
        self.python_button.clicked.connect(self.actions_of.show_python)
        self.ends.response.explore_requested.connect(self.actions_of.explore)
        self.ends.servers.code_wanted.connect(lambda: self.show_view("code"))
        desk.bridge.add_consumer(self._take)
        self.destroyed.connect(lambda: desk.bridge.remove_consumer(self._take))

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        cards = yield from cards_in_steps(desk)
        return cls(desk, parent, cards)

    def _lay_out(self) -> None:
        head = PanelHead(self.title, self.segments, self.history_button, self.server_button, self.python_button)
        lay_out_pages(self, head, self.pages)

    def view(self, name: str) -> QWidget:
        """A view by name, built now if it was never shown."""
        if name not in self._views:
            with theme().making() as made:
                self._views[name] = self._made(name)
                made.append(self._views[name])
            self.pages.addWidget(self._views[name])
        return self._views[name]

    def _made(self, name: str) -> QWidget:
        """Import and build a view: what is never shown costs nothing at the start."""
        if name == "collection":
            return self._made_collection()
        if name == "ladder":
            return self._made_ladder()
        if name == "proxy":
            return self._made_proxy()
        if name == "code":
            return self._made_program()
        if name == "low":
            from widgets.http.by_hand.low_level_page import LowLevelPage

            low = LowLevelPage(self.desk, self.ends.request)
            low.websocket.other_end_requested.connect(lambda: self._with_sandbox(low.websocket.connect_now))
            low.openers.other_end_requested.connect(lambda: self._with_sandbox(low.openers.suggest))
            low.layers.other_end_requested.connect(lambda: self._with_sandbox(low.layers.refresh))
            return low
        if name == "parallel":
            from widgets.http.parallel.page import ParallelPage

            many = ParallelPage(self.desk, self.ends.slot, self.ends.request)
            many.other_end_requested.connect(lambda: self._with_sandbox(many.refresh))
            return many
        from widgets.http.cookies_page import CookiesPage

        page = CookiesPage(self.ends.jar)
        self.ends.finished.connect(lambda _sent: page.refresh())
        return page

    def _with_sandbox(self, then: Callable[[], object]) -> None:
        """Start a sandbox, fill its address in, and go on."""
        slot = self.ends.servers.start_site({"site": "sandbox", "port": 8080, "tls": ""})

        def on_started(started: ServerSlot) -> None:
            if started is slot:
                self.ends.servers.started.disconnect(on_started)
                self.ends.request.set_url(slot.url)
                then()

        self.ends.servers.started.connect(on_started)

    def show_low(self, page: str) -> None:
        """Go to a page of the low level."""
        from widgets.http.by_hand.low_level_page import LowLevelPage

        self.show_view("low")
        low = self.view("low")
        assert isinstance(low, LowLevelPage)
        low.tabs.show_page(page)

    def show_ways(self) -> None:
        """One page two ways, from the sandbox; one is started where none runs."""
        sandbox = next((slot for slot in self.ends.servers.slots()
                        if slot.phase == "running" and slot.values.get("site") == "sandbox"), None)  # fmt: skip
        if sandbox is None:
            self._with_sandbox(self.show_ways)
            return
        from widgets.http.ways_dialog import WaysDialog

        base, slot = sandbox.url.rstrip("/"), self.ends.slot
        believed = self.ends.request.believed()
        self.ways = WaysDialog(self.desk, lambda target: slot.fetch(base + target, believed), self)
        self.ways.open_over()

    def _made_proxy(self) -> QWidget:
        from widgets.http.proxy.page import ProxyPage

        page = ProxyPage(self.ends)
        page.set_values(self._proxy_kept)
        page.builder_wanted.connect(self._open_request)
        self._proxy = page
        return page

    def _open_request(self, request: Request) -> None:
        self.show_view("ends")
        self.ends.store.choose(None)
        self.ends.request.fill(request)

    def _poll(self) -> None:
        self.ends.poll()
        if self._proxy is not None:
            self._proxy.poll()

    def _made_ladder(self) -> QWidget:
        from widgets.http.server.ladder_page import LadderPage

        page = LadderPage(self.desk, self.ends.servers)
        page.request_requested.connect(self._send_to)
        return page

    def _made_program(self) -> QWidget:
        from widgets.http.server.program_page import ProgramPage

        page = ProgramPage(self.desk, self.ends.servers)
        page.set_values(self._programs_kept)
        page.request_requested.connect(self._send_to)
        self._programs = page
        return page

    def _send_to(self, slot: ServerSlot) -> None:
        self.show_view("ends")
        self.ends.send_to(slot)

    def _made_collection(self) -> QWidget:
        from widgets.http.collection_page import CollectionPage

        page = CollectionPage(self.ends.store)
        page.open_requested.connect(self._open_item)
        page.taken.connect(self._on_taken)
        return page

    def _open_item(self, item: Item) -> None:
        self.show_view("ends")
        self.ends.open_item(item)

    def _on_taken(self, read: Imported) -> None:
        """One request alone is for the card; of several the list tells."""
        if len(read.requests) == 1:
            self.show_view("ends")
            self.ends.store.choose(None)
            self.ends.request.fill(read.request)
            if read.notes:
                self.ends.request.note.say(f"Read from {read.kind}.", " ".join(read.notes))
        elif self.ends.store.collection is None:
            self.ends.request.fill(read.request)

    def show_view(self, name: str) -> None:
        """Go to a view."""
        self.pages.setCurrentWidget(self.view(name))
        self.segments.set_current([key for key, _ in VIEWS].index(name))

    def current_view(self) -> str:
        """The name of the view in front."""
        return next(name for name, view in self._views.items() if view is self.pages.currentWidget())

    def new_server(self) -> None:
        """A form for one more server."""
        self.show_view("ends")
        servers = self.ends.servers
        view = servers.current
        if view.slot.phase in ("idle", "ended"):
            view.show_form()
            servers.show_view(view)
        else:
            servers.add_server()

    def _take(self, raws: list[Raw]) -> None:
        self.ends.take(raws)
        if self._programs is not None:
            self._programs.take(raws)

    # Life

    def shown(self) -> None:
        """Look at the servers while the panel is at the front."""
        if not self._polls:
            every = self.desk.bridge.every
            self._polls = [every(POLL_MS, self._poll), every(FILES_MS, self.ends.store.look)]

    def hidden(self) -> None:
        """Look no more; what was sent goes on."""
        for cancel in self._polls:
            cancel()
        self._polls.clear()

    def save(self) -> bool:
        """The request into its collection, where one is open."""
        there = self.current_view() == "ends" and self.ends.store.collection is not None
        if there:
            self.ends.save_request()
        return there

    def save_state(self) -> dict[str, Any]:
        """The forms, without secrets; not what runs."""
        return {
            "request": self.ends.request.values(),
            "view": self.current_view(),
            "collection": [self.ends.store.folder, self.ends.store.environment],
            "servers": [view.form.fields.values() for view in self.ends.servers.views],
            "splitters": [self.ends.top.sizes(), self.ends.whole.sizes()],
            "programs": dict(self._programs_kept) if self._programs is None else self._programs.values(),
            "proxy": dict(self._proxy_kept) if self._proxy is None else self._proxy.values(),
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Fill the forms again; what is strange is ignored."""
        request = state.get("request")
        if isinstance(request, Mapping):
            self.ends.request.set_values(request)
        servers = state.get("servers")
        for values, view in zip(servers if isinstance(servers, list) else [], self.ends.servers.views, strict=False):
            if isinstance(values, Mapping):
                view.form.set_values(values)
        if state.get("view") in dict(VIEWS):
            self.show_view(str(state["view"]))
        kept = state.get("collection")
        if isinstance(kept, list) and len(kept) == 2 and kept[0] and os.path.isdir(str(kept[0])):
            self.ends.store.environment = str(kept[1])
            self.ends.store.open(Path(str(kept[0])))
        programs = state.get("programs")
        self._programs_kept = programs if isinstance(programs, Mapping) else {}
        if self._programs is not None:
            self._programs.set_values(self._programs_kept)
        proxy = state.get("proxy")
        self._proxy_kept = proxy if isinstance(proxy, Mapping) else {}
        if self._proxy is not None:
            self._proxy.set_values(self._proxy_kept)
        sizes = state.get("splitters")
        if isinstance(sizes, list) and len(sizes) == 2:
            for splitter, wanted in zip((self.ends.top, self.ends.whole), sizes, strict=True):
                if isinstance(wanted, list) and len(wanted) == 2 and all(isinstance(size, int) for size in wanted):
                    splitter.setSizes(wanted)

    def demo(self) -> Iterator[DemoStep]:
        """Start a site, send a request, see the answer, its phases and its handler; and a refusal."""
        return demo.steps(self)
