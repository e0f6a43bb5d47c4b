"""Step by step: a server and a client side by side, each call one click, in any order.

It must not know the calls: `protocols.sockets.steps` makes them and explains the wrong ones.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from typing import Any, Final, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.address import Target, Transport
from protocols.sockets.payload import PayloadError, from_text
from protocols.sockets.steps import StepResult
from widgets.desk import Desk
from widgets.parts.buttons import Button
from widgets.parts.card import Aside
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox
from widgets.parts.splitter import Splitter
from widgets.sockets.client.form import TRANSPORTS
from widgets.sockets.lessons.experiment_scripts import Script
from widgets.sockets.lessons.step_side import Order, StepSide

_numbers: Final = itertools.count(1)
ADDRESSES: Final = (Choice("127.0.0.1", "127.0.0.1"), Choice("::1", "::1 (IPv6)"))


class StepsPage(QWidget):
    """The two sides and the settings they share."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.fields = Fields(self)
        self.server = StepSide(desk, "server")
        self.client = StepSide(desk, "client")
        self.over_button = Button("Start over", "rotate-cw")
        self.aside = Aside("One click is one call.", "The dotted ones are right now; the others are wrong: try one.")
        self._path = ""
        self._last = self.server
        splitter = Splitter(Qt.Orientation.Horizontal, self.client, self.server, line=False)
        self.splitter = splitter
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._settings())
        column.addWidget(splitter, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.aside, 1)
        foot.addWidget(self.over_button)
        column.addLayout(foot)
        self.fields.changed.connect(lambda _key: self._take_settings())
        self.over_button.clicked.connect(self.start_over)
        for side in (self.server, self.client):
            side.stepped.connect(lambda result, side=side: self._on_stepped(side, result))
        self._take_settings()

    def _settings(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("transport", "Transport", TRANSPORTS))
        row.add(fields.choice("host", "Address", ADDRESSES))
        row.add(fields.number("port", "Port", 0, (0, 65535), zero="0, any free"))
        row.add(fields.number("backlog", "Backlog", 5, (0, 65535)))
        row.add(fields.line("data", "To send", "hello\\n", characters=9), 1)
        row.add(fields.number("size", "recv(n)", 1024, (1, 65536)))
        box = fields.check("on_listener", "On the listener", tip="Talk on the listening socket: wrong on purpose")
        row.add(box)
        row.flow.setAlignment(box, Qt.AlignmentFlag.AlignBottom)
        return row

    def _take_settings(self) -> None:
        fields = self.fields
        transport = cast("Transport", fields["transport"])
        unix = transport.startswith("unix")
        for key in ("host", "port"):
            fields.show(key, not unix)
        for key in ("backlog", "on_listener"):
            fields.show(key, transport not in ("udp", "unix-dgram"))
        if unix and not self._path:
            self._path = os.path.join(tempfile.gettempdir(), f"netlab-steps-{os.getpid()}-{next(_numbers)}.sock")
        host, port = str(fields["host"]), int(fields["port"])
        self.server.set_order(self._order("server", Target(transport, host, port, self._path if unix else "")))
        self.client.set_order(self._order("client", self._client_target(transport, host, port)))

    def _client_target(self, transport: Transport, host: str, port: int) -> Target:
        """Where the client goes: the server's real address as soon as it has one."""
        if transport.startswith("unix"):
            return Target(transport, path=self._path)
        bound = self.server.address.rpartition(":")[2]
        return Target(transport, host, int(bound) if bound.isdigit() and int(bound) else port)

    def _order(self, role: Any, target: Target) -> Order:
        fields = self.fields
        try:
            data = from_text(str(fields["data"]), escapes=True)
        except PayloadError:
            data = str(fields["data"]).encode()
        wrong = bool(fields["on_listener"]) and role == "server"
        return Order(role, target, data, int(fields["size"]), int(fields["backlog"]), wrong)

    def _on_stepped(self, side: StepSide, result: StepResult) -> None:
        self._last = side
        who = "Server" if side is self.server else "Client"
        if result.ok:
            says = ":" if result.step in ("shutdown", "close") else " gave"
            self.aside.set(f"{who}: {result.code}{says}", f"{result.result}.")
        else:
            self.aside.set(f"{who}: {result.code} failed with {result.errno}.", f"{result.why}{self._hint(side)}")
        self._take_settings()

    def _hint(self, side: StepSide) -> str:
        target = side.order.target
        nowhere = side is self.client and not target.is_unix and not target.port
        return " The server has no port yet: bind it first." if nowhere else ""

    def python(self) -> Script:
        """The script of the side that did something last."""
        return self._last.python()

    def start_over(self) -> None:
        """Close both sides and begin with nothing."""
        self._path = ""
        for side in (self.server, self.client):
            side.start_over()
            side.refresh()
        self._take_settings()

    def poll(self) -> None:
        """Look at both sides; light."""
        for side in (self.server, self.client):
            side.poll()
