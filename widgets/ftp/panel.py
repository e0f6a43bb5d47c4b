"""The FTP panel: both ends, the files of both sides, commands by hand.

Puts the views together and holds the polls, the actions, what the next start shall find again. It must not know the
window.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from PySide6.QtWidgets import QWidget

from protocols.record.event import Event, monotonic_ns
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.failed_call import event_of
from widgets.ftp import demo
from widgets.ftp.both_ends import BothEnds, Cards, cards_in_steps
from widgets.ftp.client_slot import ClientSlot
from widgets.ftp.panel_actions import PanelActions
from widgets.panel import DemoStep, Panel, finished
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.flow import Pages
from widgets.parts.panel_head import PanelHead, lay_out_pages
from widgets.parts.segments import Segments

POLL_MS: Final = 150
VIEWS: Final = (("ends", "Both ends"), ("files", "Files"), ("lanes", "Connections"), ("hand", "By hand"))


def _made(desk: Desk) -> Generator[QWidget, None, tuple[ClientSlot, Cards]]:
    """The client and the cards, one after the other."""
    slot = ClientSlot(desk)
    cards = yield from cards_in_steps(desk, slot)
    return slot, cards


class FtpPanel(Panel):
    """The panel. `view(name)` is one of its views, built when first shown."""

    id: ClassVar[str] = "ftp"
    title: ClassVar[str] = "FTP"
    icon: ClassVar[str] = "folder-sync"
    needs_height: ClassVar[bool] = True

    def __init__(self, desk: Desk, parent: QWidget | None = None, made: tuple[ClientSlot, Cards] | None = None) -> None:
        super().__init__(desk, parent)
        self.slot, cards = made or finished(_made(desk))
        self.slot.setParent(self)
        self.segments = Segments([title for _, title in VIEWS], "Views of FTP")
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.pages = Pages(parent=self)
        self.ends = BothEnds(desk, self.slot, cards, self.pages)
        self.pages.addWidget(self.ends)
        self._views: dict[str, QWidget] = {"ends": self.ends}
        self._polls: list[Callable[[], None]] = []
        self._folder = ""
        head = PanelHead(self.title, self.segments, self.python_button)
        lay_out_pages(self, head, self.pages)
        self.actions_of = PanelActions(self)
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.python_button.clicked.connect(self.actions_of.show_python)
        self.ends.why_requested.connect(lambda: self._explain(self.slot.trouble, self.slot.name))
        self.ends.server.why_requested.connect(lambda told: self._explain(told, "ftp"))
        self.ends.files_requested.connect(lambda: self.show_view("files"))

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        made = yield from _made(desk)
        return cls(desk, parent, made)

    def view(self, name: str) -> QWidget:
        """A view by name, built now if it was never shown."""
        if name not in self._views:
            self._views[name] = self._made(name)
            self.pages.addWidget(self._views[name])
        return self._views[name]

    def _made(self, name: str) -> QWidget:
        if name == "files":
            from widgets.ftp.files_page import FilesPage

            page = FilesPage(self.desk, self.slot, Path(self._folder or Path.home()), self.pages)
            page.connect_requested.connect(self.ends.connect_anything)
            page.passive_requested.connect(lambda: self.ends.mend("passive"))
            return page
        if name == "lanes":
            from widgets.ftp.lanes import Lanes

            card = Card("Both connections", "arrow-left-right", parent=self.pages)
            card.add(Lanes(self.desk, card), 1)
            return card
        from widgets.ftp.hand_page import HandPage

        hand = HandPage(self.slot, self.pages)
        hand.connect_requested.connect(self.ends.connect_anything)
        return hand

    @property
    def files(self) -> Any:
        """The view of both sides' files."""
        return self.view("files")

    @property
    def hand(self) -> Any:
        """The view of commands by hand."""
        return self.view("hand")

    def show_view(self, name: str) -> None:
        """Go to a view."""
        self.pages.setCurrentWidget(self.view(name))
        self.segments.set_current([key for key, _ in VIEWS].index(name))
        if name == "files":
            self.files.begin()

    def current_view(self) -> str:
        """The name of the view in front."""
        return next(name for name, view in self._views.items() if view is self.pages.currentWidget())

    def _explain(self, told: Explained | None, service: str) -> None:
        if told is None:
            return
        detail = {"errno": told.errno, "why": told.why, "title": told.title, "what": told.what,
                  "checks": list(told.checks), "mend": list(told.mend)}  # fmt: skip
        made = Event(monotonic_ns(), "note", "explained", service, summary=told.why, detail=detail)
        self.desk.explain(event_of(self.desk, {service}, told.errno) or made)

    def _poll(self) -> None:
        self.slot.poll()
        if "files" in self._views:
            self.files.look()

    # Life

    def shown(self) -> None:
        """Look at the client and its queue while the panel is at the front."""
        if not self._polls:
            self._polls = [self.desk.bridge.every(POLL_MS, self._poll)]

    def hidden(self) -> None:
        """Look no more; what is moved goes on."""
        for cancel in self._polls:
            cancel()
        self._polls.clear()

    def save_state(self) -> dict[str, Any]:
        """The form without its password, the view, the folder here."""
        folder = self.files.here.path if "files" in self._views else self._folder
        server = {key: value for key, value in self.ends.server.form.fields.values().items() if key != "users"}
        return {"client": self.ends.client.form.values(), "server": server, "view": self.current_view(),
                "folder": folder}  # fmt: skip

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Fill the form again; what is strange is ignored."""
        client = state.get("client")
        if isinstance(client, Mapping):
            self.ends.client.form.fields.set_values({key: client[key] for key in client if key != "password"})
        server = state.get("server")
        if isinstance(server, Mapping):
            self.ends.server.form.fields.set_values({key: server[key] for key in server if key != "users"})
        folder = state.get("folder")
        if isinstance(folder, str) and folder.startswith("/"):
            self._folder = folder
        if state.get("view") in dict(VIEWS):
            self.show_view(str(state["view"]))

    def demo(self) -> Iterator[DemoStep]:
        """Start a server, connect, get a file, type a command."""
        return demo.steps(self)
