"""The client card's form: whom to reach, and under "More" how to wait, to cut and to send.

A list of fields by key; what they make is in `client_launch`. It must not know services.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from protocols.concurrency.contract import CONNECTED
from widgets.parts.buttons import Button, LinkButton, PrimaryButton
from widgets.parts.fields import Choice
from widgets.parts.flow import FlowBox
from widgets.parts.folded_form import FoldedForm

TRANSPORTS: Final = (
    Choice("tcp", "TCP", "A stream of bytes over IP: connected, in order, no record boundaries"),
    Choice("udp", "UDP", "Datagrams over IP: each arrives whole or not at all"),
    Choice("unix", "UNIX stream", "A stream between programs of this machine; the address is a path"),
    Choice("unix-dgram", "UNIX datagram", "Datagrams between programs of this machine"),
    Choice("unix-seqpacket", "UNIX seqpacket", "Connected, in order, and it keeps record boundaries"),
)
FAMILIES: Final = (
    Choice("auto", "IPv4 or IPv6", "Whatever the name resolves to, in the resolver's order"),
    Choice("4", "IPv4 only"),
    Choice("6", "IPv6 only"),
)
FRAMINGS: Final = (
    Choice("none", "None: bytes as they come"),
    Choice("line", "Line (CR LF)", "A message ends with CR LF; the line end is added when sending"),
    Choice("line-lf", "Line (LF)", "A message ends with LF"),
    Choice("prefix-1", "Length prefix, 1 byte"),
    Choice("prefix-2", "Length prefix, 2 bytes, big-endian"),
    Choice("prefix-2-little", "Length prefix, 2 bytes, little-endian"),
    Choice("prefix-4", "Length prefix, 4 bytes, big-endian"),
    Choice("prefix-4-little", "Length prefix, 4 bytes, little-endian"),
)
MODES: Final = (
    Choice("line", "Line mode", "Enter sends the whole line"),
    Choice("character", "Character mode", "Each key is sent at once"),
    Choice("telnet", "Telnet", "Options are negotiated and decoded, by telnetlib3"),
)
READ_MODES: Final = (
    Choice("auto", "As it comes"),
    Choice("manual", "Only when told", "The Receive button makes one recv()"),
    Choice("poll", "By polling", "A non-blocking recv() ten times a second"),
)
VERIFY: Final = (
    Choice("lab", "Lab CA", "Trust the certificate authority that the lab made for itself"),
    Choice("system", "System's CAs", "Trust what this system trusts: the lab's server will be refused"),
    Choice("none", "Nothing is checked", "Encrypted, but you don't know with whom"),
)


class ClientForm(FoldedForm):
    """The fields of a client. `changed`: a value is new; `connect_requested`: Enter was pressed in a field."""

    changed = Signal(str)
    connect_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("the client", parent)
        self.connect_button = PrimaryButton("Connect", "plug")
        self.stop_button = Button("Stop", "square")
        self.stop_button.hide()
        self.other_end_button = LinkButton("Give me the other end")
        self.other_end_button.setToolTip("Starts a server that fits on a free port, and fills in its address")
        self.preset_button = Button("Presets", "graduation-cap", small=True)
        self.preset_button.setToolTip("The programs of the courses, with their own ports")
        self.lay_out(self._address_row(), links=(self.other_end_button,), right=self.preset_button)
        self.add_section("Waiting", self._waiting_fields)
        self.add_section("Data", self._data_fields)
        self.add_section("TLS", self._tls_fields)
        self.add_section("Datagrams", self._datagram_fields)
        self.fields.changed.connect(self._on_field_changed)
        self._suit()

    def _address_row(self) -> QWidget:
        fields, row = self.fields, FlowBox()
        row.add(fields.choice("transport", "Transport", TRANSPORTS))
        row.add(fields.line("host", "Host", "127.0.0.1", characters=12, hint="name or address"), 1)
        row.add(fields.number("port", "Port", 2345, (0, 65535)))
        row.add(fields.line("path", "Path", "", characters=22, hint="/tmp/… or @name (abstract)"), 1)
        for button in (self.connect_button, self.stop_button):
            row.add(button)
            row.flow.setAlignment(button, Qt.AlignmentFlag.AlignBottom)
        for key in ("host", "path"):
            fields.editor(key).returnPressed.connect(self.connect_requested)  # type: ignore[attr-defined]
        fields.editor("port").returned.connect(self.connect_requested)  # type: ignore[attr-defined]
        return row

    def _waiting_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.number("timeout_ms", "Time-out", 0, (0, 600_000), suffix=" ms", zero="none, Stop ends it"))
        flow.add(fields.number("retries", "Retries", 0, (0, 100), zero="none", tip="With growing pauses between"))
        flow.add(fields.choice("family", "Family", FAMILIES))
        flow.add(
            fields.number(
                "reply_timeout_ms", "Answer within", 0, (0, 600_000), suffix=" ms", zero="no limit",
                tip="A remark when nothing came that long after a send",
            )
        )
        flow.add(fields.line("source_host", "From address", "", hint="any", characters=11))
        flow.add(fields.number("source_port", "From port", 0, (0, 65535), zero="any"))
        flow.add(fields.check("per_message", "New connection per message", tip="Connect, send, read to the end, close"))

    def _data_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.choice("mode", "Input", MODES))
        flow.add(fields.choice("framing", "Framing", FRAMINGS))
        flow.add(
            fields.number(
                "recv_size",
                "Receive size",
                4096,
                (1, 1 << 20),
                suffix=" B",
                tip="recv(n): n is a maximum, never a promise",
            )
        )
        flow.add(
            fields.choice(
                "send_call",
                "Send with",
                (
                    Choice("sendall", "sendall", "Until everything is handed to the kernel"),
                    Choice("send", "send", "Once: it may take only a part, and says how much"),
                ),
            )
        )
        flow.add(fields.choice("read_mode", "Receive", READ_MODES))
        flow.add(fields.check("close_on_eof", "Close at the peer's end", True, tip="Else our direction stays open"))
        flow.add(fields.check("nodelay", "TCP_NODELAY", tip="Send small segments at once: Nagle's rule is off"))

    def _tls_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.check("tls", "TLS", tip="Wrap the connection in TLS after connect"))
        flow.add(fields.choice("verify", "Trust", VERIFY))
        flow.add(fields.line("server_name", "Server name", "", hint="as the host", characters=14), 1)

    def _datagram_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(
            fields.check("connected", "Connected", tip="connect() on UDP: errors come back, others are not heard")
        )
        flow.add(fields.check("broadcast", "SO_BROADCAST", tip="Without it a broadcast is refused: EACCES"))
        flow.add(fields.line("group", "Join group", "", hint="e.g. 239.1.2.3", characters=12))
        flow.add(fields.number("ttl", "Multicast TTL", 1, (0, 255)))

    def set_connecting(self, on: bool) -> None:
        """While it connects the button is Stop, and the values stay as they are."""
        self.connect_button.setVisible(not on)
        self.stop_button.setVisible(on)

    def _on_field_changed(self, key: str) -> None:
        if key in ("transport", "tls"):
            self._suit()
        self.changed.emit(key)

    def _suit(self) -> None:
        """Show the fields that the transport has."""
        fields = self.fields
        transport = str(fields["transport"])
        unix, tcp, udp = transport.startswith("unix"), transport == "tcp", transport == "udp"
        for key in ("host", "port", "family"):
            fields.show(key, not unix)
        fields.show("path", unix)
        for key in ("mode", "nodelay"):
            fields.show(key, tcp)
        for key in ("framing", "send_call", "per_message", "read_mode", "close_on_eof", "reply_timeout_ms"):
            fields.show(key, transport in CONNECTED)
        for key in ("source_host", "source_port"):
            fields.show(key, not unix)
        for key in ("verify", "server_name"):
            fields.show(key, tcp and bool(fields["tls"]))
        self.sections["TLS"].setVisible(tcp)
        self.sections["Datagrams"].setVisible(udp)
