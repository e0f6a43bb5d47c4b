"""Tab goes through the window as one reads it, and Enter presses what has the keyboard."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from widgets.theme.theme import theme


def _press(key: Qt.Key) -> QWidget:
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key)
    now = QApplication.focusWidget()
    assert now is not None
    return now


def _round(start: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Every stop from `start` until it comes round."""
    stops = [start]
    while (stop := _press(key)) is not start:
        assert len(stops) < 200, "Tab never comes back"
        assert stop not in stops, f"Tab turns in a circle that leaves {start.accessibleName()} out"
        stops.append(stop)
    return stops


def test_tab_reads_panel_docks_status_rail_and_toolbar_and_back_again(qtbot: Any, application: Any) -> None:
    window = application.window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.stack)
    stops = _round(_press(Qt.Key.Key_Tab))
    docks = application.workplace.docks
    places = (window.stack, docks.timeline, docks.inspector, window.status, window.rail, window.toolbar)
    seen: list[QWidget] = []
    for stop in stops:
        place = next(place for place in places if place.isAncestorOf(stop))
        if not seen or seen[-1] is not place:
            seen.append(place)
    assert seen == list(places)
    ends = window.stack.panel("sockets").ends
    form = ends.clients.current.form
    order = [form.fields.editor("host"), form.connect_button, form.preset_button, ends.servers.current.empty.button]
    assert [stops.index(stop) for stop in order] == sorted(stops.index(stop) for stop in order)
    assert _round(stops[0], Qt.Key.Key_Backtab) == [stops[0], *stops[:0:-1]]


def test_a_client_made_later_is_reached_where_it_stands(qtbot: Any, application: Any) -> None:
    window = application.window
    window.activateWindow()
    panel = window.stack.panel("sockets")
    view = panel.ends.clients.add_client()
    host = view.form.fields.editor("host")
    host.setFocus()
    qtbot.waitUntil(host.hasFocus)
    for _ in range(2):
        stop = _press(Qt.Key.Key_Tab)
    assert stop is view.form.connect_button


def test_enter_presses_the_button_that_tab_reached(qtbot: Any, application: Any) -> None:
    window = application.window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.stack)
    before = theme().dark
    stop = window.focusWidget()
    while stop.accessibleName() != "Dark palette":
        stop = _press(Qt.Key.Key_Tab)
    QTest.keyClick(stop, Qt.Key.Key_Return)
    assert theme().dark is not before
    QTest.keyClick(stop, Qt.Key.Key_Space)
    assert theme().dark is before
