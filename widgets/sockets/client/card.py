"""The client card: a numbered tab for each client, its form or its conversation below.

It must not know the server card: what concerns both ends leaves as a signal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from protocols.sockets.presets import Preset
from widgets.desk import Desk
from widgets.parts.buttons import Button, IconButton
from widgets.parts.numbered import NumberedCard, NumberedView
from widgets.parts.trouble import TroubleStrip
from widgets.sockets.client.form import ClientForm
from widgets.sockets.client.live import ClientLive
from widgets.sockets.client.slot import WORDS, ClientSlot
from widgets.sockets.mends import client_mends
from widgets.sockets.preset_menu import client_values, fill_menu


class ClientView(NumberedView[ClientSlot]):
    """One client's two pages: the form, and what it shows while it talks."""

    def __init__(self, slot: ClientSlot, parent: QWidget | None = None) -> None:
        super().__init__(slot, parent)
        self.form = ClientForm(self.stack)
        self.strip = TroubleStrip()
        self.form.place_for_strip.addWidget(self.strip)
        self.live = ClientLive(slot, self.stack)
        self._begin(self.form, self.live)

    def refresh(self) -> None:
        """Show the page of the slot's phase, and its trouble where the click was."""
        slot = self.slot
        talking = slot.phase in ("connected", "ended")
        self.stack.setCurrentWidget(self.live if talking else self.form)
        self.form.set_connecting(slot.phase == "connecting")
        shown, other = (self.live.strip, self.strip) if talking else (self.strip, self.live.strip)
        other.clear()
        self._tell_trouble(shown, lambda errno: client_mends(errno, slot.values))


class ClientCard(NumberedCard[ClientView, ClientSlot]):
    """All clients. Signals carry the slot; `sent(slot, bytes)` and `connected(slot)` tell what was done."""

    why_requested = Signal(object)
    mend_requested = Signal(object, str)
    other_end_requested = Signal(object)
    current_changed = Signal(object)
    connected = Signal(object)
    answered = Signal(object)
    sent = Signal(object, bytes)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("Client", "monitor", "Clients", parent)
        self.desk = desk
        self.more_button = IconButton("ellipsis", "More for this client")
        self.menu = QMenu(self.more_button)
        self.more_button.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        self.more_button.setMenu(self.menu)
        self.close_button = Button("Close", "x", small=True)
        self.stop_button = Button("Stop", "square", small=True)
        for button in (self.more_button, self.stop_button, self.close_button):
            self.add_action(button)
        self.close_button.clicked.connect(self._on_close)
        self.stop_button.clicked.connect(self._on_close)
        self.add_client()

    def add_client(self, values: Mapping[str, Any] | None = None) -> ClientView:
        """A new client in a tab of its own, shown; its form starts with `values`."""
        view = ClientView(ClientSlot(self.desk, self._next_number(), self), self.stack)
        if values:
            view.form.fields.set_values(values)
        view.form.connect_requested.connect(lambda: self.connect_client(view))
        view.form.connect_button.clicked.connect(lambda: self.connect_client(view))
        view.form.stop_button.clicked.connect(view.slot.stop_connecting)
        view.form.other_end_button.clicked.connect(lambda: self.other_end_requested.emit(view.slot))
        view.live.again_requested.connect(lambda: self.connect_client(view))
        view.live.edit_requested.connect(view.slot.edit)
        for strip in (view.strip, view.live.strip):
            strip.why_requested.connect(lambda: self.why_requested.emit(view.slot))
            strip.mend_requested.connect(lambda key: self.mend_requested.emit(view.slot, key))
        view.slot.connected.connect(lambda: self._on_connected(view))
        view.slot.answered.connect(lambda: self.answered.emit(view.slot))
        self._wire_input(view)
        fill_menu(view.form.preset_button, "client", lambda entry: self.use_preset(view, entry))
        return self._add_view(view)

    def _new_view(self) -> ClientView:
        return self.add_client()

    def _end(self, slot: ClientSlot) -> None:
        slot.edit()

    def _wire_input(self, view: ClientView) -> None:
        slot, row = view.slot, view.live.input
        row.send_requested.connect(lambda data: self._send(view, data))
        row.key_requested.connect(lambda data: self._send(view, data, key=True))
        row.file_requested.connect(slot.send_file)
        row.repeat_requested.connect(slot.send_repeated)
        row.stop_repeat_requested.connect(slot.stop_repeating)
        row.receive_requested.connect(slot.receive)
        row.command_requested.connect(slot.send_command)

    def _send(self, view: ClientView, data: bytes, *, key: bool = False) -> None:
        if key:
            view.slot.send_key(data)
        else:
            view.slot.send(data)
        self.sent.emit(view.slot, data)

    def _on_connected(self, view: ClientView) -> None:
        values = view.slot.values
        view.live.input.set_framed(values.get("framing", "none") != "none")
        view.live.input.receive_button.setVisible(values.get("read_mode") == "manual")
        view.live.input.command_button.setVisible(view.slot.is_telnet)
        if view is self.current:
            view.live.input.field.setFocus()
        self.connected.emit(view.slot)

    def use_preset(self, view: ClientView, entry: Preset) -> None:
        """Fill the form with a preset of the courses and connect; what it sends first stands in the input."""
        view.form.fields.set_values(client_values(entry))
        view.live.prepare(entry.text, entry.note)
        self.connect_client(view)

    def connect_client(self, view: ClientView) -> None:
        """Connect with the values of the form."""
        view.slot.connect_to(view.form.fields.values())

    def _on_close(self) -> None:
        self.current.slot.close()

    def _refresh_head(self, *_: object) -> None:
        slot = self.current.slot
        sign, word = WORDS[slot.phase]
        if slot.trouble is not None and slot.phase in ("idle", "ended"):
            sign, word = "error", slot.trouble.title.removeprefix("Connection ").capitalize()
        self.set_state(sign, word)
        self.close_button.setVisible(slot.phase == "connected")
        self.stop_button.setVisible(slot.phase == "connecting")
        self.current_changed.emit(slot)
