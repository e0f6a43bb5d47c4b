"""What the tour does in the mail panel, as a newcomer would: a server, a mail, its mailbox, both transcripts.

It must not reach around the widgets: it clicks and types, and looks at results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from widgets.panel import Check, Click, DemoStep, Picture, Type, Wait

if TYPE_CHECKING:
    from widgets.mail.panel import MailPanel


def steps(panel: MailPanel) -> Iterator[DemoStep]:
    """Start a server, send a mail, one with a wrong recipient; read it by IMAP; compare; news by hand."""
    ends = panel.ends
    compose = ends.compose
    yield Click(ends.server.empty.button)
    yield Wait("a mail server listens", lambda: ends.server.server is not None)
    yield Wait("its address stands in the mail", lambda: compose.account.fields["port"] != 2525)
    yield Click(compose.send_button)
    yield Wait("the mail was taken", lambda: ends.sending.sent is not None and ends.sending.sent.outcome == "all")
    yield Wait("the dialogue is told", lambda: any("354" in text for text in ends.dialogue.model.texts()))
    yield Type(compose.fields.editor("to"), "bob@example.org, nobody@example.org")
    yield Click(compose.send_button)
    yield Wait("one of two recipients was refused",
               lambda: ends.sending.sent is not None and ends.sending.sent.outcome == "some")  # fmt: skip
    yield Check("the refused one has its code", any(row[1] == "550" for row in compose.fate.rows()))
    panel.show_view("mailbox")
    box = panel.mailbox
    yield Click(box.connect_button)
    yield Wait("the mailbox has two mails", lambda: box.model.count == 2 and box.model.listed(0) is not None)
    box.list.selectRow(0)
    box.show_row(0)
    yield Wait("the mail is shown", lambda: box.message.shown is not None)
    yield Check("its subject is ours", box.message.shown is not None and box.message.shown.subject == "Hello")
    panel.show_view("transcripts")
    model = panel.transcripts.model
    yield Wait("both transcripts are in step", lambda: _in_step(panel))
    yield Check("there are lines", model.rowCount() > 5)
    panel.show_view("ends")
    yield Picture()
    panel.show_view("mailbox")
    yield Click(box.leave_button)
    yield Wait("the mailbox is closed", lambda: box.slot.phase == "ended")
    panel.show_view("ends")
    yield Click(ends.server.stop_button)
    yield Wait("the server has stopped", lambda: ends.server.server is None)


def _in_step(panel: MailPanel) -> bool:
    shown = panel.transcripts.model.shown
    return shown is not None and len(shown.rows) > 5 and all(row.client and row.server for row in shown.rows[:5])
