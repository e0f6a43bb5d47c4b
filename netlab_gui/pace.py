"""Pace: how the interpreter shares its time, so that the window does not stand still while workers are busy.

Measured with tests/bench/recorder_to_table: a full collection over all that a started window holds
takes some 50 ms, and each call from Qt into Python waits for a busy worker as long as the switch
interval: one paint has many such calls. It must not know the window.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from typing import Final

THRESHOLDS: Final = (2_000, 5, 1_000)
"""Short looks, each under about 5 ms; the full one stays rare."""
M_MMAP_THRESHOLD: Final = -3
MAPPED_BYTES: Final = 8 << 20
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
    _grow_in_place()


def _grow_in_place() -> None:
    """Let glibc keep large blocks as mappings of their own, which grow without being copied.

    It raises its limit up to 32 MB by itself as such blocks are freed (mallopt(3)); from then on a body that grows is
    copied again and again, and whoever does that keeps all other threads waiting. Other libraries are left alone.
    """
    if sys.platform == "linux":
        tell = getattr(ctypes.CDLL(None), "mallopt", None)
        if tell is not None:
            tell(M_MMAP_THRESHOLD, MAPPED_BYTES)
