"""What can be seen is dressed at once, what is hidden before it is seen, and nothing is dressed for nobody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QMargins, QObject, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from widgets.parts.card import Card
from widgets.parts.text import Label
from widgets.theme.theme import Theme, set_look, theme
from widgets.theme.tokens import DARK, LIGHT


@pytest.fixture
def look(qtbot: QtBot) -> Iterator[Theme]:
    theme().set_dark(False)
    theme().set_scale(1.0)
    theme().finish()
    yield theme()
    theme().set_dark(False)
    theme().set_scale(1.0)
    theme().finish()


class Pages(QStackedWidget):
    """Two pages with a red label each; the first is at the front."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = [Label(text, "body", "error") for text in ("front", "behind")]
        for label in self.labels:
            page = QWidget()
            QVBoxLayout(page).addWidget(label)
            self.addWidget(page)


@pytest.fixture
def pages(look: Theme, qtbot: QtBot) -> Pages:
    made = Pages()
    qtbot.addWidget(made)
    made.show()
    look.set_dark(True)  # from the first change on, what is hidden sleeps
    look.set_dark(False)
    look.finish()
    return made


def ink(label: QLabel) -> str:
    """The colour of a label's text."""
    return label.palette().color(QPalette.ColorRole.WindowText).name()


def test_what_is_hidden_is_dressed_when_it_is_shown(look: Theme, pages: Pages) -> None:
    front, behind = pages.labels
    look.set_dark(True)
    assert ink(front) == DARK.error.name()
    assert ink(behind) == LIGHT.error.name()
    pages.setCurrentIndex(1)
    assert ink(behind) == DARK.error.name()


def test_what_is_hidden_is_dressed_when_there_is_time(look: Theme, pages: Pages, qtbot: QtBot) -> None:
    look.set_dark(True)
    qtbot.waitUntil(lambda: ink(pages.labels[1]) == DARK.error.name(), timeout=10_000)
    assert not pages.labels[1].isVisible()


def test_a_page_hidden_again_follows_the_next_change(look: Theme, pages: Pages) -> None:
    look.set_dark(True)
    pages.setCurrentIndex(1)
    pages.setCurrentIndex(0)
    look.set_dark(False)
    pages.setCurrentIndex(1)
    assert ink(pages.labels[1]) == LIGHT.error.name()
    look.finish()
    assert [ink(label) for label in pages.labels] == [LIGHT.error.name()] * 2


def test_a_colour_taken_away_while_hidden_is_gone_when_shown(look: Theme, pages: Pages) -> None:
    look.set_dark(True)
    look.finish()
    pages.labels[1].set_tone("")
    pages.setCurrentIndex(1)
    assert ink(pages.labels[1]) == DARK.text.name()
    pages.labels[1].set_tone("error")
    look.set_dark(False)
    pages.labels[1].set_tone("")
    assert ink(pages.labels[1]) == LIGHT.text.name()


def test_letters_of_hidden_pages_grow_too(look: Theme, pages: Pages) -> None:
    look.set_scale(2.0)
    assert pages.labels[0].font().pointSizeF() == 20
    look.finish()
    assert pages.labels[1].font().pointSizeF() == 20


def test_a_label_smaller_than_its_margins_keeps_them(look: Theme, pages: Pages) -> None:
    behind = pages.labels[1]
    behind.setContentsMargins(14, 3, 14, 3)
    behind.resize(100, 1)
    look.set_scale(2.0)
    look.finish()
    assert behind.contentsMargins() == QMargins(14, 3, 14, 3)


def test_what_is_made_while_the_sheet_is_off_is_dressed_when_shown(look: Theme, pages: Pages) -> None:
    look.hold()
    label = Label("new", "body", "error")
    label.sizeHint()
    label.ensurePolished()
    pages.addWidget(label)
    set_look(pages.labels[0], "tone", "running")
    look.release()
    assert ink(pages.labels[0]) == LIGHT.running.name()
    pages.setCurrentWidget(label)
    assert ink(label) == LIGHT.error.name()


def test_a_card_made_while_the_sheet_is_off_keeps_its_border_free(look: Theme, pages: Pages) -> None:
    with look.making() as made:
        page = QWidget()
        card = Card("new")
        QVBoxLayout(page).addWidget(card)
        made.append(page)
    look.finish()
    pages.addWidget(page)
    pages.setCurrentWidget(page)
    assert card.contentsMargins() == QMargins(1, 1, 1, 1)


def test_a_change_while_the_sheet_is_off_comes_after_it(look: Theme, pages: Pages) -> None:
    look.hold()
    look.set_dark(True)
    look.release()
    assert ink(pages.labels[0]) == DARK.error.name()


def test_what_is_gone_is_not_waited_for(look: Theme, pages: Pages, qtbot: QtBot) -> None:
    look.set_dark(True)
    page = pages.widget(1)
    pages.removeWidget(page)
    shiboken6.delete(page)
    look.finish()
    assert ink(pages.labels[0]) == DARK.error.name()


def test_another_size_in_steps_paints_nothing_in_between(look: Theme, pages: Pages, qtbot: QtBot) -> None:
    with qtbot.waitSignal(look.changed, timeout=10_000):
        look.set_scale(1.4, in_steps=True)
        assert not pages.updatesEnabled()
    qtbot.waitUntil(pages.updatesEnabled, timeout=10_000)
    assert pages.labels[0].font().pointSizeF() == pytest.approx(14)


def test_another_palette_in_steps_is_complete_before_anything_is_painted(
    look: Theme, pages: Pages, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widgets.theme.wardrobe.SEEN_SLICE_S", 0.0)  # one widget a slice
    front = pages.labels[0]
    painted: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                painted.append(ink(front))
            return False

    watch = Watch(pages)
    front.installEventFilter(watch)
    look.set_dark(True, in_steps=True)
    assert not pages.updatesEnabled()
    qtbot.waitUntil(pages.updatesEnabled, timeout=10_000)
    assert ink(front) == DARK.error.name()
    qtbot.waitUntil(lambda: bool(painted), timeout=10_000)
    assert set(painted) == {DARK.error.name()}


def test_what_goes_while_a_palette_comes_is_not_missed(
    look: Theme, pages: Pages, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("widgets.theme.wardrobe.SEEN_SLICE_S", 0.0)
    look.set_dark(True, in_steps=True)
    page = pages.widget(0)
    pages.removeWidget(page)
    shiboken6.delete(page)
    qtbot.waitUntil(pages.updatesEnabled, timeout=10_000)
    assert ink(pages.labels[1]) == DARK.error.name(), "it came to the front meanwhile"


def test_a_step_not_taken_yet_is_taken_before_the_next_change(look: Theme, pages: Pages) -> None:
    look.set_scale(1.4, in_steps=True)
    look.set_dark(True)
    assert pages.updatesEnabled()
    assert not pages.labels[0].testAttribute(Qt.WidgetAttribute.WA_UpdatesDisabled)
    assert ink(pages.labels[0]) == DARK.error.name()
