from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot

from protocols.record.log import EventLog, Filter
from widgets.timeline.model import HEADS, Column, TimelineModel


@pytest.fixture
def model(qtbot: QtBot) -> TimelineModel:
    return TimelineModel(EventLog())


def shown(model: TimelineModel) -> list[int]:
    return [model.log_row(row) for row in range(model.rowCount())]


def wait(qtbot: QtBot, model: TimelineModel) -> None:
    qtbot.waitUntil(lambda: not model.searching, timeout=5000)


def test_the_model_keeps_qts_rules_while_it_grows_filters_and_drops(
    qtbot: QtBot, qtmodeltester: Any, make_call: Any, make_note: Any
) -> None:
    log = EventLog(limit_bytes=6 << 20)
    model = TimelineModel(log)
    qtmodeltester.check(model)
    model.consume([make_call(n) for n in range(100)])
    model.set_filter(Filter(layers=frozenset(("note",))))
    model.consume([make_note(n) for n in range(100, 150)])
    wait(qtbot, model)
    assert model.rowCount() == 50
    model.set_filter(Filter())
    for number in range(150, 156):
        large = (number * 1_000_000, "call", "send", None, None, None, None, None, bytes(3 << 20), "large", None)
        model.consume([large, make_call(number)])
        wait(qtbot, model)
    assert log.first > 0
    assert shown(model) == list(range(log.first, len(log)))
    qtmodeltester.check(model)


def test_a_batch_is_one_insertion(qtbot: QtBot, model: TimelineModel, make_call: Any) -> None:
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    model.consume([make_call(n) for n in range(300)])
    assert inserted == [(0, 299)]


def test_many_batches_at_once_are_inserted_together(qtbot: QtBot, model: TimelineModel, make_call: Any) -> None:
    inserted: list[tuple[int, int]] = []
    model.rowsInserted.connect(lambda _parent, first, last: inserted.append((first, last)))
    for start in range(0, 4000, 1000):
        model.consume([make_call(n) for n in range(start, start + 1000)])
    wait(qtbot, model)
    assert inserted == [(0, 3999)]


def test_neighbours_in_a_batch_are_put_in_order_of_time(model: TimelineModel, make_call: Any) -> None:
    model.consume([make_call(5), make_call(2), make_call(9)])
    assert [model.raw_at(row)[0] // 1_000_000 for row in range(3)] == [2, 5, 9]


def test_columns_say_what_the_heads_promise(model: TimelineModel, make_call: Any) -> None:
    model.consume([make_call(1), (3_500_000, "call", "recv", "echo:7", "4", "in", 0, 1204, b"", "recv(4096) = 1204",
                                  {"took_ns": 81_000})])  # fmt: skip
    texts = [model.index(1, column).data() for column in Column]
    assert texts == ["2.500", "call", "echo:7 conn 4", "in", "recv", "recv(4096) = 1204", "1\u202f204", "81 µs"]
    assert [model.headerData(c, Qt.Orientation.Horizontal) for c in Column] == list(HEADS)
    assert model.index(0, Column.BYTES).data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight.value


def test_pause_keeps_everything_and_shows_it_afterwards(qtbot: QtBot, model: TimelineModel, make_call: Any) -> None:
    model.consume([make_call(n) for n in range(10)])
    model.set_paused(True)
    model.consume([make_call(n) for n in range(10, 40)])
    assert (model.rowCount(), model.pending, len(model.log)) == (10, 30, 40)
    model.set_paused(False)
    wait(qtbot, model)
    assert (model.rowCount(), model.pending) == (40, 0)


def test_a_filter_changed_while_paused_shows_nothing_newer(
    qtbot: QtBot, model: TimelineModel, make_call: Any
) -> None:
    model.consume([make_call(n) for n in range(10)])
    model.set_paused(True)
    model.consume([make_call(n) for n in range(10, 20)])
    model.set_filter(Filter(text="number"))
    wait(qtbot, model)
    assert shown(model) == list(range(10))
    model.set_paused(False)
    wait(qtbot, model)
    assert shown(model) == list(range(20))


def test_a_filter_goes_on_with_what_comes(qtbot: QtBot, model: TimelineModel, make_call: Any, make_note: Any) -> None:
    model.consume([make_call(0), make_note(1), make_call(2, conn="2")])
    model.set_filter(Filter(conns=frozenset(("2",))))
    wait(qtbot, model)
    assert shown(model) == [2]
    model.consume([make_call(3, conn="2"), make_call(4)])
    assert shown(model) == [2, 3]
    assert model.shown_row(3) == 1
    assert model.shown_row(4) is None
    assert model.layer_counts() == {"call": 2}


def test_layer_counts_ignore_the_layers_that_are_switched_off(
    qtbot: QtBot, model: TimelineModel, make_call: Any, make_note: Any
) -> None:
    model.consume([make_call(0), make_note(1), make_note(2)])
    model.set_filter(Filter(layers=frozenset(("call",))))
    wait(qtbot, model)
    assert model.rowCount() == 1
    assert model.layer_counts()["note"] == 2


def test_clear_hides_and_show_all_brings_back(qtbot: QtBot, model: TimelineModel, make_call: Any) -> None:
    model.consume([make_call(n) for n in range(10)])
    model.clear()
    assert (model.rowCount(), model.hidden_before) == (0, 10)
    model.consume([make_call(10)])
    assert shown(model) == [10]
    assert model.layer_counts()["call"] == 1
    model.show_all()
    assert model.rowCount() == 11


def test_errors_and_marks_are_found_around_the_ends(model: TimelineModel, make_call: Any) -> None:
    batch = [make_call(n) for n in range(10)]
    batch[3] = make_call(3, errno="ECONNREFUSED")
    batch[5] = make_call(5, errno="EAGAIN")
    batch[8] = make_call(8, errno="EPIPE")
    model.consume(batch)
    assert list(model.errors) == [3, 8], "a call that would have to wait is no failure"
    assert model.neighbour(model.errors, 0, 1) == 3
    assert model.neighbour(model.errors, 3, 1) == 8
    assert model.neighbour(model.errors, 8, 1) == 3
    assert model.neighbour(model.errors, 3, -1) == 8
    assert model.toggle_mark(4) is True
    assert model.toggle_mark(4) is False
    assert model.neighbour([], 0, 1) is None


def test_a_search_over_a_large_log_comes_in_slices(qtbot: QtBot, model: TimelineModel, make_call: Any) -> None:
    model.log.append([make_call(n) for n in range(40_000)])
    model.set_filter(Filter(text=r"/number \d*7\b/"))
    wait(qtbot, model)
    assert model.rowCount() == 4000
    assert model.parent() is None
    assert not model.index(0, 0, QModelIndex()).parent().isValid()


def test_time_can_be_counted_from_any_event(model: TimelineModel, make_call: Any) -> None:
    model.consume([make_call(n) for n in range(5)])
    model.set_zero(3)
    assert model.index(4, Column.TIME).data() == "1.000"
    assert model.index(2, Column.TIME).data() == "\u22121.000"
    model.set_zero(None)
    assert model.index(4, Column.TIME).data() == "4.000"
