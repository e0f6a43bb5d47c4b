"""A session by hand and news, by click and key."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt

from tests.widgets.mail.conftest import Room
from widgets.mail.hand_page import SECRET


def test_a_mail_goes_out_by_hand_and_the_next_line_is_offered(room: Room) -> None:
    room.serve()
    room.panel.show_view("hand")
    page = room.panel.hand
    room.click(page.connect_button)
    room.wait(lambda: page.slot.phase == "open" and page.card.head.state.word == "Your turn")
    room.click(page.end.button(1))
    assert "500" in page.turn.text()
    page.line.setText("NOOP")
    room.click(page.send_button)
    room.wait(lambda: any("500 5.5.2" in text for text in page.dialogue.model.texts()))
    room.click(page.end.button(0))
    for text in ("EHLO me", "MAIL FROM:<ann@example.org>", "RCPT TO:<bob@example.org>", "DATA", "Subject: by hand", "",
                 "Hello", "."):  # fmt: skip
        room.wait(page.next_button.isVisible)
        room.click(page.next_button)
        assert page.line.text() == text
        room.qtbot.keyClick(page.line, Qt.Key.Key_Return)
        room.wait(lambda: not page.slot.busy)
    room.wait(lambda: any(text.startswith("S: 250 2.0.0") for text in page.dialogue.model.texts()))
    room.qtbot.keyClick(page.line, Qt.Key.Key_Up)
    assert page.line.text() == "."
    room.click(page.close_button)
    room.wait(lambda: page.slot.phase == "ended")


def test_nobody_there_is_told_and_a_server_that_hangs_up_too(room: Room) -> None:
    room.panel.show_view("hand")
    page = room.panel.hand
    page.account.set_address("127.0.0.1", 1)
    room.click(page.connect_button)
    room.wait(lambda: page.strip.errno == "ECONNREFUSED")
    ends = room.serve()
    page.account.set_address(*ends["smtp"])
    room.click(page.connect_button)
    room.wait(lambda: page.slot.phase == "open")
    page.line.setText("QUIT")
    room.click(page.send_button)
    room.wait(lambda: page.slot.phase == "ended")


def test_news_is_read_and_answered(room: Room) -> None:
    room.panel.show_view("news")
    page = room.panel.news
    room.click(page.empty.button)
    room.wait(lambda: page.articles.rowCount() == 2)
    page.article_table.selectRow(0)
    page.show_article(0)
    room.wait(lambda: page.message.shown is not None)
    assert page.message.shown is not None
    assert page.message.shown.subject.startswith("Re: Why")
    room.click(page.write_button)
    assert page.form["subject"].startswith("Re: ")
    page.text.setPlainText("It is so.\n.\n")
    room.click(page.post_button)
    room.wait(lambda: page.articles.rowCount() == 3)
    assert "Posted" in room.toasts
    page.show_article(0)
    room.wait(lambda: page.message.shown is not None and "It is so." in page.message.shown.text)
    assert any(line.name == "References" and line.text.count("@") == 2 for line in page.message.shown.lines)
    room.click(page.write_button)
    page.form.set_values({"groups": "no.such"})
    room.click(page.post_button)
    room.wait(lambda: "441" in page.posted.text())
    room.click(page.close_button)
    room.wait(lambda: page.slot.phase == "ended")
    room.click(page.serve_button)
    room.wait(lambda: page.server is None)


def test_no_line_with_a_secret_is_brought_back_by_a_key() -> None:
    for text in ("PASS x", "auth PLAIN x", "b LOGIN bob x", "b authenticate PLAIN x", "AUTHINFO PASS x", "APOP bob x"):
        assert SECRET.search(text)
    for text in ("LIST", "USER bob", "RCPT TO:<login@example.org>", "Subject: AUTH me", "LOGIN"):
        assert not SECRET.search(text)


def test_where_nobody_listens_both_views_give_the_other_end(room: Room) -> None:
    for name, protocol in (("hand", "imap"), ("news", "nntp")):
        room.panel.show_view(name)
        page: Any = room.panel.view(name)
        page.account.set_address("127.0.0.1", 1)
        if name == "hand":
            room.click(page.kind.button(2))
        page.account.set_address("127.0.0.1", 1)
        room.click(page.connect_button)
        room.wait(page.strip.isVisible)
        room.click(page.strip.buttons["other-end"])
        room.wait(lambda protocol=protocol: protocol in room.panel.ends_served())
        room.wait(lambda page=page: not page.strip.isVisible())
        assert page.account.account().port == room.panel.ends_served()[protocol][1]
