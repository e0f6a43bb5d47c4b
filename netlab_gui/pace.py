"""Pace: how the interpreter shares its time, so that the window does not stand still while workers are busy.

Measured with tests/bench/recorder_to_table: a full collection over all that a started window holds
takes some 50 ms, and each call from Qt into Python waits for a busy worker as long as the switch
interval: one paint has many such calls. It must not know the window.
"""

from __future__ import annotations

import gc
import sys
from typing import Final

THRESHOLDS: Final = (2_000, 5, 1_000)
"""Short looks, each under about 5 ms; the full one stays rare."""
SWITCH_S: Final = 0.0005
"""A tenth of Python's default: a worker loses a few percent, the longest gap of the window halves."""


def hurry() -> None:
    """While the window comes to stand: nearly all that is made stays, so nobody looks for what is left over."""
    gc.disable()


def settle() -> None:
    """Once the window stands: put all there is aside for good, and look at what comes in small pieces."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(*THRESHOLDS)
    sys.setswitchinterval(SWITCH_S)
