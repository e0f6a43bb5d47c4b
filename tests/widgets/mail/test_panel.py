"""By click: a server, a mail, its mailbox, both transcripts; refusals are explained; all is found again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from netlab_gui.driving import Driver
from netlab_gui.panels import PANELS
from protocols.mail.client.imaprows import Section
from protocols.scripts import render
from tests.widgets.mail.conftest import Room
from widgets.mail.panel import VIEWS, MailPanel


def test_the_panel_is_in_the_list() -> None:
    entry = next(entry for entry in PANELS if entry.id == MailPanel.id)
    assert (entry.title, entry.icon) == (MailPanel.title, MailPanel.icon)


def test_the_demo_of_the_tour_holds(room: Room) -> None:
    room.panel.activateWindow()
    verdicts = Driver(lambda: None).play(room.panel)
    assert [verdict.text for verdict in verdicts if not verdict.ok] == []
    assert len(verdicts) >= 8


def test_all_some_and_none_refused_are_three_outcomes_and_a_table(room: Room) -> None:
    room.serve()
    compose = room.ends.compose
    assert room.send(to="bob@example.org").outcome == "all"
    assert compose.head.state.word == "Taken"
    sent = room.send(to="bob@example.org, nobody@example.org")
    assert (sent.outcome, compose.head.state.word) == ("some", "Taken for 1 of 2")
    assert [(row[0], row[1]) for row in compose.fate.rows()] == [
        ("bob@example.org", "250"),
        ("nobody@example.org", "550"),
    ]
    assert compose.fate_table.isVisible()
    sent = room.send(to="nobody@example.org")
    assert (sent.outcome, compose.head.state.word) == ("none", "Taken for nobody")
    assert "SMTPRecipientsRefused" in compose.note.text()


def test_nobody_there_is_explained_and_the_other_end_is_one_click_away(room: Room) -> None:
    ends = room.ends
    ends.compose.account.set_address("127.0.0.1", 1)
    room.click(ends.compose.send_button)
    room.wait(lambda: ends.compose.strip.isVisible() and not ends.sending.busy)
    assert ends.compose.strip.errno == "ECONNREFUSED"
    ends.compose.strip.why_requested.emit()
    assert room.explained[0].errno == "ECONNREFUSED"
    room.click(ends.compose.strip.buttons["other-end"])
    room.wait(room.panel.ends_served)
    room.wait(lambda: ends.compose.account.fields["port"] == room.panel.ends_served()["smtp"][1])
    assert room.send(to="bob@example.org").outcome == "all"


def test_a_held_command_is_changed_and_the_next_one_cut(room: Room) -> None:
    room.serve()
    ends = room.ends
    room.click(ends.hold_button)
    room.click(ends.compose.send_button)
    room.wait(lambda: ends.hold.line.text() == "ehlo netlab.example")
    ends.hold.line.setText("EHLO changed.example")
    room.click(ends.hold.send_button)
    room.wait(lambda: ends.hold.line.text().startswith("mail FROM"))
    room.wait(lambda: "C: EHLO changed.example" in ends.dialogue.model.texts())
    ends.hold.line.setText("NOOP")
    room.click(ends.hold.first_button)
    room.wait(lambda: "C: NOOP" in ends.dialogue.model.texts())
    bar = ends.dialogue.table.verticalScrollBar()
    room.wait(lambda: bar.value() == bar.maximum() > 0)  # followed, though the strip has taken rows of it
    bar.setValue(0)
    for _ in range(2):
        count = ends.dialogue.model.rowCount()
        ends.hold.line.setText("NOOP")
        room.click(ends.hold.first_button)
        room.wait(lambda count=count: ends.dialogue.model.rowCount() > count + 1 and ends.hold.isVisible())  # type: ignore[misc]
    assert bar.value() == 0  # a person reads what was said before
    room.click(ends.hold.cut_button)
    room.wait(lambda: not ends.sending.busy)
    assert ends.compose.strip.errno == "CANCELLED"


def test_each_line_of_the_dialogue_is_explained_by_its_section(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org")
    dialogue = room.ends.dialogue
    room.wait(lambda: any("QUIT" in text for text in dialogue.model.texts()))
    row = next(at for at, text in enumerate(dialogue.model.texts()) if text.startswith("C: rcpt"))
    dialogue.table.selectRow(row)
    dialogue.table.picked.emit(row)
    assert dialogue.meaning.isVisible()
    assert "RFC 5321, section 4.1.1.3" in dialogue.meaning.accessibleName()
    room.wait(lambda: room.desk.selection.row is not None)


def test_both_transcripts_are_in_step(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org")
    room.panel.show_view("transcripts")
    model = room.panel.transcripts.model
    room.wait(lambda: model.shown is not None and len(model.shown.rows) > 10)
    room.wait(lambda: all(row.client and row.server for row in model.shown.rows))  # type: ignore[union-attr]
    assert model.shown is not None
    for row in model.shown.rows:
        assert row.client is not None
        assert row.server is not None
        assert (row.client.raw[7], row.client.by) == (row.server.raw[7], row.server.by)


def test_every_view_has_its_script(room: Room) -> None:
    for name, _ in VIEWS:
        room.panel.show_view(name)
        room.click(room.panel.python_button)
    asked = [action for action, _ in room.scripts]
    assert asked == ["mail-send", "mail-imap", "mail-send", "mail-hand", "mail-news"]
    for action, params in room.scripts:
        assert "def main()" in render(action, params)


def test_what_is_kept_is_json_without_secrets_and_is_found_again(room: Room) -> None:
    room.panel.show_view("mailbox")
    room.panel.mailbox.account.fields.set_values({"user": "eve", "password": "geheim"})
    room.ends.compose.fields.set_values({"subject": "kept"})
    kept = json.loads(json.dumps(room.panel.save_state()))
    assert "geheim" not in json.dumps(kept)
    room.ends.compose.fields.set_values({"subject": "other"})
    room.panel.restore_state(kept)
    assert room.ends.compose.fields["subject"] == "kept"
    assert room.panel.current_view() == "mailbox"
    room.panel.restore_state({"compose": 7, "pages": [1], "view": "nowhere", "splitters": "x"})


def test_files_are_attached_and_the_source_is_made_of_the_fields(room: Room, tmp_path: Path) -> None:
    room.serve()
    path = tmp_path / "data.bin"
    path.write_bytes(bytes(range(256)))
    room.ends.compose.attach(path)
    assert room.send(to="bob@example.org").outcome == "all"
    room.ends.compose.tabs.show_page("source")
    room.click(room.ends.compose.make_button)
    room.wait(lambda: "Subject: Hello" in room.ends.compose.source.toPlainText())
    room.ends.compose.source.setPlainText("Subject: raw\n\n.\nhi\n")
    room.send(raw=True)
    box = room.open_box()
    room.wait(lambda: box.model.count == 2 and box.model.listed(0) and box.model.listed(1))
    box.show_row(1)
    room.wait(lambda: box.message.shown is not None)
    box.message.part_table.selectRow(box.message.parts.first_file())
    box.message.save_to(tmp_path)
    room.wait(lambda: "Saved as data (2).bin" in room.toasts)
    assert (tmp_path / "data (2).bin").read_bytes() == path.read_bytes()
    sections: list[Section] = []
    box.slot.do(lambda session: session.sections(box.model.listed(1).uid), sections.extend)
    room.wait(lambda: sections)
    assert [(each.kind, each.file_name) for each in sections][1:] == [("application/octet-stream", "data.bin")]
    box.doings.save_part(box.model.listed(1), sections[1], tmp_path)
    room.wait(lambda: "Saved as data (3).bin" in room.toasts)
    assert (tmp_path / "data (3).bin").read_bytes() == path.read_bytes()
    box.show_row(0)
    room.wait(lambda: box.message.shown.subject == "raw")
    assert box.message.shown.text == ".\nhi\n"


def test_one_primary_button_a_card_and_names_for_a_screen_reader(room: Room) -> None:
    assert room.primaries(room.ends.compose) == ["Send"]
    for name, _ in VIEWS:
        room.panel.show_view(name)
        view = room.panel.view(name)
        assert len(room.primaries(view)) <= 2
        for widget in view.findChildren(type(room.ends.compose.text)):
            assert widget.accessibleName()
    assert room.panel.ends.hold.line.accessibleName()
    room.panel.show_view("ends")
    room.ends.compose.send_button.setFocus()
    room.qtbot.keyClick(room.ends.compose.send_button, Qt.Key.Key_Tab)
    assert room.panel.focusWidget() is not None


def test_the_outcome_says_who_was_refused_and_what_to_do(room: Room) -> None:
    room.serve()
    room.send(to="bob@example.org, nobody@example.org")
    words = room.ends.compose.note.text()
    assert "nobody@example.org: 550" in words
    assert "Correct the address" in words


def test_a_held_command_is_not_called_connecting(room: Room) -> None:
    room.serve()
    room.click(room.ends.hold_button)
    room.click(room.ends.compose.send_button)
    room.wait(lambda: room.ends.compose.head.state.word == "Held: your turn")
    room.click(room.ends.hold_button)
    room.wait(lambda: not room.ends.sending.busy)


def test_the_mailbox_gives_a_server_where_none_runs(room: Room) -> None:
    room.panel.show_view("mailbox")
    box = room.panel.mailbox
    box.account.set_address("127.0.0.1", 1)
    room.click(box.connect_button)
    room.wait(lambda: "other-end" in box.strip.buttons)
    room.click(box.strip.buttons["other-end"])
    room.wait(lambda: box.strip.isHidden() and box.empty.button.isHidden())
    room.open_box()
    room.click(box.leave_button)
    room.wait(lambda: box.slot.phase == "ended")


def test_a_second_mail_is_smuggled_past_a_lenient_server_only(room: Room) -> None:
    for strictness, outcome in (("strict", "none"), ("lenient", "all")):
        room.ends.server.start({"strictness": strictness, "smtp_port": 0, "pop3_port": 0, "imap_port": 0})
        room.wait(lambda: room.ends.server.slot.phase == "running")
        room.panel.show_view("ends")
        room.ends.compose.tabs.show_page("source")
        room.click(room.ends.compose.smuggle_button)
        assert "554" in room.ends.compose.ends_words.text()
        assert room.send(to="bob@example.org").outcome == outcome
        if strictness == "strict":
            assert "smuggled" in room.ends.compose.note.text()
        else:
            room.wait(lambda: room.ends.server.live.mails.total == 2)
            assert room.ends.server.live.mails.mail(1).sender == "boss@example.org"  # type: ignore[union-attr]
        room.ends.server.stop()
        room.wait(lambda: room.ends.server.slot.phase == "ended")


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
