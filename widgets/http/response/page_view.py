"""The page tab: forms of an HTML page to be filled in and sent, its links to be followed, how a parser reads it.

Nothing of a page is shown as a browser would, and nothing of it runs. It must not know how a
request is sent.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.http.page import Field, Form, Page, read_page
from widgets.desk import Desk
from widgets.http.response.parser_view import ParserView
from widgets.parts.buttons import Button
from widgets.parts.card import Line
from widgets.parts.field import LabelledField
from widgets.parts.flow import FlowBox, Pages, scrolled
from widgets.parts.paths import PathLine
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.segments import Segments
from widgets.parts.text import ElidedLabel, Label
from widgets.theme.theme import theme
from widgets.timeline.wording import visible

FORMS_SHOWN = 5
FIELDS_SHOWN = 30
"""More widgets at once would stop the window; what is not shown is sent as it stands in the page."""


class FormView(QWidget):
    """One form. `fill_requested(request)`: show it in the request card; `send_requested(request)`: send it, too."""

    fill_requested = Signal(object)
    send_requested = Signal(object)

    def __init__(self, form: Form, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.form = form
        self.editors: dict[int, QWidget] = {}
        self.send_button = Button("Send the form", "send", small=True)
        self.fill_button = Button("To the request", "pencil", small=True)
        title = ElidedLabel(visible(f"{form.method} {form.action}"), "mono", "text2")
        fields = FlowBox(spacing=12)
        for at, field in enumerate(form.fields[:FIELDS_SHOWN]):
            made = self._made(at, field)
            if made is not None:
                fields.add(made, 1 if field.kind in ("text", "textarea", "email", "url", "search") else 0)
        row = FlowBox()
        row.add(self.send_button)
        row.add(self.fill_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(8)
        for widget in (title, fields, row):
            column.addWidget(widget)
        self.send_button.clicked.connect(lambda: self.send_requested.emit(self.request()))
        self.fill_button.clicked.connect(lambda: self.fill_requested.emit(self.request()))

    def _made(self, at: int, field: Field) -> QWidget | None:
        name = visible(field.name)[:60] or f"({field.kind})"
        if field.kind in ("checkbox", "radio", "submit"):
            if not field.name:
                return None
            box = QCheckBox(visible(f"{field.name} = {field.value}")[:80].replace("&", "&&"))
            box.setChecked(field.on)
            self.editors[at] = box
            return box
        if field.kind in ("button", "reset", "image"):
            return None
        editor: QWidget
        if field.kind == "select" and field.options:
            combo = QComboBox()
            combo.addItems([visible(option)[:200] for option in field.options[:1000]])
            combo.setCurrentIndex(max(0, field.options.index(field.value) if field.value in field.options else 0))
            editor = combo
        elif field.kind == "file":
            editor = PathLine(name)
        else:
            line = QLineEdit(field.value.replace("\n", " ")[:10_000])
            if field.kind == "password":
                line.setEchoMode(QLineEdit.EchoMode.PasswordEchoOnEdit)
            editor = line
        self.editors[at] = editor
        return LabelledField(name.replace("&", "&&"), editor, "hidden in a browser" if field.kind == "hidden" else "")

    def request(self) -> Any:
        """The request that the form makes, filled in as it is."""
        for at, editor in self.editors.items():
            field = self.form.fields[at]
            if isinstance(editor, QCheckBox):
                field.on = editor.isChecked()
            elif isinstance(editor, QComboBox):
                field.value = field.options[editor.currentIndex()]
            elif isinstance(editor, (QLineEdit, PathLine)):
                field.value = editor.text()
        return self.form.request()


class PageView(QWidget):
    """Forms and links. `link_requested(url)`: follow it; the forms' requests as in FormView."""

    link_requested = Signal(str)
    fill_requested = Signal(object)
    send_requested = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.forms: list[FormView] = []
        self.title = Label("", "section", wrap=True)
        self.said = Label("", "caption", "text2", wrap=True)
        self._forms_place = QVBoxLayout()
        self._forms_place.setSpacing(0)
        self.model = RowsModel(("Element", "Text", "Address"), self)
        self.links = PlainTable(self.model, "Links of the page", mono=(2,), middle=(2,), widths=(70, 140))
        self.links.setMinimumHeight(theme().row_height() * 5)
        self.links.doubleClicked.connect(lambda index: self.link_requested.emit(self.model.row(index.row())[2]))
        self.follow_button = Button("Follow the link", "arrow-right", small=True)
        self.follow_button.clicked.connect(self._follow)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        head = QVBoxLayout()
        head.setContentsMargins(12, 0, 12, 0)
        head.addWidget(self.title)
        head.addWidget(self.said)
        column.addLayout(head)
        column.addLayout(self._forms_place)
        column.addWidget(Line())
        column.addWidget(self.links, 1)
        row = FlowBox(self.follow_button)
        row.flow.setContentsMargins(12, 6, 12, 4)
        column.addWidget(row)
        self.parser = ParserView(desk)
        self.ways = Segments(("Forms and links", "Parser"), "How the page is read")
        self.pages = Pages(scrolled(inner), self.parser)
        above = QHBoxLayout()
        above.setContentsMargins(12, 6, 12, 0)
        above.addWidget(self.ways)
        above.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(above)
        outer.addWidget(self.pages, 1)
        self.ways.chosen.connect(self.show_way)
        self._shown = ("", "")

    def show_way(self, way: int) -> None:
        """Its forms and links, or the calls of html.parser."""
        self.ways.set_current(way)
        self.pages.setCurrentIndex(way)
        if way:
            self.parser.show_page(self._shown[0])

    def _follow(self) -> None:
        at = self.links.currentIndex().row()
        if at >= 0:
            self.link_requested.emit(self.model.row(at)[2])

    def show_page(self, html: str, url: str) -> None:
        """Read a page, elsewhere, and show what it offers."""
        if not html or (html, url) == self._shown:
            return
        self._shown = (html, url)
        if self.pages.currentIndex():
            self.parser.show_page(html)
        self.desk.bridge.call(lambda: read_page(html, url), self._on_page, owner=self)

    def _on_page(self, page: Page) -> None:
        for old in self.forms:
            old.setParent(None)
            old.deleteLater()
        self.forms = [FormView(form) for form in page.forms[:FORMS_SHOWN]]
        for made in self.forms:
            self._forms_place.addWidget(made)
            made.fill_requested.connect(self.fill_requested)
            made.send_requested.connect(self.send_requested)
        self.title.setText(visible(page.title)[:300] or "No title")
        counts = [f"{len(page.forms)} form{'s' * (len(page.forms) != 1)}", f"{len(page.links)} links"]
        more = f" The first {FORMS_SHOWN} forms are shown." if len(page.forms) > FORMS_SHOWN else ""
        self.said.setText(", ".join(counts) + f".{more} Nothing of a page runs here, nothing is fetched by itself.")
        self.model.set_rows([(link.tag, visible(link.text)[:300], link.url) for link in page.links])
        self.follow_button.setVisible(bool(page.links))
        if page.links:
            self.links.selectRow(0)
