"""The socket bench: clients and servers side by side, and five more views of the same subject.

Puts the views together and holds what they share: the polls, the actions, what the next start
shall find again. It must not know the window.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, ClassVar, Final, Self

from PySide6.QtWidgets import QWidget

from protocols.record.explain import Holder, who_has
from protocols.tls import FLAWS
from widgets.desk import Desk
from widgets.panel import DemoStep, Panel, finished
from widgets.parts.buttons import Button
from widgets.parts.fields import Choice
from widgets.parts.flow import Pages
from widgets.parts.panel_head import PanelHead, lay_out_pages
from widgets.parts.segments import Segments
from widgets.sockets import demo, panel_actions, why
from widgets.sockets.both_ends import FIRST_SERVER, BothEnds, Cards, cards_in_steps
from widgets.sockets.client.pointer import Pointer
from widgets.sockets.mends import server_mends
from widgets.sockets.server.slot import ServerSlot
from widgets.theme.theme import theme

POLL_CLIENTS_MS: Final = 60
POLL_SERVERS_MS: Final = 250
VIEWS: Final = (
    ("ends", "Both ends"),
    ("steps", "Step by step"),
    ("options", "Options"),
    ("tls", "TLS"),
    ("failures", "Failures"),
    ("experiments", "Experiments"),
)


def _cards(desk: Desk) -> Generator[QWidget, None, Cards]:
    return cards_in_steps(desk, certificate_choices(), backlog_limit())


class SocketsPanel(Panel):
    """The panel. `view(name)` is one of its views, built when first shown."""

    id: ClassVar[str] = "sockets"
    title: ClassVar[str] = "Sockets"
    icon: ClassVar[str] = "plug-zap"

    def __init__(self, desk: Desk, parent: QWidget | None = None, cards: Cards | None = None) -> None:
        super().__init__(desk, parent)
        self.segments = Segments([title for _, title in VIEWS], "Views of the socket bench")
        self.server_button = Button("Server", "plus", small=True)
        self.client_button = Button("Client", "plus", small=True)
        self.python_button = Button("Show as Python", "code-xml", small=True)
        self.stack = Pages(parent=self)
        self.ends = BothEnds(desk, cards or finished(_cards(desk)), self.stack)
        self._views: dict[str, QWidget] = {"ends": self.ends}
        self._polls: list[Callable[[], None]] = []
        self.stack.addWidget(self.ends)
        self._lay_out()
        self.segments.chosen.connect(lambda index: self.show_view(VIEWS[index][0]))
        self.server_button.clicked.connect(self.new_server)
        self.client_button.clicked.connect(self.new_client)
        self.ends.why_requested.connect(lambda slot: why.explain_last(self.desk, slot))
        for card in (self.ends.clients, self.ends.servers):
            card.current_changed.connect(self._refresh_options)
        self.ends.who_has_requested.connect(self._ask_who_has)
        self.actions_of = panel_actions.PanelActions(self)
        self.pointer = Pointer(desk, self.ends.clients)
        self.python_button.clicked.connect(self.actions_of.show_python)

    @classmethod
    def in_steps(cls, desk: Desk, parent: QWidget | None = None) -> Generator[QWidget, None, Self]:
        cards = yield from _cards(desk)
        return cls(desk, parent, cards)

    def _lay_out(self) -> None:
        head = PanelHead(self.title, self.segments, self.server_button, self.client_button, self.python_button)
        lay_out_pages(self, head, self.stack)

    # Views

    def view(self, name: str) -> QWidget:
        """A view by name, built now if it was never shown."""
        if name not in self._views:
            with theme().making() as made:
                self._views[name] = self._made(name)
                made.append(self._views[name])
            self.stack.addWidget(self._views[name])
        return self._views[name]

    def _made(self, name: str) -> QWidget:
        """Import and build a view: what is never shown costs nothing at the start."""
        if name == "steps":
            from widgets.sockets.lessons.steps_page import StepsPage

            return StepsPage(self.desk)
        if name == "options":
            from widgets.sockets.options.page import OptionsPage

            page = OptionsPage(self.desk, self.ends)
            page.empty.acted.connect(self._start_both)
            return page
        if name == "tls":
            from widgets.sockets.tls.page import TLSPage

            return TLSPage(self.desk, self.ends, certificate_choices(), self.actions_of.authority)
        if name == "failures":
            from widgets.sockets.lessons.failures_page import FailuresPage

            return FailuresPage(self.desk)
        from widgets.sockets.lessons.experiments_page import ExperimentsPage

        return ExperimentsPage(self.desk)

    def start_pair(self) -> None:
        """Both ends in view, a server started and a client connected to it: what is typed there is answered."""
        self.show_view("ends")
        self._start_both()

    def _start_both(self) -> None:
        """A server and a client connected to it: what a view needs that shows a live socket."""
        self.ends.start_preset(FIRST_SERVER, self.ends.connect_to)

    def show_view(self, name: str) -> None:
        """Go to a view."""
        self.stack.setCurrentWidget(self.view(name))
        self._refresh_options()
        self.segments.set_current([key for key, _ in VIEWS].index(name))

    def _refresh_options(self, *_: object) -> None:
        page = self._views.get("options")
        if page is not None and page is self.stack.currentWidget():
            page.refresh()  # type: ignore[attr-defined]

    def new_server(self) -> None:
        """A form for one more server."""
        self.show_view("ends")
        view = self.ends.servers.current
        if view.slot.phase in ("idle", "ended") and view.stack.currentWidget() is view.empty:
            view.show_form()
            self.ends.servers.show_view(view)
        else:
            self.ends.servers.add_server()

    def new_client(self) -> None:
        """A form for one more client."""
        self.show_view("ends")
        self.ends.clients.add_client()

    def _ask_who_has(self, slot: ServerSlot) -> None:
        """Find out who holds the port of a server that could not start, and say it in its strip."""
        values = slot.values
        transport = str(values.get("transport", "tcp"))
        where = str(values.get("path")) if transport.startswith("unix") else int(values.get("port", 0))
        self.desk.bridge.call(
            lambda: who_has(where, transport), lambda holders: self._on_holders(slot, holders), owner=self
        )

    def _on_holders(self, slot: ServerSlot, holders: tuple[Holder, ...]) -> None:
        said = [f"{_name_of(each)} (pid {each.pid or 'unknown'}), {each.state}" for each in holders]
        text = f"Held by {', '.join(said[:3])}." if said else "Nobody holds it any more: try again."
        strip = self.ends.servers.view_of(slot).strip
        mends = [mend for mend in server_mends("EADDRINUSE", slot.values) if mend.key != "who-has"]
        strip.tell("Address in use", text, mends, errno="EADDRINUSE")

    # Life

    def shown(self) -> None:
        """Look at the clients and servers while the panel is at the front."""
        if not self._polls:
            bridge = self.desk.bridge
            self._polls = [
                bridge.every(POLL_CLIENTS_MS, self._poll_clients),
                bridge.every(POLL_SERVERS_MS, self._poll_servers),
            ]
            self._poll_clients()
            self._poll_servers()

    def hidden(self) -> None:
        """Look no more: the transcripts are kept by the clients."""
        for cancel in self._polls:
            cancel()
        self._polls.clear()

    def _poll_clients(self) -> None:
        for slot in self.ends.clients.slots():
            slot.poll()
        steps = self._views.get("steps")
        if steps is not None and steps is self.stack.currentWidget():
            steps.poll()  # type: ignore[attr-defined]

    def _poll_servers(self) -> None:
        for slot in self.ends.servers.slots():
            slot.poll()
        self.ends.clients.current.slot.look_at_kernel()

    def save_state(self) -> dict[str, Any]:
        """The forms, not what runs."""
        return {
            "view": next((name for name, view in self._views.items() if view is self.stack.currentWidget()), "ends"),
            "clients": [view.form.fields.values() for view in self.ends.clients.views],
            "servers": [view.form.fields.values() for view in self.ends.servers.views],
            "splitter": self.ends.splitter.sizes(),
            "pointed": self.pointer.done,
        }

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Fill the forms again; what is strange is ignored."""
        clients, servers = _mappings(state.get("clients")), _mappings(state.get("servers"))
        for values, view in zip(clients, self.ends.clients.views, strict=False):
            view.form.fields.set_values(values)
        for values, server in zip(servers, self.ends.servers.views, strict=False):
            server.form.restore(values)
        self.pointer.done = state.get("pointed") is True
        sizes = state.get("splitter")
        if isinstance(sizes, list) and len(sizes) == 2 and all(isinstance(size, int) for size in sizes):
            self.ends.splitter.setSizes(sizes)
        if state.get("view") in dict(VIEWS):
            self.show_view(str(state["view"]))

    def demo(self) -> Iterator[DemoStep]:
        """Start a server, connect, send a line, see the answer; and a connect that is refused."""
        return demo.steps(self)


def _mappings(found: object) -> list[Mapping[str, Any]]:
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def certificate_choices() -> list[Choice]:
    """The certificates that a server can show: a good one, and those broken on purpose."""
    broken = [Choice(flaw, f"Broken: {flaw}") for flaw in FLAWS]
    return [Choice("good", "Good"), *broken]


def backlog_limit() -> int:
    """What the kernel cuts a backlog to."""
    try:
        with open("/proc/sys/net/core/somaxconn", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 128


def _name_of(holder: Holder) -> str:
    return "this lab itself" if holder.pid == os.getpid() else holder.program or "another program"
