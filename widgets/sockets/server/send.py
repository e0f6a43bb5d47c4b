"""The bar under a server's connections: what to send to one of them, or to all. It must not know the server."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.sockets.payload import PayloadError, from_hex, from_text
from widgets.parts.buttons import IconButton, PrimaryButton
from widgets.parts.fields import QuietCombo
from widgets.parts.text import Label
from widgets.sockets.input_row import KINDS, LINE_ENDS


class SendBar(QWidget):
    """Hidden until `ask`. `send_requested(conn, bytes)`; an empty conn means all."""

    send_requested = Signal(str, bytes)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._conn = ""
        self.to = Label("", "body", "text2")
        self.kind = QuietCombo()
        self.kind.fill(KINDS[:2])
        self.kind.setAccessibleName("What the server sends")
        self.line_end = QuietCombo()
        self.line_end.fill(LINE_ENDS)
        self.line_end.setAccessibleName("Line end the server adds")
        self.field = QLineEdit()
        self.field.setAccessibleName("For the server to send")
        self.field.setPlaceholderText("Text to send")
        self.send_button = PrimaryButton("Send", "send")
        self.close_button = IconButton("x", "Put the bar away")
        self.problem = Label("", "caption", "error", wrap=True)
        self.problem.hide()
        row = QHBoxLayout()
        row.addWidget(self.to)
        row.addWidget(self.kind)
        row.addWidget(self.field, 1)
        row.addWidget(self.line_end)
        row.addWidget(self.send_button)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 0)
        column.addLayout(row)
        column.addWidget(self.problem)
        self.field.returnPressed.connect(self._on_send)
        self.send_button.clicked.connect(self._on_send)
        self.close_button.clicked.connect(self.hide)
        self.hide()

    def ask(self, conn: str) -> None:
        """Show the bar for one connection, or for all of them ("")."""
        self._conn = conn
        self.to.setText(f"To connection {conn}" if conn else "To all")
        self.show()
        self.field.setFocus()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)

    def _on_send(self) -> None:
        text = self.field.text()
        try:
            data = from_hex(text) if self.kind.key() == "hex" else from_text(text, line_end=self.line_end.key())
        except PayloadError as error:
            self.problem.setText(str(error))
            self.problem.show()
            return
        self.problem.hide()
        if data:
            self.send_requested.emit(self._conn, data)
            self.field.selectAll()
