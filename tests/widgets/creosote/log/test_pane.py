"""The log for a day's work: filter, follow, pause, mark, jump, alarm, copy and export lose and invent nothing."""

from __future__ import annotations

import csv
import json
import socket
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QSystemTrayIcon, QWidget

from protocols.creosote.alarms import Alarm
from protocols.creosote.programs import PROGRAMS
from protocols.creosote.wire import classic_text
from protocols.record.log import EventLog
from tests.protocols.creosote.test_log import bulk_of
from tests.stall import StallMeter
from tests.widgets.creosote.conftest import Room
from widgets.creosote.log import menus
from widgets.creosote.log.jump_strip import wall_ns_of
from widgets.theme.theme import theme


def messages(count: int) -> list[bytes]:
    return [PROGRAMS[at % 5].message(at // 5).encode() for at in range(count)]


# -- filters -----------------------------------------------------------------------------------------------------------


def test_typing_filters_and_emptying_brings_all_back(room: Room) -> None:
    room.pour([b"ERROR one", b"WARN two", b"INFO one", b'{"level":"error","path":"/pay","msg":"three"}'])
    assert room.filter("one") == [0, 2]
    assert room.filter("one -info") == [0]
    assert room.filter("level>=warn") == [0, 1, 3]
    assert room.filter("path:/pay") == [3]
    assert room.filter("/t(wo|hree)/") == [1, 3]
    assert room.filter("kind:json") == [3]
    assert room.filter("") == [0, 1, 2, 3]


def test_a_bad_filter_is_said_inline_and_what_was_shown_stays(room: Room) -> None:
    room.pour([b"ERROR one", b"two"])
    assert room.filter("one") == [0]
    assert room.filter("level>=nonsense") == [0]
    problem = room.pane.bar.problem
    assert problem.isVisible()
    assert "nonsense" in problem.text()
    assert room.filter("two") == [1]
    assert not problem.isVisible()


def test_level_segments_count_and_filter(room: Room) -> None:
    room.pour([b"ERROR a", b"WARN b", b"CRITICAL c", b"INFO d", b"e"])
    room.wait(lambda: not room.panel.feed.levels.behind)
    bar = room.pane.bar
    assert [bar.levels.button(at).text() for at in range(3)] == ["All", "Warnings 3", "Errors 2"]
    room.click(bar.levels.button(2))
    assert room.shown() == [0, 2]
    room.click(bar.levels.button(1))
    assert room.filter("b") == [1]


def test_only_this_sender_by_combo_table_and_action(room: Room) -> None:
    room.pour(messages(50))
    pane = room.pane
    pane.view.chosen.choose(7)
    room.desk.actions.get("creosote.only-sender").trigger()
    assert room.shown() == list(range(2, 50, 5))
    room.desk.actions.get("creosote.only-sender").trigger()
    assert len(room.shown()) == 50
    room.panel.feed.ticked.emit()
    assert pane.bar.senders.count() == 6
    pane.bar.senders.choose("3")
    assert room.shown() == list(range(3, 50, 5))
    room.panel.listen.senders.only_requested.emit(4)
    assert room.shown() == list(range(4, 50, 5))


def test_what_comes_later_passes_the_same_filter(room: Room) -> None:
    room.pour(messages(100))
    before = room.filter("level>=error")
    room.pour(messages(100))
    room.wait(lambda: not room.pane.rows.searching)
    assert room.shown() == before + [row + 100 for row in before]


def test_nothing_found_says_so_and_one_button_shows_everything(room: Room) -> None:
    room.pour(messages(10))
    room.filter("no such word")
    room.wait(room.pane.no_match.isVisible)
    room.click(room.pane.no_match.button)
    assert len(room.shown()) == 10


def test_kept_filters_are_in_the_menu_and_examples_are_valid(room: Room) -> None:
    bar = room.pane.bar
    bar.field.setText("level>=warn a&b")
    bar.keep()
    bar._fill_menu()
    texts = [action.text() for action in bar._menu.actions()]
    assert "level>=warn a&&b" in texts
    for action in [action for action in bar._menu.actions() if action.text() and action.menu() is None]:
        if action.isEnabled() and not action.text().startswith("Keep"):
            action.trigger()
            assert bar.problem.text() == "" or not bar.problem.isVisible()


def test_a_long_log_answers_at_once_newest_first_and_never_stalls(room: Room) -> None:
    lines = [b"#%d INFO ordinary %s" % (at, b"needle" if at % 97 == 0 else b"straw") for at in range(20_000)]
    for _ in range(10):
        room.pour(lines)
    pane = room.pane
    began = time.thread_time()
    pane.bar.field.setText("needle level>=info")
    first = time.thread_time() - began
    assert pane.rows.count() > 0, "how many at once depends on the machine; the newest ones come first"
    assert pane.rows.number(pane.rows.count() - 1) == 10 * 20_000 - 20_000 + 19_982
    assert first < 0.3
    with StallMeter() as meter:
        room.wait(lambda: not pane.rows.searching, 20_000)
    assert meter.max_ms < 300
    assert room.shown() == [row for row in range(200_000) if row % 20_000 % 97 == 0]


# -- standing still ----------------------------------------------------------------------------------------------------


def test_rows_scrolled_to_stay_where_they_are_while_others_come(room: Room) -> None:
    room.pour(messages(500))
    view = room.pane.view
    room.wait(lambda: view.verticalScrollBar().maximum() > 400)
    assert view.follows
    view.verticalScrollBar().setValue(100)
    assert not view.follows
    seen = view.visible_numbers()
    room.pour(messages(1000))
    room.wait(lambda: view.newer() > 1000)
    assert view.visible_numbers() == seen
    room.wait(room.pane.tail.isVisible)
    assert "nothing is lost" in room.pane.tail._text.text()
    room.click(room.pane.tail.button)
    assert view.follows
    assert view.visible_numbers()[-1] == 1499


def test_older_rows_found_later_do_not_move_what_is_read(room: Room) -> None:
    for _ in range(30):
        room.pour([b"ERROR number %d" % at for at in range(4000)])
    pane = room.pane
    pane.bar.field.setText("level>=error")
    pane.view.verticalScrollBar().setValue(max(pane.view.verticalScrollBar().maximum() - 50, 0))
    seen = pane.view.visible_numbers()
    room.wait(lambda: not pane.rows.searching, 20_000)
    assert pane.rows.count() == 120_000
    assert pane.view.visible_numbers()[: len(seen) - 1] == seen[:-1]


def test_a_pause_holds_back_and_loses_nothing(room: Room) -> None:
    room.pour(messages(10))
    room.desk.actions.get("creosote.pause").trigger()
    room.pour(messages(25))
    assert len(room.shown()) == 10
    assert room.pane.rows.waiting == 25
    room.filter("a")
    room.filter("")
    assert len(room.shown()) == 10
    room.wait(room.pane.tail.isVisible)
    room.click(room.pane.tail.button)
    assert len(room.shown()) == 35


def test_hiding_what_has_come_keeps_it(room: Room) -> None:
    room.pour(messages(10))
    room.desk.actions.get("creosote.clear").trigger()
    room.pour(messages(5))
    assert room.shown() == list(range(10, 15))
    room.filter("a")
    assert all(row >= 10 for row in room.shown())
    room.desk.actions.get("creosote.show-all").trigger()
    assert room.shown() == list(range(15))


def test_bookmarks_are_gone_to_in_both_directions(room: Room) -> None:
    room.pour(messages(200))
    pane = room.pane
    for row in (20, 150, 90):
        pane.go_to(row)
        room.desk.actions.get("creosote.mark").trigger()
    assert pane.marks == [20, 90, 150]
    pane.go_to(0)
    found = []
    for _ in range(4):
        room.desk.actions.get("creosote.next-mark").trigger()
        found.append(pane.view.chosen.current)
    assert found == [20, 90, 150, 150]
    room.desk.actions.get("creosote.previous-mark").trigger()
    assert pane.view.chosen.current == 90
    room.desk.actions.get("creosote.mark").trigger()
    assert pane.marks == [20, 150]


def test_going_to_a_time_of_day(room: Room) -> None:
    port = room.listen()
    room.send(port, b"one", b"two")
    pane, feed = room.pane, room.panel.feed
    pane.jump.ask()
    at = time.strftime("%H:%M:%S", time.localtime((feed.log.t(0) + feed.epoch_ns) / 1e9))
    pane.jump.field.setText(at)
    room.click(pane.jump.go_button)
    assert pane.view.chosen.current == 0
    pane.jump_to("noon")
    assert "10:58" in pane.jump.problem.text()
    pane.jump_to("23:59:59")
    assert pane.view.chosen.current == 1


def test_times_of_day_are_read_strictly() -> None:
    day = 1_700_000_000_000_000_000
    noon = wall_ns_of("12:00", day)
    assert noon is not None
    assert time.localtime(noon / 1e9)[3:6] == (12, 0, 0)
    assert wall_ns_of("12:00:01.5", day) == noon + 1_500_000_000
    for wrong in ("", "25:00", "12:60", "12", "12:00:61", "x12:00"):
        assert wall_ns_of(wrong, day) is None


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session_that_is_looked_at_shows_its_own_datagrams_and_the_live_ones_come_back(room: Room) -> None:
    port = room.listen()
    room.send(port, b"live one")
    saved = EventLog()
    saved.epoch_ns = 0
    saved.append(list(bulk_of([b'{"level":"error","logger":"old","msg":"from a session"}', b"second"]).raws()))
    live, room.desk.log = room.desk.log, saved
    room.wait(lambda: len(room.panel.feed.log) == 2)
    assert room.panel.feed.log.payload(1) == b"second"
    assert room.filter("level>=error") == [0]
    room.pane.go_to(0)
    assert saved.event(room.desk.selection.row or 0).data == room.panel.feed.log.payload(0)
    assert room.panel.feed.name(0) == "old"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"ERROR meanwhile", ("127.0.0.1", port))
    room.wait(lambda: len(room.panel.feed.live.log) == 2)
    assert len(room.panel.feed.log) == 2
    room.desk.log = live
    room.wait(lambda: room.panel.feed.seen is room.panel.feed.live)
    assert room.shown() == [1]
    assert room.panel.feed.log.payload(1) == b"ERROR meanwhile"


# -- choosing ----------------------------------------------------------------------------------------------------------


def test_a_chosen_datagram_is_chosen_in_all_views(room: Room) -> None:
    port = room.listen()
    sender = room.send(port, b'{"level":"error","path":"/pay","status":504}', b"second")
    room.pane.go_to(0)
    event = room.desk.log.event(room.desk.selection.row or 0)
    assert (event.kind, event.data) == ("datagram", room.panel.feed.log.payload(0))
    page = room.inspector.bytes_page
    assert page.datagram.isVisible()
    assert page.datagram.kind.text() == "json"
    assert any(f"127.0.0.1:{sender}" in line[3].text() for line in page.facts._lines)
    assert "never run" in page._aside.accessibleName()
    room.pane.go_to(1)
    assert room.desk.log.event(room.desk.selection.row or 0).data == b"second"


def test_mouse_and_shift_choose_stretches_and_control_single_rows(room: Room) -> None:
    room.pour(messages(40))
    view = room.pane.view
    room.wait(view.isVisible)
    view.verticalScrollBar().setValue(0)

    def click(line: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        place = QPoint(300, line * view.painter.row_height + 5)
        room.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, keys, place)

    click(1)
    click(4, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen.numbers() == [1, 2, 3, 4]
    click(6, Qt.KeyboardModifier.ControlModifier)
    click(2, Qt.KeyboardModifier.ControlModifier)
    assert view.chosen.numbers() == [1, 3, 4, 6]
    room.pane.copy_rows()
    assert len(QGuiApplication.clipboard().text().split("\n")) == 4
    click(8)
    assert view.chosen.numbers() == [8]
    room.qtbot.keyClick(view, Qt.Key.Key_Down)
    room.qtbot.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen.numbers() == [8, 9]
    room.qtbot.keyClick(view, Qt.Key.Key_Home)
    assert view.chosen.numbers() == [0]
    room.qtbot.keyClick(view, Qt.Key.Key_End)
    assert (view.chosen.numbers(), view.follows) == ([39], True)


def test_fields_become_columns_and_filters_from_the_menu(room: Room) -> None:
    room.pour([b'{"path":"/pay","ms":3,"msg":"x"}', b'{"path":"/cart","msg":"y"}'])
    menu = menus.row_menu(room.pane, 0)
    fields = next(action.menu() for action in menu.actions() if action.text() == "Fields")
    assert isinstance(fields, QMenu)
    path = next(action.menu() for action in fields.actions() if action.text().startswith("path"))
    assert isinstance(path, QMenu)
    only, _, column = path.actions()
    only.trigger()
    assert room.pane.bar.field.text() == "path:/pay"
    assert room.shown() == [0]
    column.trigger()
    assert "field:path" in room.pane.view.head.ids()
    words = room.pane.painter.words
    assert words.line(0, room.pane.view.head.columns()).count("/pay") == 1
    menus.columns_menu(room.pane)


@pytest.mark.parametrize(("name", "value", "term"), [
    ("path", "/pay", "path:/pay"), ("msg", "two words", 'msg:"two words"'), ("a b", "x", ""), ("level", "x", ""),
    ("q", 'say "it"', ""), ("n", "", ""), ("c", "a\nb", ""),
])  # fmt: skip
def test_terms_are_only_offered_where_one_can_be_written(name: str, value: str, term: str) -> None:
    assert menus.term_of(name, value) == term


# -- alarms ------------------------------------------------------------------------------------------------------------


def lit(room: Room) -> list[int]:
    """The rows that have an alarm's colour as their ground."""
    painter, tokens = room.pane.painter, theme().tokens
    rows = range(room.panel.feed.log.first, len(room.panel.feed.log))
    return [row for row in rows if painter.ground(0, row, selected=False, hovered=False) != tokens.base]


def test_an_alarm_in_a_session_that_is_looked_at_highlights_like_live(room: Room) -> None:
    pane, feed = room.pane, room.panel.feed
    room.pour([b"INFO live one"])
    saved = EventLog()
    saved.epoch_ns = 0
    saved.append(list(bulk_of([b"ERROR old", b"fine", b"ERROR older", b"ERROR again"]).raws()))
    pane.alarms.ask("level>=error")
    pane.alarms.add_typed()
    live = room.desk.log
    room.timeline.show_log(saved)
    room.wait(lambda: feed.seen is not feed.live)
    assert lit(room) == [0, 2, 3]
    room.wait(lambda: pane.alarms.sets[0].link.text() == "3 hits")
    room.click(pane.alarms.sets[0].link)
    assert pane.view.chosen.current == 3
    assert room.toasts == []  # what is over makes no noise
    pane.alarms.ask("fine")
    pane.alarms.notify.setChecked(True)
    pane.alarms.add_typed()
    assert lit(room) == [0, 1, 2, 3]
    room.pour([b"all is fine", b"ERROR meanwhile"])  # the live log is watched all the same
    assert any("all is fine" in toast for toast in room.toasts)
    room.wait(lambda: [each.link.text() for each in pane.alarms.sets] == ["3 hits", "1 hit"])
    room.timeline.show_log(live)
    room.wait(lambda: feed.seen is feed.live)
    assert lit(room) == [1, 2]
    assert [each.link.text() for each in pane.alarms.sets] == ["1 hit", "1 hit"]


def test_bookmarks_of_the_live_log_wait_while_a_session_is_looked_at(room: Room) -> None:
    room.pour(messages(3))
    room.pane.go_to(1)
    room.pane.toggle_mark()
    saved = EventLog()
    saved.epoch_ns = 0
    saved.append(list(bulk_of([b"old", b"older"]).raws()))
    live = room.desk.log
    room.timeline.show_log(saved)
    room.wait(lambda: len(room.panel.feed.log) == 2)
    assert room.pane.marks == []
    room.timeline.show_log(live)
    room.wait(lambda: room.panel.feed.seen is room.panel.feed.live)
    assert room.pane.marks == [1]


def test_an_alarm_colours_counts_and_leads_to_its_hit(room: Room) -> None:
    pane = room.pane
    room.pour([b"ERROR before"])
    room.desk.actions.get("creosote.alarm").trigger()
    pane.alarms.field.setText("level>=error")
    pane.alarms.notify.setChecked(True)
    room.click(pane.alarms.set_button)
    room.pour([b"fine", b"ERROR after", b"ERROR again"])
    assert lit(room) == [2, 3]
    assert pane.alarms.sets[0].link.text() == "2 hits"
    assert any("ERROR again" in toast for toast in room.toasts)
    room.click(pane.alarms.sets[0].link)
    assert pane.view.chosen.current == 3
    room.click(pane.alarms.sets[0].end)
    assert lit(room) == []
    assert room.panel.feed.alarms == ()


def test_an_alarm_that_can_not_be_is_refused_with_a_sentence(room: Room) -> None:
    strip = room.pane.alarms
    for text in ("", "level>=nonsense"):
        strip.ask(text)
        strip.field.setText(text)
        strip.add_typed()
        assert strip.problem.text().endswith(".")
    assert strip.sets == []


# -- files -------------------------------------------------------------------------------------------------------------


def test_what_is_shown_is_exported_in_four_forms(room: Room, tmp_path: Path) -> None:
    room.pour([b"ERROR one", b"two", b'=HYPERLINK("http://x")', bytes(range(256)), b'{"level":"error","msg":"+1"}'])
    room.filter("-two")
    for kind in ("txt", "jsonl", "csv", "pcapng"):
        path = tmp_path / f"log.{kind}"
        room.pane.export_to(path, kind)
        room.wait(path.exists)
        room.wait(lambda: room.pane._export is None)
    payloads = [room.panel.feed.log.payload(row) for row in room.shown()]
    assert (tmp_path / "log.txt").read_text("ascii").splitlines() == [classic_text(one) for one in payloads]
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [line["kind"] for line in lines].count("datagram") == 4
    with open(tmp_path / "log.csv", encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert len(table) == 5
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in table for cell in row)
    assert (tmp_path / "log.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert sum("4 rows" in toast for toast in room.toasts) == 4


def test_an_export_that_fails_says_why_and_leaves_nothing(room: Room, tmp_path: Path) -> None:
    room.pour([b"one"])
    room.pane.export_to(tmp_path / "nowhere" / "log.txt", "txt")
    room.wait(lambda: room.pane._export is None)
    assert "Not exported" in room.pane.progress._failure.text()
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_export_leaves_no_file(room: Room, tmp_path: Path) -> None:
    room.pour([b"x"] * 5000)
    room.pane.export_to(tmp_path / "log.csv", "csv")
    job = room.pane._export
    assert job is not None
    job.cancel()
    room.wait(lambda: room.pane._export is None)
    assert job.cancelled
    assert list(tmp_path.iterdir()) == [] or job.done == job.total


@pytest.mark.qt_log_ignore("No such signal QPlatformNativeInterface", extend=True)  # the tray of a display that is none
def test_an_alarm_rings_and_notifies_once_in_a_flood_and_never_in_markup(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No place for notifications is here, nor a bell: what is asked of them is looked at instead."""
    rung: list[bool] = []
    told: list[tuple[str, str]] = []
    alerted: list[object] = []
    monkeypatch.setattr(QApplication, "beep", lambda: rung.append(True))
    monkeypatch.setattr(QApplication, "alert", lambda window, _ms=0: alerted.append(window))
    pane = room.pane
    room.pour([b"ERROR before"])
    room.desk.actions.get("creosote.alarm").trigger()
    pane.alarms.field.setText("level>=error")
    for box in (pane.alarms.sound, pane.alarms.notify):
        box.click()
    room.click(pane.alarms.set_button)
    room.pour([b"fine", b"ERROR <b>one</b>", b"ERROR two"])
    room.pour([b"ERROR three"])
    assert rung == [True]
    said = "Creosote: level>=error"
    silent = f"{said}: this display has no bell, so the alarm is seen and not heard."
    assert room.toasts == [silent, f"{said}: ERROR two"]
    assert set(alerted) == {room.panel.window()}  # who looks elsewhere sees the window ask for a look

    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "supportsMessages", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _tray, title, text, *_: told.append((title, text)))
    pane.alarms.add(Alarm("markup", "<b>", notify=True))
    room.pour([b"FATAL <b>four</b> & more"])
    assert told == [("Creosote: markup", "FATAL &lt;b&gt;four&lt;/b&gt; &amp; more")]
    assert len(room.toasts) == 2
    assert rung == [True]


@pytest.mark.parametrize(("width", "folded", "wordless"), [(692, True, True), (832, True, False), (1300, False, False)])
def test_the_filter_has_room_and_no_button_is_cut(width: int, folded: bool, wordless: bool, room: Room) -> None:
    room.pour(messages(200))
    room.wait(lambda: not room.panel.feed.levels.behind)
    bar = room.pane.bar
    holder = QWidget()  # a window of its own would not become narrower than it was
    holder.resize(width, 100)
    bar.setParent(holder)
    bar.setGeometry(0, 0, width, bar.sizeHint().height())
    bar.show()
    holder.show()
    alarm = bar.worded[0]
    room.wait(lambda: bar.levels.folded == folded and (alarm.width_of("icon") == alarm.sizeHint().width()) == wordless)
    bar.layout().activate()
    for button in bar.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.accessibleName() or button.text()
            assert button.mapTo(bar, button.rect().topRight()).x() < width
    assert bar.field.width() >= bar.field.minimumWidth()
    holder.deleteLater()
