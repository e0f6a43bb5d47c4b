from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from netlab_gui.driving import unreachable
from protocols.concurrency.contract import Listen
from protocols.concurrency.server import make_server
from protocols.sockets.behaviours import spec
from tests.stall import StallMeter
from widgets.theme.theme import theme


def start_echo(application: Any, name: str = "echo", room: str = "sockets", **listen: Any) -> Any:
    """An echo server in the application's lab, on a free port."""
    lab = application.lab
    server = make_server(lab.recorder, spec("echo"), Listen("tcp", **listen), name=name)
    lab.start(server, room=room)
    return server


def test_the_first_picture_comes_before_the_lab(
    qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETLAB_HOME", str(tmp_path))
    from netlab_gui.app import Application

    application = Application.make()
    assert not application.furnished
    assert type(application.window.stack.currentWidget()).__name__ == "SocketsFront"
    application.window.show()
    qtbot.waitUntil(lambda: application.ready, timeout=10000)
    assert type(application.window.stack.currentWidget()).__name__ == "SocketsPanel"
    assert application.window.stack.count() == 1
    application.window.closing.emit()
    qtbot.waitUntil(lambda: application.shutdown.finished, timeout=10000)
    application.dispose()


def test_a_panel_is_built_when_it_is_first_shown(application: Any) -> None:
    stack = application.window.stack
    assert set(stack._panels) == {"sockets"}
    application.window.show_panel("running")
    assert set(stack._panels) == {"sockets", "running"}
    running = stack.panel("running")
    application.window.show_panel("sockets")
    application.window.show_panel("running")
    assert stack.panel("running") is running


def test_a_click_on_the_rail_brings_its_panel_and_only_that(qtbot: Any, application: Any) -> None:
    window = application.window
    for panel in window.stack.ids():
        button = window.rail.button(panel)
        assert unreachable(button) == ""
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda panel=panel: window.stack.current == panel, timeout=10_000)
        assert [one for one in window.stack.ids() if window.rail.button(one).isChecked()] == [panel]


def test_each_panel_finds_what_was_chosen_in_it_and_nothing_of_another(qtbot: Any, application: Any) -> None:
    window, selection = application.window, application.workplace.desk.selection
    application.lab.recorder.note("one", "of the sockets")
    application.lab.recorder.note("two", "of what runs")
    qtbot.waitUntil(lambda: len(application.workplace.desk.log) >= 2)
    selection.select(0)
    window.show_panel("running")
    assert selection.row is None
    selection.select(1)
    window.show_panel("sockets")
    assert selection.row == 0
    window.show_panel("running")
    assert selection.row == 1


def test_nothing_but_the_window_ever_becomes_a_window(qtbot: Any, launch: Callable[..., Any]) -> None:
    """A part shown before it has a parent flashes on the screen and takes the keyboard away."""
    strays: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                strays.append(type(watched).__name__)
            return False

    watch = Watch()
    app = QApplication.instance()
    assert app is not None
    app.installEventFilter(watch)
    try:
        application = launch()
        for panel in application.window.stack.ids():
            application.window.show_panel(panel)
        application.workplace.docks.open_drawer()
        theme().set_dark(True)
        theme().set_dark(False)
    finally:
        app.removeEventFilter(watch)
    assert [name for name in strays if name != "Window"] == []


def test_a_room_that_breaks_leaves_a_page_that_says_so_and_the_lab_goes_on(
    qtbot: Any, application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from widgets.running.panel import RunningPanel

    reported: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: reported.append(error))

    def broken(*_: object) -> None:
        raise RuntimeError("no table today")

    monkeypatch.setattr(RunningPanel, "_lay_out", broken)
    application.window.show_panel("running")
    assert type(application.window.stack.panel("running")).__name__ == "BrokenPanel"
    assert str(reported[0]) == "no table today"
    application.window.show_panel("sockets")
    assert application.window.stack.current == "sockets"


def test_the_status_bar_says_what_runs_and_what_others_can_reach(qtbot: Any, application: Any) -> None:
    status = application.window.status
    assert status.running.text() == "nothing running"
    assert status.exposure.text() == "bound to loopback only"
    start_echo(application)
    qtbot.waitUntil(lambda: status.running.text() == "1 server")
    assert status.exposure.text() == "bound to loopback only"
    wide = start_echo(application, "wide", host="0.0.0.0")
    qtbot.waitUntil(lambda: status.exposure.text() == "reachable from other machines")
    assert wide.name in status.exposure.toolTip()
    assert status.dropped.text() == "0 dropped"
    qtbot.waitUntil(lambda: status.events.text() == f"{len(application.workplace.desk.log)} events")
    qtbot.waitUntil(lambda: status.session.text().startswith("session "))


def test_the_dot_in_the_rail_stands_at_the_room_that_something_runs_for(qtbot: Any, application: Any) -> None:
    def said(panel: str) -> str:
        return str(application.window.rail.button(panel).accessibleDescription())

    server = start_echo(application, room="creosote")
    qtbot.waitUntil(lambda: said("creosote") == "1 running", timeout=3000)
    assert said("sockets") == ""
    start_echo(application, room="sockets")
    application.lab.stop(server)
    qtbot.waitUntil(lambda: (said("sockets"), said("creosote")) == ("1 running", ""), timeout=3000)


def test_what_runs_opens_the_table_and_stop_all_ends_it(qtbot: Any, application: Any) -> None:
    for number in range(3):
        start_echo(application, f"echo {number}")
    window = application.window
    qtbot.waitUntil(lambda: window.status.running.text() == "3 servers")
    qtbot.mouseClick(window.status.running, Qt.MouseButton.LeftButton)
    panel = window.stack.panel("running")
    assert window.stack.current == "running"
    qtbot.waitUntil(lambda: panel.model.rowCount() == 3)
    facts = panel.model.all_facts()
    assert all(one.threads and one.ports for one in facts)
    qtbot.mouseClick(panel.stop_all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 0)
    qtbot.waitUntil(lambda: window.status.running.text() == "nothing running")
    assert panel.empty.isVisible()


def test_ctrl_k_opens_the_palette_also_from_an_input(qtbot: Any, application: Any) -> None:
    from PySide6.QtWidgets import QLineEdit

    window = application.window
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.shell.palette_is_open)
    window.shell.close_palette()
    field = next(one for one in window.stack.findChildren(QLineEdit) if one.isVisible())
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.shell.palette_is_open)
    window.shell.close_palette()


def test_the_palette_finds_services_and_events(application: Any) -> None:
    server = start_echo(application)
    application.bridge.drain()
    shell = application.window.shell
    assert [found.text for found in shell._find_services("echo")] == [server.name]
    found = list(shell._find_events("listen"))
    assert any("listen" in one.text for one in found)
    found[0].run()
    assert application.workplace.desk.selection.row is not None


def test_palette_and_text_size_act_at_once_and_are_there_at_the_next_start(
    qtbot: Any, launch: Callable[..., Any]
) -> None:
    first = launch()
    first.window.shell.dark.trigger()
    assert theme().dark
    first.window.shell.present.trigger()
    assert theme().scale == pytest.approx(1.4)
    first.window.shell.present.trigger()
    assert theme().scale == pytest.approx(1.0)
    launch.stop(first)
    theme().set_dark(False)
    second = launch()
    assert theme().dark
    second.window.shell.dark.trigger()
    assert not theme().dark


def test_panel_docks_and_folding_are_there_at_the_next_start(qtbot: Any, launch: Callable[..., Any]) -> None:
    first = launch()
    first.window.show_panel("running")
    first.workplace.docks.timeline.set_folded(True)
    first.workplace.docks.inspector.hide()
    launch.stop(first)
    second = launch(None)
    assert second.window.stack.current == "running"
    assert second.workplace.docks.timeline.folded
    assert not second.workplace.docks.inspector.isVisible()


def test_recording_can_pause(qtbot: Any, application: Any) -> None:
    window = application.window
    qtbot.mouseClick(window.toolbar.light, Qt.MouseButton.LeftButton)
    assert not application.lab.recorder.enabled
    assert "Not recording" in window.toolbar.light.accessibleName()
    qtbot.mouseClick(window.toolbar.light, Qt.MouseButton.LeftButton)
    assert application.lab.recorder.enabled


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 700)])
def test_every_shell_button_can_be_reached(launch: Callable[..., Any], width: int, height: int) -> None:
    application = launch((width, height))
    window = application.window
    parts = [window.rail.button(one) for one in window.stack.ids()]
    parts += [window.toolbar.session, window.toolbar.light, window.toolbar.field, window.shell.menu_button]
    parts += [window.status.running, window.status.dropped, window.status.events, window.status.session]
    for scale in (1.0, 1.4):
        application.settings.scale = scale
        window.repaint()
        found = {part.accessibleName(): unreachable(part) for part in parts if unreachable(part)}
        assert found == {}, scale


def test_every_button_of_the_shell_has_a_name(application: Any) -> None:
    from PySide6.QtWidgets import QAbstractButton

    window = application.window
    for part in (window.rail, window.toolbar, window.status, window.strips):
        for button in part.findChildren(QAbstractButton):
            if button.objectName() != "qt_toolbar_ext_button":
                assert button.accessibleName() or button.text(), button


def test_the_start_does_not_leave_the_window_deaf_for_long(qtbot: Any, launch: Callable[..., Any]) -> None:
    application = launch()
    with StallMeter() as meter:
        for number in range(20):
            application.bridge.call(lambda number=number: start_echo(application, f"echo {number}"))
        qtbot.waitUntil(lambda: application.window.status.running.text() == "20 servers", timeout=10000)
    assert meter.max_ms < 250, str(meter)


def test_an_unexpected_error_is_a_strip_with_a_report_to_copy(qtbot: Any, application: Any) -> None:
    from netlab_gui.crash import Report

    application.window.show_crash(Report("ValueError: boom", "the whole report", Path("/srv/crash.txt")))
    banner = application.window.strips.banner("crash")
    assert banner is not None
    assert "boom" in banner.text()
    banner.action_button.click()
    assert QApplication.clipboard().text() == "the whole report"


def test_what_succeeded_is_a_toast_and_a_note(qtbot: Any, application: Any) -> None:
    application.workplace.desk.toast("Saved as lecture.netlab")
    assert application.window._toast.isVisible()
    log = application.workplace.desk.log
    qtbot.waitUntil(lambda: any(raw[9] == "Saved as lecture.netlab" for raw in log.raws(0, len(log))))


def test_the_first_click_counts_though_the_panel_is_not_there_yet(launch: Any, qtbot: Any) -> None:
    application = launch(ready=False)
    assert not application.furnished
    front = application.window.stack.currentWidget()
    qtbot.mouseClick(front.empty.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: application.ready, timeout=10_000)
    qtbot.waitUntil(lambda: bool(application.workplace.running_names()), timeout=5_000)
    assert application.workplace.running_names()[0].startswith("upper")
    assert application.window.stack.currentWidget() is application.window.stack.panel("sockets")
