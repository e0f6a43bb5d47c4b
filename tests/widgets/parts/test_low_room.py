"""Where a panel gets less height than its parts can stand it scrolls; none of them is squeezed or lies over another."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.flow import Pages
from widgets.parts.low_room import LowRoom


def page(least: int) -> QWidget:
    """A page that needs this height."""
    made, part = QWidget(), QWidget()
    part.setMinimumHeight(least)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(part)
    return made


def test_what_is_inside_is_as_high_as_its_room_or_as_it_needs_and_follows_both(qtbot: QtBot) -> None:
    low, high = page(100), page(400)
    pages = Pages(low, high)
    room = LowRoom(pages)
    holder = QWidget()
    room.setParent(holder)
    qtbot.addWidget(holder)
    holder.show()
    room.resize(300, 200)
    QApplication.processEvents()
    bar = room.verticalScrollBar()
    assert (pages.width(), pages.height(), bar.maximum()) == (300, 200, 0)
    pages.setCurrentWidget(high)
    qtbot.waitUntil(lambda: pages.height() == 400)
    assert bar.maximum() == 200
    assert pages.width() == 300 - bar.width() == room.viewport().width()
    room.resize(300, 500)
    assert (pages.width(), pages.height(), bar.maximum()) == (300, 500, 0)
    room.resize(300, 300)
    high.findChildren(QWidget)[0].setMinimumHeight(350)
    qtbot.waitUntil(lambda: pages.height() == 350)
    pages.setCurrentWidget(low)
    qtbot.waitUntil(lambda: pages.height() == 300)
    assert room.minimumSizeHint().height() == 100
    low.setMinimumHeight(320)  # told, not needed
    pages.updateGeometry()
    qtbot.waitUntil(lambda: pages.height() == 320)
