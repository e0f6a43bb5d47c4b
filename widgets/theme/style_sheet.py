"""Fills the one style sheet from the tokens and the scale.

It must not know single widgets: a rule is chosen by class or by a property such as `card` or `primary`.
"""

from __future__ import annotations

from functools import cache
from string import Template

from protocols.assets import asset
from widgets.theme.icons import tinted_svg
from widgets.theme.resources import register
from widgets.theme.tokens import Tokens, mix, tint

_BOX = '<rect x="{inset}" y="{inset}" width="{side}" height="{side}" rx="3.5" fill="{fill}" stroke="{line}"/>'
_TICK = '<path d="M4.5 8.2 7 10.7l4.6-5" fill="none" stroke="{ink}" stroke-width="1.8" stroke-linecap="round"/>'
_DASH = '<path d="M5 8h6" fill="none" stroke="{ink}" stroke-width="1.8" stroke-linecap="round"/>'
_RING = '<circle cx="8" cy="8" r="6.5" fill="{fill}" stroke="{line}"/>'
_DOT = '<circle cx="8" cy="8" r="2.8" fill="{ink}"/>'


@cache
def _template() -> Template:
    return Template(asset("theme.qss").read_text("utf-8"))


def _svg(*shapes: str) -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{"".join(shapes)}</svg>'.encode()


def _pictures(tokens: Tokens) -> dict[str, bytes]:
    """The pictures that style sheet rules can only take from files."""
    off = {"inset": "1.5", "side": "13", "fill": tokens.base.name(), "line": tokens.field.name()}
    on = {"inset": "1.5", "side": "13", "fill": tokens.highlight.name(), "line": tokens.highlight.name()}
    ink = {"ink": tokens.highlighted_text.name()}
    return {
        "check_off": _svg(_BOX.format(**off)),
        "check_on": _svg(_BOX.format(**on), _TICK.format(**ink)),
        "check_part": _svg(_BOX.format(**on), _DASH.format(**ink)),
        "radio_off": _svg(_RING.format(**off)),
        "radio_on": _svg(_RING.format(**on), _DOT.format(**ink)),
        "chevron_down": tinted_svg("chevron-down", tokens.text2),
        "chevron_up": tinted_svg("chevron-up", tokens.text2),
        "chevron_right": tinted_svg("chevron-right", tokens.text2),
    }


@cache
def picture_names(tokens: Tokens) -> dict[str, str]:
    """Draw the pictures of a palette once; returns name in the style sheet -> name for Qt."""
    shade = "netlab-dark" if tokens.dark_theme else "netlab-light"
    names = register(shade, {f"{name}.svg": data for name, data in _pictures(tokens).items()})
    return {f"img_{name.removesuffix('.svg')}": path for name, path in names.items()}


def lengths(line: int, caption_pt: float) -> dict[str, str]:
    """Heights in px, all from the line height of the body font (16 at 10 pt and 100 %)."""
    return {
        "line": str(line + 4),
        "row": str(line + 10),
        "control": str(line + 14),
        "small": str(line + 10),
        "input": str(line + 12),
        "small_input": str(line + 8),
        "icon_button": str(line + 12),
        "icon_button_width": str(line + 2),
        "arrow": str(line - 2),
        "small_arrow": str(line - 4),
        "spin": str(line + 11),
        "keyed": str(line * 3),
        "cap": str(line - 6),
        "tick": str(line),
        "caption_pt": f"{caption_pt:g}",
    }


def fill_style_sheet(tokens: Tokens, line: int, caption_pt: float) -> str:
    """The finished style sheet; KeyError when the template asks for something that is not a token."""
    dark = tokens.dark_theme
    derived = {
        "error_tint": tint(tokens, tokens.error),
        "warning_tint": tint(tokens, tokens.warning),
        "highlight_hover": mix(tokens.highlighted_text if dark else tokens.text, tokens.highlight, 0.08),
        "highlight_pressed": mix(tokens.window if dark else tokens.text, tokens.highlight, 0.16),
    }
    colours = {name: colour.name() for name, colour in (tokens.roles | derived).items()}
    return _template().substitute(colours | lengths(line, caption_pt) | picture_names(tokens))
