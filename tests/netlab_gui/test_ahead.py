"""Panels that nobody asked for are built in small steps; one that is asked for comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from widgets.theme.theme import theme

LIMIT_MS = 20_000


@pytest.fixture
def window(launch: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("netlab_gui.ahead.REST_MS", 0)
    return launch().window


def test_all_panels_stand_after_a_while_and_none_comes_to_the_front(window: Any, qtbot: Any) -> None:
    window.ahead._go_on()
    qtbot.waitUntil(lambda: window.ahead.done, timeout=LIMIT_MS)
    assert set(window.stack._panels) == set(window.stack.ids())
    assert window.stack.current == "sockets"
    assert [panel for panel in window.stack.ids() if window.stack.panel(panel).isVisible()] == ["sockets"]
    window.show_panel("http")
    head = window.stack.panel("http").findChild(QLabel)
    assert head.testAttribute(Qt.WidgetAttribute.WA_WState_Polished), "what is shown is dressed"


def test_one_that_is_asked_for_meanwhile_comes_before_the_others(window: Any, qtbot: Any) -> None:
    window.ahead._go_on()
    window.go_to("mail")
    window.go_to("running")
    assert window.rail.button("running").isChecked()
    assert window.stack.current == "sockets", "it comes when it stands"
    qtbot.waitUntil(lambda: window.stack.current == "running", timeout=LIMIT_MS)
    assert "packets" not in window.stack._panels


def test_nothing_is_built_while_another_palette_comes(window: Any, qtbot: Any) -> None:
    begun: list[bool] = []
    build = window.stack.build_in_steps

    def watched(panel_id: str) -> Iterator[None]:
        for _ in build(panel_id):
            begun.append(theme().changing or not window.updatesEnabled())
            yield

    window.stack.build_in_steps = watched
    window.ahead._load("running")
    window.ahead._on_loaded("running")
    window.shell.dark.trigger()
    assert theme().changing
    qtbot.waitUntil(lambda: bool(begun), timeout=LIMIT_MS)
    assert begun[0] is False
    assert not theme().changing


def test_a_panel_shown_while_it_is_half_built_is_built_once(window: Any) -> None:
    stack = window.stack
    steps = stack.build_in_steps("http")
    next(steps)
    window.show_panel("http")
    shown = stack.panel("http")
    assert list(steps) == []
    assert stack.panel("http") is shown
    assert stack.currentWidget() is shown


@pytest.mark.parametrize("panel_id", ["creosote", "http", "mail", "ftp", "packets"])
def test_what_was_begun_is_part_of_the_panel_that_is_shown_before_it_stands(window: Any, panel_id: str) -> None:
    steps = window.stack.build_in_steps(panel_id)
    next(steps)
    before = set(QApplication.topLevelWidgets())
    window.show_panel(panel_id)
    shown = window.stack.panel(panel_id)
    begun = [one for one in before if one.window() is window and shown.isAncestorOf(one)]
    assert begun, "a part that was made before stands in it, and was not made again"
    assert shown.isVisible()


def test_a_room_that_can_not_be_loaded_says_so_when_its_panel_is_opened(
    window: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_name: str) -> Any:
        raise ImportError("no such room")

    monkeypatch.setattr("netlab_gui.ahead.import_module", broken)
    monkeypatch.setattr("netlab_gui.panels.import_module", broken)
    monkeypatch.setattr("sys.excepthook", lambda *_: None)
    window.go_to("ftp")
    qtbot.waitUntil(lambda: window.stack.current == "ftp", timeout=LIMIT_MS)
    assert "no such room" in window.stack.panel("ftp")._words


def test_nothing_is_built_once_the_window_closes(launch: Any, qtbot: Any) -> None:
    application = launch()
    application.window.ahead._go_on()
    launch.stop(application)
    assert set(application.window.stack._panels) == {"sockets"}
