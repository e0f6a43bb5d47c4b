"""HandPage: any command typed by hand, with its reply decoded. It must not know FTP beyond the explained words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from protocols.ftp import explained
from protocols.ftp.client.remote import Answer
from protocols.ftp.client.replyreader import Reply
from protocols.ftp.client.site import shown
from protocols.ftp.dialogue import masked, split_command
from protocols.record.explain import Explained
from widgets.ftp.client_slot import ClientSlot, mend_of
from widgets.parts.buttons import Button, PrimaryButton
from widgets.parts.card import Aside, Card
from widgets.parts.empty import EmptyState
from widgets.parts.flow import FlowBox, Pages
from widgets.parts.plain_table import PlainTable
from widgets.parts.rows_model import RowsModel
from widgets.parts.splitter import Splitter
from widgets.parts.text import Label
from widgets.theme.theme import theme

TITLES: Final = ("Command", "Code", "What the server said", "What the code means")
STARTERS: Final = ("FEAT", "SYST", "PWD", "STAT", "HELP", "LIST", "PASV", "NOOP")
KEPT: Final = 2000
WIDTHS: Final = (190, 56, 330)
NEEDS: Final = ((3, 620),)
"""What a code means stands below, too: where there is little room, in no column."""


@dataclass(frozen=True)
class Said:
    """One exchange: what was typed, and what came of it."""

    line: str
    answer: Answer | None
    told: Explained | None = None


class HandPage(QWidget):
    """The page. `connect_requested`: nothing is connected, and the empty page's button was used."""

    connect_requested = Signal()

    def __init__(self, slot: ClientSlot, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slot = slot
        self.said: list[Said] = []
        self.field = QLineEdit()
        self.field.setAccessibleName("Command")
        self.field.setPlaceholderText("a command, such as FEAT or SITE HELP")
        completer = QCompleter([entry.syntax for entry in explained.commands().values()], self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.field.setCompleter(completer)
        self.send_button = PrimaryButton("Send", "send")
        self.stop_button = Button("Stop", "circle-stop")
        self.hint = Aside()
        self.model = RowsModel(TITLES, self)
        self.table = PlainTable(self.model, "Commands and replies", mono=(0, 1, 2), widths=WIDTHS, needs=NEEDS)
        self.lead = Label("Nothing was sent yet", "section", wrap=True)
        self.detail = Label("Press FEAT above, or type a command and press Enter: its reply is decoded here.", "body",
                            "text2", wrap=True)  # fmt: skip
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName("The reply as it came, and what came over the data connection")
        self.empty = EmptyState("terminal", "Once a client is connected, you can type commands to the server here.",
                                "Connect", button_icon="plug")  # fmt: skip
        self.empty.acted.connect(self.connect_requested)
        self.waiting = False
        self._lay_out()
        self.field.returnPressed.connect(self.send)
        self.field.textChanged.connect(lambda _text: self._on_text())
        self.send_button.clicked.connect(self.send)
        self.stop_button.clicked.connect(slot.cancel)
        self.table.picked.connect(self.show_row)
        slot.changed.connect(self._refresh)
        theme().changed.connect(self._suit)
        self._suit()
        self._on_text()
        self._refresh()

    def _lay_out(self) -> None:
        card = Card("By hand", "terminal", parent=self)
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self.send_button)
        row.addWidget(self.stop_button)
        starters = FlowBox()
        for verb in STARTERS:
            button = Button(verb, small=True)
            found = explained.command(verb)
            button.setToolTip(found.what if found is not None else "")
            button.clicked.connect(lambda _checked=False, line=verb: self.send(line))
            starters.add(button)
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(row)
        column.addWidget(starters)
        column.addWidget(self.hint)
        card.add_section(top)
        below = QWidget()
        lower = QVBoxLayout(below)
        lower.setContentsMargins(12, 8, 12, 12)
        lower.setSpacing(6)
        for widget in (self.lead, self.detail):
            lower.addWidget(widget)
        lower.addWidget(self.lines, 1)
        split = Splitter(Qt.Orientation.Vertical, parent=card)
        split.addWidget(self.table)
        split.addWidget(below)
        split.setSizes([480, 520])
        card.add(split, 1)
        self.pages = Pages(parent=self)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(card)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.pages)

    def _suit(self) -> None:
        self.lines.setFont(theme().mono_font(9.5))
        self.field.setFont(theme().mono_font(10))

    # Sending

    def send(self, line: str | bool = "") -> None:
        """Send what is typed, or a given line."""
        text = line if isinstance(line, str) and line else self.field.text().strip()
        if not text or self.waiting or self.slot.client is None:
            return
        self.waiting = True
        self._refresh()
        self.slot.order(lambda remote: remote.by_hand(text), lambda answer: self._on_answer(Said(text, answer)),
                        lambda told: self._on_answer(Said(text, None, told)), self, asked=True)  # fmt: skip
        self.field.selectAll()

    def _on_answer(self, said: Said) -> None:
        self.waiting = False
        self.said.append(said)
        if len(self.said) > KEPT:
            del self.said[0]
            self.model.set_rows([row_of(each) for each in self.said])
        else:
            self.model.append([row_of(said)])
        self.table.scrollToBottom()
        self.table.selectRow(len(self.said) - 1)
        self.show_row(len(self.said) - 1)
        self._refresh()
        self.field.setFocus()

    def show_row(self, row: int) -> None:
        """Show one exchange whole: every digit of its code, every line, what came over the data connection."""
        if not 0 <= row < len(self.said):
            return
        said = self.said[row]
        self.lead.setText(lead_of(said))
        self.detail.setText(detail_of(said))
        self.lines.setPlainText(text_of(said))

    def _on_text(self) -> None:
        verb, _ = split_command(self.field.text().strip())
        found = explained.command(verb) if verb else None
        if found is not None:
            self.hint.set(f"{found.syntax}.", f"{found.what} ({found.rfc})")
        elif verb:
            self.hint.set("Not a command that is explained here.", "It is sent as it is.")
        else:
            self.hint.set("Type a command.", "What it asks for is explained here while you type.")

    def _refresh(self) -> None:
        connected = self.slot.client is not None and self.slot.phase == "connected"
        self.pages.setCurrentIndex(1 if connected or self.said else 0)
        self.send_button.setEnabled(connected and not self.waiting)
        self.stop_button.setVisible(self.waiting)

    def action(self) -> dict[str, Any]:
        """The command for the script: the one typed, or the last one."""
        text = self.field.text().strip() or (self.said[-1].line if self.said else "SYST")
        return {"command": masked(text)}


def row_of(said: Said) -> tuple[str, str, str, str]:
    """The cells of an exchange."""
    line = masked(said.line)
    if said.answer is None:
        told = said.told
        return (line, "", "no reply", told.title if told is not None else "")
    reply = said.answer.reply
    lines = len(reply.lines)
    words = shown(reply.lines[0][4:] if lines == 1 else f"{reply.lines[0][4:]} \u2026 {lines} lines")
    return (line, f"{reply.code:03d}", words, explained.code(reply.code).meaning)


def lead_of(said: Said) -> str:
    """The code and what it means."""
    if said.answer is None:
        return said.told.title if said.told is not None else ""
    code = said.answer.reply.code
    return f"{code:03d}: {explained.code(code).meaning}"


def detail_of(said: Said) -> str:
    """What each digit says, and where it stands."""
    if said.answer is None:
        told = said.told
        return told.why + mend_of(told) if told is not None else ""
    found = explained.code(said.answer.reply.code)
    digits = f"{found.code // 100}xx {found.first}"
    digits += f"; x{found.code // 10 % 10}x is about {found.second}" if found.second else ""
    verb, _ = split_command(said.line)
    command = explained.command(verb)
    asked = f" {command.verb}: {command.what} ({command.rfc})" if command is not None else ""
    return f"{digits} ({found.rfc}).{asked}"


def text_of(said: Said) -> str:
    """Every reply as it came, then the data."""
    if said.answer is None:
        return ""
    answer = said.answer
    replies: tuple[Reply, ...] = answer.replies or (answer.reply,)
    parts = [shown(reply.whole) for reply in replies]
    if answer.data:
        more = "\n\u2026 and more" if answer.more_data else ""
        parts.append(f"--- data connection, {len(answer.data)} bytes ---\n"
                     + answer.data.decode("utf-8", "backslashreplace").replace("\r\n", "\n") + more)  # fmt: skip
    return "\n".join(parts)
