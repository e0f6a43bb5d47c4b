"""The form of a bucket: where it listens, and what that exposes.

A list of fields by key; what they make is in `launch`. It must not know services.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from protocols.creosote.wire import PORT
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.fields import Choice
from widgets.parts.flow import FlowBox
from widgets.parts.folded_form import FoldedForm
from widgets.parts.text import Label

BINDS: Final = (
    Choice("127.0.0.1", "127.0.0.1, this machine only", "Loopback: nobody else can write to it"),
    Choice("0.0.0.0", "0.0.0.0, every IPv4 interface", "As the original bound: everyone who can reach this machine"),
    Choice("::1", "::1, this machine only (IPv6)", "Loopback: nobody else can write to it"),
    Choice("::", "::, every interface (IPv6)", "Everyone who can reach this machine by IPv6"),
    Choice("other", "Another address\u2026", "One interface of this machine"),
)
EXPOSURE: Final = {
    "127.0.0.1": "Only programs on this machine can write to it. Loopback broadcast (127.255.255.255) comes in too.",
    "::1": "Only programs on this machine can write to it, by IPv6.",
    "0.0.0.0": "Anyone who can reach this machine can write here, under any name: UDP proves no sender. "
               "Broadcasts of the network come in.",
    "::": "Anyone who can reach this machine by IPv6 can write here, under any name.",
    "other": "Whoever can reach that address can write here. Broadcasts come in only at 0.0.0.0.",
}  # fmt: skip


class BucketForm(FoldedForm):
    """The fields. start_requested: the button, or Enter in a field."""

    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("the bucket", parent)
        self.start_button = PrimaryButton("Start", "play")
        self.exposure = Label("", "body", "text2", wrap=True)
        self.lay_out(self._where_row(), self.exposure)
        self.add_section("", self._more_fields, self._checks())
        for key in ("host", "groups", "redirect", "log_file"):
            editor = self.fields.editor(key)
            assert isinstance(editor, QLineEdit)
            editor.returnPressed.connect(self.start_requested)
        self.start_button.clicked.connect(self.start_requested)
        self.fields.changed.connect(self._suit)
        self._suit("bind")

    def _where_row(self) -> QWidget:
        fields, row = self.fields, FlowBox()
        row.add(fields.choice("bind", "Bind to", BINDS), 1)
        row.add(fields.line("host", "Address", "", hint="e.g. 192.0.2.1", characters=16), 1)
        row.add(fields.number("port", "Port", PORT, (0, 65535), zero="0, any free",
                              tip=f"Mr Creosote's is {PORT}; 0 takes a free one"))  # fmt: skip
        row.add(self.start_button)
        row.flow.setAlignment(self.start_button, Qt.AlignmentFlag.AlignBottom)
        return row

    def _more_fields(self, flow: FlowBox) -> None:
        fields = self.fields
        flow.add(fields.line("groups", "Multicast groups", hint="e.g. 239.255.43.21", characters=20,
                             tip="Joined on the bucket's own interface; blanks or commas between"), 1)  # fmt: skip
        flow.add(fields.line("redirect", "Redirect to", hint="host:port", characters=18,
                             tip="Every datagram is sent on there, unchanged; its sender is lost on the way"), 1)
        flow.add(fields.line("log_file", "Log file", hint="none", characters=22,
                             tip="Classic lines are appended and flushed, as the original did"), 1)  # fmt: skip
        self.browse_button = Button("Choose\u2026", "folder-open", small=True)
        self.browse_button.setAccessibleName("Choose a log file")
        self.browse_button.clicked.connect(self._on_browse)
        flow.add(self.browse_button)
        flow.flow.setAlignment(self.browse_button, Qt.AlignmentFlag.AlignBottom)

    def _checks(self) -> QWidget:
        fields, checks = self.fields, FlowBox(spacing=16)
        checks.add(fields.check("broadcast", "Loopback broadcast", True,
                                tip="Listen to 127.255.255.255 as well, so that broadcast works without exposure"))
        checks.add(fields.check("share", "Share the port",
                                tip="SO_REUSEADDR: several buckets hear each broadcast; the rest reaches the last one"))
        checks.add(fields.check("strict", "Strict 1\u202f024",
                                tip="Keep 1\u202f024 bytes of each datagram and lose the rest, as the original did"))
        return checks

    def _on_browse(self) -> None:
        dialog = QFileDialog(self, "Append classic lines to")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, True)  # it is appended to
        dialog.fileSelected.connect(lambda path: self.fields.set_values({"log_file": path}))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _suit(self, key: str) -> None:
        if key == "bind":
            bind = str(self.fields["bind"])
            self.fields.show("host", bind == "other")
            self.exposure.setText(EXPOSURE.get(bind, ""))
            self.exposure.set_tone("text2" if bind in ("127.0.0.1", "::1") else "warning")

    def values(self) -> dict[str, Any]:
        """Every field's value."""
        return self.fields.values()
