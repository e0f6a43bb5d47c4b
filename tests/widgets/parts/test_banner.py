"""A strip says what is wrong, in words, where it happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.banner import Banner
from widgets.parts.buttons import Button, LinkButton
from widgets.theme.theme import theme
from widgets.theme.tokens import tint

_pages: list[QWidget] = []


@pytest.fixture(autouse=True)
def _no_page_stays(qtbot: QtBot) -> Iterator[None]:
    yield
    _pages.clear()


def placed(qtbot: QtBot, banner: Banner) -> Banner:
    page = QWidget()
    _pages.append(page)
    column = QVBoxLayout(page)
    column.addWidget(banner)
    column.addStretch(1)
    qtbot.addWidget(page)
    page.resize(500, 200)
    page.show()
    return banner


def test_it_is_hidden_until_there_is_something_to_say(qtbot: QtBot) -> None:
    banner = placed(qtbot, Banner("error"))
    assert not banner.isVisible()
    banner.say("Connection refused.", "Nobody listens on 127.0.0.1:2345.", "Why?")
    assert banner.isVisible()
    assert banner.accessibleName() == "error: Connection refused. Nobody listens on 127.0.0.1:2345."
    banner.clear()
    assert not banner.isVisible()


@pytest.mark.parametrize(("kind", "button"), [("error", LinkButton), ("warning", Button)])
def test_an_error_asks_why_with_a_link_and_a_warning_ends_with_a_button(
    qtbot: QtBot, kind: str, button: type[QWidget]
) -> None:
    banner = placed(qtbot, Banner(kind))
    banner.say("Something holds.", "", "Do it")
    assert isinstance(banner.action_button, button)
    with qtbot.waitSignal(banner.acted):
        banner.action_button.click()


def test_its_ground_is_the_tint_of_its_meaning(qtbot: QtBot) -> None:
    banner = placed(qtbot, Banner("warning"))
    banner.say("Listening on all interfaces.")
    assert not banner.action_button.isVisible()
    dot = banner.grab().toImage().pixelColor(banner.width() - 20, banner.height() - 8)
    assert dot == tint(theme().tokens, theme().tokens.warning)


def test_a_long_sentence_makes_it_higher_not_cut(qtbot: QtBot) -> None:
    banner = placed(qtbot, Banner("error"))
    banner.say("Refused.", "short")
    qtbot.waitUntil(lambda: banner.height() >= 36)
    low = banner.height()
    banner.say("Refused.", "Nobody listens there, and the kernel says so at once. " * 6, "Why?")
    qtbot.waitUntil(lambda: banner.height() > low + 2 * theme().line_height())
