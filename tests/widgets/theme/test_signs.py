"""What a colour means is also told by a shape and a letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from widgets.theme.signs import (
    LAYER_LETTERS,
    STATE_SIGNS,
    layer_icon,
    paint_chip,
    paint_direction,
    paint_icon,
    paint_layer,
    paint_sender,
    paint_state,
    sender_icon,
    sender_letter,
    state_icon,
)
from widgets.theme.theme import theme

SIDE = 32


@pytest.fixture(autouse=True)
def _light(qtbot: QtBot) -> Iterator[None]:
    theme().set_dark(False)
    yield
    theme().set_dark(False)


def drawn(paint: Callable[[QPainter, QRectF], object], width: int = SIDE) -> QImage:
    image = QImage(width, SIDE, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint(painter, QRectF(0, 0, width, SIDE))
    painter.end()
    return image


def shape(image: QImage) -> set[tuple[int, int]]:
    """Where there is any paint, whatever its colour."""
    return {(x, y) for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).alpha() > 127}


def test_each_layer_has_a_shape_of_its_own_without_letter_and_colour() -> None:
    shapes = [
        shape(drawn(lambda p, r, layer=layer: paint_layer(p, r, layer, letter=False))) for layer in LAYER_LETTERS
    ]
    for one, other in combinations(shapes, 2):
        assert len(one ^ other) > 0.04 * len(one | other)


def test_the_letter_is_on_the_sign() -> None:
    for layer in LAYER_LETTERS:
        bare = drawn(lambda p, r, layer=layer: paint_layer(p, r, layer, letter=False))
        assert drawn(lambda p, r, layer=layer: paint_layer(p, r, layer)) != bare


def test_layers_take_their_colour_from_the_palette_in_force() -> None:
    light = drawn(lambda p, r: paint_layer(p, r, "call"))
    theme().set_dark(True)
    dark = drawn(lambda p, r: paint_layer(p, r, "call"))
    assert shape(light) == shape(dark)
    assert light != dark


def test_each_state_has_a_sign_of_its_own() -> None:
    shapes = [shape(drawn(lambda p, r, state=state: paint_state(p, r, state))) for state in STATE_SIGNS]
    assert all(shapes)
    for one, other in combinations(shapes, 2):
        assert one != other


def test_out_points_right_and_in_points_left() -> None:
    out, inward = (shape(drawn(lambda p, r, d=d: paint_direction(p, r, d))) for d in ("out", "in"))
    assert out
    assert {(SIDE - 1 - x, y) for x, y in out} == inward
    assert not shape(drawn(lambda p, r: paint_direction(p, r, None)))


def test_senders_are_told_by_letters_when_their_colours_repeat() -> None:
    assert [sender_letter(n) for n in (0, 7, 8, 25, 26)] == ["A", "H", "I", "Z", "A2"]
    assert drawn(lambda p, r: paint_sender(p, r, 0)) != drawn(lambda p, r: paint_sender(p, r, 8))


def test_a_sign_stays_inside_its_place() -> None:
    for layer in LAYER_LETTERS:
        image = drawn(lambda p, r, layer=layer: paint_layer(p, r.adjusted(8, 8, -8, -8), layer))
        assert all(6 <= x < SIDE - 6 and 6 <= y < SIDE - 6 for x, y in shape(image))


def test_a_chip_is_as_wide_as_its_word_and_never_wider_than_its_place() -> None:
    places: list[QRectF] = []
    drawn(lambda p, r: places.append(paint_chip(p, r, "json", right=True)), 200)
    drawn(lambda p, r: places.append(paint_chip(p, r, "reconstructed " * 20)), 200)
    assert places[0].right() == 200
    assert places[0].width() < 60
    assert 190 < places[1].width() <= 200


def test_painting_leaves_the_painter_as_it_was() -> None:
    image = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    before = (painter.pen(), painter.brush(), painter.font(), painter.opacity())
    area = QRectF(0, 0, SIDE, SIDE)
    paint_layer(painter, area, "state")
    paint_state(painter, area, "running")
    paint_sender(painter, area, 3)
    paint_chip(painter, area, "TCP")
    paint_icon(painter, area, "plug")
    assert (painter.pen(), painter.brush(), painter.font(), painter.opacity()) == before
    painter.end()


def test_signs_are_icons_too() -> None:
    for icon in (layer_icon("packet"), state_icon("running"), sender_icon(2)):
        assert shape(icon.pixmap(QSize(16, 16), 2.0).toImage())
        assert icon.pixmap(QSize(16, 16), 2.0).width() == 32
