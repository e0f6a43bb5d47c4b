"""By click: listen, let programs write, stop, mend what fails, send, close to others, and find it all again."""

from __future__ import annotations

import errno
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from netlab_gui.panels import PANELS
from protocols.numbers import grouped
from protocols.scripts import SCRIPTS, render
from tests.widgets.creosote.conftest import Room
from widgets.creosote.panel import CreosotePanel
from widgets.creosote.send.form import GROUP

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux's loopback broadcast")


def test_the_panel_is_in_the_list() -> None:
    entry = next(entry for entry in PANELS if entry.id == CreosotePanel.id)
    assert (entry.title, entry.icon) == (CreosotePanel.title, CreosotePanel.icon)


def test_one_click_listens_and_another_lets_three_programs_write(room: Room) -> None:
    view = room.view
    view.form.fields.set_values({"port": 0})
    room.click(view.empty.button)
    room.wait(lambda: view.slot.phase == "running")
    room.click(room.pane.empty.button)
    room.wait(lambda: len(room.panel.feed.log) >= 180, 15000)
    room.wait(lambda: not room.panel.send.sending)
    bucket = view.slot.bucket
    assert bucket is not None
    assert (bucket.received, bucket.dropped, bucket.losses.total) == (180, 0, 0)
    view.live.look()
    assert [row.received for row in view.live.senders] == [60, 60, 60]
    assert {row.lost for row in view.live.senders} == {0}
    assert {row.name for row in view.live.senders} >= {"web", "pg"}
    assert (view.live.received.value(), view.live.lost.value(), view.live.gaps.value()) == ("180", "0", "0")
    assert sum(view.live.graph.totals()) > 0
    room.click(room.panel.listen.buckets.stop_button)
    room.wait(lambda: view.slot.phase == "ended")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", bucket.port))


def test_a_taken_port_is_explained_and_mended_by_a_button(room: Room) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        view = room.view
        view.show_form()
        view.form.fields.set_values({"port": sock.getsockname()[1]})
        room.click(view.form.start_button)
        room.wait(lambda: view.slot.trouble is not None)
        assert view.slot.trouble is not None
        assert view.slot.trouble.errno == errno.errorcode[errno.EADDRINUSE]
        view.strip.banner.action_button.click()
        assert room.explained[-1].errno == "EADDRINUSE"
        room.click(view.strip.buttons["free-port"])
        room.wait(lambda: view.slot.phase == "running")


def test_values_that_no_bucket_can_have_are_refused_in_the_card(room: Room) -> None:
    view = room.view
    view.show_form()
    for values, word in (({"groups": "10.0.0.1"}, "multicast"), ({"redirect": "host:x"}, "port"),
                         ({"log_file": "/nowhere/at/all/x.log"}, "/nowhere")):  # fmt: skip
        view.form.fields.set_values({"port": 0, "groups": "", "redirect": "", "log_file": "", **values})
        view.strip.clear()
        room.click(view.form.start_button)
        room.wait(lambda: view.slot.phase == "idle" and view.slot.trouble is not None)
        assert view.slot.trouble is not None
        assert word in view.slot.trouble.why
        assert view.strip.text()


@linux
def test_a_bucket_goes_on_without_a_log_file_on_a_full_disk_and_says_so(room: Room) -> None:
    port = room.listen(log_file="/dev/full")
    room.send(port, b"one", b"two")
    room.wait(lambda: any("/dev/full" in told for told in room.toasts) or room.panel.listen.buckets.look())
    assert "No space left on device" in next(told for told in room.toasts if "/dev/full" in told)
    room.view.live.look_at_numbers()
    assert "No space left on device" in room.view.live.log_file.value()
    room.send(port, b"three")
    room.wait(lambda: len(room.panel.feed.log) == 3)
    assert room.view.slot.phase == "running"
    assert sum("/dev/full" in told for told in room.toasts) == 1


def test_an_open_bucket_is_warned_of_as_long_as_it_is_open(room: Room) -> None:
    port = room.listen(bind="0.0.0.0")
    warning = room.panel.listen.warning
    assert "all interfaces" in warning.text()
    room.click(warning.action_button)
    room.wait(lambda: room.view.slot.phase == "running" and not room.view.slot.exposed)
    assert warning.isHidden()
    assert room.view.slot.where == f"127.0.0.1:{port}"


def test_two_buckets_have_tabs_and_numbers_of_their_own(room: Room) -> None:
    one = room.listen()
    room.click(room.panel.bucket_button)
    two = room.listen()
    room.send(one, b"to one")
    room.send(two, b"to two", b"again")
    buckets = room.panel.listen.buckets
    assert [slot.bucket.received for slot in buckets.slots() if slot.bucket] == [1, 2]
    buckets.choose(0)
    assert buckets.current.live.received.value() == "1"
    assert len(buckets.current.live.senders) == 1
    card = room.panel.listen.senders
    room.wait(lambda: card.view.facts.rows)
    assert not card.only_button.isVisible()  # nobody is chosen
    card.view.selectRow(0)
    room.click(card.only_button)
    assert len(room.shown()) == 1


@linux
def test_two_buckets_share_a_port_and_both_hear_a_broadcast(room: Room) -> None:
    port = room.listen(bind="0.0.0.0", share=True)
    room.click(room.panel.bucket_button)
    view = room.view
    view.form.fields.set_values({"bind": "0.0.0.0", "port": port, "share": True})
    room.click(view.form.start_button)
    room.wait(lambda: view.slot.phase == "running")
    names = [slot.service for slot in room.panel.listen.buckets.slots()]
    assert len(set(names)) == 2
    room.panel.show_view("send")
    room.panel.send.form.fields.set_values({"to": "loopback", "port": port, "message": "to all"})
    room.click(room.panel.send.send_button)
    room.wait(lambda: len(room.panel.feed.log) == 2)
    assert [room.panel.feed.log.payload(row) for row in range(2)] == [b"to all"] * 2
    assert {room.panel.feed.log.senders[room.panel.feed.log.sender(row)][0] for row in range(2)} == set(names)


@linux
def test_sharing_is_asked_of_the_bucket_that_has_the_port_too(room: Room) -> None:
    port = room.listen()
    room.click(room.panel.bucket_button)
    view = room.view
    view.form.fields.set_values({"port": port})
    room.click(view.form.start_button)
    room.wait(lambda: view.slot.trouble is not None)
    room.click(view.strip.buttons["share"])
    slots = room.panel.listen.buckets.slots()
    room.wait(lambda: [slot.phase for slot in slots] == ["running"] * 2)
    assert {slot.where for slot in slots} == {f"127.0.0.1:{port}"}


def test_a_bucket_more_is_a_form_more_whatever_the_one_shown_does(room: Room) -> None:
    room.click(room.panel.bucket_button)
    assert len(room.panel.listen.buckets.views) == 1  # the first click opens the form of the empty one
    room.click(room.panel.bucket_button)
    assert len(room.panel.listen.buckets.views) == 2
    room.click(room.panel.listen.buckets.remove_button)
    assert len(room.panel.listen.buckets.views) == 1


def test_a_bucket_that_would_redirect_to_itself_is_refused_in_the_card(room: Room) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    room.click(room.panel.bucket_button)
    room.view.form.fields.set_values({"port": port, "redirect": f"localhost:{port}"})
    room.click(room.view.form.start_button)
    room.wait(lambda: room.view.slot.trouble is not None)
    assert "round for ever" in room.view.strip.text()


def test_an_empty_log_and_the_snippets_name_the_port_of_the_bucket(room: Room) -> None:
    port = room.listen()
    room.wait(room.pane.isVisible)
    assert f"port={port})" in room.pane.empty.sentence()
    room.panel.show_view("snippets")
    page = room.panel.snippets
    assert page is not None
    for row in range(page.list.count()):
        page.list.setCurrentRow(row)
        if page.name() != "creosote-redirector":
            assert f"PORT = {port}" in page.code.toPlainText()


def test_a_bucket_redirects_and_appends_classic_lines(room: Room, tmp_path: Path) -> None:
    far = room.listen()
    room.click(room.panel.bucket_button)
    log = tmp_path / "classic.log"
    near = room.listen(redirect=f"127.0.0.1:{far}", log_file=str(log))
    room.send(near, bytes(range(256)))
    room.wait(lambda: len(room.panel.feed.log) == 2)
    assert room.panel.feed.log.payload(0) == room.panel.feed.log.payload(1) == bytes(range(256))
    assert log.read_text("ascii") == repr(bytes(range(256)))[2:-1] + "\n"
    room.view.live.look()
    assert room.view.live.forwarded.value().startswith("1 to ")


def test_what_an_original_would_have_cut_is_marked_and_strict_cuts_it(room: Room) -> None:
    room.send(room.listen(), b"x" * 3000)
    assert room.panel.feed.log.would_be_cut(0)
    room.view.live.look()
    assert room.view.live.long.value() == "1"
    room.click(room.panel.bucket_button)
    room.send(room.listen(strict=True), b"y" * 3000)
    assert len(room.panel.feed.log.payload(1)) == 1024


# -- sending -----------------------------------------------------------------------------------------------------------


def test_the_original_is_refused_a_broadcast_and_a_button_mends_it(room: Room) -> None:
    room.panel.show_view("send")
    page = room.panel.send
    page.form.fields.set_values({"to": "loopback", "port": 9, "as_original": True})
    assert "EACCES" in page.form.prediction.text()
    room.click(page.send_button)
    room.wait(lambda: page.trouble is not None)
    assert page.trouble is not None
    assert page.trouble.errno == "EACCES"
    page.strip.banner.action_button.click()
    assert room.explained[-1].errno == "EACCES"
    room.click(page.strip.buttons["set-broadcast"])
    room.wait(lambda: page.messages.value() == "1" and not page.sending)


def test_both_styles_leave_as_they_say(room: Room) -> None:
    port = room.listen()
    room.panel.show_view("send")
    fields = room.panel.send.form.fields
    fields.set_values({"message": "z" * 3000, "port": port})
    room.click(room.panel.send.send_button)
    room.wait(lambda: len(room.panel.feed.log) == 3 and not room.panel.send.sending)
    fields.set_values({"style": "whole"})
    room.click(room.panel.send.send_button)
    room.wait(lambda: len(room.panel.feed.log) == 4)
    assert [len(room.panel.feed.log.payload(row)) for row in range(4)] == [1024, 1024, 952, 3000]


def test_a_repeat_without_end_is_stopped_at_once(room: Room) -> None:
    port = room.listen()
    room.panel.show_view("send")
    page = room.panel.send
    page.form.fields.set_values({"message": "again", "port": port, "repeat": True, "numbered": True, "count": 0,
                                 "per_s": 200})  # fmt: skip
    room.click(page.send_button)
    room.wait(lambda: len(room.panel.feed.log) >= 20)
    assert room.panel.feed.log.payload(7) == b"#7 again"
    room.click(page.stop_button)
    room.wait(lambda: not page.sending)
    bucket = room.view.slot.bucket
    assert bucket is not None
    assert bucket.losses.total == 0


def test_a_file_goes_out_line_by_line_and_none_is_said(room: Room, tmp_path: Path) -> None:
    port = room.listen()
    room.panel.show_view("send")
    page = room.panel.send
    page.form.fields.set_values({"what": "file", "file": "", "port": port})
    room.click(page.send_button)
    room.wait(lambda: page.trouble is not None)
    path = tmp_path / "lines.txt"
    path.write_text("one\ntwo\n", encoding="utf-8")
    page.form.fields.set_values({"file": str(path), "repeat": True, "count": 2, "per_s": 0})
    room.click(page.send_button)
    room.wait(lambda: len(room.panel.feed.log) == 4)
    assert [room.panel.feed.log.payload(row) for row in range(4)] == [b"one", b"two"] * 2


def test_the_other_end_is_a_bucket_where_the_form_sends_to(room: Room) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    room.panel.show_view("send")
    room.panel.send.form.fields.set_values({"port": port})
    room.click(room.panel.send.other_end_button)
    room.wait(lambda: room.view.slot.phase == "running")
    assert room.view.slot.where == f"127.0.0.1:{port}"
    room.click(room.panel.send.send_button)
    room.wait(lambda: len(room.panel.feed.log) == 1)
    room.click(room.panel.send.other_end_button)
    assert any("already" in toast for toast in room.toasts)


# -- scripts, state, actions -------------------------------------------------------------------------------------------


def test_the_other_end_of_a_group_hears_it_on_this_machine_alone(room: Room) -> None:
    room.panel.show_view("send")
    page = room.panel.send
    page.form.fields.set_values({"to": "group"})
    assert page.form.fields["host"] == GROUP
    assert not page.form.original_box.isVisible()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        page.form.fields.set_values({"port": sock.getsockname()[1], "message": "to the group"})
    room.click(page.other_end_button)
    room.wait(lambda: room.view.slot.phase == "running")
    assert not room.view.slot.exposed
    room.click(page.send_button)
    room.wait(lambda: len(room.panel.feed.log) == 1)
    assert room.panel.feed.log.payload(0) == b"to the group"
    room.click(room.panel.python_button)
    assert room.scripts[-1][0] == "multicast-send"
    page.form.fields.set_values({"host": "127.0.0.1"})
    room.click(page.send_button)
    room.wait(lambda: page.trouble is not None)
    assert "no multicast group" in page.strip.text()


def test_what_keeps_the_other_end_from_listening_is_seen_with_its_buttons(room: Room) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        room.panel.show_view("send")
        room.panel.send.form.fields.set_values({"port": sock.getsockname()[1]})
        room.click(room.panel.send.other_end_button)
        room.wait(lambda: room.view.slot.trouble is not None)
        assert room.panel.current_view() == "listen"
        assert room.view.strip.isVisible()


@pytest.mark.parametrize(
    ("values", "script", "says"),
    [({"to": "directed", "host": "192.0.2.255"}, "creosote-broadcast", {"host": "192.0.2.255"}),
     ({"repeat": True, "count": 7, "per_s": 50, "numbered": True}, "creosote-spew",
      {"repeat": True, "count": 7, "per_s": 50.0, "numbered": True}),
     ({"what": "file", "file": "/srv/lines.txt"}, "creosote-spew", {"file": "/srv/lines.txt", "repeat": False}),
     ({"host": "::1", "style": "whole"}, "creosote-spew", {"host": "::1", "chunk": False})],
)  # fmt: skip
def test_what_the_form_says_stands_in_its_script(
    values: dict[str, Any], script: str, says: dict[str, Any], room: Room
) -> None:
    room.panel.show_view("send")
    room.panel.send.form.fields.set_values(values)
    room.click(room.panel.python_button)
    name, params = room.scripts[-1]
    assert name == script
    assert says.items() <= params.items()
    assert set(params) <= set(SCRIPTS[name].defaults)
    compile(render(name, params), "script", "exec")


def test_show_as_python_is_the_script_of_what_was_done(room: Room) -> None:
    port = room.listen()
    room.click(room.panel.python_button)
    assert room.scripts[-1] == ("creosote-bucket", {"host": "127.0.0.1", "port": port, "log_file": "", "share": False,
                                                       "strict": False, "groups": []})  # fmt: skip
    room.panel.show_view("send")
    room.panel.send.form.fields.set_values({"message": "over there", "port": port})
    room.click(room.panel.python_button)
    name, params = room.scripts[-1]
    assert (name, params["message"], params["port"]) == ("creosote-spew", "over there", port)
    assert set(params) <= set(SCRIPTS[name].defaults)


def test_snippets_show_copy_and_follow_what_was_done(room: Room) -> None:
    port = room.listen()
    room.panel.show_view("snippets")
    page = room.panel.snippets
    assert page is not None
    page.list.setCurrentRow(2)
    assert f"PORT = {port}" in page.code.toPlainText()
    room.click(page.copy_button)
    assert QGuiApplication.clipboard().text() == page.code.toPlainText()
    for row in range(page.list.count()):
        page.list.setCurrentRow(row)
        compile(page.code.toPlainText(), "snippet", "exec")


def test_the_state_comes_back_and_strange_ones_break_nothing(room: Room) -> None:
    pane = room.pane
    room.view.form.fields.set_values({"bind": "0.0.0.0", "port": 1234})
    room.panel.listen.buckets.add_bucket({"port": 1235, "groups": "239.255.43.21"})
    pane.bar.field.setText("level>=warn")
    pane.bar.keep()
    pane.view.head.toggle("bytes")
    pane.view.head.toggle("field:path")
    pane.alarms.field.setText("ouch")
    pane.alarms.add_typed()
    pane.set_style("classic")
    room.panel.show_view("send")
    kept = json.loads(json.dumps(room.panel.save_state()))
    other = CreosotePanel(_desk_like(room))
    room.qtbot.addWidget(other)
    other.restore_state(kept)
    assert other.save_state() == kept
    assert [view.form.fields["port"] for view in other.listen.buckets.views] == [1234, 1235]
    assert other.listen.log.bar.kept == ["level>=warn"]
    assert "field:path" in other.listen.log.view.head.ids()
    for strange in ({}, {"listen": 3}, {"listen": {"log": {"alarms": [4, {"filter": 5}], "columns": [1, "no"]}}},
                    {"view": 9, "send": [], "listen": {"sizes": ["a"], "buckets": [0]}}):  # fmt: skip
        other.restore_state(strange)


def _desk_like(room: Room) -> object:
    from dataclasses import replace

    from widgets.actions import Actions

    return replace(room.desk, actions=Actions())


def test_every_action_is_registered_with_a_verb_and_most_with_keys(room: Room) -> None:
    entries = [entry for entry in room.desk.actions.entries() if entry.id.startswith("creosote.")]
    assert len(entries) >= 20
    assert all(entry.text and entry.icon_name for entry in entries)
    assert sum(bool(entry.keys) for entry in entries) >= 12
    for entry in entries:
        assert not entry.python or entry.python in SCRIPTS


def test_the_keyboard_alone_filters_chooses_and_copies(room: Room) -> None:
    room.pour(b"ERROR one\nWARN two\nINFO three".split(b"\n"))
    room.desk.actions.get("creosote.find").trigger()
    field = room.pane.bar.field
    room.wait(field.hasFocus)
    room.qtbot.keyClicks(field, "one")
    room.qtbot.keyClick(field, Qt.Key.Key_Return)
    room.wait(room.pane.view.hasFocus)
    assert room.pane.view.chosen.current == 0
    room.desk.actions.get("creosote.copy").trigger()
    assert "ERROR one" in QGuiApplication.clipboard().text()
    room.qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert room.shown() == [0, 1, 2]


def test_numbers_are_grouped() -> None:
    assert grouped(1234567).replace("\u202f", " ") == "1 234 567"
