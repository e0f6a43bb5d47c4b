from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netlab_gui.docks import INSPECTOR_WIDTH


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
        qtbot.waitUntil(lambda: all(item.width() >= item.sizeHint().width() for item in counting))
    assert bar.level.isHidden() or bar.level.width() < bar.level.sizeHint().width()
