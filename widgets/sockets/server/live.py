"""The server card's page while it runs: facts, live connections, and what can be done to them.

Shows a ServerSlot. It must not know services.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.concurrency.contract import CONNECTED
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, IconButton
from widgets.parts.card import Line
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.fields import Fields
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.text import ElidedLabel
from widgets.parts.trouble import TroubleStrip
from widgets.sockets.look import ONLY_CONNECTION, Look
from widgets.sockets.server.connections_view import ConnectionsView
from widgets.sockets.server.send import SendBar
from widgets.sockets.server.slot import ServerSlot
from widgets.sockets.server.spin_strip import SpinStrip
from widgets.sockets.server.words import TELNET, model_title


class ServerLive(QWidget):
    """Facts and connections. `client_requested`: connect a client to it; `loopback_requested`: bind to loopback."""

    client_requested = Signal()
    loopback_requested = Signal()

    def __init__(self, slot: ServerSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.where = Fact("Listening on", mono=True)
        self.model = Fact("Model")
        self.delay = Fact("Delay")
        self.backlog = Fact("Backlog")
        self.tune_button = IconButton("sliders-horizontal", "Delay, backlog and hold, live", checkable=True)
        self.live = Fields(self)
        self.warning = Banner("warning")
        self.strip = TroubleStrip()
        self.spin = SpinStrip(slot)
        self.table = ConnectionsView(slot.rows)
        self.empty = EmptyState(
            "plug", "Nobody is connected yet.", "Connect a client to it", button_icon="plug", primary=True
        )
        self.stack = Pages(self.empty, self.table)
        self.chosen_label = ElidedLabel("", "body", "text2", mode=Qt.TextElideMode.ElideRight)
        self.half_close_button = Button("Half-close", small=True)
        self.close_button = Button("Close", small=True)
        self.reset_button = Button("Reset", small=True)
        self.send_one_button = Button("Send…", small=True)
        self.send_all_button = Button("To all…", small=True)
        self.send_all_button.setToolTip("Send to all connections")
        self.note = Banner("note")
        self.send_bar = SendBar()
        self._lay_out()
        self._wire()
        self.refresh()

    def _facts_row(self) -> QWidget:
        facts = FlowBox(spacing=10, line_spacing=6)
        facts.flow.setContentsMargins(12, 10, 4, 10)
        for fact in (self.where, self.model, self.delay, self.backlog):
            facts.add(fact)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 8, 0)
        line.setSpacing(0)
        line.addWidget(facts, 1)
        line.addWidget(self.tune_button, 0, Qt.AlignmentFlag.AlignTop)
        line.setAlignment(self.tune_button, Qt.AlignmentFlag.AlignVCenter)
        return row

    def _tune_row(self) -> QWidget:
        tune = FlowBox(spacing=16)
        tune.flow.setContentsMargins(12, 0, 12, 10)
        delay = self.live.number("delay_ms", "Delay", self.slot.delay_ms, (0, 60_000), suffix=" ms")
        backlog = self.live.number("backlog", "Backlog", self.slot.backlog, (0, 65535))
        self.backlog_holder = backlog
        self.hold_box = self.live.check("hold_accept", "Hold accept", self.slot.hold_accept)
        for widget in (delay, backlog, self.hold_box):
            tune.add(widget)
        tune.flow.setAlignment(self.hold_box, Qt.AlignmentFlag.AlignBottom)
        tune.hide()
        return tune

    def _lay_out(self) -> None:
        actions = FlowBox(spacing=6)
        actions.flow.setContentsMargins(12, 10, 12, 12)
        actions.add(self.chosen_label, 1)
        for button in (
            self.half_close_button,
            self.close_button,
            self.reset_button,
            self.send_one_button,
            self.send_all_button,
        ):
            actions.add(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        strips = QVBoxLayout()
        strips.setContentsMargins(12, 0, 12, 0)
        strips.addWidget(self.note)
        strips.addWidget(self.warning)
        strips.addWidget(self.strip)
        strips.addWidget(self.spin)
        self.tune_row = self._tune_row()
        column.addWidget(self._facts_row())
        column.addWidget(self.tune_row)
        column.addLayout(strips)
        column.addWidget(Line())
        column.addWidget(self.stack, 1)
        column.addWidget(self.send_bar)
        column.addWidget(actions)
        self.action_row = actions

    def _wire(self) -> None:
        slot = self.slot
        slot.changed.connect(self.refresh)
        slot.rows.rowsInserted.connect(self._on_rows_changed)
        slot.rows.rowsRemoved.connect(self._on_rows_changed)
        look = Look(slot.desk, self)
        self.table.connection_picked.connect(look.at)
        self.table.only_requested.connect(lambda conn: look.at(conn, ONLY_CONNECTION))
        self.table.connection_chosen.connect(lambda _conn: self._suit_actions())
        self.empty.acted.connect(self.client_requested)
        self.warning.acted.connect(self.loopback_requested)
        self.half_close_button.clicked.connect(lambda: self._to_chosen("half_close"))
        self.close_button.clicked.connect(lambda: self._to_chosen("close_connection"))
        self.reset_button.clicked.connect(lambda: self._to_chosen("reset"))
        self.send_one_button.clicked.connect(lambda: self.send_bar.ask(self.table.chosen()))
        self.send_all_button.clicked.connect(lambda: self.send_bar.ask(""))
        self.send_bar.send_requested.connect(self._on_send)
        self.live.changed.connect(self._on_live_changed)
        self.spin.stop_requested.connect(slot.stop_spinning)
        self.tune_button.toggled.connect(self.tune_row.setVisible)

    def refresh(self) -> None:
        """Show the slot as it is now."""
        slot = self.slot
        self.where.set_value(slot.where)
        telnet = slot.values.get("behaviour") == TELNET
        self.model.set_value("asyncio, telnetlib3" if telnet else model_title(str(slot.values.get("model", ""))))
        self.tune_button.setVisible(not telnet)
        self.delay.setVisible(slot.delay_ms > 0 and not telnet)
        stream = str(slot.values.get("transport", "tcp")) in CONNECTED and not telnet
        self.delay.set_value(f"{slot.delay_ms} ms")
        self.backlog.set_value(f"{slot.backlog}, accept held" if slot.hold_accept else str(slot.backlog))
        self.backlog.setVisible(stream)
        self.backlog_holder.setVisible(stream)
        self.hold_box.setVisible(stream)
        self.live.blockSignals(True)
        self.live.set_values({"delay_ms": slot.delay_ms, "backlog": slot.backlog, "hold_accept": slot.hold_accept})
        self.live.blockSignals(False)
        self._suit_warning()
        self._on_rows_changed()

    def _suit_warning(self) -> None:
        if self.slot.exposed:
            text = f"{self.slot.where} can be reached from other machines."
            self.warning.say("Exposed.", text, "Bind to 127.0.0.1", "shield-check")
        else:
            self.warning.clear()

    def _on_rows_changed(self, *_: object) -> None:
        count = self.slot.rows.rowCount()
        self.stack.setCurrentWidget(self.table if count else self.empty)
        self.action_row.setVisible(bool(count))
        if count and not self.table.currentIndex().isValid():
            self.table.selectRow(0)
        if not count:
            self.send_bar.hide()
        self._suit_actions()

    def _suit_actions(self) -> None:
        row = self.slot.rows.row(self.table.currentIndex().row())
        self.chosen_label.setText(f"# {row.number}" if row else "")
        self.chosen_label.setToolTip(f"Served by {row.worker}" if row else "")
        for button in (self.half_close_button, self.close_button, self.reset_button, self.send_one_button):
            button.setEnabled(row is not None)
        self._suit_width()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._suit_width()

    def _suit_width(self) -> None:
        """The number of the chosen connection gives way to the buttons: its row is marked anyway."""
        buttons = [self.action_row.flow.itemAt(at) for at in range(1, self.action_row.flow.count())]
        need = sum(item.sizeHint().width() + 8 for item in buttons if item is not None)
        label = self.fontMetrics().horizontalAdvance("# 999") + 2 * 12
        self.chosen_label.setVisible(need + label <= self.width())

    def _to_chosen(self, verb: str) -> None:
        conn = self.table.chosen()
        if conn:
            self.slot.order(lambda server: getattr(server, verb)(conn), lambda _: self.slot.poll())

    def _on_send(self, conn: str, data: bytes) -> None:
        if conn:
            self.slot.order(lambda server: server.send(conn, data))
        else:
            self.slot.order(
                lambda server: server.broadcast(data),
                lambda count: self.slot.desk.toast(f"Sent to {count} connection{'s' * (count != 1)}"),
            )

    def _on_live_changed(self, key: str) -> None:
        value = self.live[key]
        if key == "delay_ms":
            self.slot.set_delay_ms(int(value))
        elif key == "backlog":
            self.slot.set_backlog(int(value))
        else:
            self.slot.set_hold_accept(bool(value))
