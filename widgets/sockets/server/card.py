"""The server card: a numbered tab for each server; empty, its form, or its live connections below.

It must not know the client card: what concerns both ends leaves as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from protocols.sockets.interfaces import interfaces
from widgets.desk import Desk
from widgets.parts.buttons import Button, IconButton
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice
from widgets.parts.numbered import FormedView, NumberedCard
from widgets.parts.trouble import TroubleStrip
from widgets.sockets.front import NO_SERVER, START
from widgets.sockets.mends import server_mends
from widgets.sockets.preset_menu import fill_menu
from widgets.sockets.server.form import ServerForm
from widgets.sockets.server.live import ServerLive
from widgets.sockets.server.slot import WORDS, ServerSlot
from widgets.sockets.server.words import TRANSPORT_CHIPS, behaviour_title


class ServerView(FormedView[ServerSlot]):
    """One server's pages: nothing yet, the form, and what it shows while it runs."""

    def __init__(
        self,
        slot: ServerSlot,
        certificates: list[Choice],
        backlog_limit: int,
        parent: QWidget | None = None,
        *,
        empty: bool,
    ) -> None:
        super().__init__(slot, parent, empty=empty)
        self.empty = EmptyState("server", NO_SERVER, START, button_icon="play", primary=True, parent=self.stack)
        self.form = ServerForm(certificates, backlog_limit, self.stack)
        self.strip = TroubleStrip()
        self.form.place_for_strip.addWidget(self.strip)
        self.live = ServerLive(slot, self.stack)
        self._begin(self.empty, self.form, self.live)

    def refresh(self) -> None:
        """Show the page of the slot's phase, and its trouble where the click was."""
        super().refresh()
        slot = self.slot
        self.form.start_button.setEnabled(slot.phase != "starting")
        running = slot.phase == "running"
        shown, other = (self.live.strip, self.strip) if running else (self.strip, self.live.strip)
        other.clear()
        self._tell_trouble(shown, lambda errno: server_mends(errno, slot.values))


class ServerCard(NumberedCard[ServerView, ServerSlot]):
    """All servers. Signals carry the slot; `client_requested(slot)`: connect a client to it.

    `visit_requested(slot)`: let a client come and go; `compare_requested(slot)`: the same with the other loop.
    """

    why_requested = Signal(object)
    mend_requested = Signal(object, str)
    client_requested = Signal(object)
    start_requested = Signal(object)
    visit_requested = Signal(object)
    compare_requested = Signal(object)
    first_requested = Signal()
    current_changed = Signal(object)
    started = Signal(object)
    preset_requested = Signal(object)

    def __init__(
        self, desk: Desk, certificates: list[Choice], backlog_limit: int, parent: QWidget | None = None
    ) -> None:
        super().__init__("Server", "server", "Servers", parent)
        self.desk = desk
        self._certificates, self._backlog_limit = certificates, backlog_limit
        self.form_button = Button("Set up", "sliders-horizontal", small=True)
        self.more_button = IconButton("ellipsis", "More for this server")
        self.menu = QMenu(self.more_button)
        self.more_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self.menu)
        self.stop_button = Button("Stop", "square", small=True)
        for button in (self.more_button, self.form_button, self.stop_button):
            self.add_action(button)
        self.stop_button.clicked.connect(self._on_stop)
        self.form_button.clicked.connect(self._on_form)
        self.add_server(empty=True)

    def _on_stop(self) -> None:
        self.current.slot.stop()

    def _on_form(self) -> None:
        self.current.show_form()
        self._refresh_head()

    def add_server(self, values: Mapping[str, Any] | None = None, *, empty: bool = False) -> ServerView:
        """A new server in a tab of its own, shown; its form starts with `values`."""
        slot = ServerSlot(self.desk, self._next_number(), self)
        view = ServerView(slot, self._certificates, self._backlog_limit, self.stack, empty=empty)
        if values:
            view.form.fields.set_values(values)
        view.empty.acted.connect(self.first_requested)
        view.form.start_button.clicked.connect(lambda: self.start_requested.emit(slot))
        view.form.start_requested.connect(lambda: self.start_requested.emit(slot))
        view.form.interfaces_wanted.connect(lambda: self._look_for_interfaces(view))
        view.live.client_requested.connect(lambda: self.client_requested.emit(slot))
        view.live.loopback_requested.connect(lambda: self.mend_requested.emit(slot, "loopback-now"))
        view.live.spin.leave_requested.connect(lambda: self.visit_requested.emit(slot))
        view.live.spin.compare_requested.connect(lambda: self.compare_requested.emit(slot))
        for strip in (view.strip, view.live.strip):
            strip.why_requested.connect(lambda: self.why_requested.emit(slot))
            strip.mend_requested.connect(lambda key: self.mend_requested.emit(slot, key))
        slot.started.connect(lambda: self.started.emit(slot))
        slot.rows.rowsInserted.connect(self._refresh_head)
        slot.rows.rowsRemoved.connect(self._refresh_head)
        fill_menu(view.form.preset_button, "server", self.preset_requested.emit)
        return self._add_view(view)

    def _new_view(self) -> ServerView:
        return self.add_server()

    def _end(self, slot: ServerSlot) -> None:
        slot.stop()

    def _look_for_interfaces(self, view: ServerView) -> None:
        """Ask for this machine's addresses elsewhere; without an answer the box keeps what it has."""
        self.desk.bridge.call(interfaces, view.form.set_interfaces, lambda _error: None, owner=view)

    def _refresh_head(self, *_: object) -> None:
        view = self.current
        slot = view.slot
        running = slot.phase == "running"
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and not running:
            sign, word = "error", slot.trouble.title.capitalize()
        self.set_state(sign, word)
        title = behaviour_title(str(slot.values.get("behaviour")))
        self.set_title(f"{title} server" if running else "Server", title if running else "")
        chip = TRANSPORT_CHIPS.get(str(slot.values.get("transport")), "")
        self.set_chip((f"{chip}, TLS" if slot.values.get("tls") else chip) if running else "")
        self.tabs.setVisible(len(self.views) > 1)
        self.stop_button.setVisible(running)
        self.form_button.setVisible(view.stack.currentWidget() is view.empty)
        self.current_changed.emit(slot)
