"""Digits have one width, and code has no ligatures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF, QImage, QPainter
from pytestqt.qtbot import QtBot

from widgets.theme.theme import theme
from widgets.theme.type_sizes import TEXT_STYLES


def test_the_shipped_families_are_the_ones_used(qtbot: QtBot) -> None:
    assert QFontInfo(theme().ui_font()).family() == "Inter"
    assert QFontInfo(theme().mono_font()).family() == "JetBrains Mono"


@pytest.mark.parametrize("weight", [400, 500, 600])
def test_all_digits_are_equally_wide(qtbot: QtBot, weight: int) -> None:
    for font in (theme().ui_font(10, weight), theme().mono_font(9.5, weight)):
        metrics = QFontMetricsF(font)
        widths = [metrics.horizontalAdvance(digit * 8) for digit in "0123456789"]
        assert max(widths) - min(widths) < 0.2, "a rounding of eight digits, not a narrow 1"
        assert QFontInfo(font).weight() == weight


def test_an_arrow_in_code_stays_two_letters(qtbot: QtBot) -> None:
    font = theme().mono_font(24)
    wide = round(QFontMetricsF(font).horizontalAdvance("-"))

    def drawn(*pieces: tuple[int, str]) -> QImage:
        image = QImage(120, 60, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        painter.setFont(font)
        for left, text in pieces:
            painter.drawText(left, 40, text)
        painter.end()
        return image

    def ink(image: QImage) -> int:
        return sum(255 - image.pixelColor(x, y).red() for x in range(image.width()) for y in range(image.height()))

    apart = ink(drawn((4, "-"), (4 + wide, ">")))
    assert ink(drawn((4, "->"))) == pytest.approx(apart, rel=0.02)
    font.setFeature(QFont.Tag("calt"), 1)
    assert ink(drawn((4, "->"))) != pytest.approx(apart, rel=0.02), "the font does have ligatures"


def test_every_text_style_is_given_in_points(qtbot: QtBot) -> None:
    for style in TEXT_STYLES:
        font = theme().font(style)
        assert font.pointSizeF() >= 9
        assert font.pixelSize() == -1
