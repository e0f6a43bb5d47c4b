"""One side of an exchange: its start line, its headers with what the proxy did to them, and its body.

It must not know which side it shows, nor the proxy.
"""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.http.proxy.entry import Entry
from widgets.desk import Desk
from widgets.http.proxy.shown import Form, Passed, Which, forms, line_of, read_side, side_of
from widgets.http.response.body_view import BodyView
from widgets.parts.plain_table import TONE_ROLE, PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.segments import Segments
from widgets.parts.splitter import Splitter
from widgets.parts.text import ElidedLabel, Label

FORMS: Final[tuple[Form, ...]] = ("came", "sent")
LIVE_BYTES: Final = 256 << 10
"""So much of a body is read again and again while it comes; the rest when it is whole."""
_TONES: Final = {"left out": "warning", "added": "running"}


class MarkedHeaders(RowsModel):
    """Name, value, and what the proxy did with the line."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(("Name", "Value", "Proxy"), parent)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if role == TONE_ROLE and index.isValid():
            return _TONES.get(self.rows()[index.row()][2])
        return super().data(index, role)


class MessagePage(QWidget):
    """The page. `show_entry` reads elsewhere and shows what it finds."""

    def __init__(self, desk: Desk, which: Which, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.which: Final = which
        self.passed: Passed | None = None
        self._key: tuple[Any, ...] = ()
        self._asked = 0
        self._entry: Entry | None = None
        self.start = ElidedLabel("", "mono", mode=Qt.TextElideMode.ElideMiddle)
        self.forms = Segments(("As it came", "As passed on"), f"Which form of the {which}")
        self.model = MarkedHeaders(self)
        self.table = PlainTable(self.model, f"Headers of the {which}", mono=(0, 1), widths=(140, 160, 72), stretch=1)
        self.body_view = BodyView(desk)
        self.note = Label("", "caption", "text2", wrap=True)
        top = QHBoxLayout()
        top.setContentsMargins(12, 6, 12, 6)
        top.setSpacing(8)
        top.addWidget(self.start, 1)
        top.addWidget(self.forms)
        both = Splitter(Qt.Orientation.Horizontal, self.table, self.body_view)
        both.setSizes([420, 520])
        self.note.setContentsMargins(12, 0, 12, 6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.note)
        column.addWidget(both, 1)
        self.note.hide()
        self.forms.chosen.connect(lambda _index: self._on_form())

    def _on_form(self) -> None:
        if self._entry is not None:
            self.show_entry(self._entry, again=True)

    def show_entry(self, entry: Entry, *, again: bool = False) -> None:
        """Show this side of an exchange; of one that goes on, what is there by now."""
        fresh = entry is not self._entry
        self._entry = entry
        there = forms(entry, self.which)
        self.forms.setVisible(len(there) > 1)
        word = "As it will go" if entry.state == f"held {self.which}" else "As passed on"
        if self.forms.button(1).text() != word:
            self.forms.button(1).setText(word)
            self.forms.updateGeometry()
        if fresh:
            self.forms.set_current(FORMS.index(there[0]))
        form = FORMS[self.forms.current()]
        if form not in there:
            form = there[0]
            self.forms.set_current(FORMS.index(form))
        side = side_of(entry, self.which)
        size = side.body.size if entry.over else min(side.body.size, LIVE_BYTES)
        key = (id(entry), form, len(side.head), len(side.sent_head), size, side.sent_changed, entry.over)
        if key == self._key and not again:
            return
        self._key = key
        self._asked += 1
        asked = self._asked
        if fresh:
            self._clear()
        self.desk.bridge.call(
            lambda: read_side(entry, self.which, form), lambda made: self._on_read(asked, form, made),
            lambda error: self._on_failed(asked, error), owner=self,
        )  # fmt: skip

    def _clear(self) -> None:
        self.start.setText("")
        self.model.set_rows([])
        self.body_view.begin(None)

    def _on_failed(self, asked: int, error: BaseException) -> None:
        if asked == self._asked:
            self._say(f"It can't be read any more: {error}")

    def _on_read(self, asked: int, form: Form, made: Passed) -> None:
        if asked != self._asked:
            return
        before, self.passed = self.passed, made
        self.start.setText(made.start or ("Bytes without a head" if made.body.size else "Nothing has come yet"))
        mark = "left out" if form == "came" else "added"
        marks = [mark if made.others and line_of(one) not in made.others else "" for one in made.headers]
        rows = [(name, value, mark) for (name, value), mark in zip(made.headers, marks, strict=True)]
        if rows != self.model.rows():
            self.model.set_rows(rows)
        self.table.setColumnHidden(2, not any(marks))
        self._say(made.note)
        if before is None or before.body.data != made.body.data or self.body_view.sent is None:
            self.body_view.begin(made)
            self.body_view.finish()

    def _say(self, text: str) -> None:
        self.note.setText(text)
        self.note.setVisible(bool(text))
