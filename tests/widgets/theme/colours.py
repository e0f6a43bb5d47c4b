"""Measures of colour: WCAG contrast, and distance as three kinds of colour-blind eyes see it.

Sources: WCAG 2.2 (relative luminance), Machado, Oliveira and Fernandes 2009 (full severity), CIE 1976 L*a*b*.
"""

from __future__ import annotations

from PySide6.QtGui import QColor

MACHADO = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "normal": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
}
Triple = tuple[float, float, float]


def linear(colour: QColor) -> Triple:
    """The colour's light, without the display's gamma."""

    def one(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return one(colour.red()), one(colour.green()), one(colour.blue())


def luminance(colour: QColor) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    """WCAG contrast, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _lab(light: Triple) -> Triple:
    red, green, blue = (min(1.0, max(0.0, part)) for part in light)
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883

    def bent(part: float) -> float:
        return part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116

    return 116 * bent(y) - 16, 500 * (bent(x) - bent(y)), 200 * (bent(y) - bent(z))


def distance(one: QColor, other: QColor, eye: str) -> float:
    """CIE76 distance of two colours as `eye` of MACHADO sees them."""
    seen = []
    for colour in (one, other):
        light = linear(colour)
        rows = MACHADO[eye]
        seen.append(_lab(tuple(sum(a * b for a, b in zip(row, light, strict=True)) for row in rows)))  # type: ignore[arg-type]
    return sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5
