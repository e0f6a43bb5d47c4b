"""A mail, read: its text, its HTML made harmless, headers, structure, raw source; attachments are saved safely.

Reading and writing happen on lab threads. It must not know where the mail came from.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QVBoxLayout, QWidget

from protocols.mail.message.envelope import WITNESSES, Envelope, compared, in_words
from protocols.mail.message.shown import Shown, save_part
from protocols.numbers import size_text
from widgets.desk import Desk
from widgets.mail.message.html_view import HtmlView
from widgets.mail.message.parts_model import PartsModel
from widgets.mail.message.source_view import SourceView
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.code_edit import CodeEdit
from widgets.parts.empty import EmptyState
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.paths import ask_folder
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.tab_pages import TabPages
from widgets.parts.text import ElidedLabel, Label
from widgets.theme.theme import theme
from widgets.timeline.wording import visible

NOTICES_SHOWN: Final = 3
HOPS: Final = (
    "Servers it says it went through, the last one first. Only the first line is your own server's word. SPF "
    "(RFC 7208) has a server ask the DNS whether the one that connected may send for the domain of MAIL FROM."
)


class MessageView(QWidget):
    """The view. `saved(path)`: an attachment lies there now."""

    saved = Signal(object)

    def __init__(self, desk: Desk, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.shown: Shown | None = None
        self.subject = ElidedLabel("", "section")
        self.people = ElidedLabel("", "caption", "text2")
        self.hidden = ElidedLabel("", "caption", "warning")
        self.notice = Banner("warning")
        self.tabs = TabPages("Views of the mail", self)
        inside = self.tabs.pages
        self.text = CodeEdit("Text of the mail", read_only=True, parent=inside)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.html = HtmlView()
        self.headers = RowsModel(("Field", "Value"), self)
        self.envelope = RowsModel(("Envelope", "In the header"), self)
        self.hops = RowsModel(("Server", "From", "By", "When"), self)
        self.parts = PartsModel(self)
        self.remote = RowsModel(("Kind", "Address", ""), self)
        self.source = SourceView()
        self.save_button = Button("Save\u2026", "download", small=True)
        self.part_button = Button("Show in the source", "file-code", small=True)
        self.part_table = PlainTable(self.parts, "Parts of the mail", mono=(0, 1, 3), widths=(80, 180, 150, 140, 70))
        self.empty = EmptyState("mail", empty)
        self.pages = Pages(self.empty, parent=self)
        self._bare = False
        self._lay_out()
        self._wire()

    def _lay_out(self) -> None:
        for key, title, page in (
            ("text", "Text", self.text), ("html", "HTML", self._html_page()),
            ("headers", "Headers", self._header_page()),
            ("parts", "Structure", self._parts_page()), ("source", "Source", self.source),
        ):  # fmt: skip
            self.tabs.add(key, title, page)
        head = QVBoxLayout()
        head.setContentsMargins(12, 8, 12, 6)
        head.setSpacing(2)
        for widget in (self.subject, self.people, self.hidden, self.notice):
            head.addWidget(widget)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tabs, 1)
        self.pages.addWidget(whole)
        self._whole = whole
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)

    def _html_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.remote_words = Label("", "caption", "text2", wrap=True)
        self.remote_words.setContentsMargins(12, 6, 12, 6)
        self.remote_table = PlainTable(self.remote, "What would have been loaded", mono=(1,), middle=(1,),
                                       widths=(90, 0, 150), stretch=1)  # fmt: skip
        column.addWidget(self.html, 2)
        column.addWidget(self.remote_words)
        column.addWidget(self.remote_table, 1)
        return page

    def _header_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.header_table = PlainTable(self.headers, "Header fields, decoded", mono=(0,), widths=(150,))
        self.hop_words = Label(HOPS, "caption", "text2", wrap=True)
        self.hop_words.setContentsMargins(12, 6, 12, 4)
        self.hop_table = PlainTable(self.hops, "Received fields", mono=(0, 1), widths=(170, 200, 90))
        self.envelope_words = Label("", "caption", "text2", wrap=True)
        self.envelope_words.setContentsMargins(12, 6, 12, 4)
        self.envelope_table = PlainTable(self.envelope, "Envelope", mono=(0,), middle=(0,), widths=(0, 96), stretch=0)
        self.envelope_box = QWidget()
        side = QVBoxLayout(self.envelope_box)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(self.envelope_words)
        side.addWidget(self.envelope_table, 1)
        both = Splitter(Qt.Orientation.Horizontal)
        both.addWidget(self.header_table)
        both.addWidget(self.envelope_box)
        both.setSizes([500, 500])
        column.addWidget(both, 2)
        column.addWidget(self.hop_words)
        column.addWidget(self.hop_table, 1)
        return page

    def _parts_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = FlowBox(self.save_button, self.part_button)
        row.flow.setContentsMargins(12, 6, 12, 6)
        column.addWidget(self.part_table, 1)
        column.addWidget(row)
        return page

    def _wire(self) -> None:
        self.part_table.picked.connect(lambda _row: self._on_part())
        self.tabs.shown.connect(lambda _key: QTimer.singleShot(0, self._reach_part))  # not before it has its size
        theme().changed.connect(self._suit)
        self._suit()
        self.part_table.doubleClicked.connect(lambda _index: self._show_part())
        self.part_button.clicked.connect(self._show_part)
        self.save_button.clicked.connect(self.ask_save)
        self.html.link_clicked.connect(lambda url: self.desk.decline(f"The lab follows no link of a mail: {url[:200]}"))

    def _suit(self) -> None:
        for edit in (self.text, self.source.text):
            edit.document().setDocumentMargin(theme().px(12))

    # Showing

    def show_message(self, shown: Shown, envelope: Envelope | None = None) -> None:
        """Show a mail that was read, beside the envelope that it came in where that is known."""
        self.shown = shown
        self._show_envelope(shown, envelope)
        self.subject.setText(visible(shown.subject) or "(no subject)")
        words = (visible(shown.sender), f"to {visible(shown.recipients)}" if shown.recipients else "",
                 visible(shown.date), size_text(shown.size))  # fmt: skip
        self.people.setText("  \u00b7  ".join(each for each in words if each))
        self._show_notices(shown.notices)
        self.text.show_text(shown.text)
        self._show_html(shown)
        self._choose_page(shown)
        self.headers.set_rows([(line.name, visible(line.text)) for line in shown.lines])
        self.hops.set_rows([
            (hop.by, hop.sender, hop.protocol, hop.when.strftime("%Y-%m-%d %H:%M:%S") if hop.when else "no date")
            for hop in shown.hops
        ])  # fmt: skip
        self.hop_words.setVisible(bool(shown.hops))
        self.hop_table.setVisible(bool(shown.hops))
        self.parts.set_rows(shown.rows)
        self.part_table.selectRow(max(self.parts.first_file(), 0))
        self.tabs.set_count("parts", sum(bool(row.name) for row in shown.rows))
        self.source.show_message(shown)
        self._on_part()
        self.pages.setCurrentWidget(self._whole)

    def _show_notices(self, notices: tuple[str, ...]) -> None:
        if not notices:
            self.notice.clear()
            return
        more = f" And {len(notices) - NOTICES_SHOWN} more." if len(notices) > NOTICES_SHOWN else ""
        self.notice.say("This mail is odd.", visible(". ".join(notices[:NOTICES_SHOWN]) + "." + more))

    def _show_envelope(self, shown: Shown, envelope: Envelope | None) -> None:
        told = compared(envelope, shown.lines) if envelope is not None else []
        words = visible(in_words(told))
        self.hidden.setText(f"Envelope: {words}" if words else "")
        self.hidden.setVisible(bool(words))
        self.envelope_box.setVisible(bool(told))
        if envelope is not None:
            self.envelope_words.setText(f"Envelope, {WITNESSES[envelope.witness]}")
        self.envelope.set_rows([
            (f"{each.command}:<{visible(each.address.strip('<>'))}>", visible(each.remark)) for each in told
        ])  # fmt: skip

    def _show_html(self, shown: Shown) -> None:
        clean = shown.html
        self.tabs.allow("html", clean is not None)
        if clean is None:
            return
        self.html.show_html(clean.html, shown.inline)
        self.remote.set_rows([
            (each.kind, each.url, "tells of your reading" if each.tiny else "") for each in clean.remote
        ])  # fmt: skip
        count = len(clean.remote)
        self.remote_words.setText(
            f"Nothing was loaded. {count} thing{'s' * (count != 1)} would have been:" if count
            else "Nothing remote is in it: nothing would have been loaded."
        )  # fmt: skip
        self.remote_table.setVisible(bool(count))

    def _choose_page(self, shown: Shown) -> None:
        """A mail in HTML alone does not show an empty text; the next one with a text shows it again."""
        bare = shown.html is not None and not shown.text.strip()
        if bare and self.tabs.current() == "text":
            self.tabs.show_page("html")
            self._bare = True
        elif self._bare and not bare:
            self._bare = False
            if self.tabs.current() == "html":
                self.tabs.show_page("text")

    def clear(self) -> None:
        """Show no mail."""
        self.shown = None
        self.pages.setCurrentWidget(self.empty)

    # Parts

    def _reach_part(self) -> None:
        self.part_table.scrollTo(self.part_table.currentIndex())

    def _on_part(self) -> None:
        row = self.parts.row(self.part_table.currentIndex().row())
        there = row is not None and bool(row.name) and self.shown is not None and self.shown.path is not None
        self.save_button.setEnabled(there)
        self.save_button.setText(f"Save {row.name[:40]}\u2026" if row is not None and row.name else "Save\u2026")

    def _show_part(self) -> None:
        row = self.parts.row(self.part_table.currentIndex().row())
        if row is not None:
            self.tabs.show_page("source")
            self.source.go_to(row.number)

    def ask_save(self) -> None:
        """Ask for a folder and save the chosen part there."""
        ask_folder(self, "Folder for the attachment", self.save_to)

    def save_to(self, folder: Path) -> None:
        """Save the chosen part into a folder, under a name made safe; nothing is overwritten."""
        row = self.parts.row(self.part_table.currentIndex().row())
        if row is None or self.shown is None or self.shown.path is None:
            return
        path = self.shown.path
        self.desk.bridge.call(
            lambda: save_part(path, row.number, folder), self._on_saved,
            lambda error: self.notice.say("It could not be saved.", _said(error, folder)), owner=self,
        )  # fmt: skip

    def _on_saved(self, path: Path) -> None:
        self.desk.toast(f"Saved as {path.name}")
        self.saved.emit(path)


def _said(error: BaseException, folder: Path) -> str:
    """Why a part could not be saved in a folder."""
    if isinstance(error, OSError):
        return f"In {folder}: {error.strerror or error}. Choose another folder, or look at its rights and space."
    return f"{error}."
