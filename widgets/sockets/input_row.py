"""The row that sends: text, hex or a file, once or again and again; a line at a time or each key at once.

It must not know the client: it says what is to be sent.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from protocols.sockets.payload import PayloadError, from_hex, from_text
from widgets.parts.buttons import Button, IconButton, PrimaryButton
from widgets.parts.fields import Choice, Fields, QuietCombo
from widgets.parts.flow import FlowBox, reveal
from widgets.parts.text import Label
from widgets.theme.theme import theme

KINDS: Final = (
    Choice("text", "Text", "As UTF-8"),
    Choice("hex", "Hex", "Pairs of hex digits"),
    Choice("file", "File", "The bytes of a file, sent in pieces as the peer takes them"),
)
LINE_ENDS: Final = (
    Choice("CRLF", "CR LF"),
    Choice("LF", "LF"),
    Choice("CR", "CR"),
    Choice("none", "None"),
)
COMMANDS: Final = (
    ("AYT", "Are you there?", "The server shows that it lives"),
    ("IP", "Interrupt process", "What was typed, or runs, is dropped: Ctrl+C of another time"),
    ("BRK", "Break", "The Break key, whatever the server makes of it"),
)
NARROW_PX: Final = 350
HINTS: Final = {"text": "Text to send", "hex": "48 65 6c 6c 6f", "file": "Path of a file"}


class _Keys(QLineEdit):
    """The field; in character mode each key goes out as it is pressed."""

    key_typed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.by_character = False

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        text = event.text()
        control = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if not self.by_character or not text or event.key() == Qt.Key.Key_Tab:
            super().keyPressEvent(event)
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.key_typed.emit("\n")
            self.clear()
            return
        if control and not (event.key() in (Qt.Key.Key_C, Qt.Key.Key_D) and len(text) == 1 and ord(text) < 32):
            super().keyPressEvent(event)
            return
        self.key_typed.emit(text)
        if text.isprintable():
            self.insert(text)


class InputRow(QWidget):
    """What to send. `send_requested(bytes)`, `file_requested(path)`, `repeat_requested(bytes, count, interval_ms)`.

    `stop_repeat_requested`: end repeated sending. `key_requested(bytes)`: one key in character mode.
    `command_requested(name)`: a telnet command between the text.
    """

    send_requested = Signal(bytes)
    file_requested = Signal(str)
    repeat_requested = Signal(bytes, int, int)
    stop_repeat_requested = Signal()
    key_requested = Signal(bytes)
    receive_requested = Signal()
    command_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QuietCombo()
        self.kind.fill(KINDS)
        self.kind.setAccessibleName("What is sent")
        self.field = _Keys()
        self.field.setAccessibleName("To send")
        self.browse_button = Button("Choose…", "folder-open")
        self.again_button = IconButton("repeat", "Repeat, line end and escapes", checkable=True)
        self.receive_button = Button("Receive", "download")
        self.receive_button.setToolTip("One recv() now")
        self.receive_button.hide()
        self.command_button = self._command_menu()
        self.send_button = PrimaryButton("Send", "send", key="⏎")
        self.problem = Label("", "caption", "error", wrap=True)
        self.problem.setVisible(False)
        self.fields = Fields(self)
        self.repeat_button = Button("Start", "repeat", small=True)
        self.options = self._options_row()
        self.options.setVisible(False)
        self._framed = False
        self._repeating = False
        self._lay_out()
        self._wire()
        self._suit()

    def _options_row(self) -> QWidget:
        fields, row = self.fields, FlowBox(spacing=12)
        row.add(fields.choice("line_end", "Line end", LINE_ENDS))
        row.add(fields.check("escapes", "Escapes", tip="\\n \\r \\t \\0 \\xNN are read as in Python"))
        row.add(fields.number("count", "Times", 10, (0, 1_000_000), zero="until stopped"))
        row.add(fields.number("interval_ms", "Every", 200, (0, 600_000), suffix=" ms"))
        row.add(self.repeat_button)
        for widget in (fields.editor("escapes"), self.repeat_button):
            row.flow.setAlignment(widget, Qt.AlignmentFlag.AlignBottom)
        return row

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.options)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.kind)
        row.addWidget(self.field, 1)
        row.addWidget(self.browse_button)
        row.addWidget(self.again_button)
        row.addWidget(self.receive_button)
        row.addWidget(self.command_button)
        row.addWidget(self.send_button)
        column.addLayout(row)
        column.addWidget(self.problem)

    def _wire(self) -> None:
        self.field.returnPressed.connect(self._on_send)
        self.field.textChanged.connect(lambda _text: self.problem.setVisible(False))
        self.field.key_typed.connect(self._on_key_typed)
        self.send_button.clicked.connect(self._on_send)
        self.receive_button.clicked.connect(self.receive_requested)
        self.kind.currentIndexChanged.connect(lambda _index: self._suit())
        self.again_button.toggled.connect(self._on_options_toggled)
        self.browse_button.clicked.connect(self._on_browse)
        self.repeat_button.clicked.connect(self._on_repeat)

    def _on_options_toggled(self, on: bool) -> None:
        self.options.setVisible(on)
        if on:
            QTimer.singleShot(0, self, lambda: reveal(self))  # once it has its place

    def set_character_mode(self, on: bool) -> None:
        """Send each key as it is pressed."""
        if on != self.field.by_character:
            self.field.by_character = on
            self.field.clear()
            self._suit()

    def _command_menu(self) -> Button:
        """The commands that a telnet user sends by hand, behind one button."""
        button = Button("IAC", "terminal")
        button.setToolTip("Telnet commands: they go between the text, after a byte 255")
        button.setAccessibleName("Telnet commands")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        for name, words, tip in COMMANDS:
            action = menu.addAction(f"{name}\t{words}")
            action.setToolTip(tip)
            action.triggered.connect(lambda _checked=False, name=name: self.command_requested.emit(name))
        button.setMenu(menu)
        button.hide()
        return button

    def set_framed(self, framed: bool) -> None:
        """The framing adds what ends a message: no line end of ours."""
        self._framed = framed
        self._suit()

    def set_repeating(self, on: bool) -> None:
        """Show whether repeated sending is under way."""
        if on != self._repeating:
            self._repeating = on
            self.repeat_button.setText("Stop" if on else "Start")
            self.repeat_button.set_icon("square" if on else "repeat")

    def payload(self) -> bytes | None:
        """The bytes to send; None after saying what is wrong with what was typed."""
        try:
            if self.kind.key() == "hex":
                return from_hex(self.field.text())
            end = "none" if self._framed else str(self.fields["line_end"])
            return from_text(self.field.text(), escapes=bool(self.fields["escapes"]), line_end=end)
        except PayloadError as error:
            self.problem.setText(str(error))
            self.problem.setVisible(True)
            return None

    def _suit(self) -> None:
        kind, character = self.kind.key(), self.field.by_character
        hint = "Each key is sent at once" if character else HINTS.get(kind, "")
        self.field.setPlaceholderText(hint)
        mono = kind == "hex" or character
        theme().dress(self.field, "mono" if mono else "body")
        self.browse_button.setVisible(kind == "file")
        self.again_button.setVisible(kind != "file")
        self.options.setVisible(kind != "file" and self.again_button.isChecked())
        self.fields.show("line_end", kind == "text" and not self._framed)
        self.fields.show("escapes", kind == "text")
        self.kind.setVisible(not character)
        self.send_button.setVisible(not character)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self.send_button.show_only("icon" if event.size().width() < theme().px(NARROW_PX) else "both")

    def _on_send(self) -> None:
        if self.kind.key() == "file":
            path = self.field.text().strip()
            if path:
                self.file_requested.emit(path)
            return
        data = self.payload()
        if data is not None:
            self.send_requested.emit(data)
            self.field.selectAll()
            self.field.setFocus()

    def _on_key_typed(self, text: str) -> None:
        ends = {"CRLF": "\r\n", "LF": "\n", "CR": "\r", "none": "\n"}
        self.key_requested.emit((ends[str(self.fields["line_end"])] if text == "\n" else text).encode())

    def _on_repeat(self) -> None:
        if self._repeating:
            self.stop_repeat_requested.emit()
            return
        data = self.payload()
        if data is not None:
            self.repeat_requested.emit(data, int(self.fields["count"]), int(self.fields["interval_ms"]))

    def _on_browse(self) -> None:
        dialog = QFileDialog(self, "File to send")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.field.setText)
        dialog.open()
