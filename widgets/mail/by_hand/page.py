"""A session by hand: type the protocol's lines yourself, with any server of SMTP, POP3, IMAP or news.

It must not know the protocols: the engine says whose turn it is, the lexicon what a line means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from protocols.mail.client.hand import HandSession
from protocols.mail.dialogue import Protocol
from protocols.record.event import Raw, detail_of
from protocols.record.explain import Explained
from widgets.desk import Desk
from widgets.mail.account_fields import AGAIN, LOST, NOT_THERE, OTHER_END, UNCHECKED, UNTRUSTED, AccountFields
from widgets.mail.dialogue.view import DialogueView
from widgets.mail.latest import Latest
from widgets.mail.session_slot import SessionSlot
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Card
from widgets.parts.flow import FlowBox
from widgets.parts.segments import Segments
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip
from widgets.theme.theme import theme

PROTOCOLS: Final[tuple[Protocol, ...]] = ("smtp", "pop3", "imap", "nntp")
ENDS: Final = {"CRLF": b"\r\n", "LF": b"\n", "CR": b"\r"}
PORTS: Final = {"smtp": 2525, "pop3": 1100, "imap": 1430, "nntp": 1119}
WRONG_END: Final = {
    1: "LF alone: a strict server answers 500, and 554 to a text with such a line.",
    2: "CR alone ends no line: the server goes on waiting for its end.",
}
"""What becomes of a line that does not end with CRLF, by its place in ENDS."""
FIRST: Final[dict[str, tuple[str, ...]]] = {
    "smtp": ("EHLO me", "MAIL FROM:<ann@example.org>", "RCPT TO:<bob@example.org>", "DATA", "Subject: by hand", "",
             "Hello", ".", "QUIT"),
    "pop3": ("CAPA", "USER bob", "PASS bob", "STAT", "LIST", "TOP 1 5", "RETR 1", "DELE 1", "RSET", "QUIT"),
    "imap": ("a CAPABILITY", "b LOGIN bob bob", 'c LIST "" "*"', "d SELECT INBOX", "e FETCH 1:* (FLAGS RFC822.SIZE)",
             "f IDLE", "DONE", "g LOGOUT"),
    "nntp": ("CAPABILITIES", "LIST", "GROUP netlab.sockets", "OVER 1-", "ARTICLE 1", "NEXT", "QUIT"),
}  # fmt: skip
"""What one might type next, in order."""
SECRET: Final = re.compile(r"^\s*(PASS|APOP|AUTH|AUTHINFO|\S+\s+(LOGIN|AUTHENTICATE))\s", re.IGNORECASE)
"""A line that holds one: it is not brought back by a key."""


class TypedLine(QLineEdit):
    """A line with a memory: Up and Down go through what was typed."""

    def __init__(self) -> None:
        super().__init__()
        self._past: list[str] = []
        self._at = 0

    def remember(self, text: str) -> None:
        """Keep what was typed; a secret is not."""
        self._past.append(text)
        self._at = len(self._past)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        self._at = min(max(self._at + step, 0), len(self._past))
        self.setText(self._past[self._at] if self._at < len(self._past) else "")


class HandPage(QWidget):
    """The view. `why_requested(explained)`. `server_wanted(protocol)`: the lab's own server for it is to run."""

    why_requested = Signal(object)
    server_wanted = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.slot = SessionSlot(desk, self)
        self.latest = Latest(desk, self)
        self.trouble: Explained | None = None
        self._ends: Mapping[str, tuple[str, int]] = {}
        self._count = 0
        self._next = 0
        self._name = ""
        self._asked = False
        self.kind = Segments(("SMTP", "POP3", "IMAP", "News"), "Protocol")
        self.account = AccountFields(PORTS["smtp"], login=False)
        self.connect_button = PrimaryButton("Connect", "plug")
        self.close_button = Button("Hang up", "unplug")
        self.strip = TroubleStrip()
        self.head = Card()
        self.card = Card("Session by hand", "square-terminal")
        self.dialogue = DialogueView(
            lambda raw: raw[3] == self._name and detail_of(raw).get("end") == "client",
            "Connect to a server: its greeting comes first, then type your line.",
        )
        self.line = TypedLine()
        self.end = Segments(tuple(ENDS), "Line end")
        self.send_button = Button("Send", "corner-down-left")
        self.next_button = Button("", "lightbulb", small=True)
        self.turn = Label("", "caption", "text2")
        self._lay_out()
        self._wire()
        self._on_changed()

    def _lay_out(self) -> None:
        bar = FlowBox(spacing=12)
        for widget, stretch in ((self.kind, 0), (self.account, 1), (self.connect_button, 0), (self.close_button, 0)):
            bar.add(widget, stretch)
        self.head.setAccessibleName("Which server")
        self.head.add_section(bar)
        theme().dress(self.line, "mono")
        self.line.setAccessibleName("Your line")
        self.line.setPlaceholderText("Your line")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        self.end.setToolTip("How the line ends on the wire. A strict server takes CRLF alone: LF gets 500, after CR it "
                            "goes on waiting for the line's end")  # fmt: skip
        self.end.chosen.connect(lambda _index: self._on_changed())
        row.addWidget(self.end)
        row.addWidget(self.send_button)
        foot = QWidget()
        column = QVBoxLayout(foot)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(FlowBox(self.turn, self.next_button, spacing=12))
        self.card.add(self.dialogue, 1)
        self.card.add(foot)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(9)
        for part, stretch in ((self.head, 0), (self.strip, 0), (self.card, 1)):
            outer.addWidget(part, stretch)

    def _wire(self) -> None:
        self.kind.chosen.connect(lambda _index: self._on_kind())
        self.connect_button.clicked.connect(self.open)
        self.close_button.clicked.connect(lambda: self.slot.close(politely=False))
        self.slot.changed.connect(self._on_changed)
        self.slot.opened.connect(self.line.setFocus)
        self.slot.failed.connect(self.tell)
        self.strip.mend_requested.connect(self._mend)
        self.strip.why_requested.connect(lambda: self.why_requested.emit(self.trouble))
        self.line.returnPressed.connect(self.send)
        self.send_button.clicked.connect(self.send)
        self.next_button.clicked.connect(self._take_next)

    @property
    def protocol(self) -> Protocol:
        """The protocol chosen."""
        return PROTOCOLS[self.kind.current()]

    def use(self, ends: Mapping[str, tuple[str, int]]) -> None:
        """Fill in where servers listen."""
        self._ends = {**self._ends, **ends}
        if self.strip.errno in NOT_THERE:
            self.strip.clear()
        self._on_kind()

    def _on_kind(self) -> None:
        end = self._ends.get(self.protocol)
        if self.slot.phase in ("idle", "ended"):
            self._next = 0
            if end is not None:
                self.account.set_address(*end)
            elif self.account.fields["port"] in PORTS.values():
                self.account.fields.set_values({"port": PORTS[self.protocol]})
        self._on_changed()

    def open(self) -> None:
        """Connect, or end the attempt."""
        if self.slot.phase == "starting":
            self.slot.cancel()
            return
        self._count += 1
        self._next = 0
        account, protocol, name = self.account.account(), self.protocol, f"by hand {self._count}"
        self._name = name
        self.strip.clear()
        self.dialogue.clear()
        self.slot.open(lambda recorder: HandSession(recorder, protocol, account, name=name))

    def send(self) -> None:
        """Send the line as it is typed."""
        text = self.line.text()
        if self.slot.phase != "open":
            return
        end = ENDS[tuple(ENDS)[self.end.current()]]
        self.slot.do(lambda session: session.type(text, end=end))
        self._asked = True
        if not SECRET.search(text):
            self.line.remember(text)
        offered = FIRST[self.protocol]
        if self._next < len(offered) and text == offered[self._next]:
            self._next += 1
        self.line.clear()
        self._on_changed()

    def _take_next(self) -> None:
        offered = FIRST[self.protocol]
        if self._next < len(offered):
            self.line.setText(offered[self._next])
            self.line.setFocus()

    def _on_changed(self) -> None:
        phase, offered = self.slot.phase, FIRST[self.protocol]
        session = self.slot.session
        self.connect_button.setVisible(phase != "open")
        self.connect_button.setText("Cancel" if phase == "starting" else "Connect")
        self.close_button.setVisible(phase == "open")
        for widget in (self.line, self.send_button):
            widget.setEnabled(phase == "open")
        self.account.show_facts(phase in ("starting", "open"))
        self.kind.setEnabled(phase in ("idle", "ended"))
        states = {"idle": ("", ""), "starting": ("waiting", "Connecting"), "ended": ("stopped", "Over")}
        turn = session.turn if isinstance(session, HandSession) and phase == "open" else ""
        text = isinstance(session, HandSession) and session.typing_text
        open_state = {"yours": ("running", "Your turn"), "server": ("waiting", "The server's turn")}
        self.card.set_state(*(open_state.get(turn, ("running", "Connected")) if phase == "open" else states[phase]))
        words = "Lines of the text; a single dot ends it." if text else "Up brings your last lines back."
        words = WRONG_END.get(self.end.current(), words)
        self.turn.setText(words if phase == "open" else "")
        nothing = phase != "open" or self._next >= len(offered)
        self.next_button.setVisible(not nothing)
        if not nothing:
            self.next_button.setText(f"Next could be: {offered[self._next] or '(an empty line)'}")

    def tell(self, told: Explained) -> None:
        """Something failed, or the server hung up: why."""
        self.trouble = told
        mends = (OTHER_END,) if told.errno in NOT_THERE else (AGAIN,) if told.errno in LOST else ()
        mends = (UNCHECKED,) if told.errno == UNTRUSTED else mends
        self.strip.tell(told.title, told.why, mends, errno=told.errno)
        self.latest.choose_failure(self._name, told.errno)

    def _mend(self, key: str) -> None:
        if key == OTHER_END.key:
            self.server_wanted.emit(self.protocol)
            return
        if key == UNCHECKED.key:
            self.account.check_nothing()
        self.open()

    def take(self, raws: Sequence[Raw]) -> None:
        """New events from the recorder."""
        self.dialogue.take(raws)
        if self._asked and any(raw[3] == self._name and raw[2] == "reply" for raw in raws):
            self._asked = False
            self.latest.choose(self._name, "reply")

    def poll(self) -> None:
        """See whose turn it is."""
        self.slot.poll()
        self.latest.poll()
        if self.slot.phase == "open":
            self._on_changed()

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
