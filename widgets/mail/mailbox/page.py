"""A mailbox by IMAP or POP3: folders, the list that fills as one scrolls, the mail itself.

What concerns several parts of the view stands here; what IMAP can do to a mail is in `doings`. It
must not know the other views of the panel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from protocols.mail.client import listing
from protocols.mail.client.gate import Gate
from protocols.mail.client.imap import ImapSession
from protocols.mail.client.imaprows import Selected
from protocols.mail.client.listing import Listed
from protocols.mail.client.pop3 import LIST_MOST, Entry, Pop3Session
from protocols.mail.message.envelope import Envelope
from protocols.mail.message.shown import Shown, read_file
from protocols.numbers import grouped
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.mail.account_fields import (
    AGAIN,
    LOST,
    NOT_THERE,
    OTHER_END,
    PASSWORD,
    UNCHECKED,
    UNTRUSTED,
    AccountFields,
)
from widgets.mail.by_hand.hold_strip import HoldStrip
from widgets.mail.envelopes import Envelopes
from widgets.mail.latest import Latest
from widgets.mail.mailbox.doings import MailboxDoings
from widgets.mail.mailbox.folders import MailboxFolders
from widgets.mail.mailbox.model import MailboxModel
from widgets.mail.message.view import MessageView
from widgets.mail.session_slot import SessionSlot
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.empty import EmptyState
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.progress_row import ProgressRow
from widgets.parts.rows_model import RowsModel
from widgets.parts.segments import Segments
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.parts.trouble import Mend, TroubleStrip

OUR_UIDL: Final = re.compile("[0-9a-f]{16}")
"""How the lab's own server writes a unique id: the folder's validity and the UID."""
LISTED_WHOLE: Final = 2000
"""So many mails of POP3 are listed at once."""
PROTOCOLS: Final = ("imap", "pop3")
PORTS: Final = {"imap": 1430, "pop3": 1100}
WORDS: Final = {"idle": ("", ""), "starting": ("waiting", "Connecting"), "open": ("running", "Connected"),
                "ended": ("stopped", "Closed")}  # fmt: skip


def _listed_page(found: list[tuple[Entry, bytes]]) -> tuple[list[Entry], list[Listed]]:
    entries = [entry for entry, _ in found]
    return entries, listing.of_heads(entries, {entry.number: head for entry, head in found})


class MailboxPage(QWidget):
    """The view. `why_requested(explained)`. `server_wanted`: the lab's own server is to run."""

    why_requested = Signal(object)
    server_wanted = Signal()

    def __init__(self, desk: Desk, envelopes: Envelopes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.envelopes = envelopes
        self.slot = SessionSlot(desk, self)
        self.latest = Latest(desk, self)
        self.trouble: Explained | None = None
        self.entries: dict[int, Entry] = {}
        self._ends: Mapping[str, tuple[str, int]] = {}
        self._login = ("", "")
        self._count = 0
        self._name = ""
        self._fetching = 0
        self._awaited = False
        self.kind = Segments(("IMAP", "POP3"), "Protocol")
        self.account = AccountFields(PORTS["imap"])
        self.connect_button = PrimaryButton("Open the mailbox", "plug")
        self.leave_button = Button("Log out", "log-out")
        self.cut_button = Button("Cut the line", "scissors")
        self.gate = Gate()
        self.hold_button = Button("Hold", "pause")
        self.hold_button.setCheckable(True)
        self.hold_button.setToolTip("Each command waits here before it is sent: look at it, change it, cut the line")
        self.hold = HoldStrip(self.gate)
        self.cut_button.setToolTip("Ends the connection without QUIT: what is marked as deleted is not deleted")
        self.strip = TroubleStrip()
        self.head = Card(parent=self)
        self.folders = RowsModel(("Folder",), self)
        self.folder_list = MailboxFolders(self)
        self.folder_table = self.folder_list.table
        self.model = MailboxModel(self)
        self.list = PlainTable(self.model, "Mails, newest first", widths=(160, 0, 150, 80), stretch=1)
        self.search = QLineEdit()
        self.said = Label("", "caption", "text2")
        self.progress = ProgressRow()
        self.empty = EmptyState("mail", "Start a mail server, or fill in where one is; then open the mailbox.",
                                "Start a mail server", button_icon="play")  # fmt: skip
        self.message = MessageView(desk, "Choose a mail: its text, parts and source stand here.")
        self.doings = MailboxDoings(self)
        self._lay_out()
        self._wire()
        self._on_changed()

    def _lay_out(self) -> None:
        self.head.setAccessibleName("Which mailbox")
        bar = FlowBox(spacing=12)
        for widget, stretch in ((self.kind, 0), (self.account, 1), (self.hold_button, 0), (self.connect_button, 0),
                                (self.leave_button, 0), (self.cut_button, 0)):  # fmt: skip
            bar.add(widget, stretch)
        self.head.add_section(bar)
        self.hold.flow.setContentsMargins(12, 8, 12, 8)
        self.head.add(self.hold)
        self.search.setPlaceholderText("Search")
        self.search.setToolTip("Words of subject or sender, or IMAP's own terms such as UNSEEN FROM bob")
        self.search.setAccessibleName("Search the folder")
        self.search.setClearButtonEnabled(True)
        self.card = Card("Mailbox", "mail")
        self.card.add_action(self.said)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = FlowBox(self.search, *self.doings.buttons(), spacing=8)
        row.flow.setContentsMargins(12, 8, 12, 8)
        column.addWidget(self.folder_list.ask)
        column.addWidget(row)
        column.addWidget(self.list, 1)
        column.addWidget(self.progress)
        inner = Splitter(Qt.Orientation.Vertical)
        inner.addWidget(top)
        inner.addWidget(self.message)
        inner.setSizes([300, 400])
        self.split = Splitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.folder_list)
        self.split.addWidget(inner)
        self.split.setSizes([150, 700])
        self.split.setStretchFactor(1, 1)
        self.pages = Pages(self.empty, self.split)
        self.card.add(self.pages, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(9)
        for part, stretch in ((self.head, 0), (self.strip, 0), (self.card, 1)):
            outer.addWidget(part, stretch)

    def _wire(self) -> None:
        self.kind.chosen.connect(lambda _index: self._on_kind())
        self.connect_button.clicked.connect(self.open)
        self.leave_button.clicked.connect(self.slot.close)
        self.cut_button.clicked.connect(lambda: self.slot.close(politely=False))
        self.hold_button.toggled.connect(self.set_holding)
        self.hold.decided.connect(self.hold.look)
        self.slot.changed.connect(self._on_changed)
        self.slot.opened.connect(self._on_open)
        self.slot.failed.connect(self.tell)
        self.strip.mend_requested.connect(self._mend)
        self.empty.acted.connect(self.server_wanted)
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.trouble))
        self.list.picked.connect(self.show_row)
        self.model.dataChanged.connect(lambda *_: self._on_filled())
        self.model.wanted.connect(self._fetch)
        self.progress.cancelled.connect(self.slot.cancel)
        self.search.returnPressed.connect(self.look_for)

    # Connecting

    @property
    def protocol(self) -> str:
        """The protocol chosen."""
        return PROTOCOLS[self.kind.current()]

    def use(self, ends: Mapping[str, tuple[str, int]], user: str = "", password: str = "") -> None:
        """Fill in where a server listens, and who may log in."""
        self._ends, self._login = ends, (user, password)
        self.empty.button.hide()
        self.empty.set_sentence("Open the mailbox: its mails stand here, newest first.")
        self.strip.clear()
        self._on_kind()
        if user and not self.account.fields["user"]:
            self.account.fields.set_values({"user": user, "password": password})

    def _on_kind(self) -> None:
        end = self._ends.get(self.protocol)
        if end is not None:
            self.account.set_address(*end)
        elif self.account.fields["port"] in PORTS.values():
            self.account.fields.set_values({"port": PORTS[self.protocol]})
        self.doings.refresh()

    def open(self) -> None:
        """Connect and log in, or end the attempt."""
        if self.slot.phase == "starting":
            self.slot.cancel()
            return
        self._count += 1
        account, protocol = self.account.account(), self.protocol
        name = self._name = f"{protocol} {self._count}"
        self.strip.clear()
        self.message.clear()
        kind = ImapSession if protocol == "imap" else Pop3Session
        self.slot.open(lambda recorder: kind(recorder, account, name=name, gate=self.gate))

    def set_holding(self, on: bool) -> None:
        """Hold each command, or let all go."""
        self.gate.hold(on)
        self.hold.look()

    def _on_changed(self) -> None:
        phase = self.slot.phase
        self.connect_button.setVisible(phase != "open")
        self.connect_button.setText("Cancel" if phase == "starting" else "Open the mailbox")
        self.leave_button.setVisible(phase == "open")
        self.leave_button.setText("Log out" if self.protocol == "imap" else "Quit, and delete what is marked")
        self.cut_button.setVisible(phase == "open" and self.protocol == "pop3")
        self.account.show_facts(phase in ("starting", "open"))
        self.kind.setEnabled(phase in ("idle", "ended"))
        self.card.set_state(*WORDS[phase])
        task = self.slot.task
        if task is not None and task.total > 1 << 20:
            self.progress.show_progress("Fetched", task.done, task.total, cancel=True)
        else:
            self.progress.hide()
        self.doings.refresh()
        self.folder_list.refresh()

    def tell(self, told: Explained) -> None:
        """Something failed: why."""
        self.trouble = told
        self.model.forget_asked()
        self.strip.tell(told.title, told.why, self._mends(told), errno=told.errno)
        self.empty.button.setVisible(OTHER_END.key not in self.strip.buttons and not self._ends)
        self.latest.choose_failure(self._name, told.errno)

    def _mends(self, told: Explained) -> tuple[Mend, ...]:
        """The ways out of an error."""
        if told.errno in NOT_THERE:
            return (OTHER_END,)
        if told.errno in LOST:
            return (AGAIN,)
        if told.errno == UNTRUSTED:
            return (UNCHECKED,)
        if told.errno != "AUTH":
            return ()
        account, (user, password) = self.account.account(), self._login
        ours = (account.host, account.port) in self._ends.values() and (account.user, account.password) != self._login
        return (PASSWORD, Mend("login", f"Log in as {user}", "key")) if ours and user and password else (PASSWORD,)

    def _mend(self, key: str) -> None:
        if key == OTHER_END.key:
            self.server_wanted.emit()
        elif key == AGAIN.key:
            self.open()
        elif key == UNCHECKED.key:
            self.account.check_nothing()
            self.open()
        elif key == PASSWORD.key:
            self.account.ask_password()
        else:
            user, password = self._login
            self.account.fields.set_values({"user": user, "password": password})
            self.open()

    def _on_open(self) -> None:
        self.pages.setCurrentWidget(self.split)
        imap = self.protocol == "imap"
        self.folder_list.setVisible(imap)
        self.search.setVisible(imap)
        if imap:
            self.folder_list.ask_for_all("INBOX")
            self.select("INBOX")
        else:
            self.slot.do(lambda session: session.count(), self._on_stat)

    def _on_stat(self, told: tuple[int, int]) -> None:
        """So many mails are there; of very many only those are asked for that one looks at."""
        self.entries = {}
        if told[0] <= LISTED_WHOLE:
            self.slot.do(lambda session: session.entries(), self._on_entries)
        else:
            self.model.begin(min(told[0], LIST_MOST))
            self._say_count()

    def _on_entries(self, entries: list[Entry]) -> None:
        self.entries = {entry.number: entry for entry in entries}
        self.model.begin(max(self.entries, default=0))
        self._say_count()

    # The list

    def select(self, folder: str) -> None:
        """Open a folder."""
        self.message.clear()
        self.slot.do(lambda session: session.select(folder), self._on_selected)

    def _on_selected(self, selected: Selected) -> None:
        self.card.set_chip(selected.name)
        self.model.begin(selected.exists)
        self.list.scrollToTop()
        self._say_count()

    def _say_count(self, found: str = "") -> None:
        count = self.model.count
        self.said.setText(found or f"{grouped(count)} mail{'s' * (count != 1)}")

    def _fetch(self, keys: list[int]) -> None:
        """Rows that the list wants to show."""
        if self.protocol == "pop3":
            gone = {number for number, entry in self.entries.items() if entry.deleted}
            numbers = tuple(key for key in keys if key not in gone)
            self.slot.do(lambda session: session.page(numbers), self._on_page, then=_listed_page)
        elif self.model.searched:
            uids = tuple(keys)
            self.slot.do(lambda session: session.rows_of_uids(uids), self.model.fill, then=listing.of_rows)
        else:
            first, last = min(keys), max(keys)
            self.slot.do(lambda session: session.rows(first, last), self.model.fill, then=listing.of_rows)

    def _on_page(self, found: tuple[list[Entry], list[Listed]]) -> None:
        for entry in found[0]:
            self.entries.setdefault(entry.number, entry)
        self.model.fill(found[1])

    def look_for(self) -> None:
        """Search at the server; an empty line shows the whole folder again."""
        text = self.search.text().strip()
        session = self.slot.session
        if not text:
            if session is not None and session.selected is not None:
                self.select(session.selected.name)
            return
        plain = not any(word.isupper() and word.isalpha() for word in text.split())
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        criteria = f'OR SUBJECT "{quoted}" FROM "{quoted}"' if plain else text
        self.slot.do(lambda session: session.search(criteria), self._on_found)

    def _on_found(self, uids: list[int]) -> None:
        self.model.show_uids(uids)
        self._say_count(f"{grouped(len(uids))} found")

    def poll(self) -> None:
        """See what the server told unasked: new mail appears by itself."""
        self.slot.poll()
        self.latest.poll()
        self.hold.look()
        session = self.slot.session
        if not isinstance(session, ImapSession):
            return
        for change in session.take_changes():
            if change.kind == "exists":
                self.model.grow(change.number)
            elif change.kind == "expunge":
                self.model.expunge(change.number)
            else:
                self.model.set_flags(change.number, change.flags)
            if not self.model.searched:
                self._say_count()
        self.card.set_state("running", "Waiting for mail (IDLE)" if session.idling else "Connected")

    # The mail

    def show_row(self, row: int) -> None:
        """Fetch the mail of a row and show it, as soon as the row is known."""
        listed = self.model.listed(row)
        self._awaited = listed is None
        if listed is None:
            return
        self._fetching += 1
        asked = self._fetching

        def then(path: Path) -> Shown:
            return read_file(path)

        def done(shown: Shown) -> None:
            if asked == self._fetching:
                self.message.show_message(shown, self._envelope(shown, listed))
                self.latest.choose(self._name, "data")

        if self.protocol == "imap":
            self.slot.do(lambda session: session.source(listed.uid, listed.size), done, then=then)
            if not listed.seen:
                self.doings.set_flag(listed, "\\Seen", on=True)
        else:
            self.slot.do(lambda session: session.retrieve(listed.number, listed.size), done, then=then)
        self.doings.refresh()

    def _on_filled(self) -> None:
        """Rows are known now: perhaps the one that was clicked before."""
        if self._awaited and self.model.listed(self.list.currentIndex().row()) is not None:
            self.show_row(self.list.currentIndex().row())

    def _envelope(self, shown: Shown, listed: Listed) -> Envelope | None:
        """The envelope that the mail came in, as far as anybody knows."""
        account, session = self.account.account(), self.slot.session
        uid = 0
        if self.protocol == "pop3":
            unique = self.entries[listed.number].uid if listed.number in self.entries else ""
            uid = int(unique[8:], 16) if OUR_UIDL.fullmatch(unique) else 0
        elif session is not None and session.selected is not None and session.selected.name.upper() == "INBOX":
            uid = listed.uid
        return self.envelopes.find(shown, (account.host, account.port), account.user, uid)

    def values(self) -> dict[str, Any]:
        """What the next start shall find again."""
        return {"kind": self.protocol, "account": self.account.values()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the fields again."""
        if values.get("kind") in PROTOCOLS:
            self.kind.set_current(PROTOCOLS.index(values["kind"]))
        account = values.get("account")
        if isinstance(account, Mapping):
            self.account.set_values(account)

