"""The colours keep their promises: readable on every surface, apart for every eye, written once."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest
from PySide6.QtGui import QColor

from tests.widgets.theme.colours import MACHADO, contrast, distance
from widgets.theme.tokens import DARK, LAYERS, LIGHT, Tokens, tint

ROOT = Path(__file__).parents[3]
BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])

# role -> lowest contrast over all surfaces and its own tint, light and dark
RATIOS = {
    "call": (8.4, 4.8), "state": (5.0, 5.5), "message": (4.8, 6.4), "packet": (7.5, 6.9), "note": (4.9, 7.7),
    "out": (5.2, 5.7), "in": (5.3, 6.4), "running": (4.7, 6.1), "stopped": (4.9, 5.3), "waiting": (5.3, 6.9),
    "error": (4.9, 5.3), "warning": (5.5, 6.8), "sender1": (8.7, 6.5), "sender2": (5.0, 7.0),
    "sender3": (10.9, 6.7), "sender4": (9.0, 4.8), "sender5": (8.9, 7.9), "sender6": (6.5, 4.6),
    "sender7": (5.5, 5.2), "sender8": (4.7, 8.5), "text": (13.5, 9.5), "text2": (5.6, 5.3),
    "placeholder": (4.7, 4.6), "link": (5.6, 5.5),
}  # fmt: skip


def surfaces(tokens: Tokens) -> list[QColor]:
    return [tokens.base, tokens.alternate, tokens.window, tokens.select, tokens.raised]


def lowest(tokens: Tokens, role: str) -> float:
    colour = tokens.role(role)
    grounds = surfaces(tokens)
    if role not in ("text", "text2", "placeholder", "link"):
        grounds.append(tint(tokens, colour))
    return min(contrast(colour, ground) for ground in grounds)


@pytest.mark.parametrize("role", RATIOS)
def test_every_meaning_is_readable_on_every_surface_and_on_its_own_tint(role: str) -> None:
    for tokens, wanted in zip((LIGHT, DARK), RATIOS[role], strict=True):
        assert lowest(tokens, role) >= max(4.5, wanted - 0.06), (role, lowest(tokens, role))


@BOTH
def test_text_on_buttons_tips_and_the_rail_is_readable(tokens: Tokens) -> None:
    assert contrast(tokens.text, tokens.button) > 10.9
    assert contrast(tokens.text, tokens.button_hover) > 7
    assert contrast(tokens.highlighted_text, tokens.highlight) >= 4.95
    assert contrast(tokens.tooltip_text, tokens.tooltip_base) > 13
    assert contrast(tokens.text2, tokens.rail) > 5.7
    assert contrast(tokens.text2, tokens.track) >= 4.5, "a chip"


@BOTH
def test_edges_of_inputs_and_the_focus_ring_stand_out_three_to_one(tokens: Tokens) -> None:
    assert contrast(tokens.field, tokens.base) >= 3
    assert min(contrast(tokens.highlight, ground) for ground in (tokens.base, tokens.window, tokens.alternate)) >= 3


@BOTH
@pytest.mark.parametrize(("group", "least"), [("layers", 17), ("senders", 12)])
def test_colours_of_a_group_stay_apart_for_colour_blind_eyes(tokens: Tokens, group: str, least: float) -> None:
    colours = list(tokens.senders) if group == "senders" else [tokens.layer(layer) for layer in LAYERS]
    for eye in MACHADO:
        apart = min(distance(one, other, eye) for one, other in combinations(colours, 2))
        assert apart >= (least if eye != "normal" else 28) - 0.6, (eye, apart)


def test_a_ninth_sender_starts_again_at_the_first_colour() -> None:
    assert LIGHT.sender(8) == LIGHT.sender(0) != LIGHT.sender(7)


def test_an_unknown_role_is_an_error_and_an_unknown_layer_a_note() -> None:
    with pytest.raises(KeyError):
        LIGHT.role("mauve")
    assert LIGHT.layer("session") == LIGHT.note
    assert LIGHT.layer("window") == LIGHT.note, "a role that is no layer"


@BOTH
def test_a_tint_is_between_its_colour_and_the_base(tokens: Tokens) -> None:
    soft = tint(tokens, tokens.error)
    assert contrast(soft, tokens.base) < 1.6
    assert soft != tokens.base


def test_no_colour_is_written_as_a_number_anywhere_else() -> None:
    number = re.compile(r"""["'(\s,]#(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3,4})\b|QColor\(\s*\d""")
    places = [*(ROOT / "widgets").rglob("*.py"), *(ROOT / "netlab_gui").rglob("*.py"), ROOT / "assets" / "theme.qss"]
    assert len(places) > 20
    found = []
    for place in places:
        if place.name == "tokens.py" and place.parent.name == "theme":
            continue
        for number_of_line, line in enumerate(place.read_text("utf-8").splitlines(), 1):
            code = line.split("  # ")[0] if place.suffix == ".py" else line
            if number.search(code):
                found.append(f"{place.relative_to(ROOT)}:{number_of_line}: {line.strip()}")
    assert not found, "a colour belongs in widgets/theme/tokens.py: " + "; ".join(found)
