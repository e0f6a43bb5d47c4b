"""The docks keep their contents for the next start, and share the window when letters or windows change size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow
from pytestqt.qtbot import QtBot

from netlab_gui.docks import INSPECTOR_WIDTH, Docks
from protocols.lab import Lab
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.panel import finished
from widgets.selection import Selection


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    lab = Lab()
    bridge = Bridge(lab)
    yield Desk(lab, bridge, Actions(), Selection(), EventLog())
    bridge.close()
    assert lab.close(20) == []


def test_the_drawers_choices_are_found_again_when_it_is_opened(qtbot: QtBot, desk: Desk) -> None:
    floor = QMainWindow()
    qtbot.addWidget(floor)
    docks = finished(Docks.in_steps(floor, desk))
    docks.show_python("client", {})
    docks.drawer.page.imports.button(1).click()
    docks.drawer.page.errors.button(1).click()
    kept = docks.save_contents()
    second = QMainWindow()
    qtbot.addWidget(second)
    again = finished(Docks.in_steps(second, Desk(desk.lab, desk.bridge, Actions(), Selection(), EventLog())))
    again.restore(None, kept)
    assert again.save_contents()["python"] == kept["python"], "not opened, and not forgotten"
    again.show_python("client", {})
    assert "from socket import" in again.drawer.source
    assert again.save_contents()["python"] == kept["python"]


def test_docks_come_into_view_together(qtbot: QtBot, desk: Desk) -> None:
    floor = QMainWindow()
    qtbot.addWidget(floor)
    floor.show()
    steps, docks = Docks.in_steps(floor, desk), None
    while docks is None:
        QApplication.processEvents()
        assert [one for one in floor.findChildren(QDockWidget) if one.isVisible()] == []
        try:
            next(steps)
        except StopIteration as end:
            docks = end.value
    docks.show()
    assert docks.timeline.isVisible()
    assert docks.inspector.isVisible()


def test_a_strange_state_of_the_drawer_is_ignored(qtbot: QtBot, desk: Desk) -> None:
    floor = QMainWindow()
    qtbot.addWidget(floor)
    docks = finished(Docks.in_steps(floor, desk))
    docks.restore(None, {"python": [1, 2]})
    docks.show_python("client", {})
    assert docks.save_contents()["python"] == {"imports": 0, "errors": 0}


def test_the_drawer_comes_over_the_inspector_and_gives_its_room_back(qtbot: Any, application: Any) -> None:
    window, docks = application.window, application.workplace.docks
    before = docks.inspector.width()
    window.shell.python.trigger()
    qtbot.waitUntil(lambda: docks.drawer_is_open)
    qtbot.waitUntil(lambda: docks.drawer.width() >= 470)
    assert not docks.inspector.visibleRegion().intersects(docks.inspector.rect())
    window.shell.python.trigger()
    qtbot.waitUntil(lambda: not docks.drawer_is_open)
    qtbot.waitUntil(lambda: abs(docks.inspector.width() - before) < 3)
    assert not window.shell.python.isChecked()


def test_the_inspector_gives_way_to_large_letters_and_comes_back_as_it_was(
    qtbot: Any, launch: Callable[..., Any]
) -> None:
    application = launch((1440, 900))
    inspector = application.workplace.docks.inspector
    before = inspector.width()
    application.window.settings.scale = 1.2
    qtbot.waitUntil(lambda: inspector.width() > before * 1.1)
    application.window.settings.scale = 2.0
    qtbot.waitUntil(inspector.isHidden)
    application.window.settings.scale = 1.0
    qtbot.waitUntil(inspector.isVisible)
    qtbot.waitUntil(lambda: abs(inspector.width() - before) < 6)


def test_letters_that_shrink_again_leave_no_dock_too_large(qtbot: Any, launch: Callable[..., Any]) -> None:
    application = launch((1024, 700))
    docks = application.workplace.docks
    docks.timeline.set_folded(True)
    docks.inspector.show()
    qtbot.waitUntil(docks.inspector.isVisible)
    width, height = docks.inspector.width(), docks.timeline.height()
    application.window.settings.scale = 2.0
    qtbot.waitUntil(lambda: docks.inspector.isHidden() and docks.timeline.height() > height)
    docks.inspector.show()
    qtbot.waitUntil(lambda: docks.inspector.width() > width)
    application.window.settings.scale = 1.0
    qtbot.waitUntil(lambda: docks.inspector.width() <= INSPECTOR_WIDTH)
    qtbot.waitUntil(lambda: docks.timeline.height() == height)


def test_a_time_line_folded_under_settings_is_open_under_sockets_at_the_next_start(
    qtbot: Any, launch: Callable[..., Any]
) -> None:
    first = launch()
    assert not first.workplace.docks.timeline.folded
    first.window.show_panel("settings")
    assert first.workplace.docks.timeline.folded
    launch.stop(first)  # type: ignore[attr-defined]
    second = launch()
    assert second.window.stack.current == "settings"
    second.window.show_panel("sockets")
    qtbot.waitUntil(lambda: not second.workplace.docks.timeline.folded)


def test_what_counts_in_the_status_bar_is_never_cut_by_words_that_do_not_change(
    qtbot: Any, launch: Callable[..., Any]
) -> None:
    application = launch((1024, 700))
    bar = application.window.status
    counting = (bar.running, bar.exposure, bar.dropped, bar.events)
    for scale in (1.0, 1.4):
        application.window.settings.scale = scale
        qtbot.waitUntil(application.window.updatesEnabled)
        qtbot.waitUntil(lambda: all(item.width() >= item.sizeHint().width() for item in counting))
    assert bar.level.isHidden() or bar.level.width() < bar.level.sizeHint().width()
    application.window.settings.scale = 2.0
    shown = (bar.running, bar.dropped)
    qtbot.waitUntil(lambda: all(item.isVisible() and item.width() >= item.sizeHint().width() for item in shown))


def test_a_low_window_starts_with_room_for_a_card_and_its_buttons(qtbot: Any, launch: Callable[..., Any]) -> None:
    application = launch((1024, 700))
    ends = application.window.stack.panel("sockets").ends
    ends.give_other_end(ends.clients.current.slot)
    qtbot.waitUntil(lambda: ends.clients.current.slot.phase == "connected")
    send = ends.clients.current.live.input.send_button
    qtbot.waitUntil(lambda: send.visibleRegion().boundingRect() == send.rect())
