"""A session by hand, by click and key."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.widgets.mail.conftest import Room
from widgets.mail.by_hand.page import SECRET


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
    assert not page.strip.isVisible()


def test_no_line_with_a_secret_is_brought_back_by_a_key() -> None:
    for text in ("PASS x", "auth PLAIN x", "b LOGIN bob x", "b authenticate PLAIN x", "AUTHINFO PASS x", "APOP bob x"):
        assert SECRET.search(text)
    for text in ("LIST", "USER bob", "RCPT TO:<login@example.org>", "Subject: AUTH me", "LOGIN"):
        assert not SECRET.search(text)
