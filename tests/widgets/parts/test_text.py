"""Labels show plain text, shorten themselves, and keep the whole in the tool tip."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from pytestqt.qtbot import QtBot

from widgets.parts.text import ElidedLabel, Label, LeadText, plain_tip
from widgets.theme.theme import theme

HOSTILE = "<b>bold</b> & <img src=x>\n<script>"


@pytest.fixture(autouse=True)
def _light(qtbot: QtBot) -> Iterator[None]:
    yield
    theme().set_dark(False)


def test_no_label_reads_markup(qtbot: QtBot) -> None:
    for label in (Label(HOSTILE), ElidedLabel(HOSTILE)):
        qtbot.addWidget(label)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.text() == HOSTILE


def test_a_tool_tip_shows_markup_as_text() -> None:
    assert "<b>" not in plain_tip(HOSTILE)
    assert "&lt;b&gt;" in plain_tip(HOSTILE)
    assert plain_tip("127.0.0.1") == "127.0.0.1"


def test_an_address_loses_its_middle_and_keeps_its_port(qtbot: QtBot) -> None:
    address = "[2001:0db8:85a3:0000:0000:8a2e:0370:7334]:51858"
    label = ElidedLabel(address, "mono")
    qtbot.addWidget(label)
    label.show()
    label.resize(label.sizeHint())
    assert label.shown_text() == address
    assert label.toolTip() == ""
    label.resize(120, 20)
    assert label.shown_text().endswith("858")
    assert "…" in label.shown_text()
    assert label.toolTip() == address
    assert label.text() == address
    assert label.accessibleName() == address


def test_prose_loses_its_end(qtbot: QtBot) -> None:
    label = ElidedLabel("a sentence that is too long for its place", mode=Qt.TextElideMode.ElideRight)
    qtbot.addWidget(label)
    label.show()
    label.resize(100, 20)
    assert label.shown_text().endswith("…")


def test_a_line_end_never_makes_a_second_line(qtbot: QtBot) -> None:
    label = ElidedLabel("one\ntwo")
    qtbot.addWidget(label)
    label.resize(300, 20)
    assert label.shown_text() == "one two"


def test_a_tone_is_the_colour_of_its_role_in_both_palettes(qtbot: QtBot) -> None:
    label = Label("refused")
    qtbot.addWidget(label)
    label.show()
    label.set_tone("error")
    for dark in (False, True):
        theme().set_dark(dark)
        assert label.palette().color(label.foregroundRole()) == theme().tokens.error
    label.set_tone("")
    assert label.palette().color(label.foregroundRole()) == theme().tokens.text


def has_ink(picture: QPixmap, background: QColor, top: int, bottom: int) -> bool:
    image = picture.toImage()
    return any(image.pixelColor(x, y) != background for x in range(image.width()) for y in range(top, bottom))


def test_a_lead_and_its_text_wrap_as_one_paragraph(qtbot: QtBot) -> None:
    text = LeadText("Connection refused.", "Nobody listens on 127.0.0.1:2345. " * 3)
    qtbot.addWidget(text)
    one_line = text.heightForWidth(5000)
    assert one_line == theme().line_height()
    assert text.heightForWidth(300) > 2 * one_line
    assert text.accessibleName() == text.text()
    text.resize(300, text.heightForWidth(300))
    picture = text.grab()
    assert has_ink(picture, picture.toImage().pixelColor(299, 0), text.height() - one_line, text.height())


def test_one_long_word_is_broken_not_cut(qtbot: QtBot) -> None:
    text = LeadText("", "x" * 400)
    qtbot.addWidget(text)
    assert text.heightForWidth(200) > 5 * theme().line_height()
