"""The FTP panel driven as a person drives it, with a real server and real files."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from protocols.ftp.client.jobs import Job, Order
from protocols.ftp.listing.entry import Entry, Listing
from protocols.ftp.server.rules import Rule
from protocols.scripts import render
from protocols.tls import lab_ca
from tests.widgets.ftp.conftest import Room
from widgets.ftp.client_card import abilities, opening
from widgets.ftp.entry_tree import EntryTree, Node, nodes_of
from widgets.ftp.entry_view import WIDTHS, EntryView
from widgets.ftp.lanes import Lanes
from widgets.ftp.pane import octal_of
from widgets.ftp.queue_model import path_of
from widgets.ftp.queue_view import QueueView
from widgets.parts.plain_table import PAD
from widgets.theme.theme import theme


def test_one_click_starts_a_server_the_next_connects(room: Room) -> None:
    ends = room.panel.ends
    ends.client.form.fields["port"] = 1
    room.click(ends.client.form.connect_button)
    room.wait(ends.client.strip.text)
    ends.server.form.fields["port"] = 0
    room.click(ends.server.start_button)
    room.wait(lambda: ends.server.server is not None)
    assert ends.client.strip.text() == ""  # that nobody listens is over
    assert ends.client.form.fields["port"] == ends.server.server.address[1]
    room.click(ends.client.form.connect_button)
    room.wait(lambda: room.panel.slot.phase == "connected")
    assert "NetLab" in ends.client.live.welcome.text()
    assert "clear" in ends.client.live.facts["safe"].value()
    room.click(ends.client.close_button)
    room.wait(lambda: room.panel.slot.phase == "ended")


def test_with_tls_the_certificates_are_shown(room: Room) -> None:
    ends = room.panel.ends
    ends.client.form.fields["protocol"] = "explicit"
    room.click(ends.client.form.other_end_button)
    room.wait(lambda: room.panel.slot.phase == "connected")
    assert "encrypted" in ends.client.live.facts["safe"].value()
    rows = ends.client.live.certificates.model.rows
    room.wait(lambda: "127.0.0.1, localhost, ::1" in [row[1] for row in rows()])
    room.panel.python_button.click()
    action, params = room.scripts[-1]
    assert (action, params["password"]) == ("ftp-list", "secret")  # the lab's own server, and its own authority
    believed = Path(params["ca_file"]).read_bytes()
    lab_ca().remove_file()
    assert believed == lab_ca().pem


def test_a_refused_connect_is_explained_in_its_place_and_mended(room: Room) -> None:
    ends = room.panel.ends
    ends.client.form.fields["port"] = 1
    room.click(ends.client.form.connect_button)
    room.wait(ends.client.strip.text)
    ends.client.strip.why_requested.emit()
    assert room.explained[0].errno == "ECONNREFUSED"
    room.click(ends.client.strip.buttons["other-end"])
    room.wait(lambda: room.panel.slot.phase == "connected")
    assert ends.client.strip.text() == ""


def test_a_wrong_password_is_told_and_can_be_changed(room: Room) -> None:
    ends = room.panel.ends
    ends.server.form.fields["port"] = 0
    room.click(ends.server.start_button)
    room.wait(lambda: ends.server.server is not None)
    ends.client.form.fields["password"] = "wrong"
    room.click(ends.client.form.connect_button)
    room.wait(ends.client.strip.text)
    assert "does not let ann in" in ends.client.strip.text()
    room.click(ends.client.strip.buttons["edit-user"])
    assert ends.client.form.fields.editor("user").hasFocus()


def test_files_and_folders_go_both_ways_with_a_queue(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    files = room.panel.files
    files.there.view.selectAll()
    room.click(files.get_button)
    room.settled()
    assert (tmp_path / "large.bin").stat().st_size == 8 << 20
    assert (tmp_path / "names" / "\u65e5\u672c\u8a9e.txt").read_text(encoding="utf-8") == "\u65e5\u672c\u8a9e.txt\n"
    room.wait(lambda: "large.bin" in room.names(files.here))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("a")
    files.here.refresh()
    room.wait(lambda: "mine" in room.names(files.here))
    room.choose(files.here, "mine")
    room.click(files.put_button)
    room.wait(lambda: "mine" in room.names(files.there))
    counts = files.queue.model.counts
    assert (counts.failed, counts.open) == (0, 0)


def test_a_name_that_leads_out_keeps_nothing_else_from_coming(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    files = room.panel.files
    root, safe = Node(Entry("", "dir"), "/"), Entry("readme.txt", "file")
    files.get([*nodes_of([Entry("../evil", "file"), safe], "/", root)])
    room.settled()
    room.wait(files.there.trouble.text)
    assert "../evil" in files.there.trouble.text()
    assert (tmp_path / "readme.txt").exists()
    assert not (tmp_path.parent / "evil").exists()


def test_what_exists_is_kept_until_replace_is_pressed(room: Room, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("mine")
    room.connected(tmp_path)
    files = room.panel.files
    room.choose(files.there, "readme.txt")
    room.click(files.get_button)
    room.settled()
    assert files.queue.model.counts.failed == 1
    assert (tmp_path / "readme.txt").read_text() == "mine"
    files.queue.table.selectRow(0)
    assert "written over" in files.queue.why.text()
    room.click(files.queue.replace_button)
    room.wait(lambda: files.queue.model.counts.done == 1)
    assert "sample" in (tmp_path / "readme.txt").read_text()


def test_a_part_that_fits_no_file_is_replaced_by_the_button_that_the_window_speaks_of(
    room: Room, tmp_path: Path
) -> None:
    (tmp_path / "readme.txt.part").write_bytes(b"x" * 100_000)
    room.connected(tmp_path)
    files = room.panel.files
    files.fields.set_values({"existing": "resume"})
    room.choose(files.there, "readme.txt")
    room.click(files.get_button)
    room.settled()
    files.queue.table.selectRow(0)
    assert "Get it whole with Replace." in files.queue.why.text()
    assert not files.queue.resume_button.isVisible()
    room.click(files.queue.replace_button)
    room.wait(lambda: files.queue.model.counts.done == 1)
    assert "sample" in (tmp_path / "readme.txt").read_text()


def test_a_transfer_is_cancelled_and_goes_on(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    files, queue = room.panel.files, room.panel.slot.client.queue  # type: ignore[union-attr]
    queue.pause(True)
    room.choose(files.there, "large.bin")
    room.click(files.get_button)
    room.wait(lambda: files.queue.model.counts.waiting == 1)
    room.click(files.queue.cancel_button)
    room.wait(lambda: files.queue.model.counts.cancelled == 1)
    (tmp_path / "large.bin.part").write_bytes(bytes(range(256)) * 4096)
    room.click(files.queue.pause_button)
    assert queue.retry(files.queue.model.job(0), resume=True)
    room.wait(lambda: files.queue.model.counts.done == 1)
    assert files.queue.model.job(0).tally.offset == 1 << 20
    assert (tmp_path / "large.bin").stat().st_size == 8 << 20
    assert "resumed" in files.queue.model.index(0, 5).data()


def test_blocks_reach_the_chosen_kind_of_callable(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    files = room.panel.files
    files.fields.set_values({"caller": "object", "block": 100})
    room.choose(files.there, "readme.txt")
    room.click(files.get_button)
    room.settled()
    job = files.queue.model.job(0)
    assert job.tally.blocks >= 3
    assert "calls of the object" in files.queue.model.index(0, 5).data()
    room.panel.python_button.click()
    action, params = room.scripts[-1]
    assert (action, params["callback"], params["block_size"]) == ("ftp-get", "object", 100)
    assert "def __call__" in render(action, params)


def test_folders_are_made_renamed_and_removed_after_a_question(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    there = room.panel.files.there
    room.click(there.buttons["mkdir"])
    room.qtbot.keyClicks(there.ask.field, "new")
    room.qtbot.keyClick(there.ask.field, Qt.Key.Key_Return)
    room.wait(lambda: "new" in room.names(there))
    room.choose(there, "new")
    room.click(there.buttons["rename"])
    there.ask.field.setText("notes")
    room.click(there.ask.yes)
    room.wait(there.trouble.text)
    assert "taken" in there.trouble.text()
    room.wait(lambda: not there.busy)
    room.choose(there, "new")
    room.click(there.buttons["rename"])
    there.ask.field.setText("\u0434\u0440\u0443\u0433")
    room.click(there.ask.yes)
    room.wait(lambda: "\u0434\u0440\u0443\u0433" in room.names(there))
    room.choose(there, "notes")
    room.click(there.buttons["remove"])
    room.click(there.ask.no)
    assert "notes" in room.names(there)
    room.choose(there, "notes")
    room.click(there.buttons["remove"])
    assert "can't be undone" in there.ask.words.text()
    room.click(there.ask.yes)
    room.wait(lambda: "notes" not in room.names(there))
    room.choose(there, "readme.txt")
    room.click(there.buttons["about"])
    assert "readme.txt" in there.about.text()
    there.ask.field.setText("600")
    room.click(there.ask.yes)
    root = Path(room.panel.ends.server.server.setup.root)  # type: ignore[union-attr]
    room.wait(lambda: (root / "readme.txt").stat().st_mode & 0o777 == 0o600)

    def rights() -> str:
        found = [node.entry.mode for node in there.model.rows if node.entry.name == "readme.txt"]
        return octal_of(found[0]) if found else ""

    room.wait(lambda: rights() == "600")
    room.panel.python_button.click()
    action, params = room.scripts[-1]
    assert (action, params["act"], params["path"], params["rights"]) == ("ftp-folder", "rights", "/readme.txt", "600")


def test_branches_open_and_folders_are_entered_by_keys(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    there = room.panel.files.there
    room.choose(there, "names")
    room.qtbot.keyClick(there.view, Qt.Key.Key_Right)
    room.wait(lambda: "caf\u00e9.txt" in room.names(there))
    assert there.model.rowCount() == 10
    there.view.selectAll()
    assert len(there.view.chosen()) == 6
    room.choose(there, "names")
    room.qtbot.keyClick(there.view, Qt.Key.Key_Left)
    assert there.model.rowCount() == 6
    room.qtbot.keyClick(there.view, Qt.Key.Key_Return)
    room.wait(lambda: there.path == "/names")
    room.qtbot.keyClick(there.view, Qt.Key.Key_Backspace)
    room.wait(lambda: there.path == "/")
    there.field.setText("/nowhere")
    room.qtbot.keyClick(there.field, Qt.Key.Key_Return)
    room.wait(there.trouble.text)
    assert there.path == "/"


def test_dropping_moves_files_and_nothing_is_dropped_on_its_own_side(room: Room, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    room.connected(tmp_path)
    files = room.panel.files
    room.choose(files.there, "readme.txt")
    data = files.there.model.mimeData([files.there.view.currentIndex()])
    copy = Qt.DropAction.CopyAction
    assert not files.there.model.dropMimeData(data, copy, -1, -1, QModelIndex())
    assert files.here.model.dropMimeData(data, copy, -1, -1, QModelIndex())
    room.wait((tmp_path / "readme.txt").exists)
    from_desktop = QMimeData()
    from_desktop.setUrls([QUrl.fromLocalFile(str(tmp_path / "mine.txt"))])
    incoming = next(row for row, node in enumerate(files.there.model.rows) if node.entry.name == "incoming")
    assert files.there.model.dropMimeData(from_desktop, copy, -1, -1, files.there.model.index(incoming, 0))
    root = Path(room.panel.ends.server.server.setup.root)  # type: ignore[union-attr]
    room.wait((root / "incoming" / "mine.txt").exists)


def test_a_command_by_hand_is_decoded(room: Room) -> None:
    room.panel.show_view("hand")
    hand = room.panel.hand
    room.click(hand.empty.button)
    room.wait(lambda: room.panel.slot.phase == "connected")
    typed = {"TYPE I": "200", "size readme.txt": "213", "LIST": "226", "CWD nowhere": "550", "STOR x": ""}
    for line, code in typed.items():
        hand.field.setText(line)
        room.qtbot.keyClick(hand.field, Qt.Key.Key_Return)
        room.wait(lambda: not hand.waiting)
        assert hand.model.rows()[-1][1] == code
    hand.show_row(2)
    assert "large.bin" in hand.lines.toPlainText()
    assert "RFC 959" in hand.detail.text()
    assert "file" in hand.lead.text() or "transfer" in hand.lead.text()
    room.panel.python_button.click()
    assert room.scripts[-1][0] == "ftp-command"


def test_what_was_done_is_what_is_selected(room: Room, tmp_path: Path) -> None:
    def selected() -> tuple[str, str]:
        row = room.desk.selection.row
        raw = room.desk.log.raw(row) if row is not None else None
        return (str(raw[2]), str(raw[9])) if raw is not None else ("", "")

    room.connected(tmp_path)
    files = room.panel.files
    room.choose(files.there, "readme.txt")
    room.click(files.get_button)
    room.settled()
    room.wait(lambda: selected()[0] == "transfer" and "readme.txt" in selected()[1])
    files.there.ask_folder()
    files.there.ask.field.setText("made")
    room.qtbot.keyClick(files.there.ask.field, Qt.Key.Key_Return)
    room.wait(lambda: "made" in room.names(files.there))
    room.wait(lambda: selected()[0] == "reply" and selected()[1].startswith("257"))
    room.panel.show_view("hand")
    room.panel.hand.field.setText("CWD nowhere")
    room.panel.hand.send()
    room.wait(lambda: selected()[1].startswith("550"))


def test_a_server_stopped_in_between_is_not_called_connected(room: Room) -> None:
    room.connected()
    panel, there = room.panel, room.panel.files.there
    room.choose(there, "readme.txt")
    room.click(there.buttons["about"])
    panel.show_view("ends")
    server = panel.ends.server.server
    panel.ends.server.stop()
    room.wait(lambda: server.state == "stopped")
    room.wait(lambda: panel.slot.lost)  # nothing was asked: it is noticed while the client rests
    assert panel.ends.client.live.lost.isVisible()
    there.refresh()
    room.wait(lambda: "refused" in there.trouble.text())
    assert not there.trouble.text().rstrip().endswith("..")
    panel.slot.close()
    assert there.ask.isHidden()  # what it asked was about a file of that server
    assert there.about.isHidden()
    assert there.trouble.text() == ""


def test_why_a_file_failed_goes_when_it_was_retried(room: Room, tmp_path: Path) -> None:
    room.connected(tmp_path)
    files = room.panel.files
    room.panel.ends.server.slot.set_rules((Rule("RETR", "abort", code=426, at_byte=1000, name="cut").checked(),))
    room.choose(files.there, "large.bin")
    room.click(files.get_button)
    room.settled()
    files.queue.table.selectRow(0)
    assert files.queue.why.isVisible()
    room.panel.ends.server.slot.set_rules(())
    room.click(files.queue.retry_button)
    room.wait(lambda: files.queue.model.counts.done == 1)
    room.wait(lambda: not files.queue.why.isVisible())
    assert (tmp_path / "large.bin").stat().st_size == 8 << 20


def test_100000_entries_are_hung_in_and_scrolled_without_a_stall(room: Room) -> None:
    pane = room.panel.files.here
    room.panel.show_view("files")
    room.wait(lambda: pane.listing is not None)
    entries = [Entry(f"file {number}.txt", "file", number, None, "") for number in range(100_000)]
    pane._asked += 1
    pane._on_listing(pane._asked, Listing("/many", entries))
    room.wait(lambda: pane.path == "/many")
    assert pane.model.rowCount() == 100_000
    bar, slowest = pane.view.verticalScrollBar(), 0.0
    for value in range(0, bar.maximum(), max(1, bar.maximum() // 50)):
        began = time.perf_counter()
        bar.setValue(value)
        pane.view.viewport().repaint()
        slowest = max(slowest, time.perf_counter() - began)
    assert pane.view.indexAt(pane.view.viewport().rect().center()).isValid()


def test_the_model_is_sound(qtmodeltester: Any) -> None:
    model, root = EntryTree("here"), Node(Entry("", "dir"), "/x")
    children = nodes_of([Entry("d", "dir"), Entry("f", "file", 3), Entry("?", "other", known=False)], "/x", root)
    model.set_root("/x", children, root)
    model.toggle(0)
    model.fill(children[0], nodes_of([Entry("deep", "file")], "/x/d", children[0]))
    qtmodeltester.check(model, force_py=True)
    assert [node.depth for node in model.rows] == [0, 1, 0, 0]
    model.toggle(0)
    assert model.rowCount() == 3


def test_behind_the_firewall_active_mode_dies_and_passive_lives(room: Room) -> None:
    ends, slot = room.panel.ends, room.panel.slot
    ends.server.form.fields["port"] = 0
    room.click(ends.server.start_button)
    room.wait(lambda: ends.server.server is not None)
    ends.server.slot.switch_wall()
    room.wait(lambda: ends.server.slot.wall is not None)
    wall = ends.server.slot.wall
    assert wall is not None
    assert ends.client.form.fields["port"] == wall.address[1]
    ends.client.form.fields.set_values({"mode": "active", "timeout_ms": 1000})
    room.click(ends.client.form.connect_button)
    room.wait(lambda: slot.phase == "connected")
    room.panel.show_view("files")
    there = room.panel.files.there
    room.wait(there.trouble.text)
    assert "passive" in there.trouble.text()
    assert there.unlisted.button.text() == "Connect in passive mode"
    room.click(there.unlisted.button)
    room.wait(lambda: there.listing is not None)
    assert there.trouble.text() == ""
    for on in (False, True):
        ends.server.slot.switch_wall()
        room.wait(lambda: (ends.server.slot.wall is not None) is on)  # noqa: B023
        assert ends.client.live.beside.isHidden() is not on
    room.panel.show_view("lanes")
    lanes = room.panel.view("lanes").findChild(Lanes)
    room.wait(lambda: len(lanes.layout_of.order) >= 2)


def test_over_ssh_the_text_mode_says_why_it_is_none(room: Room) -> None:
    ends = room.panel.ends
    ends.client.form.fields.set_values({"protocol": "sftp", "user": "ann", "password": "secret"})
    room.connected()
    mode = room.panel.files.fields.editor("mode")
    assert not mode.choose("text")
    assert "bytes as they are" in mode.itemText(1)
    room.choose(room.panel.files.there, "notes")
    room.panel.python_button.click()
    action, params = room.scripts[-1]
    assert (action, params["act"], params["path"]) == ("sftp", "get-folder", "/notes")
    assert "recurse=True" in render(action, params)


def test_a_live_change_of_scale_or_palette_is_laid_out_at_once(room: Room) -> None:
    room.connected()
    room.panel.show_view("ends")
    for change in (lambda: theme().set_scale(1.5), lambda: theme().set_dark(True), lambda: theme().set_scale(1.0)):
        change()
        parts = [part for part in room.panel.findChildren(QWidget) if part.isVisible()]
        before = [part.geometry() for part in parts]
        QApplication.processEvents()
        assert [part.geometry() for part in parts] == before
    theme().set_dark(False)


def test_beside_an_inspector_at_1280_the_times_are_whole(qtbot: QtBot) -> None:
    view = EntryView(EntryTree("here"), "Files")
    qtbot.addWidget(view)
    view.resize(theme().px(382), 300)
    view.show()
    assert [view.isColumnHidden(column) for column in range(4)] == [False, False, False, True]
    assert view.columnWidth(2) >= view.fontMetrics().horizontalAdvance("2026-11-29 08:58") + 2 * PAD
    assert view.columnWidth(0) >= theme().px(130)
    letters = QFontMetrics(theme().ui_font(9.5))
    assert view.columnWidth(1) >= letters.horizontalAdvance("9\u202f999\u202f999\u202f999") + 2 * PAD
    assert theme().px(WIDTHS[3]) >= letters.horizontalAdvance("drwxrwxrwx") + 2 * PAD
    theme().set_scale(2.0)  # nothing is resized, and there is half the room
    hidden = [view.isColumnHidden(column) for column in range(4)]
    theme().set_scale(1.0)
    assert hidden == [False, False, True, True]


def test_a_typed_folder_is_read_from_the_one_shown_and_what_is_wrong_is_told_in_the_words_of_files(
    room: Room, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").touch()
    room.connected(tmp_path)
    here, there = room.panel.files.here, room.panel.files.there

    def go(pane: Any, typed: str) -> None:
        pane.field.setText(typed)
        room.qtbot.keyClick(pane.field, Qt.Key.Key_Return)
        room.wait(lambda: not pane.busy)

    go(here, "sub")
    room.wait(lambda: here.path == str(tmp_path / "sub"))
    go(here, "../.")
    room.wait(lambda: here.path == str(tmp_path))
    for typed, said in (("nothing", "is not on this machine"), ("file", "is a file"), ("a\0b", "null byte")):
        go(here, typed)
        room.wait(lambda said=said: said in here.trouble.text())
        assert "server" not in here.trouble.text()
    go(there, "notes")
    room.wait(lambda: there.path == "/notes")
    go(there, "../names")
    room.wait(lambda: there.path == "/names")


def test_rights_that_are_none_are_told(room: Room, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    room.connected(tmp_path)
    here = room.panel.files.here
    room.choose(here, "file")
    room.click(here.buttons["about"])
    here.ask.field.setText("rwx")
    room.click(here.ask.yes)
    assert "three or four octal digits" in here.trouble.text()


def test_files_of_a_folder_are_named_with_it_in_the_queue() -> None:
    order = Order("get", "/a/sub", Path("/srv/sub"), folder=True)
    folder = Job(1, order)
    inner = Job(2, order._replace(remote="/a/sub/deep"), folder)
    assert path_of(Job(3, Order("get", "/a/sub/deep/er.txt", Path("/srv/sub/deep/er.txt")), inner)) == "sub/deep/er.txt"


@pytest.mark.parametrize("width", [420, 540, 600, 700, 1000])
def test_a_transfer_keeps_its_name_at_any_width(qtbot: QtBot, width: int) -> None:
    queue = QueueView()
    qtbot.addWidget(queue)
    queue.pages.setCurrentWidget(queue.table)
    queue.resize(theme().px(width), 300)
    queue.show()
    assert queue.table.columnWidth(0) >= theme().px(120)
    assert not queue.table.horizontalScrollBar().maximum()


def test_no_line_of_what_is_known_of_a_server_lies_over_another(room: Room) -> None:
    room.panel.ends.client.form.fields["protocol"] = "explicit"
    room.connected()
    room.panel.show_view("ends")
    room.panel.ends.splitter.setOrientation(Qt.Orientation.Vertical)
    room.panel.ends.client.setFixedWidth(theme().px(420))
    live = room.panel.ends.client.live
    room.wait(live.certificates.model.rows)
    parts = [live.facts["safe"], live.welcome, live.features, live.files_button, live.certificates]

    def apart() -> bool:
        places = [QRect(part.mapTo(live, QPoint(0, 0)), part.size()) for part in parts]
        return all(0 < lower.top() - upper.bottom() < theme().px(60) for upper, lower in pairwise(places))

    room.wait(apart)
    lines = live.features.height()
    theme().set_scale(2.0)
    room.wait(lambda: live.features.height() > lines and apart())
    theme().set_scale(1.0)
    room.wait(lambda: live.features.height() == lines and apart())


def test_a_long_greeting_and_many_features_leave_room_and_show_control_characters() -> None:
    said = opening("line \x1b[31m\n" * 50)
    assert said.count("\n") == 9
    assert "\x1b" not in said
    assert said.endswith("(all of it is on the time line)")
    assert opening("hello") == "hello"
    assert abilities(tuple(f"F{n}" for n in range(50))).endswith("F39, and 10 more (FEAT by hand lists all)")
    assert abilities(("SIZE", "UTF8")) == "The server can: SIZE, UTF8"


def test_the_folder_can_be_read_where_a_pane_is_narrow(room: Room) -> None:
    room.panel.show_view("files")
    pane = room.panel.files.here
    pane.setFixedWidth(theme().px(280))
    origin = QPoint(0, 0)
    room.wait(lambda: pane.buttons["up"].mapTo(pane, origin).y() > pane.field.mapTo(pane, origin).y())
    assert pane.field.width() > theme().px(150)
    room.wait(lambda: not pane.busy)
    room.click(pane.buttons["mkdir"])
    room.wait(lambda: pane.ask.field.width() > theme().px(120))
    room.click(pane.ask.no)
    pane.about.say("A note:", "words " * 60)  # what stands above gives no room away that the rows need
    strips = (pane.about, pane.pages)
    room.wait(lambda: strips[0].geometry().bottom() < strips[1].geometry().top())


def test_octal_digits_of_rights() -> None:
    assert octal_of("-rwxr-x---") == "750"
    assert octal_of("0644") == "644"
    assert octal_of("radfwMT") == "644"


def test_the_state_comes_back_without_the_password(room: Room) -> None:
    form = room.panel.ends.client.form.fields
    form.set_values({"host": "h", "user": "ann", "password": "secret", "mode": "active"})
    kept = room.panel.save_state()
    assert "secret" not in str(kept)
    form.set_values({"host": "x", "user": "", "mode": "passive"})
    room.panel.restore_state({**kept, "view": "nonsense", "folder": 3})
    assert (form["host"], form["user"], form["mode"]) == ("h", "ann", "active")
