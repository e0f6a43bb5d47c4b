"""The Reach view: ping, traceroute, port check and the table of neighbours, with what this user may do.

It must not know how anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.packets.reach.services import Checking, Pinging, Reaching, Tracing
from protocols.packets.rtnetlink import Neighbour
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.packets.reach import launch
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

POLL_MS: Final = 100
KINDS: Final = (
    Choice("ping", "Ping"),
    Choice("traceroute", "Traceroute"),
    Choice("ports", "Port check"),
)
TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "ping": ("No.", "From", "After", "What"),
    "traceroute": ("Hops", "Router", "After", "What"),
    "ports": ("Port", "Name", "After", "What"),
}
FIRST: Final[Mapping[str, str]] = {
    "ping": "Start asks the host for an echo, without any permission: how long each took, and its TTL, come below.",
    "traceroute": "Start sends datagrams with TTL 1, 2, 3 and so on: the router where one dies tells of itself below.",
    "ports": "Start connects to each port: open, closed (a RST came) or silent (nothing came) is told below.",
}
"""What Start will do, before anything was done."""
BESIDE_PX: Final = 900
"""Below this width the neighbours stand under what came back."""
_LOOPBACK_ONLY: Final = "Nobody is on a wire of this machine now: loopback needs no ARP."


class PingPage(QWidget):
    """why_requested(trouble). did(script, params): what "Show as Python" would show."""

    why_requested = Signal(object)
    did = Signal(str, dict)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.fields = Fields(self)
        self.service: Reaching | None = None
        self.trouble: Explained | None = None
        self.starting = False
        self._shown = 0
        self.model = RowsModel(TITLES["ping"], parent=self, numbers=(0, 2))
        self.table = PlainTable(self.model, "What came back", mono=(1,), middle=(1,), widths=(50, 170, 160), stretch=3)
        self.around = RowsModel(("Address", "Hardware", "Interface", "State"), parent=self)
        self.neighbours = PlainTable(self.around, "Neighbours", mono=(0, 1), widths=(140, 160, 70), stretch=3)
        self.note = Label("", "body", "text2", wrap=True)
        self.none = Label("", "body", "text2", wrap=True)
        self.strip = TroubleStrip()
        self.start_button = PrimaryButton("Start", "play", key="\u23ce")
        self.stop_button = Button("Stop", "square")
        self.look_button = Button("Look again", "refresh-cw", small=True)
        self._lay_out()
        self._wire()
        self._suit("")
        self._refresh()

    def _lay_out(self) -> None:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("kind", "What", KINDS))
        row.add(fields.line("host", "Host", "127.0.0.1", characters=18), 1)
        row.add(fields.line("ports", "Ports", "22, 80, 443, 8000-8010", characters=22), 1)
        row.add(fields.number("count", "Times", 4, (0, 1_000_000), zero="without end"))
        row.add(fields.number("interval_ms", "Every", 1000, (10, 60_000), suffix=" ms"))
        row.add(fields.number("size", "Bytes", 56, (8, 65_000)))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.start_button)
        form = QWidget()
        inside = QVBoxLayout(form)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addWidget(row)
        inside.addWidget(self.strip)
        inside.addLayout(buttons)
        inside.addWidget(self.note)
        self.card = Card("Is it there?", "waypoints")
        self.card.add_section(form)
        self.card.add(self.table, 1)
        self.around_card = Card("Neighbours on the wire (ARP, NDP)", "network")
        self.around_card.add_action(self.look_button)
        self.around_card.add_section(self.none)
        self.around_card.add(self.neighbours, 1)
        self.none.hide()
        self.splitter = Splitter()
        self.splitter.addWidget(self.card)
        self.splitter.addWidget(self.around_card)
        self.splitter.setSizes([620, 420])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= theme().px(BESIDE_PX)
        wanted = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if self.splitter.orientation() != wanted:
            self.splitter.setOrientation(wanted)
            self.splitter.setSizes([620, 420] if beside else [700, 300])

    def _wire(self) -> None:
        self.fields.changed.connect(self._suit)
        for key in ("host", "ports"):
            editor = self.fields.editor(key)
            assert isinstance(editor, QLineEdit)
            editor.returnPressed.connect(self.start)
        self.start_button.clicked.connect(self.start)
        self.stop_button.clicked.connect(self.stop)
        self.look_button.clicked.connect(self.look)
        self.look_button.clicked.connect(lambda: self.did.emit("packets-neighbours", {}))
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.trouble))
        cancel = self.desk.bridge.every(POLL_MS, self._poll)
        self.destroyed.connect(cancel)
        self.look()

    def _suit(self, key: str) -> None:
        kind = str(self.fields["kind"])
        self.fields.show("ports", kind == "ports")
        for name in ("count", "interval_ms", "size"):
            self.fields.show(name, kind == "ping")
        if key == "kind" or not self.note.text():
            self.note.setText(FIRST[kind])

    def start(self) -> None:
        """Do what the form says; nothing while something runs."""
        if self.service is not None or self.starting:
            return
        lab, values = self.desk.lab, self.fields.values()
        kind, host = str(values["kind"]), str(values["host"]).strip()
        self.starting, self.trouble = True, None
        self.strip.clear()
        self.note.setText("")
        self.model.set_rows((), TITLES[kind])
        self._shown = 0

        def begin() -> Reaching:
            service = _made(lab.recorder, kind, host, values)
            lab.start(service, room=launch.ROOM)
            return service

        self.desk.bridge.call(begin, self._on_started, self._on_failed, owner=self)
        self.did.emit(f"packets-{kind}", launch.script_values(kind, host, values))
        self._refresh()

    def _on_started(self, service: Reaching) -> None:
        self.starting, self.service = False, service
        self.note.setText(service.note[:1].upper() + service.note[1:] + ".")
        self._refresh()

    def _on_failed(self, error: BaseException) -> None:
        self.starting = False
        trouble = self.trouble = launch.explained(error, str(self.fields["host"]))
        self.strip.tell(trouble.title, trouble.why, errno=trouble.errno)
        self._refresh()

    def stop(self) -> None:
        """End it."""
        if self.service is not None:
            self.service.request_stop()

    def _poll(self) -> None:
        service = self.service
        if service is None:
            return
        over = service.state in ("stopped", "failed")
        fresh = service.rows(self._shown)
        self._shown += len(fresh)
        self.model.append([launch.row_of(one) for one in fresh])
        if fresh:
            self.table.scrollToBottom()
        if over:
            self.service = None
            if service.summary:
                self.note.setText(f"{self.note.text()} {service.summary}.")
            self.desk.bridge.call(lambda: self.desk.lab.stop(service))
            self._refresh()
            self.look()

    def look(self) -> None:
        """Read the table of neighbours."""
        self.desk.bridge.call(launch.neighbours, self._on_looked, lambda _error: self._on_looked([]), owner=self)

    def _on_looked(self, found: list[Neighbour]) -> None:
        self.around.set_rows([(one.address, one.hardware, one.interface, one.state) for one in found])
        self.none.setText("" if found else _LOOPBACK_ONLY)
        self.none.setVisible(not found)

    def _refresh(self) -> None:
        busy = self.service is not None or self.starting
        self.start_button.setVisible(not busy)
        self.stop_button.setVisible(busy)
        self.note.setVisible(bool(self.note.text()))
        state = ("running", "Running") if busy else ("", "")
        self.card.set_state(*(("error", "Failed") if self.trouble is not None else state))

    def save_state(self) -> dict[str, Any]:
        """The form."""
        return self.fields.values()

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Take what `save_state` gave."""
        self.fields.set_values(state)


def _made(recorder: Any, kind: str, host: str, values: Mapping[str, Any]) -> Reaching:
    if kind == "ping":
        return Pinging(recorder, host, int(values["count"]), int(values["interval_ms"]) / 1000, int(values["size"]))
    if kind == "traceroute":
        return Tracing(recorder, "traceroute", host)
    return Checking(recorder, host, str(values["ports"]))
