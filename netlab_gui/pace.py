"""Pace: how often the interpreter looks for rubbish, so that the window does not stand still for it.

A full collection over all that a started window holds takes some 50 ms, and a burst of events
would cause one every few hundred ms. It must not know the window.
"""

from __future__ import annotations

import gc
from typing import Final

THRESHOLDS: Final = (5_000, 10, 100)
"""Short looks, each under about 5 ms; the full one stays rare."""


def settle() -> None:
    """Once the window stands: put all there is aside for good, and look at what comes in small pieces."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
