"""Buttons say what they do, by name and by action."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.buttons import ActionButton, Button, IconButton, LinkButton, PrimaryButton
from widgets.theme.theme import theme


@pytest.fixture(autouse=True)
def _one(qtbot: QtBot) -> Iterator[None]:
    theme().set_scale(1.0)
    yield
    theme().set_scale(1.0)


def test_a_primary_button_has_the_highlight_as_its_ground(qtbot: QtBot) -> None:
    button = PrimaryButton("Send", "send", key="⏎")
    qtbot.addWidget(button)
    button.show()
    image = button.grab().toImage()
    assert image.pixelColor(6, image.height() // 2) == theme().tokens.highlight


def test_ordinary_and_primary_are_equally_high(qtbot: QtBot) -> None:
    heights = set()
    for button in (Button("Stop", "square"), PrimaryButton("Send", "send"), Button("Plain")):
        qtbot.addWidget(button)
        heights.add(button.sizeHint().height())
    assert heights == {theme().control_height()}
    small = Button("Close", "x", small=True)
    qtbot.addWidget(small)
    assert small.sizeHint().height() == 28


def test_the_key_cap_has_room_beside_the_text(qtbot: QtBot) -> None:
    plain, keyed = PrimaryButton("Send", "send"), PrimaryButton("Send", "send", key="⏎")
    for button in (plain, keyed):
        qtbot.addWidget(button)
    assert keyed.sizeHint().width() >= plain.sizeHint().width() + 28


def test_a_bound_button_follows_its_action(qtbot: QtBot) -> None:
    calls: list[str] = []
    action = QAction("Half-close")
    action.setIcon(theme().icon("unplug"))
    action.triggered.connect(lambda: calls.append("done"))
    button = Button().bind(action)
    qtbot.addWidget(button)
    assert button.text() == "Half-close"
    assert not button.icon().isNull()
    button.click()
    assert calls == ["done"]
    action.setEnabled(False)
    assert not button.isEnabled()


def test_an_action_outlives_its_button(qtbot: QtBot) -> None:
    action = QAction("Stop")
    button = Button().bind(action)
    button.deleteLater()
    qtbot.waitSignal(button.destroyed)
    del button
    action.setEnabled(False)
    action.setText("Stopped")


def test_an_icon_button_has_a_name_and_a_target_to_hit(qtbot: QtBot) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    button = IconButton("ellipsis", "More")
    column.addWidget(button)
    qtbot.addWidget(page)
    page.show()
    assert button.accessibleName() == button.toolTip() == "More"
    assert button.width() >= 28
    assert button.height() >= 28


def test_an_action_button_shows_the_action(qtbot: QtBot) -> None:
    action = QAction(theme().icon("plus", "text"), "&Server")
    button = ActionButton(action)
    qtbot.addWidget(button)
    assert button.accessibleName() == "Server"
    assert button.sizeHint().height() in (28, 29, 30, 31)


def test_icons_grow_with_the_scale(qtbot: QtBot) -> None:
    button, link = Button("Stop", "square"), LinkButton("Why?")
    for widget in (button, link):
        qtbot.addWidget(widget)
        widget.show()
    before = (button.iconSize().height(), link.sizeHint().height())
    theme().set_scale(2.0)
    after = (button.iconSize().height(), link.sizeHint().height())
    assert after[0] == 2 * before[0]
    assert after[1] > before[1]
