"""The card that writes a mail: fields or raw source, files, an envelope of its own, and what became of it.

Makes a draft of what stands in it. It must not know how it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QListWidget, QVBoxLayout, QWidget

from protocols.mail.client.lineends import WRONG_ENDS
from protocols.mail.client.smtp import MECHANISMS, Sent
from protocols.mail.message.compose import Draft, split_addresses
from widgets.mail.account_fields import OTHER_END, PASSWORD, UNCHECKED, UNTRUSTED, AccountFields
from widgets.parts.banner import Banner
from widgets.parts.buttons import Button
from widgets.parts.card import Card
from widgets.parts.code_edit import CodeEdit
from widgets.parts.fields import Choice, Fields
from widgets.parts.flow import FlowBox, scrolled
from widgets.parts.paths import ask_file
from widgets.parts.plain_table import PlainTable
from widgets.parts.progress_row import ProgressRow
from widgets.parts.rows_model import RowsModel
from widgets.parts.tab_pages import TabPages
from widgets.parts.text import Label
from widgets.parts.trouble import TroubleStrip

THERE: Final = "\u2022"
NOTICES: Final = (("success", "SUCCESS", "when it is delivered"), ("failure", "FAILURE", "when it is not"),
                  ("delay", "DELAY", "when it takes long"))  # fmt: skip


REPLY_SHOWN: Final = 160
SMUGGLED: Final = """From: {sender}
To: {to}
Subject: the first mail

Behind the lone dot stands a second mail, in commands.
.
MAIL FROM:<boss@example.org>
RCPT TO:<{to}>
DATA
From: The boss <boss@example.org>
To: {to}
Subject: a smuggled mail

Nobody has sent this by a session of its own.
"""


def refusal_of(sent: Sent) -> str:
    """Who did not get a mail, in the server's words, and what to do about it."""
    refused = [each for each in sent.recipients if not each.taken]
    if not refused:
        return f"The server's last word: {sent.code} {sent.reply[:REPLY_SHOWN].rstrip('.')}. See the dialogue for why."
    first, more = refused[0], len(refused) - 1
    others = f" (and {more} more, see Outcome)" if more else ""
    todo = "Send it again later." if 400 <= first.code < 500 else "Correct the address, or add it at the server."
    return f"{first.address}{others}: {first.code} {first.reply[:REPLY_SHOWN].rstrip('.')}. {todo}"


class ComposeCard(Card):
    """The card. `send_requested`, `cancel_requested`: its buttons. `changed`: anything was edited.

    `mend_requested(key)`, `why_requested`: of the red strip.
    """

    send_requested = Signal()
    cancel_requested = Signal()
    changed = Signal()
    mend_requested = Signal(str)
    why_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Mail to send", "send", parent=parent)
        self.fields = Fields(self)
        self.strip = TroubleStrip()
        self.note = Banner("note")
        self.tabs = TabPages("Parts of the mail", tight=True)
        self.text = CodeEdit("Text of the mail")
        self.html = CodeEdit("HTML of the mail")
        self.source = CodeEdit("Raw source of the mail")
        self.files = QListWidget()
        self.account = AccountFields(2525)
        self.send_button = Button("Send", "send", primary=True)
        self.cancel_button = Button("Cancel", "square")
        self.progress = ProgressRow()
        self.fate = RowsModel(("Recipient", "Code", "What the server said"), self)
        self.fate_table = PlainTable(self.fate, "What became of each recipient", mono=(0, 1), widths=(170, 50))
        self._lay_out()
        self._wire()
        self._on_edited()

    def _lay_out(self) -> None:
        self.cancel_button.hide()
        for button in (self.send_button, self.cancel_button):
            self.add_action(button)
        holder = QVBoxLayout()
        holder.setContentsMargins(12, 8, 12, 0)
        holder.setSpacing(8)
        holder.addWidget(self.strip)
        holder.addWidget(self.note)
        self.body.addLayout(holder)
        for key, title, page in (
            ("mail", "Mail", self._mail_page()), ("html", "HTML", self.html), ("files", "Files", self._files_page()),
            ("envelope", "Envelope", scrolled(self._envelope_page())),
            ("server", "Server", scrolled(self._server_page())),
            ("source", "Source", self._source_page()),
        ):  # fmt: skip
            self.tabs.add(key, title, page)
        self.tabs.add("fate", "Outcome", self.fate_table)
        self.tabs.allow("fate", False)
        self.add(self.tabs, 1)
        self.add(self.progress)

    def _mail_page(self) -> QWidget:
        page, fields = QWidget(), self.fields
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        who = FlowBox(spacing=12)
        who.add(fields.line("sender", "From", "Ann <ann@example.org>", characters=18), 1)
        who.add(fields.line("to", "To", "bob@example.org", hint="several with commas between", characters=18), 1)
        column.addWidget(who)
        column.addWidget(fields.line("subject", "Subject", "Hello", characters=20))
        column.addWidget(self.text, 1)
        self.text.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.text.setPlainText("Hello Bob,\n\nthis is a mail inside the lab.\n")
        return scrolled(page)

    def _files_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        self.files.setAccessibleName("Files to attach")
        self.attach_button = Button("Attach\u2026", "plus", small=True)
        self.detach_button = Button("Take away", "minus", small=True)
        column.addWidget(FlowBox(self.attach_button, self.detach_button))
        column.addWidget(self.files, 1)
        column.addWidget(Label("Each is read when the mail is sent, piece by piece, however large it is.", "caption",
                               "text2", wrap=True))  # fmt: skip
        return page

    def _envelope_page(self) -> QWidget:
        page, fields = QWidget(), self.fields
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(Label("The server looks at the envelope alone; the headers may say what they like.", "caption",
                               "text2", wrap=True))  # fmt: skip
        row = FlowBox(spacing=12)
        row.add(fields.line("envelope_from", "Sender (MAIL FROM)", "", hint="as in From", characters=16), 1)
        row.add(fields.line("envelope_to", "Recipients (RCPT TO)", "", hint="To, Cc and Bcc", characters=16), 1)
        row.add(fields.line("cc", "Cc", "", characters=14), 1)
        row.add(fields.line("bcc", "Bcc: in no header", "", characters=14), 1)
        column.addWidget(row)
        tell = FlowBox(spacing=12)
        tell.add(Label("Notices of delivery (DSN):", "body"))
        for key, word, when in NOTICES:
            tell.add(fields.check(key, when, tip=f"NOTIFY={word}, RFC 3461 section 4.1"))
        column.addWidget(tell)
        returned = FlowBox(spacing=12)
        parts = (Choice("", "as the server likes"), Choice("HDRS", "the header"), Choice("FULL", "the whole mail"))
        returned.add(fields.choice("ret", "A notice returns", parts))
        column.addWidget(returned)
        column.addStretch(1)
        return page

    def _server_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        column.addWidget(self.account)
        row = FlowBox(spacing=12)
        row.add(self.fields.choice("mechanism", "Login by", [Choice(each, each) for each in MECHANISMS]))
        row.add(self.fields.number("timeout_s", "Time-out", 15, (1, 3600), suffix=" s",
                                   tip="Limits the connect, each silence and each reply"))  # fmt: skip
        column.addWidget(row)
        column.addStretch(1)
        return page

    def _source_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        self.raw_box = self.fields.check("raw", "Send this source",
                                         tip="In place of the fields; the envelope still comes from them")  # fmt: skip
        self.make_button = Button("Make it of the fields", "refresh-cw", small=True)
        self.smuggle_button = Button("Smuggle", "bug", small=True)
        self.smuggle_button.setToolTip("A sample: a lone dot behind a bare line feed, then a second mail in commands")
        ends = self.fields.choice("ends", "Line ends", [Choice(key, title) for key, (title, _) in WRONG_ENDS.items()])
        row = FlowBox(self.raw_box, self.make_button, self.smuggle_button, ends, spacing=12)
        for widget in (self.raw_box, self.make_button, self.smuggle_button):
            row.flow.setAlignment(widget, Qt.AlignmentFlag.AlignBottom)
        self.ends_words = Label("", "caption", "text2", wrap=True)
        column.addWidget(row)
        column.addWidget(self.ends_words)
        column.addWidget(self.source, 1)
        return page

    def _wire(self) -> None:
        self.send_button.clicked.connect(self.send_requested)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.progress.cancelled.connect(self.cancel_requested)
        self.attach_button.clicked.connect(lambda: ask_file(self, "File to attach", self.attach))
        self.detach_button.clicked.connect(self._detach)
        self.smuggle_button.clicked.connect(self.smuggle)
        self.fields.changed.connect(lambda _key: self._on_edited())
        self.account.changed.connect(self._on_edited)
        for edit in (self.text, self.html, self.source):
            edit.textChanged.connect(self._on_edited)
        self.strip.mend_requested.connect(self.mend_requested)
        self.strip.why_requested.connect(self.why_requested)

    # Values

    def attach(self, path: Path) -> None:
        """Add a file."""
        self.files.addItem(str(path))
        self._on_edited()

    def _detach(self) -> None:
        row = self.files.currentRow()
        if row >= 0:
            self.files.takeItem(row)
            self._on_edited()

    def smuggle(self) -> None:
        """Fill in a source that tries to get a second mail past the server."""
        envelope = self.draft(fields_only=True)
        to = (envelope.rcpt_to() or ("bob@example.org",))[0]
        self.source.show_text(SMUGGLED.format(sender=envelope.mail_from(), to=to))
        self.fields.set_values({"raw": True, "ends": "lf.crlf"})
        self.tabs.show_page("source")

    def line_ends(self) -> str:
        """The line ends that a raw source gets on the wire; others always get CRLF."""
        return str(self.fields["ends"] or "crlf") if self.fields["raw"] else "crlf"

    def _on_edited(self) -> None:
        self.strip.clear()
        self.note.clear()
        tabs, fields = self.tabs, self.fields
        tabs.set_word("html", THERE if self.html.toPlainText().strip() else "")
        tabs.set_count("files", self.files.count())
        own = any(fields[key] for key in ("envelope_from", "envelope_to", "bcc", "cc", "success", "failure", "delay"))
        tabs.set_word("envelope", THERE if own else "")
        tabs.set_word("source", THERE if fields["raw"] else "")
        self.ends_words.setText(WRONG_ENDS[str(fields["ends"] or "crlf")][1])
        self.ends_words.setVisible(fields["ends"] not in ("", "crlf"))
        self.set_chip(f"to {self.account.account().where}")
        self.changed.emit()

    def draft(self, *, fields_only: bool = False) -> Draft:
        """What stands in the card. fields_only: as if no source were to be sent."""
        values = self.fields.values()
        envelope_to = split_addresses(values["envelope_to"])
        source = self.source.toPlainText() if values["raw"] and not fields_only else None
        raw = source.encode("utf-8", "surrogateescape") if source is not None else None
        return Draft(
            values["sender"].strip(), split_addresses(values["to"]), split_addresses(values["cc"]),
            split_addresses(values["bcc"]), values["subject"], self.text.toPlainText(), self.html.toPlainText(),
            tuple(self.files.item(row).text() for row in range(self.files.count())),
            envelope_from=values["envelope_from"].strip() or None, envelope_to=envelope_to or None, raw=raw,
        )  # fmt: skip

    def notify(self) -> tuple[str, ...]:
        """The notices of delivery that are asked for."""
        return tuple(word for key, word, _ in NOTICES if self.fields[key])

    def values(self) -> dict[str, Any]:
        """What the next start shall find again, without secrets."""
        return {
            "fields": self.fields.values(), "account": self.account.values(),
            "text": self.text.toPlainText()[:20_000], "html": self.html.toPlainText()[:20_000],
        }  # fmt: skip

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill the card again."""
        for key, target in (("fields", self.fields), ("account", self.account)):
            kept = values.get(key)
            if isinstance(kept, Mapping):
                target.set_values(kept)
        for key, edit in (("text", self.text), ("html", self.html)):
            if isinstance(values.get(key), str):
                edit.setPlainText(values[key])

    # What became of it

    def set_busy(self, busy: bool, *, word: str = "Sending") -> None:
        """While a mail is on its way the button ends it."""
        had_focus = self.send_button.hasFocus() or self.cancel_button.hasFocus()
        self.send_button.setVisible(not busy)
        self.cancel_button.setVisible(busy)
        if had_focus:
            (self.cancel_button if busy else self.send_button).setFocus()
        if busy:
            self.set_state("waiting", word)
        else:
            self.progress.hide()

    def begin(self) -> None:
        """A mail is about to go."""
        self.strip.clear()
        self.note.clear()
        self.tabs.allow("fate", False)
        self.set_state("waiting", "Connecting")

    def show_sent(self, sent: Sent) -> None:
        """All, some or none of the recipients: three outcomes."""
        taken = sum(each.taken for each in sent.recipients)
        count = len(sent.recipients)
        state, word = {
            "all": ("done", f"Taken for all {count}" if count > 1 else "Taken"),
            "some": ("warning", f"Taken for {taken} of {count}"), "none": ("error", "Taken for nobody"),
        }[sent.outcome]  # fmt: skip
        self.set_state(state, word)
        self.fate.set_rows([(each.address, str(each.code), each.reply) for each in sent.recipients])
        self.tabs.allow("fate", bool(sent.recipients))
        if sent.outcome != "all":
            self.tabs.show_page("fate")
        raised = f" smtplib raises {sent.raised}." if sent.raised else ""
        if sent.outcome != "all":
            self.note.say(f"{word}.", f"{refusal_of(sent)}{raised}")
        elif sent.remarks:
            self.note.say("Sent.", " ".join(sent.remarks))

    def tell(self, title: str, why: str, errno: str, *, refused: bool) -> None:
        """It failed: why, and a way out where nobody listens."""
        self.set_state("error", "Not sent")
        mends = (OTHER_END,) if refused else (PASSWORD,) if errno == "AUTH" else ()
        mends = (UNCHECKED,) if errno == UNTRUSTED else mends
        self.strip.tell(title, why, mends, errno=errno)

    def ask_password(self) -> None:
        """Let a person type the password anew."""
        self.tabs.show_page("server")
        self.account.ask_password()
