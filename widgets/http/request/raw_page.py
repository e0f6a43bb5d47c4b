"""The raw request: exactly the bytes that are typed, malformed ones too, to the host of the URL.

It must not know how they are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from protocols.http.by_hand.raw_samples import SAMPLES, RawSample
from protocols.numbers import grouped
from widgets.http.request.typed_bytes import typed_bytes
from widgets.parts.buttons import Button
from widgets.parts.code_edit import CodeEdit
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox
from widgets.parts.text import Label

ENDS: Final = (
    Choice("crlf", "CR LF", "As HTTP wants it"), Choice("lf", "LF", "As careless programs do"),
    Choice("cr", "CR"), Choice("none", "None", "Only what the escapes say"),
)  # fmt: skip


class RawPage(QWidget):
    """The text and how it becomes bytes. `changed`: either is new. `sample_wanted(sample)`: begin with this one."""

    changed = Signal()
    sample_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields = Fields(self)
        self.text = CodeEdit("Raw request")
        self.text.setPlaceholderText("GET / HTTP/1.1\nHost: 127.0.0.1\n\n")
        self.said = Label("", "caption", "text2", wrap=True)
        self.samples_button = Button("Begin with", "list", small=True)
        self.menu = QMenu(self.samples_button)
        self.menu.setToolTipsVisible(True)
        for sample in SAMPLES:
            action = self.menu.addAction(sample.title)
            action.setToolTip(sample.meaning)
            action.triggered.connect(partial(self._on_sample, sample))
        self.samples_button.setMenu(self.menu)
        row = FlowBox(spacing=12)
        row.add(self.fields.choice("end", "Each line ends with", ENDS))
        row.add(self.fields.check("escapes", "Read \\r \\n \\x00", True, tip="Backslash escapes become bytes"))
        row.add(self.fields.number("quiet_s", "Wait for silence", 2, (1, 600), suffix=" s"))
        row.add(self.samples_button)
        row.flow.setAlignment(self.samples_button, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        column.addWidget(row)
        column.addWidget(self.text, 1)
        column.addWidget(self.said)
        self.fields.changed.connect(lambda _key: self._on_changed())
        self.text.textChanged.connect(self._on_changed)
        self._on_changed()

    def _on_sample(self, sample: RawSample, _checked: bool = False) -> None:
        self.sample_wanted.emit(sample)

    def begin(self, method: str, url: str, sample: RawSample = SAMPLES[0]) -> None:
        """Write a request to start from."""
        parts = urlsplit(url if "://" in url else f"http://{url}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.text.setPlainText(sample.text.format(method=method or "GET", target=path,
                                                  host=parts.netloc or "127.0.0.1"))  # fmt: skip

    def data(self) -> bytes:
        """The bytes that are sent."""
        return typed_bytes(self.text.toPlainText(), self.fields["end"], escapes=self.fields["escapes"])

    def _on_changed(self) -> None:
        data = self.data()
        ends = data.endswith((b"\r\n\r\n", b"\n\n")) or b"\r\n\r\n" in data or b"\n\n" in data
        more = "" if ends or not data else " No empty line ends the head: the server will wait for more."
        self.said.setText(f"{grouped(len(data))} bytes go out, nothing is added or checked.{more}")
        self.changed.emit()

    def values(self) -> dict[str, Any]:
        """What the next start finds again."""
        return {**self.fields.values(), "text": self.text.toPlainText()[: 1 << 20]}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave."""
        self.fields.set_values({key: value for key, value in values.items() if key in self.fields})
        self.text.setPlainText(str(values.get("text", "")))
