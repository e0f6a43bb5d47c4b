"""Named: one thing that a person can choose, with its title and a sentence: tables of steps, handlers, methods.

It must not know what is chosen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """id: how the program knows it. title: what a button says. meaning: what it does or is, in a sentence."""

    id: str
    title: str
    meaning: str
