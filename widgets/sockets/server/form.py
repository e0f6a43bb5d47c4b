"""The server card's form: what it answers, how it serves many, and where it listens.

A list of fields by key; what they make is in `server_launch`. It must not know services.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from protocols.concurrency.contract import CONNECTED
from protocols.sockets.interfaces import Interface
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import FlowBox
from widgets.parts.folded_form import FoldedForm
from widgets.parts.text import Label
from widgets.sockets.client.form import TRANSPORTS
from widgets.sockets.server.binding import OTHER, bind_choices, exposure_of
from widgets.sockets.server.words import TELNET, behaviour_choices, model_choices, sentence_of


class ServerForm(FoldedForm):
    """The fields of a server. `changed`: a value is new; `start_requested`: Enter was pressed in a field.

    `interfaces_wanted`: the addresses to bind to are about to be seen; `set_interfaces` takes them.

    certificates: the entries of that field. backlog_limit: what the kernel cuts a backlog to.
    """

    changed = Signal(str)
    start_requested = Signal()
    interfaces_wanted = Signal()

    def __init__(
        self,
        certificates: list[Choice],
        backlog_limit: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("the server", parent)
        self._certificates = certificates
        self._backlog_limit = backlog_limit
        self.start_button = PrimaryButton("Start", "play")
        self.explained = Label("", "body", "text2", wrap=True)
        self.exposure = Label("", "body", "text2", wrap=True)
        self.preset_button = Button("Presets", "graduation-cap", small=True)
        self.preset_button.setToolTip("The programs of the courses, with their own ports")
        self._interfaces: Sequence[Interface] = ()
        self.lay_out(self._what_row(), self._where_row(), self.explained, right=self.preset_button)
        self.add_section("Where", self._bind_fields, self.exposure)
        self.add_section("How", self._model_fields)
        self.add_section("Listening", self._listen_fields)
        self.add_section("TLS", self._tls_fields)
        self.fields.set_values({"behaviour": "upper", "model": "threads"})
        self.more_button.toggled.connect(self._on_more_toggled_on)
        self.fields.changed.connect(self._on_field_changed)
        self._suit()

    def _what_row(self) -> QWidget:
        fields, row = self.fields, FlowBox()
        row.add(fields.choice("behaviour", "Behaviour", behaviour_choices()), 1)
        row.add(
            fields.line(
                "expression",
                "Your expression over data",
                "data.upper()",
                characters=22,
                tip="Python over `data` (bytes): methods, slices, arithmetic. Interpreted, never run as code.",
            ),
            1,
        )
        row.add(fields.choice("model", "Model", model_choices("tcp")), 1)
        fields.editor("expression").returnPressed.connect(self.start_requested)  # type: ignore[attr-defined]
        return row

    def _where_row(self) -> QWidget:
        fields, row = self.fields, FlowBox()
        row.add(fields.choice("transport", "Transport", TRANSPORTS))
        row.add(fields.number("port", "Port", 2345, (0, 65535), zero="0, any free"))
        row.add(fields.line("path", "Path", "", characters=20, hint="empty: one is made"), 1)
        row.add(self.start_button)
        row.flow.setAlignment(self.start_button, Qt.AlignmentFlag.AlignBottom)
        fields.editor("path").returnPressed.connect(self.start_requested)  # type: ignore[attr-defined]
        fields.editor("port").returned.connect(self.start_requested)  # type: ignore[attr-defined]
        return row

    def _bind_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.choice("bind", "Bind to", bind_choices()), 1)
        flow.add(fields.line("host", "Address", "", hint="e.g. 192.0.2.1", characters=16), 1)
        flow.add(
            fields.line(
                "allow",
                "Allow list",
                "",
                hint="everyone",
                characters=20,
                tip="Addresses or networks, a comma between: 127.0.0.1, 10.0.0.0/8",
            ),
            1,
        )

    def _model_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(
            fields.number(
                "delay_ms",
                "Handler delay",
                0,
                (0, 60_000),
                suffix=" ms",
                tip="Waited before each answer, so that models differ",
            )
        )
        flow.add(fields.number("workers", "Workers", 4, (1, 256), tip="Threads of the pool"))
        flow.add(fields.number("recv_size", "Receive size", 4096, (1, 1 << 20), suffix=" B"))
        flow.add(fields.check("edge", "Edge-triggered", tip="epoll wakes once per change, not as long as data waits"))

    def _listen_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(
            fields.number(
                "backlog",
                "Backlog",
                128,
                (0, 65535),
                tip=f"Connections that wait for accept(), not clients. The kernel cuts it to {self._backlog_limit}.",
            )
        )
        flow.add(fields.check("hold_accept", "Hold accept", tip="Listen, but call accept() only when you say so"))
        flow.add(
            fields.check("reuse_address", "SO_REUSEADDR", True, tip="Bind although old connections are in TIME_WAIT")
        )
        flow.add(
            fields.check(
                "reuse_port", "SO_REUSEPORT", tip="Several servers on one port; the kernel spreads the clients"
            )
        )

    def _tls_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.check("tls", "TLS"))
        flow.add(fields.choice("certificate", "Certificate", self._certificates), 1)

    def set_interfaces(self, found: Sequence[Interface]) -> None:
        """Offer the addresses that this machine has now; what is chosen stays chosen where it still exists."""
        self._interfaces = found
        combo = self.fields.editor("bind")
        assert isinstance(combo, QuietCombo)
        combo.fill(bind_choices(found))
        self._suit()

    def restore(self, values: Mapping[str, Any]) -> None:
        """Take the values of an earlier start; an interface's address is typed in, it may not exist any more."""
        combo = self.fields.editor("bind")
        assert isinstance(combo, QuietCombo)
        bind = values.get("bind")
        if isinstance(bind, str) and bind and combo.findData(bind) < 0:
            values = {**values, "bind": OTHER, "host": bind}
        self.fields.set_values(values)

    def _on_more_toggled_on(self, on: bool) -> None:
        if on:
            self.interfaces_wanted.emit()

    def _on_field_changed(self, key: str) -> None:
        if key == "transport":
            models = self.fields.editor("model")
            assert isinstance(models, QuietCombo)
            models.fill(model_choices(str(self.fields["transport"])))
        if key in ("transport", "behaviour", "model", "bind", "tls"):
            self._suit()
        self.changed.emit(key)

    def _suit(self) -> None:
        """Show the fields that the transport, the model and the behaviour have."""
        fields = self.fields
        transport, model = str(fields["transport"]), str(fields["model"])
        unix, tcp = transport.startswith("unix"), transport == "tcp"
        stream = transport in CONNECTED
        fields.show("port", not unix)
        fields.show("path", unix)
        telnet = fields["behaviour"] == TELNET
        fields.show("expression", fields["behaviour"] == "transform")
        for key in ("model", "transport"):
            fields.show(key, not telnet)
        fields.show("host", fields["bind"] == OTHER)
        fields.show("workers", model == "pool")
        fields.show("edge", model == "epoll")
        fields.show("certificate", bool(fields["tls"]))
        for key in ("backlog", "hold_accept"):
            fields.show(key, stream)
        fields.show("reuse_port", not unix)
        fields.show("reuse_address", not unix)
        self.sections["TLS"].setVisible(tcp)
        self.sections["Where"].setVisible(not unix)
        self.sections["Listening"].setVisible(stream or not unix)
        self.exposure.setText(exposure_of(str(fields["bind"]), self._interfaces))
        self.explained.setText(sentence_of(str(fields["behaviour"]), "" if telnet else model))
