"""The palette is used by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from widgets.actions import Actions
from widgets.command_palette import CommandPalette
from widgets.theme.theme import theme


class Bench:
    """A window with a field, some actions, and the palette."""

    def __init__(self, qtbot: QtBot) -> None:
        self.calls: list[str] = []
        self.window = QWidget()
        self.window.resize(1000, 700)
        self.field = QPushButton("Search", self.window)
        self.field.setGeometry(300, 8, 340, 32)
        self.edit = QLineEdit(self.window)
        self.edit.move(10, 600)
        self.actions = Actions(self.window)
        for name, python in (("Start echo server", "serve"), ("Start a bucket", ""), ("Stop", "")):
            self.actions.add(name, name, lambda name=name: self.calls.append(name), group="Sockets", python=python)
        self.palette = CommandPalette(self.actions, self.window, lambda: "Sockets")
        qtbot.addWidget(self.window)
        self.window.show()
        self.window.activateWindow()
        self.edit.setFocus()
        qtbot.waitUntil(lambda: QApplication.focusWidget() is self.edit)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget(), key, modifier)

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)

    def chosen(self) -> str:
        return str(self.palette.list.currentIndex().data())


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(qtbot)
    yield made
    made.palette.close_now()


def test_it_opens_under_the_field_with_the_keyboard_in_it(bench: Bench) -> None:
    bench.palette.open_under(bench.field)
    assert QApplication.focusWidget() is bench.palette.edit
    box = bench.palette.geometry()
    assert box.top() > bench.field.geometry().bottom()
    assert 490 <= box.width() <= 620
    assert abs(box.center().x() - bench.field.geometry().center().x()) < 3
    assert bench.window.rect().contains(box)


def test_typing_and_return_run_the_action_and_close(bench: Bench, qtbot: QtBot) -> None:
    bench.palette.open_under(bench.field)
    bench.type("buck")
    assert bench.palette.count.text() == "1 of 3 actions"
    with qtbot.waitSignal(bench.palette.closed):
        bench.press(Qt.Key.Key_Return)
    assert bench.calls == ["Start a bucket"]
    assert QApplication.focusWidget() is bench.edit, "the focus is back where it was"


def test_arrows_choose(bench: Bench) -> None:
    bench.palette.open_under(bench.field)
    assert bench.chosen() == "Start echo server"
    bench.press(Qt.Key.Key_Down)
    assert bench.chosen() == "Start a bucket"
    bench.press(Qt.Key.Key_PageDown)
    assert bench.chosen() == "Stop"
    bench.press(Qt.Key.Key_Up)
    bench.press(Qt.Key.Key_Return)
    assert bench.calls == ["Start a bucket"]


def test_alt_return_asks_for_the_script_and_runs_nothing(bench: Bench, qtbot: QtBot) -> None:
    bench.palette.open_under(bench.field, "echo")
    with qtbot.waitSignal(bench.palette.python_requested) as asked:
        bench.press(Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    assert asked.args == ["serve"]
    assert bench.calls == []


def test_alt_return_does_nothing_where_there_is_no_script(bench: Bench, qtbot: QtBot) -> None:
    bench.palette.open_under(bench.field, "bucket")
    with qtbot.assertNotEmitted(bench.palette.python_requested):
        bench.press(Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    assert bench.palette.isVisible()
    assert bench.calls == []


def test_escape_closes_and_runs_nothing(bench: Bench) -> None:
    bench.palette.open_under(bench.field)
    bench.press(Qt.Key.Key_Escape)
    assert not bench.palette.isVisible()
    assert bench.calls == []


def test_a_disabled_action_is_shown_but_not_run(bench: Bench) -> None:
    bench.actions.get("Stop").setEnabled(False)
    bench.palette.open_under(bench.field, "stop")
    bench.press(Qt.Key.Key_Return)
    assert bench.palette.isVisible()
    assert bench.calls == []


def test_nothing_found_says_so(bench: Bench) -> None:
    bench.palette.open_under(bench.field, "xyzzy")
    assert bench.palette.nothing.isVisible()
    assert not bench.palette.list.isVisible()
    assert bench.palette.count.text() == "0 of 3 actions"
    bench.press(Qt.Key.Key_Return)
    assert bench.palette.isVisible()


def test_a_click_elsewhere_closes_and_one_inside_does_not(bench: Bench) -> None:
    bench.palette.open_under(bench.field)
    QTest.mouseClick(bench.palette, Qt.MouseButton.LeftButton, pos=QPoint(8, 20))
    assert bench.palette.isVisible()
    QTest.mouseClick(bench.window, Qt.MouseButton.LeftButton, pos=QPoint(20, 650))
    assert not bench.palette.isVisible()


def test_a_click_on_a_row_runs_it(bench: Bench) -> None:
    bench.palette.open_under(bench.field)
    view = bench.palette.list
    place = view.visualRect(view.model().index(2, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert bench.calls == ["Start a bucket"]


def test_opening_again_takes_the_text_for_replacing(bench: Bench) -> None:
    bench.palette.toggle_under(bench.field)
    bench.type("stop")
    bench.palette.open_under(bench.field)
    assert bench.palette.edit.selectedText() == "stop"
    bench.palette.toggle_under(bench.field)
    assert not bench.palette.isVisible()
    bench.palette.open_under(bench.field)
    assert bench.palette.edit.text() == ""


def test_it_stays_in_a_small_window_and_is_painted_in_both_palettes(bench: Bench) -> None:
    bench.palette.open_under(bench.field)
    bench.window.resize(520, 380)
    assert bench.window.rect().contains(bench.palette.geometry())
    light = bench.window.grab().toImage()
    theme().set_dark(True)
    dark = bench.window.grab().toImage()
    theme().set_dark(False)
    assert light != dark

