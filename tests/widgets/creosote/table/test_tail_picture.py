"""A page of new rows painted a few at a time is the page that painting it at once gives, and never an old one."""

from __future__ import annotations

from tests.widgets.creosote.conftest import Room
from tests.widgets.creosote.log.test_pane import messages


def begin(room: Room) -> None:
    """Many rows come, and their page begins to be painted."""
    room.pour(messages(3000))
    room.pane.view._fit_later()
    assert room.pane.view._tail.busy


def test_rows_by_the_thousand_are_shown_as_if_painted_at_once(room: Room) -> None:
    room.pour(messages(500))
    view = room.pane.view
    room.wait(lambda: view.top() == 500 - view.page())
    room.pour(messages(3000))
    room.wait(lambda: view.top() == 3500 - view.page())
    assert view.follows
    assert view.visible_numbers()[-1] == 3499
    begin(room)
    with room.qtbot.waitSignal(view._tail.ready):
        pass
    assert view.top() == 6500 - view.page()
    kept = view._tail.shown(view.top(), view.viewport().size(), view.devicePixelRatioF())
    assert kept is not None
    shown = view.viewport().grab().toImage()
    assert shown == kept.toImage().convertToFormat(shown.format())
    begin(room)  # the page that is seen stays while the next is painted
    assert view.top() == 6500 - view.page()
    assert view._tail.shown(view.top(), view.viewport().size(), view.devicePixelRatioF()) is not None
    assert shown == view.viewport().grab().toImage()
    with room.qtbot.waitSignal(view._tail.ready):
        pass
    shown = view.viewport().grab().toImage()
    view.repaint_rows()
    assert view._tail.shown(view.top(), view.viewport().size(), view.devicePixelRatioF()) is None
    assert shown == view.viewport().grab().toImage()
    view.chosen.choose(view.visible_numbers()[3])
    assert shown != view.viewport().grab().toImage()
    view.follow()
    begin(room)
    view._tail._on_turn_timeout()  # some rows are painted, then they look different
    view.chosen.clear()
    room.wait(lambda: not view._tail.busy)
    assert view._tail.shown(view.top(), view.viewport().size(), view.devicePixelRatioF()) is None


def test_who_scrolls_up_or_filters_meanwhile_keeps_what_is_asked_for(room: Room) -> None:
    room.pour(messages(500))
    view = room.pane.view
    room.wait(lambda: view.top() == 500 - view.page())
    begin(room)
    view.verticalScrollBar().setValue(10)
    assert not view.follows
    room.wait(lambda: not view._tail.busy)
    assert view.top() == 10
    view.follow()
    begin(room)
    assert room.filter('"seq=1 "')
    room.wait(lambda: view.top() == 0)
    assert not view._tail.busy
