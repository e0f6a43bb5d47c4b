"""Icons have the colour of the moment, the size asked for, and the sharpness of the screen."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from importlib.resources import files

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from widgets.theme.icons import icon_pixmap, tinted_svg
from widgets.theme.theme import Theme, theme


@pytest.fixture
def look(qtbot: QtBot) -> Iterator[Theme]:
    yield theme()
    theme().set_dark(False)


def inks(picture: QPixmap) -> set[str]:
    """The colours of the fully painted dots."""
    image = picture.toImage().convertToFormat(QImage.Format.Format_ARGB32)
    dots = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return {dot.name() for dot in dots if dot.alpha() == 255}


def test_every_shipped_icon_is_drawn(qtbot: QtBot) -> None:
    names = [place.name for place in files("assets").joinpath("icons").iterdir() if place.name.endswith(".svg")]
    assert len(names) > 70
    for name in names:
        assert QSvgRenderer(tinted_svg(name.removesuffix(".svg"), QColor("red"))).isValid(), name
        assert b"currentColor" not in tinted_svg(name.removesuffix(".svg"), QColor("red")), name


def test_licences_come_with_icons_and_fonts() -> None:
    assert "ISC License" in files("assets").joinpath("icons", "LICENSE").read_text("utf-8")
    for font in ("Inter", "JetBrainsMono"):
        assert "SIL OPEN FONT LICENSE" in files("assets").joinpath("fonts", f"OFL-{font}.txt").read_text("utf-8")


def test_an_unknown_icon_is_an_error_where_it_is_asked_for(look: Theme) -> None:
    with pytest.raises(KeyError, match="no icon called"):
        look.icon("unicorn")
    with pytest.raises(KeyError):
        look.icon("plug", "mauve")


def test_one_icon_follows_the_palette(look: Theme) -> None:
    icon = look.icon("square", "error", 48)
    light = inks(icon.pixmap(48, 48))
    look.set_dark(True)
    dark = inks(icon.pixmap(48, 48))
    assert look.tokens.error.name() in dark
    assert not light & dark


def test_a_disabled_icon_is_quiet(look: Theme) -> None:
    picture = look.icon("square", "error", 48).pixmap(QSize(48, 48), QIcon.Mode.Disabled)
    assert look.tokens.placeholder.name() in inks(picture)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_a_sharp_screen_gets_more_dots(look: Theme, ratio: float) -> None:
    picture = look.icon("plug").pixmap(QSize(16, 16), ratio)
    assert picture.width() == round(16 * ratio)
    assert icon_pixmap("plug", QColor("red"), 16, ratio).deviceIndependentSize().width() == pytest.approx(16, abs=0.1)


def test_a_wide_icon_keeps_its_gap_at_the_right(look: Theme) -> None:
    image = look.icon("square", "error").pixmap(QSize(22, 16), 1.0).toImage()
    assert image.width() == 22
    assert all(image.pixelColor(x, y).alpha() == 0 for x in range(16, 22) for y in range(16))


def test_pictures_are_made_once(look: Theme) -> None:
    assert icon_pixmap("plug", QColor("red"), 16).cacheKey() == icon_pixmap("plug", QColor("red"), 16).cacheKey()


def test_icons_survive_copies_and_the_collector(look: Theme, qtbot: QtBot) -> None:
    button = QPushButton()
    qtbot.addWidget(button)
    for _ in range(200):
        button.setIcon(look.icon("plug"))
        copy = QIcon(button.icon())
        copy.addPixmap(QPixmap(4, 4))
        del copy
    gc.collect()
    assert not button.icon().pixmap(16, 16).isNull()
