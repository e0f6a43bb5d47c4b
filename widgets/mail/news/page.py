"""News: groups, the list of articles, an article, and a form to post one; with a small server of one's own.

It must not know the other views of the panel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.mail.message.compose import Draft, write
from protocols.mail.message.message import Message, date_of
from protocols.mail.message.shown import Shown, read
from protocols.mail.news.client import Entered, GroupInfo, NewsSession, Overview
from protocols.mail.news.server import NewsServer
from protocols.record.explain import Explained, explain
from widgets.desk import Desk
from widgets.mail.account_fields import AGAIN, LOST, NOT_THERE, OTHER_END, UNCHECKED, UNTRUSTED, AccountFields
from widgets.mail.latest import Latest
from widgets.mail.message.view import MessageView
from widgets.mail.session_slot import SessionSlot
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.code_edit import CodeEdit
from widgets.parts.empty import EmptyState
from widgets.parts.fields import Fields
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip
from widgets.timeline.wording import visible

PORT: Final = 1119

SHOWN: Final = 500
"""Of a group, the newest articles that are listed."""


class NewsPage(QWidget):
    """The view. `why_requested(explained)`; `served(server)`: the news server listens."""

    why_requested = Signal(object)
    served = Signal(object)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.slot = SessionSlot(desk, self)
        self.server: NewsServer | None = None
        self.latest = Latest(desk, self)
        self.trouble: Explained | None = None
        self._count = 0
        self._name = ""
        self._overviews: list[Overview] = []
        self.account = AccountFields(PORT)
        self.connect_button = PrimaryButton("Read news", "plug")
        self.close_button = Button("Quit", "log-out")
        self.serve_button = Button("Start a news server", "play")
        self.strip = TroubleStrip()
        self.head = Card()
        self.card = Card("News", "book-open")
        self.groups = RowsModel(("Group", "Articles"), self, numbers=(1,))
        self.group_table = PlainTable(self.groups, "Groups", widths=(0, 70), stretch=0)
        self.about = Label("", "caption", "text2")
        self._about: dict[str, str] = {}
        self.articles = RowsModel(("No.", "Subject", "From", "Date"), self, numbers=(0,))
        self.article_table = PlainTable(self.articles, "Articles, newest first", widths=(50, 0, 150, 170), stretch=1)
        self.message = MessageView(desk, "Choose an article, or write one.")
        self.form = Fields(self)
        self.text = CodeEdit("Text of the article")
        self.write_button = Button("Write an article", "pencil", small=True)
        self.post_button = Button("Post", "send", primary=True)
        self.back_button = Button("Back to reading", "arrow-left", small=True)
        self.empty = EmptyState("book-open", "Start a news server, or connect to one: its groups stand here.",
                                "Start a news server", button_icon="play")  # fmt: skip
        self._lay_out()
        self._wire()
        self._on_changed()

    def _lay_out(self) -> None:
        bar = FlowBox(spacing=12)
        bar.add(self.account, 1)
        for button in (self.connect_button, self.close_button, self.serve_button):
            bar.add(button)
        self.head.setAccessibleName("Which news server")
        self.head.add_section(bar)
        self.card.add_head(self.about)
        self.card.add_action(self.write_button)
        self.below = Pages(self.message, self._form_page())
        right = Splitter(Qt.Orientation.Vertical)
        right.addWidget(self.article_table)
        right.addWidget(self.below)
        right.setSizes([220, 400])
        self.split = Splitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.group_table)
        self.split.addWidget(right)
        self.split.setSizes([230, 640])
        self.split.setStretchFactor(1, 1)
        self.pages = Pages(self.empty, self.split)
        self.card.add(self.pages, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(9)
        for part, stretch in ((self.head, 0), (self.strip, 0), (self.card, 1)):
            outer.addWidget(part, stretch)

    def _form_page(self) -> QWidget:
        page, form = QWidget(), self.form
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        row = FlowBox(spacing=12)
        row.add(form.line("sender", "From", "Ann <ann@example.org>", characters=16), 1)
        row.add(form.line("groups", "Newsgroups", "", hint="several with commas between", characters=16), 1)
        row.add(form.line("subject", "Subject", "", characters=16), 2)
        column.addWidget(row)
        column.addWidget(self.text, 1)
        column.addWidget(FlowBox(self.post_button, self.back_button))
        self.posted = Label("", "caption", "text2", wrap=True)
        column.addWidget(self.posted)
        return page

    def _wire(self) -> None:
        self.connect_button.clicked.connect(self.open)
        self.close_button.clicked.connect(self.slot.close)
        self.serve_button.clicked.connect(self.toggle_server)
        self.empty.acted.connect(self.start_server)
        self.slot.changed.connect(self._on_changed)
        self.slot.opened.connect(self._on_open)
        self.slot.failed.connect(self.tell)
        self.strip.mend_requested.connect(self._mend)
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.trouble))
        self.group_table.picked.connect(lambda row: self.enter(self.groups.row(row)[0]))
        self.article_table.picked.connect(self.show_article)
        self.write_button.clicked.connect(self.write)
        self.back_button.clicked.connect(lambda: self.below.setCurrentWidget(self.message))
        self.post_button.clicked.connect(self.post)

    # The server

    def toggle_server(self) -> None:
        """Start the news server, or stop it."""
        if self.server is None:
            self.start_server()
        else:
            self.stop_server()

    def start_server(self) -> None:
        """Start a news server; its address is filled in and its groups are read."""
        lab = self.desk.lab
        if self.server is not None:
            return

        def work() -> NewsServer:
            server = NewsServer(lab.recorder)
            lab.start(server, room="mail")
            return server

        self.desk.bridge.call(work, self._on_served, self._on_not_served, owner=self)

    def give_other_end(self) -> None:
        """Start a news server, unless one runs; either way it is read."""
        if self.server is None:
            self.start_server()
        else:
            self.account.set_address(*self.server.address)
            self.open()

    def _on_served(self, server: NewsServer) -> None:
        self.server = server
        if self.slot.phase in ("idle", "ended"):
            self.account.set_address(*server.address)
            self.open()
        self._on_changed()
        self.served.emit(server)

    def _on_not_served(self, error: BaseException) -> None:
        self.tell(explain(error, call="bind"))

    def stop_server(self) -> None:
        """Stop the news server; its articles go with it."""
        server, lab = self.server, self.desk.lab
        if server is not None:
            self.server = None
            self.desk.bridge.call(lambda: lab.stop(server), lambda _: self._on_changed(), owner=self)

    # Reading

    def open(self) -> None:
        """Connect, or end the attempt."""
        if self.slot.phase == "starting":
            self.slot.cancel()
            return
        self._count += 1
        account = self.account.account()
        name = self._name = f"news {self._count}"
        self.strip.clear()
        self.slot.open(lambda recorder: NewsSession(recorder, account, name=name))

    def _on_changed(self) -> None:
        phase = self.slot.phase
        self.connect_button.setVisible(phase != "open")
        self.connect_button.setText("Cancel" if phase == "starting" else "Read news")
        self.close_button.setVisible(phase == "open")
        self.account.show_facts(phase in ("starting", "open"))
        self.write_button.setEnabled(phase == "open")
        self.post_button.setEnabled(phase == "open")
        port = self.server.address[1] if self.server is not None else 0
        self.serve_button.setText(f"Stop the server on {port}" if port else "Start a news server")
        self.serve_button.set_icon("play" if self.server is None else "square")
        self.empty.button.setVisible(self.server is None and self.strip.isHidden())
        self.serve_button.setVisible(self.server is not None or self.pages.currentWidget() is not self.empty)
        word = {"idle": ("", ""), "starting": ("waiting", "Connecting"), "open": ("running", "Connected"),
                "ended": ("stopped", "Closed")}[phase]  # fmt: skip
        self.card.set_state(*word)

    def tell(self, told: Explained) -> None:
        """Something failed: why."""
        self.trouble = told
        mends = (OTHER_END,) if told.errno in NOT_THERE else (AGAIN,) if told.errno in LOST else ()
        mends = (UNCHECKED,) if told.errno == UNTRUSTED else mends
        self.strip.tell(told.title, told.why, mends, errno=told.errno)
        self.empty.button.setVisible(self.server is None and OTHER_END not in mends)
        self.latest.choose_failure(self._name, told.errno)

    def _mend(self, key: str) -> None:
        if key == OTHER_END.key:
            self.give_other_end()
            return
        if key == UNCHECKED.key:
            self.account.check_nothing()
        self.open()

    def _on_open(self) -> None:
        self.pages.setCurrentWidget(self.split)
        self._on_changed()
        self.slot.do(lambda session: session.groups(), self._on_groups)

    def _on_groups(self, groups: list[GroupInfo]) -> None:
        rows = [(each.name, str(max(0, each.high - each.low + 1))) for each in groups]
        self._about = {each.name: each.about for each in groups}
        self.groups.set_rows(rows)
        best = max(range(len(rows)), key=lambda at: int(rows[at][1]), default=-1)
        if best >= 0:
            self.group_table.selectRow(best)
            self.enter(rows[best][0])

    def enter(self, name: str) -> None:
        """Open a group and list its newest articles."""
        self.form.set_values({"groups": name})

        def entered(found: Entered) -> None:
            self.card.set_chip(found.name)
            self.about.setText(visible(self._about.get(found.name, "")))
            self.slot.do(lambda session: session.overview(max(found.low, found.high - SHOWN + 1), found.high),
                         self._on_articles)  # fmt: skip

        self.slot.do(lambda session: session.enter(name), entered)

    def _on_articles(self, overviews: list[Overview]) -> None:
        self._overviews = list(reversed(overviews))
        self.articles.set_rows([
            (str(each.number), each.subject, each.sender, _short(each.date)) for each in self._overviews
        ])  # fmt: skip

    def show_article(self, row: int) -> None:
        """Fetch an article and show it."""
        number = int(self.articles.row(row)[0])
        self.below.setCurrentWidget(self.message)

        def then(data: bytes) -> Shown:
            return read(Message(data))

        def done(shown: Shown) -> None:
            self.message.show_message(shown)
            self.latest.choose(self._name, "data")

        self.slot.do(lambda session: session.article(number), done, then=then)

    # Posting

    def write(self) -> None:
        """Write an article; an answer where one is chosen."""
        row = self.article_table.currentIndex().row()
        if 0 <= row < len(self._overviews):
            subject = self._overviews[row].subject
            self.form.set_values({"subject": subject if subject.lower().startswith("re:") else f"Re: {subject}"})
        for key in ("sender", "groups", "subject"):
            editor = self.form.editor(key)
            if isinstance(editor, QLineEdit):
                editor.setCursorPosition(0)
        self.posted.setText("")
        self.below.setCurrentIndex(1)
        self.text.setFocus()

    def post(self) -> None:
        """Post what stands in the form."""
        values, row = self.form.values(), self.article_table.currentIndex().row()
        more = [("Newsgroups", values["groups"].replace(" ", ""))]
        if 0 <= row < len(self._overviews) and values["subject"].lower().startswith("re:"):
            more.append(("References", f"{self._overviews[row].references} {self._overviews[row].id}".strip()))
        draft = Draft(values["sender"], subject=values["subject"], text=self.text.toPlainText(), headers=tuple(more))

        def work() -> bytes:
            import io

            file = io.BytesIO()
            write(draft, file)
            return file.getvalue()

        def written(data: bytes) -> None:
            self.slot.do(lambda session: session.post(data), self._on_posted, self._on_refused)

        self.desk.bridge.call(work, written, lambda error: self.posted.setText(f"{error}."), owner=self)

    def _on_posted(self, said: str) -> None:
        self.posted.setText(said)
        self.text.clear()
        self.below.setCurrentWidget(self.message)
        self.desk.toast("Posted")
        self.latest.choose(self._name, "reply")
        first = self.form["groups"].split(",")[0].strip()
        self.enter(first)

    def _on_refused(self, told: Explained) -> None:
        self.posted.setText(told.why)
        self.latest.choose_failure(self._name, told.errno)

    def poll(self) -> None:
        """See whether the session still stands."""
        self.slot.poll()
        self.latest.poll()

    def values(self) -> dict[str, Any]:
        """What the next start shall find again."""
        return {"account": self.account.values(), "sender": self.form["sender"]}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the fields again."""
        account = values.get("account")
        if isinstance(account, Mapping):
            self.account.set_values(account)
        self.form.set_values({"sender": values.get("sender", self.form["sender"])})


def _short(date: str) -> str:
    """A date of a header, in figures."""
    when = date_of(date)
    return when.strftime("%Y-%m-%d %H:%M") if when is not None else date
