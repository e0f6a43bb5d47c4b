"""Both ends: the client card and the server card side by side, and what concerns the two together.

"Connect a client to it", "give me the other end", the buttons that mend an error. Below 900 px one
stands above the other. It must not know the other views of the panel.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any, Final, TypeAlias

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStyle, QVBoxLayout, QWidget

from protocols.numbers import grouped
from protocols.sockets.presets import Preset
from widgets.desk import Desk
from widgets.parts.fields import Choice
from widgets.parts.flow import scroll_area
from widgets.parts.splitter import Splitter
from widgets.sockets.client.card import ClientCard, ClientView
from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.pairing import client_for, server_for
from widgets.sockets.preset_menu import server_values
from widgets.sockets.server.card import ServerCard
from widgets.sockets.server.slot import ServerSlot
from widgets.sockets.server.spin_strip import TWIN
from widgets.sockets.visits import Visit
from widgets.theme.theme import theme

CARD_PX: Final = 302
"""No card gets narrower than this; where two of them don't fit side by side, one stands above the other."""
CARD_HEIGHT_PX: Final = 260
FIRST_SERVER: Final = {"behaviour": "upper", "transport": "tcp", "bind": "127.0.0.1", "port": 2345, "model": "threads"}
Cards: TypeAlias = tuple[ClientCard, ServerCard]


def cards_in_steps(desk: Desk, certificates: list[Choice], backlog_limit: int) -> Generator[QWidget, None, Cards]:
    """The two cards, one after the other. certificates, backlog_limit: see ServerForm."""
    clients = ClientCard(desk)
    yield clients
    servers = ServerCard(desk, certificates, backlog_limit)
    yield servers
    return clients, servers


class BothEnds(QWidget):
    """The two cards. `why_requested(service)`: explain the last error of that service.

    desk: the shared things. cards: from `cards_in_steps`.
    """

    why_requested = Signal(object)
    who_has_requested = Signal(object)

    def __init__(self, desk: Desk, cards: Cards, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        scroll = scroll_area(self)
        self.splitter = Splitter(Qt.Orientation.Horizontal, line=False, parent=scroll.viewport())
        self.clients, self.servers = cards
        self.splitter.addWidget(self.clients)
        self.splitter.addWidget(self.servers)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([1000, 1000])
        theme().changed.connect(self._suit_letters)
        self._suit_letters()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        scroll.setWidget(self.splitter)
        column.addWidget(scroll)
        self.clients.current_changed.connect(lambda _slot: self.splitter.updateGeometry())
        self.servers.current_changed.connect(lambda _slot: self.splitter.updateGeometry())
        self.clients.why_requested.connect(self.why_requested)
        self.servers.why_requested.connect(self.why_requested)
        self.clients.mend_requested.connect(self.mend_client)
        self.servers.mend_requested.connect(self.mend_server)
        self.clients.other_end_requested.connect(self.give_other_end)
        self.servers.client_requested.connect(self.connect_to)
        self.servers.visit_requested.connect(self.visit)
        self.servers.compare_requested.connect(self.compare)
        self.servers.start_requested.connect(self.start)
        self.servers.first_requested.connect(self.start_first)
        self.servers.preset_requested.connect(self.use_preset)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        narrow = event.size().width() < 2 * theme().px(CARD_PX) + self.splitter.handleWidth() + bar
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            self.splitter.setSizes([1000, 1000])  # what were heights are no widths

    def _suit_letters(self) -> None:
        """No card gets so narrow that its parts are cut; one that needs more height asks for it, and both scroll."""
        for card in (self.clients, self.servers):
            card.setMinimumWidth(theme().px(CARD_PX))
            card.set_least_height(theme().px(CARD_HEIGHT_PX))

    # Starting

    def start(self, slot: ServerSlot) -> None:
        """Start with the form's values."""
        slot.start(self.servers.view_of(slot).form.fields.values())

    def start_first(self) -> None:
        """Start the upper-case server that a newcomer begins with, on a free port when its own is taken."""
        self.start_preset(FIRST_SERVER)

    def use_preset(self, entry: Preset) -> None:
        """Start a server of the courses, on a free port when its own is taken."""
        slot = self.start_preset(server_values(entry))
        note = self.servers.view_of(slot).live.note
        if entry.note:
            note.say("Look at this.", entry.note)
        else:
            note.clear()

    def start_preset(self, values: Mapping[str, Any], then: Callable[[ServerSlot], object] | None = None) -> ServerSlot:
        """Start a server of given values in a tab that is free, on a free port when its own is taken."""
        view = self.servers.free_view()
        self.servers.show_view(view)
        form = view.form.fields
        form.set_values({"path": "", "host": "", "allow": "", "tls": False, "delay_ms": 0, "hold_accept": False})
        form.set_values(values)
        if then is not None:
            once(view.slot.started, view.slot.failed, lambda: then(view.slot))
        view.slot.start({**form.values(), **values}, free_port_if_taken=True)
        return view.slot

    # The two together

    def connect_to(self, server: ServerSlot) -> ClientView:
        """Connect a client to a running server: the client shown if it is idle, else a new one."""
        view = self.free_client()
        view.form.fields.set_values(client_for(server.values, server.server))
        self.clients.connect_client(view)
        return view

    def visit(self, server: ServerSlot) -> None:
        """Let a client come, say hello and go."""
        Visit(self.connect_to(server).slot, server)

    def compare(self, server: ServerSlot) -> None:
        """Let a client come and go at the other of the two upper-case loops, started beside this one."""
        values = server.values
        turns = f"{grouped(server.turns)} turns" if server.turns else "no turn"
        said = f"Server {server.number} made {turns} for nothing."

        def started(other: ServerSlot) -> None:
            other.compared = said
            self.visit(other)

        self.start_preset(
            {
                "behaviour": TWIN[str(values.get("behaviour"))],
                "transport": "tcp",
                "bind": "127.0.0.1",
                "port": 0,
                "model": values.get("model", "threads"),
            },
            started,
        )

    def free_client(self) -> ClientView:
        """A client that does nothing: the one shown, another, or a new one; it is then the one shown."""
        for view in (self.clients.current, *self.clients.views):
            if view.slot.phase in ("idle", "ended"):
                self.clients.show_view(view)
                return view
        return self.clients.add_client()

    def give_other_end(self, client: ClientSlot) -> None:
        """Start a server that fits the client's form on a free port, fill in its address, and connect.

        Where one of the servers here listens at that address already, it is the other end.
        """
        view = self.clients.view_of(client)
        there = self._listening_for(view)
        if there is not None:
            self.desk.decline(f"{there.service} listens there already: it is the other end")
            self.clients.connect_client(view)
            return
        values = {**server_for(view.form.fields.values()), "port": 0, "path": ""}
        self._start_for(view, values)

    def _listening_for(self, view: ClientView) -> ServerSlot | None:
        """The server of ours that the client's form reaches as it stands."""
        wanted = view.form.fields.values()
        for slot in self.servers.slots():
            if slot.phase == "running" and slot.server is not None:
                reached = client_for(slot.values, slot.server)
                keys = ("transport", "tls", "host", "port") if "port" in reached else ("transport", "path")
                if all(wanted.get(key) == reached.get(key) for key in keys):
                    return slot
        return None

    def _start_for(self, view: ClientView, values: Mapping[str, Any]) -> None:
        def ready(server: ServerSlot) -> None:
            if server.server is not None:
                view.form.fields.set_values(client_for(server.values, server.server))
                self.clients.connect_client(view)

        self.start_preset(values, ready)

    # Mending

    def mend_client(self, slot: ClientSlot, key: str) -> None:
        """Do what a button of a client's red strip says."""
        view = self.clients.view_of(slot)
        fields = view.form.fields
        if key == "start-server":
            self._start_for(view, server_for(slot.values or fields.values()))
            return
        if key == "edit":
            slot.edit()
            fields.editor("path" if fields["transport"].startswith("unix") else "port").setFocus()
            return
        changes: dict[str, dict[str, Any]] = {
            "wait-longer": {"timeout_ms": 10_000},
            "trust-lab": {"verify": "lab"},
            "no-verify": {"verify": "none"},
            "no-tls": {"tls": False},
            "broadcast": {"broadcast": True},
            "loopback": {"host": "127.0.0.1"},
            "retry-until": {"retries": 30},
        }
        fields.set_values(changes.get(key, {}))
        self.clients.connect_client(view)

    def mend_server(self, slot: ServerSlot, key: str) -> None:
        """Do what a button of a server's red strip, or of its warning, says."""
        view = self.servers.view_of(slot)
        fields = view.form.fields
        if key == "edit":
            view.show_form()
            fields.editor("path" if fields["transport"].startswith("unix") else "port").setFocus()
            return
        if key == "who-has":
            self.who_has_requested.emit(slot)
            return
        if key == "loopback-now":
            self._rebind_to_loopback(slot)
            return
        changes: dict[str, dict[str, Any]] = {
            "free-port": {"port": 0},
            "free-path": {"path": ""},
            "high-port": {"port": 8000 + int(fields["port"])},
            "loopback": {"bind": "127.0.0.1", "host": ""},
        }
        fields.set_values(changes.get(key, {}))
        self.start(slot)

    def _rebind_to_loopback(self, slot: ServerSlot) -> None:
        """End the exposed server and start the same on loopback, on the same port."""
        fields = self.servers.view_of(slot).form.fields
        bound = slot.server.address if slot.server is not None else ""
        port = bound[1] if isinstance(bound, tuple) else int(fields["port"])
        fields.set_values({"bind": "127.0.0.1", "port": port})

        def again() -> None:
            if slot.phase == "ended":
                slot.changed.disconnect(again)
                self.start(slot)

        slot.changed.connect(again)
        slot.stop()


def once(done: Any, failed: Any, run: Callable[[], object]) -> None:
    """Call `run` at the next `done`; forget it at the next `failed`."""

    def finish() -> None:
        stop()
        run()

    def stop() -> None:
        done.disconnect(finish)
        failed.disconnect(stop)

    done.connect(finish)
    failed.connect(stop)
