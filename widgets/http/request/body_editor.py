"""The editor of a request's body: form, multipart with files, JSON, XML, text, a file, hex, or none.

It must not know how a body is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from protocols.http.bodies import encoded, multipart_preview
from protocols.http.request import Body, BodyKind, Part
from widgets.http.request.pairs import Pair, PairsModel
from widgets.http.request.pairs_view import PairsView
from widgets.parts.buttons import Button
from widgets.parts.code_edit import CodeEdit, typable
from widgets.parts.fields import Choice, QuietCombo
from widgets.parts.flow import Pages
from widgets.parts.paths import PathLine, ask_file
from widgets.parts.text import Label
from widgets.theme.theme import theme

KINDS: Final = (
    Choice("none", "No body"), Choice("json", "JSON"), Choice("form", "Form", "name=value&name=value"),
    Choice("multipart", "Multipart", "Parts and files, as a form with an upload sends them"),
    Choice("xml", "XML"), Choice("text", "Text"), Choice("file", "File", "Its bytes as they are"),
    Choice("hex", "Hex", "Pairs of digits"),
)  # fmt: skip
TYPED: Final = ("json", "xml", "text", "hex")
BOUNDARY: Final = "------------------------chosen-when-sent"
CRLF: Final = "The lines of this body end with CRLF, and are sent so."
_HINTS: Final = {
    "json": '{"name": "pen"}', "xml": "<item/>", "text": "Any text, sent as UTF-8", "hex": "de ad be ef",
}  # fmt: skip


class BodyEditor(QWidget):
    """The body. `changed`: something of it is new."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = QuietCombo()
        self.kind.fill(KINDS)
        self.kind.setAccessibleName("Kind of body")
        self.type_line = QLineEdit()
        self.type_line.setPlaceholderText("Content-Type: its kind's own")
        self.type_line.setAccessibleName("Content type of the body")
        self.format_button = Button("Format", "code-xml", small=True)
        self.add_file_button = Button("Add file\u2026", "plus", small=True)
        self.gap = QWidget()
        self.note = Label("", "caption", "text2", wrap=True)
        self.text = CodeEdit("Body as text")
        self.fields = PairsModel(("Name", "Value"), self)
        self.parts = PairsModel(("Name", "Value or file", "Type", "File name"), self)
        self.path = PathLine("Body file")
        self.none = Label("This request has no body.", "body", "text2", wrap=True)
        self.form_view = PairsView(self.fields, "Fields of the form", "Add a field")
        self.parts_view = PairsView(self.parts, "Parts of the body", "Add a part")
        self.preview = QPlainTextEdit()
        texts, parts = _padded(self.text), self._multipart()
        self.pages = Pages(_padded(self.none), texts, self.form_view, parts, _padded(self.path))
        self._texts: dict[str, str] = {}
        self._shown = "none"
        self._crlf = False
        self._lay_out()
        self.kind.currentIndexChanged.connect(lambda _index: self._on_kind())
        self.type_line.textChanged.connect(lambda _text: self.changed.emit())
        self.text.textChanged.connect(self._on_text)
        self.fields.edited.connect(self.changed)
        self.parts.edited.connect(self.changed)
        self.parts.edited.connect(self._show_preview)
        self.path.changed.connect(self.changed)
        self.format_button.clicked.connect(self.format)
        self.add_file_button.clicked.connect(lambda: ask_file(self, "File to send", self._add_file))
        self._on_kind()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 10, 12, 6)
        row.setSpacing(8)
        row.addWidget(self.kind)
        row.addWidget(self.type_line, 1)
        row.addWidget(self.gap, 1)
        row.addWidget(self.format_button)
        row.addWidget(self.add_file_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.pages, 1)
        self.note.setContentsMargins(12, 0, 12, 6)

    def _multipart(self) -> QWidget:
        """The table of parts, and below it the body that they make."""
        self.preview.setReadOnly(True)
        self.preview.setAccessibleName("The body that these parts make")
        self.preview.setPlaceholderText("With a part above, the body that will be sent stands here.")
        theme().dress(self.preview, "mono")
        both = QSplitter(Qt.Orientation.Vertical)
        both.setChildrenCollapsible(False)
        both.addWidget(self.parts_view)
        both.addWidget(_padded(self.preview))
        return both

    def _show_preview(self) -> None:
        parts = [_part(pair) for pair in self.parts.pairs() if pair.on and (pair.name or pair.value)]
        self.preview.setPlainText(multipart_preview(parts, BOUNDARY))

    def _on_kind(self) -> None:
        kind = self.kind.key()
        if self._shown in TYPED:
            self._texts[self._shown] = self.text.toPlainText()
        self._shown = kind
        self._crlf = False
        page = {"none": 0, "form": 2, "multipart": 3, "file": 4}.get(kind, 1)
        self.pages.setCurrentIndex(page)
        if kind in TYPED:
            self.text.setPlaceholderText(_HINTS[kind])
            self.text.setPlainText(self._texts.get(kind, ""))
        self.type_line.setVisible(kind not in ("none", "multipart"))
        self.gap.setVisible(self.type_line.isHidden())
        self.format_button.setVisible(kind == "json")
        self.add_file_button.setVisible(kind == "multipart")
        self._show_preview()
        self._on_text()

    def _on_text(self) -> None:
        self._say(CRLF if self._crlf else "")
        self.changed.emit()

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def format(self) -> None:
        """Indent JSON; what is none is said and stays."""
        text = self.text.toPlainText()
        try:
            made = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except RecursionError:
            self._say("It is nested too deep to be indented.")
            return
        except ValueError as error:
            self._say(f"This is no JSON: {error}.")
            return
        cursor = self.text.textCursor()  # so that it can be undone
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(made)

    def _add_file(self, path: Any) -> None:
        self.parts.add(Pair("file", str(path), file=True))

    # Values

    def body(self) -> Body:
        """The body as edited; rows that are unticked are left out."""
        kind: BodyKind = self.kind.key()  # type: ignore[assignment]
        content_type = self.type_line.text().strip()
        if kind == "form":
            made = tuple((pair.name, pair.value) for pair in self.fields.pairs() if pair.on)
            return Body("form", fields=made, content_type=content_type)
        if kind == "multipart":
            return Body("multipart", parts=tuple(_part(pair) for pair in self.parts.pairs() if pair.on))
        if kind == "file":
            return Body("file", path=self.path.text(), content_type=content_type)
        if kind in TYPED:
            text = self.text.toPlainText()
            return Body(kind, text.replace("\n", "\r\n") if self._crlf else text, content_type=content_type)
        return Body()

    def fill(self, body: Body) -> None:
        """Show a body; bytes that are no text, and line ends that no field can hold, are shown as hex."""
        kind, text, content_type = body.kind, body.text, body.content_type
        if body.raw is not None:
            try:
                kind, text = "json" if kind == "json" else "text", body.raw.decode("utf-8")
            except UnicodeDecodeError:
                kind, text = "hex", body.raw.hex(" ")
        shown = typable(text)
        if shown is None:
            content_type = content_type or encoded(Body(kind)).content_type
            kind, text = "hex", text.encode("utf-8", "replace").hex(" ")
        else:
            text = shown[0]
        self.fields.set_pairs([Pair(*field) for field in body.fields])
        self.parts.set_pairs([_pair(part) for part in body.parts])
        self.path.set_text(body.path)
        self._texts[kind] = text
        self._shown = "none"
        self.kind.choose(kind)
        self._on_kind()
        self.type_line.setText(content_type)
        self._crlf = shown is not None and shown[1]
        self._on_text()

    def is_there(self) -> bool:
        """There is a body to send."""
        return self.kind.key() != "none"

    def values(self) -> dict[str, Any]:
        """What the next start finds again."""
        rows = {name: [[p.name, p.value, p.on, p.file, p.extra, p.filename] for p in model.pairs()]
                for name, model in (("fields", self.fields), ("parts", self.parts))}  # fmt: skip
        return {"kind": self.kind.key(), "type": self.type_line.text(), "text": self.text.toPlainText()[:1 << 20],
                "crlf": self._crlf, "path": self.path.text(), **rows}  # fmt: skip

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Take what `values` gave; what is strange is ignored."""
        for name, model in (("fields", self.fields), ("parts", self.parts)):
            rows = values.get(name)
            listed = rows if isinstance(rows, list) else []
            good = [row for row in listed if isinstance(row, list) and len(row) in (5, 6)]
            model.set_pairs([Pair(str(n), str(v), bool(on), bool(f), *map(str, more)) for n, v, on, f, *more in good])
        kind = str(values.get("kind", "none"))
        self._texts[kind] = str(values.get("text", ""))
        self._shown = "none"
        self.kind.choose(kind)
        self._on_kind()
        self.type_line.setText(str(values.get("type", "")))
        self.path.set_text(str(values.get("path", "")))
        self._crlf = values.get("crlf") is True


def _part(pair: Pair) -> Part:
    if pair.file:
        return Part(pair.name, path=pair.value, filename=pair.filename, content_type=pair.extra)
    return Part(pair.name, pair.value, filename=pair.filename, content_type=pair.extra)


def _pair(part: Part) -> Pair:
    return Pair(part.name, part.path or part.value, file=bool(part.path), extra=part.content_type,
                filename=part.filename)  # fmt: skip


def _padded(inner: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(12, 2, 12, 12)
    column.addWidget(inner, 0 if isinstance(inner, (Label, PathLine)) else 1)
    if isinstance(inner, (Label, PathLine)):
        column.addStretch(1)
    return box
