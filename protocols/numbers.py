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
