from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from protocols.record.event import from_json
from protocols.record.log import EventLog
from tests.gallery import scenes
from widgets.timeline.dock import TimelineDock
from widgets.timeline.views import LADDER, TABLE


@pytest.fixture
def dock(stage: Any) -> Iterator[TimelineDock]:
    made = TimelineDock(stage.desk)
    stage.window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, made)
    stage.window.resize(1200, 800)
    stage.window.show()
    return made


def pour(dock: TimelineDock) -> None:
    dock.consume(scenes.conversation() + scenes.failures())
    dock._on_refresh_timeout()


def test_what_a_worker_records_arrives_in_the_table(qtbot: QtBot, stage: Any, dock: TimelineDock) -> None:
    stage.lab.recorder.put_many(scenes.conversation())
    qtbot.waitUntil(lambda: dock.model.row_count() == 26, timeout=5000)
    qtbot.waitUntil(dock.views.table.isVisible, timeout=5000)


def test_what_is_out_of_sight_asks_for_no_room(dock: TimelineDock) -> None:
    """After another text size the page of before would push the panel out of a low window."""
    pour(dock)
    dock.views.first.setMinimumHeight(900)
    assert dock.minimumSizeHint().height() < 500


def test_empty_it_says_what_to_do_and_does_it(qtbot: QtBot, stage: Any, dock: TimelineDock) -> None:
    started: list[int] = []
    stage.desk.actions.add("sockets.both-ends", "Start", lambda: started.append(1))
    assert dock.views.first.isVisible()
    QTest.mouseClick(dock.views.first.button, Qt.MouseButton.LeftButton)
    assert started == [1]


def test_a_query_filters_and_a_bad_one_says_so_and_changes_nothing(qtbot: QtBot, dock: TimelineDock) -> None:
    pour(dock)
    QTest.keyClicks(dock.query, "errno")
    QTest.keyClick(dock.query, Qt.Key.Key_Return)
    assert dock.model.row_count() == 2
    assert dock.views.filters._result.text() == "2 of 32 fit"
    dock.query.setText("/(/")
    QTest.keyClick(dock.query, Qt.Key.Key_Return)
    assert dock.query.property("invalid")
    assert "regular expression" in dock.views.filters._result.text()
    assert dock.model.row_count() == 2
    QTest.keyClick(dock.query, Qt.Key.Key_Escape)
    assert dock.model.row_count() == 32


def test_no_match_offers_the_way_back(qtbot: QtBot, dock: TimelineDock) -> None:
    pour(dock)
    dock.query.setText("there is no such text")
    dock.views.filters.changed.emit()
    assert dock.views._no_match.isVisible()
    QTest.mouseClick(dock.views._no_match.button, Qt.MouseButton.LeftButton)
    assert dock.model.row_count() == 32
    assert dock.query.text() == ""


def test_layer_chips_count_and_filter(qtbot: QtBot, dock: TimelineDock) -> None:
    pour(dock)
    chips = dock.views.filters.chips
    QTest.mouseClick(chips["call"], Qt.MouseButton.LeftButton)
    assert dock.model.row_count() == 12
    assert "20" in chips["call"].accessibleName()
    assert chips["packet"].isHidden(), "there are no packets yet"
    QTest.mouseClick(chips["state"], Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    assert dock.model.row_count() == 5


def test_pause_keeps_and_counts_and_the_bar_goes_on(qtbot: QtBot, stage: Any, dock: TimelineDock) -> None:
    pour(dock)
    stage.desk.actions.get("timeline.pause").trigger()
    dock.consume(scenes.datagrams())
    dock._on_refresh_timeout()
    assert dock.views.tail.isVisible()
    assert dock.views.tail.button.text() == "11 new, go on"
    QTest.mouseClick(dock.views.tail.button, Qt.MouseButton.LeftButton)
    assert not stage.desk.actions.get("timeline.pause").isChecked()
    assert dock.model.row_count() == 43


def test_marks_and_errors_are_gone_through(stage: Any, dock: TimelineDock) -> None:
    pour(dock)
    get, selection = stage.desk.actions.get, stage.desk.selection
    selection.select(4)
    get("timeline.mark").trigger()
    selection.select(9)
    get("timeline.mark").trigger()
    get("timeline.next_mark").trigger()
    assert selection.row == 4
    get("timeline.next_error").trigger()
    assert stage.desk.log.event(selection.row).errno == "ECONNREFUSED"
    get("timeline.previous_error").trigger()
    assert stage.desk.log.event(selection.row).errno == "ECONNRESET"


def test_table_and_ladder_share_the_selection(qtbot: QtBot, stage: Any, dock: TimelineDock) -> None:
    pour(dock)
    dock.show_connection("3")
    dock.show_ladder()
    assert dock.views.view == LADDER
    assert dock.views.ladder.isVisible()
    QTest.keyClick(dock.views.ladder, Qt.Key.Key_Home)
    QTest.keyClick(dock.views.ladder, Qt.Key.Key_Down)
    chosen = stage.desk.selection.row
    dock.show_table()
    assert dock.views.view == TABLE
    assert dock.model.log_row(dock.views.table.currentIndex().row()) == chosen


def test_a_selected_event_of_another_connection_brings_its_ladder(stage: Any, dock: TimelineDock) -> None:
    pour(dock)
    dock.show_ladder()
    row = next(row for row in range(len(stage.desk.log)) if stage.desk.log.raw(row)[4] == "3")
    stage.desk.selection.select(row)
    assert dock.views.feed.subject.conn == "3"


def test_the_shown_events_are_exported_as_json_lines(
    qtbot: QtBot, stage: Any, dock: TimelineDock, tmp_path: Path
) -> None:
    pour(dock)
    path = tmp_path / "events.jsonl"
    dock.show_connection("4")
    dock.export_to(path)
    qtbot.waitUntil(lambda: bool(stage.toasts), timeout=5000)
    events = [from_json(line) for line in path.read_bytes().splitlines()]
    assert [event.kind for event in events] == ["connect", "send", "recv"]
    assert events[0].detail["epoch_ns"] == stage.lab.recorder.epoch_ns
    assert list(tmp_path.iterdir()) == [path]


def test_an_export_that_fails_says_why_in_place(qtbot: QtBot, dock: TimelineDock, tmp_path: Path) -> None:
    pour(dock)
    dock.export_to(tmp_path / "no such folder" / "events.jsonl")
    qtbot.waitUntil(lambda: "No such file" in dock._strip._failure.text(), timeout=5000)
    assert dock._strip.isVisible()


def test_a_cancelled_export_leaves_nothing(qtbot: QtBot, dock: TimelineDock, tmp_path: Path) -> None:
    dock.consume([scenes.raw(n, "call", "send", "c", "1", "x") for n in range(30_000)])
    qtbot.waitUntil(lambda: dock.model.row_count() == 30_000, timeout=5000)
    dock.export_to(tmp_path / "events.jsonl")
    dock._strip.cancelled.emit()
    qtbot.waitUntil(lambda: dock._export is None, timeout=10_000)
    assert list(tmp_path.iterdir()) == []


def test_the_ladder_is_written_as_svg(stage: Any, dock: TimelineDock, tmp_path: Path) -> None:
    pour(dock)
    dock.show_connection("3")
    dock.show_ladder()
    dock.export_svg_to(tmp_path / "ladder.svg")
    assert (tmp_path / "ladder.svg").read_text("utf-8").startswith("<?xml")
    dock.export_svg_to(tmp_path / "missing" / "ladder.svg")
    assert dock._strip.isVisible()


def test_folded_it_is_a_line_with_counts_and_unfolds_again(qtbot: QtBot, dock: TimelineDock) -> None:
    pour(dock)
    before = dock.height()
    dock.set_folded(True)
    qtbot.waitUntil(lambda: dock.height() < 50)
    assert dock.width() > 600
    assert "call 20" in dock._title.counts.accessibleName()
    dock.set_folded(False)
    qtbot.waitUntil(lambda: dock.height() >= before - 2)


def test_clear_hides_and_the_row_offers_all_again(qtbot: QtBot, dock: TimelineDock) -> None:
    pour(dock)
    dock.clear()
    assert dock.model.row_count() == 0
    assert dock.views.filters._hidden.text() == "32 cleared, show all"
    QTest.mouseClick(dock.views.filters._hidden, Qt.MouseButton.LeftButton)
    assert dock.model.row_count() == 32


def test_another_log_takes_the_place_of_the_first(stage: Any, dock: TimelineDock) -> None:
    pour(dock)
    stage.desk.selection.select(3)
    log = EventLog()
    log.append(scenes.datagrams())
    dock.show_log(log)
    assert stage.desk.log is log
    assert dock.model.row_count() == 11
    assert stage.desk.selection.row is None
    dock.show_ladder()
    assert dock.views.feed.subject.conn == "5"


def test_state_is_given_and_taken_and_nonsense_is_ignored(stage: Any, dock: TimelineDock) -> None:
    dock.show_ladder()
    dock.views.filters.set_layers(["call", "note"])
    state = dock.save_state()
    dock.restore_state({"view": TABLE, "layers": "x", "folded": False, "to_scale": 1})
    assert dock.views.view == TABLE
    dock.restore_state(state)
    assert dock.views.view == LADDER
    assert dock.views.filters.layers() == frozenset(("call", "note"))
    dock.restore_state({})


def test_every_input_has_a_name(dock: TimelineDock) -> None:
    filters = dock.views.filters
    for widget in (dock.query, filters.service, filters.conn, dock.views.table, dock.views.ladder, dock._title.tabs):
        assert widget.accessibleName()
    for chip in filters.chips.values():
        assert chip.accessibleName()


def test_the_lists_offer_what_there_is(qtbot: QtBot, dock: TimelineDock) -> None:
    pour(dock)
    box = dock.views.filters.service
    box.fill()
    names = [box.itemText(at) for at in range(box.count())]
    assert names == ["All services", "upper:2345", "client 3", "client 1", "client 2"]
