"""Palette and scale change while the lab runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from widgets.parts.text import Label
from widgets.theme.qt_palette import make_palette
from widgets.theme.theme import PRESENTER_SCALE, Theme, set_look, theme
from widgets.theme.tokens import DARK, LIGHT, Tokens

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@pytest.fixture
def look(qtbot: QtBot) -> Iterator[Theme]:
    theme().set_dark(False)
    theme().set_scale(1.0)
    yield theme()
    theme().set_dark(False)
    theme().set_scale(1.0)


def test_there_is_one_theme(look: Theme) -> None:
    assert theme() is look


def test_a_switch_changes_palette_and_style_sheet_at_once(look: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(look.changed):
        look.set_dark(True)
    assert look.tokens is DARK
    assert QApplication.palette().color(QPalette.ColorRole.Window) == DARK.window
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    assert DARK.error.name() in app.styleSheet()
    assert LIGHT.error.name() not in app.styleSheet()


def test_the_same_palette_again_changes_nothing(look: Theme, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(look.changed):
        look.set_dark(False)
        look.set_scale(1.0)


@BOTH
def test_the_palette_has_no_colours_for_bevels(tokens: Tokens) -> None:
    palette = make_palette(tokens)
    for role in (QPalette.ColorRole.Light, QPalette.ColorRole.Midlight, QPalette.ColorRole.Shadow):
        assert palette.color(role) == tokens.window
    for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
        assert palette.color(group, QPalette.ColorRole.Highlight) == tokens.highlight
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText) == tokens.placeholder


def test_presenter_mode_enlarges_fonts_and_what_is_made_from_them(look: Theme, qtbot: QtBot) -> None:
    label = Label("0.0.0.0", "mono")
    plain = QLabel("plain")
    button = QPushButton("Send")
    for widget in (label, plain, button):
        qtbot.addWidget(widget)
        widget.show()
    before = (look.row_height(), button.sizeHint().height(), plain.sizeHint().height())
    look.set_scale(PRESENTER_SCALE)
    assert label.font().pointSizeF() == pytest.approx(9.5 * 1.4)
    assert plain.font().pointSizeF() == pytest.approx(14)
    after = (look.row_height(), button.sizeHint().height(), plain.sizeHint().height())
    assert all(new > old for new, old in zip(after, before, strict=True))
    assert look.px(100) == 140
    look.set_scale(1.0)
    assert (look.row_height(), button.sizeHint().height(), plain.sizeHint().height()) == before


def test_heights_at_10_points_are_those_of_the_design(look: Theme, qtbot: QtBot) -> None:
    assert look.row_height() == 26
    assert look.control_height() == 32
    button = QPushButton("Send")
    qtbot.addWidget(button)
    assert button.sizeHint().height() == 32


def test_a_scale_out_of_reason_is_bounded(look: Theme) -> None:
    look.set_scale(40)
    assert look.scale == 4.0


def test_a_style_property_set_late_keeps_the_font(look: Theme, qtbot: QtBot) -> None:
    label = Label("Refused", "title")
    qtbot.addWidget(label)
    label.set_tone("error")
    label.show()
    assert label.font().pointSizeF() == 11
    label.set_tone("running")
    look.dress(label, "caption")
    label.set_tone("error")
    assert label.font().pointSizeF() == 9


def test_a_style_property_does_not_freeze_an_inherited_font(look: Theme, qtbot: QtBot) -> None:
    plain = QLabel("plain")
    qtbot.addWidget(plain)
    plain.show()
    set_look(plain, "tone", "error")
    look.set_scale(2.0)
    assert plain.font().pointSizeF() == pytest.approx(20)


def test_a_widget_that_is_gone_is_forgotten(look: Theme, qtbot: QtBot) -> None:
    label = Label("short-lived", "title")
    label.deleteLater()
    del label
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    look.set_scale(1.2)


def test_what_follows_the_theme_ends_with_its_widget(look: Theme, qtbot: QtBot) -> None:
    calls: list[float] = []
    label = QLabel("short-lived")
    look.follow(label, lambda: calls.append(look.scale))
    look.set_scale(1.5)
    assert calls == [1.0, 1.5]
    label.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    look.set_scale(2.0)
    assert calls == [1.0, 1.5]


def test_the_system_is_followed_only_where_it_says_something(look: Theme) -> None:
    known = QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Unknown
    look.set_dark(True)
    assert look.follow_system() is known
    if not known:
        assert look.dark, "an unknown scheme leaves what was chosen"


def test_a_widget_keeps_its_last_font_when_a_panel_is_built(look: Theme, qtbot: QtBot) -> None:
    label = QLabel("127.0.0.1")
    qtbot.addWidget(label)
    look.dress(label, "body")
    label.show()
    look.dress(label, "mono")
    look.hold()
    look.release()
    assert label.font().family() == look.font("mono").family()
