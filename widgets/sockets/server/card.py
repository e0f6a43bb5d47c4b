"""The server card: a numbered tab for each server; empty, its form, or its live connections below.

It must not know the client card: what concerns both ends leaves as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from protocols.sockets.interfaces import interfaces
from widgets.desk import Desk
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Choice
from widgets.parts.flow import Pages
from widgets.parts.segments import Segments
from widgets.parts.trouble import TroubleStrip
from widgets.sockets.front import NO_SERVER, START
from widgets.sockets.mends import server_mends
from widgets.sockets.preset_menu import fill_menu
from widgets.sockets.server.form import ServerForm
from widgets.sockets.server.live import ServerLive
from widgets.sockets.server.slot import WORDS, ServerSlot
from widgets.sockets.server.words import TRANSPORT_CHIPS, behaviour_title


class ServerView(QWidget):
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
        super().__init__(parent)
        self.slot = slot
        self.stack = Pages(parent=self)
        self.empty = EmptyState("server", NO_SERVER, START, button_icon="play", primary=True, parent=self.stack)
        self.form = ServerForm(certificates, backlog_limit, self.stack)
        self.strip = TroubleStrip()
        self.form.place_for_strip.addWidget(self.strip)
        self.live = ServerLive(slot, self.stack)
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
        running = slot.phase == "running"
        shown, other = (self.live.strip, self.strip) if running else (self.strip, self.live.strip)
        other.clear()
        if slot.trouble is None:
            shown.clear()
        elif shown.errno != slot.trouble.errno or shown.text() == "":
            mends = server_mends(slot.trouble.errno, slot.values)
            shown.tell(slot.trouble.title, slot.trouble.why, mends, errno=slot.trouble.errno)


class ServerCard(Card):
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
        super().__init__("Server", "server", parent=parent)
        self.desk = desk
        self.views: list[ServerView] = []
        self._certificates, self._backlog_limit = certificates, backlog_limit
        self._numbers = 0
        self.tabs = Segments((), "Servers")
        self.form_button = Button("Set up", "sliders-horizontal", small=True)
        self.more_button = IconButton("ellipsis", "More for this server")
        self.menu = QMenu(self.more_button)
        self.more_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self.menu)
        self.stop_button = Button("Stop", "square", small=True)
        self.stack = Pages()
        self.add_head(self.tabs)
        for button in (self.more_button, self.form_button, self.stop_button):
            self.add_action(button)
        self.add(self.stack, 1)
        self.tabs.chosen.connect(self.choose)
        self.stop_button.clicked.connect(self._on_stop)
        self.form_button.clicked.connect(self._on_form)
        self.add_server(empty=True)

    def _on_stop(self) -> None:
        self.current.slot.stop()

    def _on_form(self) -> None:
        self.current.show_form()
        self._refresh_head()

    @property
    def current(self) -> ServerView:
        """The server shown."""
        view = self.stack.currentWidget()
        assert isinstance(view, ServerView)
        return view

    def slots(self) -> list[ServerSlot]:
        """All servers, in the order of their tabs."""
        return [view.slot for view in self.views]

    def add_server(self, values: Mapping[str, Any] | None = None, *, empty: bool = False) -> ServerView:
        """A new server in a tab of its own, shown; its form starts with `values`."""
        self._numbers += 1
        slot = ServerSlot(self.desk, self._numbers, self)
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
        slot.changed.connect(self._refresh_head)
        slot.started.connect(lambda: self.started.emit(slot))
        slot.rows.rowsInserted.connect(self._refresh_head)
        slot.rows.rowsRemoved.connect(self._refresh_head)
        fill_menu(view.form.preset_button, "server", self.preset_requested.emit)
        self.views.append(view)
        self.stack.addWidget(view)
        self.tabs.set_texts([str(each.slot.number) for each in self.views])
        self.choose(len(self.views) - 1)
        return view

    def _look_for_interfaces(self, view: ServerView) -> None:
        """Ask for this machine's addresses elsewhere; without an answer the box keeps what it has."""
        self.desk.bridge.call(interfaces, view.form.set_interfaces, lambda _error: None, owner=view)

    def remove_server(self, view: ServerView) -> None:
        """Stop a server and take its tab away; the last one stays, as a form."""
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

    def free_view(self) -> ServerView:
        """A view whose server does not run: the one shown, another, or a new one."""
        for view in (self.current, *self.views):
            if view.slot.phase in ("idle", "ended"):
                return view
        return self.add_server()

    def choose(self, index: int) -> None:
        """Show the server of a tab."""
        self.stack.setCurrentWidget(self.views[index])
        self.tabs.set_current(index)
        self._refresh_head()

    def view_of(self, slot: ServerSlot) -> ServerView:
        """The view of a slot."""
        return next(view for view in self.views if view.slot is slot)

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
