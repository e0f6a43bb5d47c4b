from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.hexview import Field, HexView
from widgets.theme.theme import theme


@pytest.fixture
def view(qtbot: QtBot) -> HexView:
    made = HexView()
    qtbot.addWidget(made)
    made.resize(theme().px(372), 300)
    made.show()
    return made


def test_a_line_holds_8_bytes_and_16_from_560_px_on(view: HexView) -> None:
    view.set_data(bytes(range(64)))
    assert view.per_line == 8
    view.resize(theme().px(580), 300)
    assert view.per_line == 16


def test_a_megabyte_is_painted_by_the_lines_in_sight(view: HexView) -> None:
    view.set_data(bytes(1 << 20), fields=(Field(0, 1 << 20, 0),))
    assert view.verticalScrollBar().maximum() > 100_000
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
    assert not view.grab().isNull()


@pytest.mark.parametrize(
    ("copy", "expected"),
    [("copy_hex", "0d 0a ff"), ("copy_text", "\r\n\ufffd"), ("copy_python", "b'\\r\\n\\xff'")],
)
def test_the_selection_is_copied_in_three_ways(view: HexView, copy: str, expected: str) -> None:
    view.set_data(b"abc\r\n\xffxyz")
    view.select(3, 6)
    getattr(view, copy)()
    assert QApplication.clipboard().text() == expected


def test_without_a_selection_the_marked_bytes_are_copied_else_all(view: HexView) -> None:
    view.set_data(b"hello")
    assert view.chosen_bytes() == b"hello"
    view.set_mark(1, 3)
    assert view.chosen_bytes() == b"el"
    view.select(0, 2)
    assert view.chosen_bytes() == b"he"


def test_keys_move_and_extend_the_selection(qtbot: QtBot, view: HexView) -> None:
    view.set_data(bytes(range(40)))
    view.select(0, 1)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selection() == (8, 9)
    qtbot.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.selection() == (8, 10)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert view.selection() == (0, 0)


def test_a_drag_selects_from_byte_to_byte(qtbot: QtBot, view: HexView) -> None:
    view.set_data(bytes(range(40)))
    left = round(view._hex_left() + view._char)
    first = QPoint(left, view._line // 2)
    last = QPoint(left + round(view._cell(2)), view._line + view._line // 2)
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=first)
    qtbot.mouseMove(view.viewport(), last)
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=last)
    assert view.selection()[0] == 0


def test_new_data_forgets_mark_and_selection(view: HexView) -> None:
    view.set_data(b"one")
    view.set_mark(0, 1)
    view.select(0, 2)
    view.set_data(b"two")
    assert view.mark is None
    assert view.selection() == (0, 0)


def test_empty_data_is_harmless(qtbot: QtBot, view: HexView) -> None:
    view.set_data(b"")
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    qtbot.keyClick(view, Qt.Key.Key_Down)
    view.copy_hex()
    assert not view.grab().isNull()
