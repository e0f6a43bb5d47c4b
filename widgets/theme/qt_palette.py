"""The QPalette of a set of tokens, for all that Qt paints by itself. It must not know the style sheet."""

from __future__ import annotations

from PySide6.QtGui import QPalette

from widgets.theme.tokens import Tokens


def make_palette(tokens: Tokens) -> QPalette:
    """The QPalette of a set of tokens, flat: nothing Fusion could draw a bevel with."""
    role = QPalette.ColorRole
    palette = QPalette()
    colours = {
        role.Window: tokens.window,
        role.Base: tokens.base,
        role.AlternateBase: tokens.alternate,
        role.Button: tokens.button,
        role.Text: tokens.text,
        role.WindowText: tokens.text,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.error,
        role.PlaceholderText: tokens.placeholder,
        role.Highlight: tokens.highlight,
        role.Accent: tokens.highlight,
        role.HighlightedText: tokens.highlighted_text,
        role.Link: tokens.link,
        role.LinkVisited: tokens.link,
        role.ToolTipBase: tokens.tooltip_base,
        role.ToolTipText: tokens.tooltip_text,
        role.Mid: tokens.mid,
        role.Dark: tokens.dark,
        role.Light: tokens.window,
        role.Midlight: tokens.window,
        role.Shadow: tokens.window,
    }
    for each, colour in colours.items():
        palette.setColor(each, colour)
    for each in (role.Text, role.ButtonText, role.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, tokens.placeholder)
    return palette
