"""From the bench to the time line: a picked connection is selected there, and the first answer points to the ladder."""

from __future__ import annotations

from PySide6.QtCore import Qt

from tests.widgets.sockets.conftest import Bench


def _selected_conn(bench: Bench) -> str | None:
    row = bench.desk.selection.row
    return None if row is None else bench.desk.log.raw(row)[4]


def test_a_picked_connection_is_selected_on_the_time_line(bench: Bench) -> None:
    server = bench.start_server(behaviour="echo")
    for _ in range(3):
        bench.connect()
    bench.wait(lambda: server.slot.rows.rowCount() == 3)
    assert _selected_conn(bench) is None, "nobody has picked one yet"
    table = server.live.table
    conns = [row.conn for row in server.slot.rows.rows()]
    bench.qtbot.mouseClick(
        table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(server.slot.rows.index(2, 1)).center()
    )
    bench.wait(lambda: _selected_conn(bench) == conns[2])
    bench.qtbot.keyClick(table, Qt.Key.Key_Up)
    bench.wait(lambda: _selected_conn(bench) == conns[1])


def test_only_this_connection_filters_the_time_line(bench: Bench) -> None:
    asked: list[str | None] = []
    bench.desk.actions.add("timeline.this_conn", "Only this connection", lambda: asked.append(_selected_conn(bench)))
    server = bench.start_server(behaviour="echo")
    bench.connect()
    bench.wait(lambda: server.slot.rows.rowCount() == 1)
    row = server.slot.rows.row(0)
    assert row is not None
    next(action for action in server.live.table.actions() if "Only" in action.text()).trigger()
    bench.wait(lambda: asked == [row.conn])


def test_the_first_answer_points_to_the_ladder_once(bench: Bench) -> None:
    shown: list[str | None] = []
    bench.desk.actions.add("timeline.ladder", "Show the ladder", lambda: shown.append(_selected_conn(bench)))
    bench.start_server(behaviour="echo")
    view = bench.connect()
    assert not view.live.pointer.isVisible()
    bench.say(view, "one")
    bench.wait(view.live.pointer.isVisible)
    bench.click(view.live.pointer.action_button)
    bench.wait(lambda: shown and bench.server.slot.rows.rowCount())
    assert shown == [bench.server.slot.rows.rows()[0].conn]
    assert not view.live.pointer.isVisible()
    other = bench.connect()
    bench.say(other, "two")
    bench.wait(lambda: bench.received(other))
    assert not other.live.pointer.isVisible()
    assert bench.panel.save_state()["pointed"] is True


def test_who_goes_on_talking_needs_no_pointer_and_the_next_start_has_none(bench: Bench) -> None:
    bench.desk.actions.add("timeline.ladder", "Show the ladder", lambda: None)
    bench.start_server(behaviour="echo")
    view = bench.connect()
    bench.say(view, "one")
    bench.wait(view.live.pointer.isVisible)
    bench.say(view, "two")
    assert not view.live.pointer.isVisible()
    state = bench.panel.save_state()
    bench.panel.pointer.done = False
    bench.panel.restore_state(state)
    assert bench.panel.pointer.done
