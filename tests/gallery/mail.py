"""Pictures of the mail panel in both palettes and several sizes, from real services.

By hand: `python -m tests.gallery.mail --out DIR`. Never collected by pytest.
"""

from __future__ import annotations

from pathlib import Path

from tests.gallery.studio import Studio, asked
from widgets.mail.panel import MailPanel


def play(studio: Studio[MailPanel]) -> None:
    """From the empty panel through every view."""
    panel = studio.panel
    ends = panel.ends
    studio.shoot("01-empty")
    ends.give_other_end()
    studio.until(lambda: ends.server.server is not None)
    studio.shoot("02-server")
    ends.compose.html.setPlainText(HTML)
    ends.compose.attach(Path(__file__))
    ends.compose.fields.set_values({"to": "bob@example.org, nobody@example.org", "subject": "Gr\u00fc\u00dfe"})
    ends.send()
    studio.until(lambda: ends.sending.sent is not None)
    studio.settle(0.5)
    ends.dialogue.table.selectRow(6)
    ends.dialogue.table.picked.emit(6)
    studio.shoot("03-sent")
    for key in ("html", "files", "envelope", "server", "source"):
        ends.compose.tabs.show_page(key)
        studio.shoot(f"04-{key}")
    ends.compose.tabs.show_page("mail")
    ends.hold_button.setChecked(True)
    ends.send()
    studio.until(ends.hold.isVisible)
    studio.shoot("05-held")
    ends.hold_button.setChecked(False)
    studio.until(lambda: not ends.sending.busy)
    panel.show_view("mailbox")
    studio.shoot("06-mailbox-empty")
    box = panel.mailbox
    box.open()
    studio.until(lambda: box.model.count and box.model.listed(0))
    box.list.selectRow(0)
    box.show_row(0)
    studio.until(lambda: box.message.shown is not None)
    studio.shoot("07-mailbox")
    for key in ("html", "headers", "parts", "source"):
        box.message.tabs.show_page(key)
        studio.settle(0.1)
        studio.shoot(f"08-{key}")
    panel.show_view("transcripts")
    studio.settle(0.3)
    studio.shoot("09-transcripts")
    panel.show_view("hand")
    hand = panel.hand
    studio.shoot("10-hand-empty")
    hand.open()
    studio.until(lambda: hand.slot.phase == "open")
    for text in ("EHLO me", "MAIL FROM:<ann@example.org>", "RCPT TO:<nobody@example.org>"):
        hand.line.setText(text)
        hand.send()
        studio.settle(0.3)
    studio.shoot("11-hand")
    panel.show_view("news")
    studio.shoot("12-news-empty")
    news = panel.news
    news.start_server()
    studio.until(news.articles.rowCount)
    news.article_table.selectRow(0)
    news.show_article(0)
    studio.until(lambda: news.message.shown is not None)
    studio.shoot("13-news")
    news.write()
    studio.shoot("14-news-write")
    panel.show_view("ends")
    ends.compose.account.set_address("127.0.0.1", 1)
    ends.send()
    studio.until(lambda: not ends.sending.busy)
    studio.shoot("15-refused")


HTML = """<h2>Hello</h2><p>This is <b>HTML</b>, with a <a href="https://example.org/">link</a>, a table and a spy:</p>
<table border=1><tr><td>one</td><td>two</td></tr></table><img src="http://spy.example/open.gif" width=1 height=1>
<script src="http://spy.example/x.js"></script>"""


def main() -> int:
    """Take the pictures."""
    arguments = asked(__doc__)
    studio = Studio(MailPanel, arguments.out, arguments.sizes)
    try:
        play(studio)
    finally:
        studio.close()
    print(arguments.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
