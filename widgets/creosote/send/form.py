"""The form of a sender: what is said, how often, in which style, and where to.

A list of fields by key; what they make is in `launch`. It must not know services.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from protocols.creosote.groups import is_group
from protocols.creosote.programs import PROGRAMS
from protocols.creosote.wire import PORT
from protocols.numbers import grouped
from widgets.creosote import launch
from widgets.parts.buttons import Button
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label

WHATS: Final = (
    Choice("message", "A message"),
    Choice("file", "A file, line by line"),
    Choice("programs", "Made-up programs, several at once"),
)
STYLES: Final = (
    Choice("pieces", "Pieces of 1\u202f024 bytes (course, 2004)", "What is longer goes out in several datagrams"),
    Choice("whole", "One datagram (original, 1998)", "An original bucket cuts it at 1\u202f024 bytes"),
)
TOS: Final = (
    Choice("host", "One host"),
    Choice("loopback", f"Loopback broadcast, {launch.LOOPBACK_BROADCAST}", "Every bucket on this machine"),
    Choice("limited", f"Limited broadcast, {launch.LIMITED}", "Every bucket on this network"),
    Choice("group", "A multicast group, on this machine\u2026", "Every bucket here that joined it"),
    Choice("directed", "A directed broadcast\u2026", "A network's own broadcast address, such as 192.0.2.255"),
)


GROUP: Final = "239.255.43.21"
"""Of the addresses that are a site's own (RFC 2365)."""


class SendForm(QWidget):
    """The fields. send_requested: Enter in a field."""

    send_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.programs: dict[str, QCheckBox] = {}
        self.prediction = Label("", "body", "text2", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for row in (self._what_row(), self._programs_row(), self._how_row(), self._where_row()):
            column.addWidget(row)
        column.addWidget(self.prediction)
        self.fields.changed.connect(self._suit)
        self._suit("")
        for key in ("message", "file", "host"):
            editor = self.fields.editor(key)
            assert isinstance(editor, QLineEdit)
            editor.returnPressed.connect(self.send_requested)

    def _what_row(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("what", "Send", WHATS))
        row.add(fields.line("message", "Message", "here I am", characters=28), 1)
        row.add(fields.line("file", "File", hint="each line is a message", characters=28), 1)
        self.browse_button = Button("Choose\u2026", "folder-open", small=True)
        self.browse_button.setAccessibleName("Choose a file to send")
        self.browse_button.clicked.connect(self._on_browse)
        row.add(self.browse_button)
        row.flow.setAlignment(self.browse_button, Qt.AlignmentFlag.AlignBottom)
        return row

    def _programs_row(self) -> QWidget:
        self.programs_box = FlowBox(spacing=16)
        for number, program in enumerate(PROGRAMS):
            box = self.fields.check(f"program:{program.name}", f"{program.name} ({program.dialect})", number < 3,
                                    tip=f"Writes {program.dialect}, numbered")  # fmt: skip
            self.programs[program.name] = box
            self.programs_box.add(box)
        return self.programs_box

    def _how_row(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("style", "Style", STYLES))
        self.repeat_box = fields.check("repeat", "Repeat", tip="Send it again and again, at a rate")
        self.numbered_box = fields.check("numbered", "Numbered", tip="#17 in front, so that a bucket counts gaps")
        row.add(fields.number("count", "Times", 100, (0, 1_000_000_000), zero="without end"))
        row.add(fields.number("per_s", "A second", 10, (0, 1_000_000), zero="as fast as it goes",
                              tip="For each program; above 5\u202f000 the single calls are not recorded"))  # fmt: skip
        row.add(self.repeat_box)
        row.add(self.numbered_box)
        return row

    def _where_row(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("to", "To", TOS))
        row.add(fields.line("host", "Host", "127.0.0.1", characters=16), 1)
        row.add(fields.number("port", "Port", PORT, (1, 65535)))
        self.original_box = fields.check("as_original", "As the original",
                                         tip="Never set SO_BROADCAST: a broadcast is then refused with EACCES")
        row.add(self.original_box)
        return row

    def _on_browse(self) -> None:
        dialog = QFileDialog(self, "File to send, line by line")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.fields.set_values({"file": path}))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _suit(self, key: str) -> None:
        fields = self.fields
        what, to = str(fields["what"]), str(fields["to"])
        fields.show("message", what == "message")
        fields.show("file", what == "file")
        self.browse_button.setVisible(what == "file")
        self.programs_box.setVisible(what == "programs")
        repeats = what == "programs" or bool(fields["repeat"])
        for name in ("count", "per_s"):
            fields.show(name, repeats)
        self.repeat_box.setVisible(what != "programs")
        self.numbered_box.setVisible(what != "programs")
        fields.show("host", to in ("host", "directed", "group"))
        self.original_box.setVisible(to not in ("host", "group"))
        if key == "to":
            self._suit_host(to)
        self.prediction.setText(self._predicted())

    def _suit_host(self, to: str) -> None:
        """An address of another kind of target would be wrong here: one that fits, or a hint, takes its place."""
        fields, host = self.fields, str(self.fields["host"]).strip()
        editor = fields.editor("host")
        assert isinstance(editor, QLineEdit)
        editor.setPlaceholderText({"directed": "e.g. 192.0.2.255", "group": f"e.g. {GROUP}"}.get(to, ""))
        if to == "host" and (not host or is_group(host)):
            fields.set_values({"host": "127.0.0.1"})
        elif to == "directed" and (host == "127.0.0.1" or is_group(host)):
            fields.set_values({"host": ""})
        elif to == "group" and not is_group(host):
            fields.set_values({"host": GROUP})

    def _predicted(self) -> str:
        """What will happen, before it does."""
        fields = self.fields
        size = len(str(fields["message"]).encode("utf-8", "backslashreplace"))
        broadcast = str(fields["to"]) not in ("host", "group")
        said = ""
        if str(fields["what"]) == "message":
            whole = str(fields["style"]) == "whole"
            pieces = 1 if whole else -(-size // 1024)
            said = f"{grouped(size)} bytes go out in {pieces} datagram{'' if pieces == 1 else 's'}. "
            if whole and size > 1024:
                said += "An original bucket would cut it at 1\u202f024. "
            if not size and not whole:
                said = "An empty message has no pieces: nothing goes out. "
        if broadcast and bool(fields["as_original"]):
            return said + "The original never set SO_BROADCAST: the kernel will refuse this with EACCES."
        return said + "Nobody need listen: a sender does not care."

    def values(self) -> dict[str, Any]:
        """Every field's value, the programs as a list."""
        values = self.fields.values()
        values["programs"] = [name for name, box in self.programs.items() if box.isChecked()]
        return values
