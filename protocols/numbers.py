"""Numbers as people read them, in the sentences of services and in the views alike.

It must not know what is counted.
"""

from __future__ import annotations

from typing import Final

THIN: Final = "\u202f"
"""A thin space that no line breaks at: a number stays in one piece."""


def grouped(number: int) -> str:
    """A whole number with thin spaces between its groups of three digits."""
    return f"{number:,}".replace(",", THIN)


def size_text(count: int) -> str:
    """A number of bytes as a person says it: "46 B", "1.2 MB"."""
    if count < 10_000:
        return f"{grouped(count)} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{value / 1000:.1f} TB"
