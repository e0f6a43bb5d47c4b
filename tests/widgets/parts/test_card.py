"""A card names one thing and shows its state in words."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QTableView
from pytestqt.qtbot import QtBot

from widgets.parts.buttons import Button
from widgets.parts.card import Aside, Card, IconLabel
from widgets.theme.theme import theme


def test_the_head_is_44_high_and_holds_name_kind_state_and_buttons(qtbot: QtBot) -> None:
    card = Card("Upper-case server", "server", "TCP")
    card.set_state("running", "Running")
    stop = Button("Stop", "square", small=True)
    card.add_action(stop)
    qtbot.addWidget(card)
    card.resize(500, 200)
    card.show()
    assert card.head.height() == 44
    assert card.accessibleName() == "Upper-case server"
    assert card.head.chip.text() == "TCP"
    assert card.head.state.accessibleName() == "Running"
    assert stop.geometry().right() > card.head.state.geometry().right()
    card.set_state("stopped", "")
    assert not card.head.state.isVisible()


def test_without_a_title_there_is_no_head(qtbot: QtBot) -> None:
    card = Card()
    qtbot.addWidget(card)
    card.show()
    assert not card.head.isVisible()
    card.set_title("Now it has one")
    assert card.head.isVisible()


def test_a_table_fills_the_body_but_not_the_border(qtbot: QtBot) -> None:
    card = Card("Server")
    table = QTableView()
    card.add(table, 1)
    qtbot.addWidget(card)
    card.resize(400, 300)
    card.show()
    assert (table.geometry().left(), table.geometry().right()) == (1, 398)


def test_a_table_without_a_head_spares_the_round_corners(qtbot: QtBot) -> None:
    card = Card()
    card.add(QTableView(), 1)
    qtbot.addWidget(card)
    card.resize(300, 200)
    card.show()
    image = card.grab().toImage()
    line = theme().tokens.mid
    for x, y in ((3, 1), (296, 1), (3, 198), (296, 198)):
        near = [image.pixelColor(x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        assert line in near or any(abs(dot.lightness() - line.lightness()) < 12 for dot in near), (x, y)


def test_a_narrow_card_shortens_its_title_first(qtbot: QtBot) -> None:
    card = Card("A server with a name that is much too long for its card", "server", "TCP")
    card.set_state("running", "Running")
    qtbot.addWidget(card)
    card.resize(330, 120)
    card.show()
    assert "…" in card.head.title.shown_text()
    assert card.head.title.toolTip().startswith("A server")


def test_the_chosen_card_has_the_highlight_around_it(qtbot: QtBot) -> None:
    card = Card("Level 1")
    qtbot.addWidget(card)
    card.resize(200, 100)
    card.show()
    card.set_chosen(True)
    assert card.grab().toImage().pixelColor(100, 0) == theme().tokens.highlight
    card.set_chosen(False)
    assert card.grab().toImage().pixelColor(100, 0) == theme().tokens.mid


def test_an_aside_grows_with_its_text(qtbot: QtBot) -> None:
    aside = Aside("One send, one segment.", "Nothing was unacknowledged. " * 8)
    qtbot.addWidget(aside)
    assert aside.heightForWidth(300) > aside.heightForWidth(900)


def test_an_icon_label_changes_with_palette_and_name(qtbot: QtBot) -> None:
    label = IconLabel("server")
    qtbot.addWidget(label)
    assert isinstance(label, QLabel)
    light = label.pixmap().toImage()
    theme().set_dark(True)
    assert label.pixmap().toImage() != light
    theme().set_dark(False)
    label.set_icon("")
    assert label.pixmap().isNull()
