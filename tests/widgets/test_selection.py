from __future__ import annotations

from pytestqt.qtbot import QtBot

from widgets.selection import ByteRange, Selection


def test_a_change_is_told_once_and_the_same_again_is_not(qtbot: QtBot) -> None:
    selection = Selection()
    told: list[int | None] = []
    selection.changed.connect(lambda: told.append(selection.row))
    selection.select(3)
    selection.select(3)
    selection.clear()
    assert told == [3, None]


def test_marking_bytes_keeps_the_row(qtbot: QtBot) -> None:
    selection = Selection()
    selection.select(5)
    marked = ByteRange("1", "client", "out", 0, 4)
    selection.select_bytes(marked)
    assert (selection.row, selection.bytes) == (5, marked)
    selection.select(6)
    assert selection.bytes is None
