"""A toast covers no button that somebody may want to press."""

from __future__ import annotations

from itertools import combinations

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.card import IconLabel
from widgets.parts.toast import SIGNS, Toast


def test_a_toast_stands_where_no_button_is(qtbot: QtBot) -> None:
    panel = QWidget()
    qtbot.addWidget(panel)
    panel.resize(800, 500)
    button = QPushButton("Stop", panel)
    button.setGeometry(690, 460, 90, 30)
    panel.show()
    toast = Toast(panel)
    toast.say("Saved as a.netlab")
    assert not toast.geometry().intersects(button.geometry())
    assert panel.rect().contains(toast.geometry())
    button.hide()
    toast.say("Saved as a.netlab")
    assert toast.geometry().right() > 700
    assert QRect(0, 400, 800, 100).contains(toast.geometry())


def test_success_what_was_not_done_and_an_alarm_bear_three_signs(qtbot: QtBot) -> None:
    panel = QWidget()
    qtbot.addWidget(panel)
    panel.resize(800, 500)
    panel.show()
    toast = Toast(panel)
    signs = []
    for about in (*SIGNS, "done"):
        toast.say("disk is full", about=about)
        signs.append(toast.findChild(IconLabel).pixmap().toImage())
    assert signs[0] == signs[3]
    assert all(one != other for one, other in combinations(signs[:3], 2))
