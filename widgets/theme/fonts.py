"""The two type families of the lab, loaded from the package, and fonts made from them.

Sizes are points, so that screens and presenter mode scale them; it must not know colours or widgets.
"""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from protocols.assets import asset

UI_FAMILIES = ["Inter", "Segoe UI Variable", "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans"]
MONO_FAMILIES = ["JetBrains Mono", "Cascadia Mono", "SF Mono", "Noto Sans Mono", "DejaVu Sans Mono"]
# assets/fonts/README.md says where they come from.
FILES = (
    "Inter-Regular.ttf",
    "Inter-Medium.ttf",
    "Inter-SemiBold.ttf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-Medium.ttf",
    "JetBrainsMono-SemiBold.ttf",
)


@cache
def load_fonts() -> tuple[str, ...]:
    """Register the shipped fonts once and return their families; needs a QGuiApplication."""
    families: set[str] = set()
    for name in FILES:
        number = QFontDatabase.addApplicationFontFromData(asset("fonts", name).read_bytes())
        if number >= 0:
            families.update(QFontDatabase.applicationFontFamilies(number))
    return tuple(sorted(families))


def _features(font: QFont, **values: int) -> None:
    """Switch OpenType features; a Qt before 6.7 has no way to, and keeps the font's defaults."""
    if hasattr(QFont, "setFeature"):
        for tag, value in values.items():
            font.setFeature(QFont.Tag(tag), value)


def make_font(families: list[str], pt: float, weight: int) -> QFont:
    """A font of `pt` points whose digits all have one width."""
    font = QFont(families)
    font.setPointSizeF(pt)
    font.setWeight(QFont.Weight(weight))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if families is MONO_FAMILIES:
        font.setStyleHint(QFont.StyleHint.Monospace)
        _features(font, calt=0, liga=0)
    else:
        _features(font, tnum=1)
    return font
