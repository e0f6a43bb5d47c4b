"""A running mail server: where it is, what it took, who is connected, what lies where, and its rules.

Shows a MailSlot. It must not know services.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from protocols.mail.dialogue import readable
from protocols.mail.server.link import Link
from widgets.mail.server.mails import SENDER, TO, MailsModel
from widgets.mail.server.rules import RulesPage
from widgets.mail.server.slot import MailSlot
from widgets.parts.banner import Banner
from widgets.parts.buttons import IconButton
from widgets.parts.card import Line
from widgets.parts.empty import EmptyState
from widgets.parts.fact import Fact
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.tab_pages import TabPages

LOOK_MS: Final = 500
DOORS: Final = {"smtp": "SMTP", "pop3": "POP3", "imap": "IMAP", "smtps": "SMTP in TLS", "pop3s": "POP3 in TLS",
                "imaps": "IMAP in TLS"}  # fmt: skip


class Where(QWidget):
    """One address of the server, with a button that copies it."""

    def __init__(self, caption: str) -> None:
        super().__init__()
        self.fact = Fact(caption, mono=True)
        self.button = IconButton("copy", f"Copy the address of {caption}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.fact)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignBottom)
        self.button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.fact.value()))


class MailServerLive(QWidget):
    """The pages. `picked(mail)`: a person chose one; `first_wanted`: send a first mail to it."""

    picked = Signal(object)
    first_wanted = Signal()

    def __init__(self, slot: MailSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.warning = Banner("warning")
        self.doors = {name: Where(title) for name, title in DOORS.items()}
        self.users = Fact("Users")
        self.kept = Fact("Mailboxes in", mono=True)
        self.mails = MailsModel(slot.desk.lab.recorder.epoch_ns, self)
        self.table = PlainTable(self.mails, "Mails that the server took", mono=(SENDER, TO), middle=(SENDER, TO),
                                widths=(28, 74, 82, 110, 56, 50), stretch=TO)  # fmt: skip
        self.empty = EmptyState("mail", "No mail has come yet.", "Send a first mail", button_icon="send", primary=True)
        self.sessions = RowsModel(("#", "Protocol", "Peer", "User", "Since", "Mails", "TLS"), self, numbers=(0, 5))
        self.boxes = RowsModel(("User", "Folder", "Messages"), self, numbers=(2,))
        self.rules = RulesPage(slot.desk)
        self._lay_out()
        self.table.picked.connect(self._on_picked)
        self.empty.acted.connect(self.first_wanted)
        self.mails.came.connect(lambda _mails: self.refresh())
        self.mails.modelReset.connect(self.refresh)
        self.rules.changed.connect(self._on_rules)
        self.tabs.shown.connect(lambda _key: self.look())
        slot.changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        facts = FlowBox(*self.doors.values(), self.users, self.kept, spacing=20)
        top = QVBoxLayout()
        top.setContentsMargins(12, 8, 12, 8)
        top.addWidget(self.warning)
        top.addWidget(facts)
        self.taken = Pages(self.empty, self.table)
        self.tabs = TabPages("What the mail server tells")
        self.tabs.add("mails", "Mails", self.taken)
        self.tabs.add("sessions", "Sessions", PlainTable(self.sessions, "Connections", mono=(2,), stretch=2,
                                                         widths=(36, 70, 120, 64, 72, 50, 44)))  # fmt: skip
        self.tabs.add("boxes", "Mailboxes", PlainTable(self.boxes, "Mailboxes", widths=(100, 120, 80)))
        self.tabs.add("rules", "Failures", self.rules)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(Line())
        column.addWidget(self.tabs, 1)

    def refresh(self) -> None:
        """Show the slot as it is now."""
        server = self.slot.server
        self.taken.setCurrentWidget(self.table if self.mails.rowCount() else self.empty)
        self.tabs.set_count("mails", self.mails.total)
        on = sum(rule.on for rule in self.slot.rules)
        self.tabs.set_word("rules", f"{on} on" if on else "")
        if self.slot.exposed and server is not None:
            self.warning.say("Exposed.", f"{server.setup.host} can be reached from other machines.")
        else:
            self.warning.clear()
        if server is None:
            return
        self.empty.button.setVisible("smtp" in server.ends)
        for name, where in self.doors.items():
            host, port = server.ends.get(name, ("", 0))
            where.setVisible(bool(port))
            where.fact.set_value(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        users = list(server.setup.users)
        more = f" and {len(users) - 6} more" if len(users) > 6 else ""
        self.users.set_value(", ".join(users[:6]) + more)
        self.kept.set_value(str(server.store.root))
        self.kept.setVisible(server.setup.store is not None)

    def look(self) -> None:
        """Look at what changes by itself: sessions, mailboxes, rules that fired."""
        server = self.slot.server
        if server is None:
            self.sessions.set_rows([])
            return
        page = self.tabs.current()
        sessions = server.sessions()
        self.tabs.set_count("sessions", len(sessions))
        if page == "sessions":
            rows = [_session_row(one) for one in sessions]
            if rows != self.sessions.rows():
                self.sessions.set_rows(rows)
        elif page == "rules":
            self.rules.show_fired(server.fired())
        elif page == "boxes":
            self.slot.order(lambda running: running.counts(), self._on_counts)

    def _on_counts(self, counts: dict[str, dict[str, int]]) -> None:
        rows = [(user, name, str(count)) for user, folders in counts.items() for name, count in folders.items()]
        if rows != self.boxes.rows():
            self.boxes.set_rows(rows)

    def _on_rules(self, rules: object) -> None:
        assert isinstance(rules, tuple)
        wrong = self.slot.set_rules(rules)
        if wrong:
            self.rules.refuse(wrong)
        self.refresh()

    def _on_picked(self, at: int) -> None:
        mail = self.mails.mail(at)
        if mail is not None:
            self.picked.emit(mail)


def _session_row(one: Link) -> tuple[str, ...]:
    since = datetime.fromtimestamp(one.since).strftime("%H:%M:%S")
    user = readable(one.user.encode("utf-8", "replace"))
    sealed = "yes" if one.inside_tls else "no"
    return str(one.number), one.protocol.upper(), one.peer, user, since, str(one.mails), sealed
