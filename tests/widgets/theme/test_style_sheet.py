"""One short style sheet, filled from the tokens."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from PySide6.QtCore import QFile
from pytestqt.qtbot import QtBot

from widgets.theme.style_sheet import fill_style_sheet, picture_names
from widgets.theme.tokens import DARK, LIGHT, Tokens

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


def test_the_template_stays_under_150_lines() -> None:
    assert len(files("assets").joinpath("theme.qss").read_text("utf-8").splitlines()) < 150


@BOTH
def test_nothing_is_left_unfilled(qtbot: QtBot, tokens: Tokens) -> None:
    sheet = fill_style_sheet(tokens, 16, 9)
    assert "$" not in sheet
    assert tokens.highlight.name() in sheet
    assert sheet.count("{") == sheet.count("}")


def test_lengths_follow_the_line_height(qtbot: QtBot) -> None:
    small, big = fill_style_sheet(LIGHT, 16, 9), fill_style_sheet(LIGHT, 23, 12.6)
    assert "min-height: 30px" in small
    assert "min-height: 37px" in big
    assert "font-size: 12.6pt" in big


@BOTH
def test_every_picture_of_the_sheet_is_there_for_qt(qtbot: QtBot, tokens: Tokens) -> None:
    urls = re.findall(r"url\((.*?)\)", fill_style_sheet(tokens, 16, 9))
    assert len(set(urls)) == len(picture_names(tokens)) == 8
    for url in urls:
        assert QFile.exists(url), url
        picture = QFile(url)
        assert picture.open(QFile.OpenModeFlag.ReadOnly)
        assert b"<svg" in bytes(picture.readAll().data())
        picture.close()
