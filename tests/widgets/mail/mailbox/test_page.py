"""The mailbox's view: lazily filled, changed by the server while one looks, hostile mails harmless."""

from __future__ import annotations

import shutil
import tempfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel
from PySide6.QtTest import QAbstractItemModelTester

from protocols.mail.client.imaprows import Row
from protocols.mail.client.listing import Listed, of_rows
from protocols.mail.message.message import Message
from protocols.mail.message.shown import read
from protocols.tls import server_pem
from tests.protocols.mail.dovecot import PASSWORD, running
from tests.widgets.mail.conftest import Room
from widgets.mail.account_fields import UNCHECKED
from widgets.mail.mailbox.model import ASKED_MOST, PAGE, MailboxModel
from widgets.mail.message.view import MessageView


def _listed(number: int, uid: int = 0) -> Listed:
    return Listed(number, uid or number, f"sender {number}", f"subject {number}", "2026-01-01", 100)


def _strict(model: QAbstractItemModel) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)


def test_only_what_is_looked_at_is_asked_for_a_page_at_a_time(qtbot: object) -> None:
    model = MailboxModel()
    asked: list[list[int]] = []
    model.wanted.connect(asked.append)
    model.begin(100_000)
    assert model.rowCount() == 100_000
    for row in range(30):
        model.index(row, 1).data()
    model._ask()
    assert asked == [list(range(100_000, 100_000 - PAGE, -1))]
    model.fill([_listed(number) for number in asked[0]])
    assert model.index(0, 1).data() == "subject 100000"
    for row in range(1000, 90_000, 50):
        model.index(row, 1).data()
    model._ask()
    assert len(asked) == 1 + ASKED_MOST


def test_growing_shrinking_and_flags_keep_rows_and_messages_together(qtbot: object) -> None:
    model = MailboxModel()
    tester = _strict(model)
    model.begin(5)
    model.fill([_listed(number) for number in range(1, 6)])
    model.expunge(2)
    assert [model.listed(row).subject for row in range(4)] == ["subject 5", "subject 4", "subject 3", "subject 1"]  # type: ignore[union-attr]
    model.grow(6)
    assert model.rowCount() == 6
    assert model.listed(0) is None
    assert model.listed(2).subject == "subject 5"  # type: ignore[union-attr]
    model.set_flags(4, ("\\Flagged",))
    model.expunge(99)
    model.expunge(0)
    model.grow(3)
    assert model.rowCount() == 6
    model.show_uids([7, 9])
    model.fill([_listed(1, 9)])
    assert model.listed(0).uid == 9  # type: ignore[union-attr]
    model.expunge(1)
    assert model.rowCount() == 2
    assert tester.model() is model


def test_imap_flags_deletes_moves_searches_and_new_mail_appears(room: Room) -> None:
    room.serve()
    for subject in ("one", "two", "three"):
        room.send(to="bob@example.org", subject=subject)
    box = room.open_box()
    room.wait(lambda: box.model.count == 3 and box.model.listed(2))
    box.list.setCurrentIndex(box.model.index(0, 0))
    box.doings.refresh()
    room.click(box.doings.flag_button)
    room.wait(lambda: "\\Flagged" in box.model.listed(0).flags)
    box.doings.copy("Sent")
    room.wait(lambda: "A copy lies in Sent" in room.toasts)
    box.doings.move("Trash")
    room.wait(lambda: box.model.count == 2)
    box.list.setCurrentIndex(box.model.index(0, 0))
    room.wait(lambda: box.doings.chosen() is not None)
    box.doings.refresh()
    room.click(box.doings.delete_button)
    room.wait(lambda: box.model.count == 1)
    box.search.setText("one")
    box.search.returnPressed.emit()
    room.wait(lambda: box.model.searched and box.model.count == 1)
    box.search.clear()
    box.search.returnPressed.emit()
    room.wait(lambda: not box.model.searched)
    room.wait(lambda: box.slot.session.idling)
    room.send(to="bob@example.org", subject="four")
    room.wait(lambda: box.model.count == 2)
    room.panel.show_view("mailbox")
    room.wait(lambda: box.model.listed(0) and box.model.listed(0).subject == "four")


def test_dovecot_by_starttls_with_a_certificate_of_its_own_and_its_attachment_saved(
    room: Room, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.org", "bob@example.org", "a file"
    mail.set_content("here\n")
    mail.add_attachment(b"page", maintype="application", subtype="octet-stream", filename="../../evil.bin")
    saved, folder = tmp_path / "saved", Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))  # Dovecot wants a short path
    saved.mkdir()
    try:
        with running(folder, pem=server_pem(("127.0.0.1",), flaw="self-signed")) as dovecot:
            dovecot.put("bob", mail.as_bytes())
            room.panel.show_view("mailbox")
            box = room.panel.mailbox
            fields = box.account.fields
            assert not fields.editor("verify").isVisible()
            fields.set_values({"port": dovecot.ports["imap"], "security": "starttls", "user": "bob",
                               "password": PASSWORD})  # fmt: skip
            room.click(box.connect_button)
            room.wait(lambda: UNCHECKED.key in box.strip.buttons)
            room.click(box.strip.buttons[UNCHECKED.key])
            room.wait(lambda: box.model.count == 1 and box.model.listed(0))
            assert fields["verify"] is False
            box.show_row(0)
            room.wait(lambda: box.message.shown is not None)
            box.message.tabs.show_page("parts")
            row = next(row for row in range(box.message.parts.rowCount()) if box.message.parts.row(row).name)
            box.message.part_table.selectRow(row)
            box.message.save_to(saved)
            room.wait(lambda: [each.name for each in saved.iterdir()] == ["evil.bin"])
            box.message.save_to(tmp_path / "nowhere")
            room.wait(lambda: "No such file" in box.message.notice.text())
            assert "Errno" not in box.message.notice.text()
            room.click(box.leave_button)
            room.wait(lambda: box.slot.phase == "ended" and not box.slot.busy)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_mail_that_is_clicked_before_its_row_is_known_opens_when_it_is(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org", subject="early")
    box = room.open_box()
    room.wait(lambda: box.model.listed(0))
    box.model.begin(1)
    box.list.setCurrentIndex(box.model.index(0, 0))
    box.list.picked.emit(0)
    assert box.model.listed(0) is None
    room.wait(lambda: box.message.shown is not None)


def test_folders_are_made_renamed_and_deleted(room: Room) -> None:
    room.serve()
    box = room.open_box()
    folders = box.folder_list
    names = lambda: [row[0] for row in box.folders.rows()]  # noqa: E731
    room.wait(lambda: "INBOX" in names())
    assert not folders.delete_button.isEnabled()  # INBOX stays
    room.click(folders.new_button)
    folders.ask.field.setText("Work & play")
    room.click(folders.ask.yes)
    room.wait(lambda: "Work & play" in names())
    folders.table.setCurrentIndex(box.folders.index(names().index("Work & play"), 0))
    folders.table.picked.emit(names().index("Work & play"))
    room.wait(lambda: not box.slot.busy and box.slot.session.selected.name == "Work & play")
    room.click(folders.rename_button)
    folders.ask.field.setText("W\u00f6rk")
    room.click(folders.ask.yes)
    room.wait(lambda: "W\u00f6rk" in names() and not box.slot.busy and folders.chosen() == "W\u00f6rk")
    room.click(folders.delete_button)
    room.click(folders.ask.yes)
    room.wait(lambda: "W\u00f6rk" not in names() and not box.slot.busy)
    assert box.slot.session.selected.name == folders.chosen() == "INBOX"
    assert not box.strip.isVisible()


def test_the_envelope_stands_beside_the_header(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org", bcc="ann@example.org", envelope_from="real@example.org", subject="Gr\u00fc\u00dfe")
    room.wait(lambda: any("mail FROM:<real@example.org>" in text for text in room.ends.dialogue.model.texts()))
    for kind in ("imap", "pop3"):
        box = room.open_box(kind)
        room.wait(lambda box=box: box.model.listed(0))
        box.show_row(0)
        room.wait(lambda box=box: box.message.shown)
        assert box.message.envelope.rows() == [
            ("MAIL FROM:<real@example.org>", "From says ann@example.org"),
            ("RCPT TO:<bob@example.org>", "as in To"),
            ("RCPT TO:<ann@example.org>", "in no header: a blind copy"),
        ]
        assert box.message.envelope_words.text() == "Envelope, as the lab's server got it"
        assert box.message.hidden.isVisible()
        room.click(box.leave_button)
        room.wait(lambda box=box: box.slot.phase == "ended")
    shown = box.message.shown
    assert (shown.subject, shown.sender) == ("Gr\u00fc\u00dfe", "Ann <ann@example.org>")
    assert not any("ann@" in line.text for line in shown.lines if line.name in ("To", "Cc", "Bcc"))
    room.ends.server.server.house.delivered.clear()
    found = box.envelopes.find(shown, ("127.0.0.1", 1), "bob", 1)
    assert (found.sender, found.witness) == ("real@example.org", "client")


def test_pop3_cut_line_deletes_nothing_and_quit_does(room: Room) -> None:
    room.serve()
    for subject in ("one", "two"):
        room.send(to="bob@example.org", subject=subject)
    for button, left in (("cut_button", 2), ("leave_button", 1)):
        box = room.open_box("pop3")
        room.wait(lambda box=box: box.model.count == 2 and box.model.listed(0))
        box.list.setCurrentIndex(box.model.index(0, 0))
        box.doings.refresh()
        room.click(box.doings.delete_button)
        room.wait(lambda box=box: any(entry.deleted for entry in box.entries.values()))
        room.click(getattr(box, button))
        room.wait(lambda box=box: box.slot.phase == "ended")
        again = room.open_box("pop3")
        room.wait(lambda again=again: again.slot.phase == "open" and not again.slot.busy)
        assert again.model.count == left
        room.click(again.cut_button)
        room.wait(lambda again=again: again.slot.phase == "ended")


def test_of_very_many_mails_by_pop3_those_in_sight_are_asked_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    import widgets.mail.mailbox.page as page

    monkeypatch.setattr(page, "LISTED_WHOLE", 1)
    room.serve()
    for subject in ("one", "two"):
        room.send(to="bob@example.org", subject=subject)
    box = room.open_box("pop3")
    room.wait(lambda: box.model.count == 2 and box.model.listed(0) and box.model.listed(1))
    assert box.model.listed(0).subject == "two"
    assert box.model.listed(0).size > 0
    assert all(len(entry.uid) == 16 for entry in box.entries.values())
    box.list.setCurrentIndex(box.model.index(0, 0))
    box.doings.refresh()
    room.click(box.doings.delete_button)
    room.wait(lambda: any(entry.deleted for entry in box.entries.values()))


def test_each_command_of_a_mailbox_can_be_held_changed_and_preceded(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org", subject="one")
    room.panel.show_view("mailbox")
    box = room.panel.mailbox
    room.click(box.kind.button(1))
    room.click(box.hold_button)
    room.click(box.connect_button)
    room.wait(lambda: box.hold.isVisible() and box.hold.line.text() == "USER bob")
    box.hold.line.setText("CAPA")
    room.click(box.hold.first_button)
    room.wait(lambda: box.gate.held and box.hold.line.text() == "USER bob")
    room.click(box.hold.send_button)
    room.wait(lambda: box.hold.isVisible() and box.hold.line.text() == "PASS ********")
    room.click(box.hold_button)
    room.wait(lambda: box.slot.phase == "open" and box.model.listed(0))
    assert not box.hold.isVisible()
    room.click(box.cut_button)


def test_a_wrong_password_is_told_in_the_view(room: Room) -> None:
    room.serve()
    room.panel.show_view("mailbox")
    box = room.panel.mailbox
    box.account.fields.set_values({"password": "wrong"})
    room.click(box.connect_button)
    room.wait(box.strip.isVisible)
    assert box.strip.errno == "AUTH"
    assert box.slot.phase == "idle"
    room.click(box.strip.buttons["password"])
    assert box.account.fields.editor("password").hasFocus() or not box.isActiveWindow()
    room.click(box.strip.buttons["login"])
    room.wait(lambda: box.slot.phase == "open" and not box.slot.busy)
    room.ends.server.stop()
    room.wait(box.strip.isVisible)
    assert box.strip.errno in ("BYE", "GONE")
    assert list(box.strip.buttons) == ["again"]


def test_a_mailbox_that_nobody_serves_offers_one_way_out(room: Room) -> None:
    room.panel.show_view("mailbox")
    box = room.panel.mailbox
    box.account.set_address("127.0.0.1", 1)
    room.click(box.connect_button)
    room.wait(box.strip.isVisible)
    assert not box.empty.button.isVisible()
    room.click(box.strip.buttons["other-end"])
    room.wait(lambda: room.panel.ends_served() and not box.strip.isVisible())


HOSTILE = (
    b"From: <script>alert(1)</script>\r\nSubject: =?utf-8?q?=E2=80=AEevil?= \x1b[31m\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<p>hi<img src=http://spy.example/a.png><img src=file:///etc/passwd>"
    b"<img src=cid:pic><style>@import url(http://spy.example/b.css)</style><script src=//spy.example/c.js></script>"
    b'<a href="http://link.example/">go</a>\r\n--x\r\nContent-Type: image/png\r\nContent-ID: <pic>\r\n'
    b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--x\r\n"
    b'Content-Disposition: attachment; filename="../../a\\0b"\r\n\r\nx\r\n'
)


def test_nothing_of_a_hostile_mail_is_loaded_or_shown_as_markup(room: Room) -> None:
    view = MessageView(room.desk, "empty")
    room.qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    shown = read(Message(HOSTILE))
    view.show_message(shown)
    view.tabs.show_page("html")
    assert not [name for name in view.html.asked if not name.startswith("cid:")]
    assert {row[1] for row in view.remote.rows()} >= {"http://spy.example/a.png", "http://spy.example/b.css"}
    assert "\x1b" not in view.subject.text()
    assert "\u202e" not in view.subject.text()
    for key in ("text", "headers", "parts", "source"):
        view.tabs.show_page(key)
        view.grab()
    assert "This mail is odd" in view.notice.text()


def test_a_mail_in_html_alone_shows_it_and_the_next_one_its_text(room: Room) -> None:
    view = MessageView(room.desk, "empty")
    room.qtbot.addWidget(view)
    for raw, page in ((b"Content-Type: text/html\r\n\r\n<p>hi", "html"), (b"Subject: x\r\n\r\nhi\r\n", "text")):
        view.show_message(read(Message(raw)))
        assert view.tabs.current() == page


def test_a_mail_without_a_date_is_listed_with_the_day_it_came() -> None:
    (listed,) = of_rows([Row(1, 1, (), 5, "29-Nov-2026 12:20:04 +0000", b"Subject: x\r\n\r\n")])
    assert listed.date == "2026-11-29 12:20"


def test_ten_odd_mails_are_shown_or_refused_with_a_notice(room: Room) -> None:
    view = MessageView(room.desk, "empty")
    room.qtbot.addWidget(view)
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(200))
    for raw in (b"", b"\0" * 1000, b"x" * 100_000, b"Subject: " + b"y" * 1_000_000 + b"\r\n\r\n", deep + b"\r\nhi\r\n",
                b"Content-Type: text/html\r\n\r\n" + b"<b>" * 60_000, b"\xff" * 5000, b"A: b\r\n" * 9000):  # fmt: skip
        view.show_message(read(Message(raw)))
        assert view.shown is not None
