from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from protocols.record.log import EventLog, Filter
from widgets.selection import Selection
from widgets.theme.theme import theme
from widgets.timeline.model import Column, TimelineModel
from widgets.timeline.table import TimelineTable


@pytest.fixture
def table(qtbot: QtBot, make_call: Callable[..., Any]) -> TimelineTable:
    model = TimelineModel(EventLog())
    model.consume([make_call(n) for n in range(200)])
    made = TimelineTable(model, Selection())
    qtbot.addWidget(made)
    made.resize(1000, 400)
    made.show()
    return made


def test_it_follows_at_the_bottom_and_stays_where_one_reads(table: TimelineTable, make_call: Any) -> None:
    bar = table.verticalScrollBar()
    table.follow()
    table._events.consume([make_call(n) for n in range(200, 220)])
    assert bar.value() == bar.maximum()
    table.setFocus()
    bar.setValue(10)
    assert not table.follows
    table._events.consume([make_call(n) for n in range(220, 300)])
    assert bar.value() == 10
    assert table.newer() > 200
    table.follow()
    assert table.newer() == 0


def test_the_selection_is_shared_both_ways(table: TimelineTable) -> None:
    table._selection.select(150)
    assert table.currentIndex().row() == 150
    assert table.visualRect(table.currentIndex()).isValid()
    table.selectRow(3)
    assert table._selection.row == 3


def test_a_row_that_the_filter_hides_is_not_selected_and_comes_back(qtbot: QtBot, table: TimelineTable) -> None:
    table._selection.select(7)
    table._events.set_filter(Filter(text="nothing has this"))
    qtbot.waitUntil(lambda: not table._events.searching)
    assert not table.selectionModel().hasSelection()
    assert table._selection.row == 7
    table._events.set_filter(Filter())
    assert table.currentIndex().row() == 7


def test_selected_rows_are_copied_as_lines(table: TimelineTable) -> None:
    model = table.selectionModel()
    flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    for row in (4, 2):
        model.select(table.model().index(row, 0), flags)
    assert table.copy_rows() == 2
    lines = QApplication.clipboard().text().split("\n")
    assert [line.split("\t")[6] for line in lines] == ["send() number 2", "send() number 4"]


def test_keys_go_to_the_ends(table: TimelineTable) -> None:
    QTest.keyClick(table, Qt.Key.Key_Home)
    assert table._selection.row == 0
    QTest.keyClick(table, Qt.Key.Key_End)
    assert table._selection.row == 199
    assert table.follows


def test_m_asks_for_a_mark(qtbot: QtBot, table: TimelineTable) -> None:
    with qtbot.waitSignal(table.mark_requested):
        QTest.keyClick(table, Qt.Key.Key_M)


@pytest.mark.parametrize("width", [360, 560, 800, 1440])
def test_what_happened_keeps_room_and_no_column_is_outside(table: TimelineTable, width: int) -> None:
    table.resize(theme().px(width), 400)
    QApplication.processEvents()
    right = table.columnViewportPosition(Column.WHAT) + table.columnWidth(Column.WHAT)
    assert table.columnWidth(Column.WHAT) >= theme().px(60)
    assert right <= table.viewport().width() + 1
    if width >= 560:
        took = table.columnViewportPosition(Column.TOOK) + table.columnWidth(Column.TOOK)
        assert took <= table.viewport().width()


def test_it_paints_marks_errors_hover_and_selection_in_both_palettes(table: TimelineTable, make_call: Any) -> None:
    table._events.consume([make_call(300, errno="EPIPE"), make_call(301, conn=None)])
    table._events.toggle_mark(200)
    table._events.set_zero(199)
    table.follow()
    table.selectRow(200)
    QTest.mouseMove(table.viewport(), QPoint(50, 60))
    for dark in (True, False):
        theme().set_dark(dark)
        assert not table.grab().isNull()


def test_rows_are_as_high_as_the_font_wants(table: TimelineTable) -> None:
    before = table.rowHeight(0)
    theme().set_scale(2.0)
    try:
        assert table.rowHeight(0) > 1.5 * before
    finally:
        theme().set_scale(1.0)
