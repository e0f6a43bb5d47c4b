"""A thread that others go before: hashing costs more than moving a file, and must not make it slower.

Linux has a priority for each thread; elsewhere nothing changes. It must not know what the thread does.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Final

NICE: Final = 5


def go_behind() -> None:
    """The calling thread gets the processor when nobody else wants it as much; it stays so."""
    if sys.platform != "linux":
        return
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    except OSError:  # a system that lets nobody choose
        pass
