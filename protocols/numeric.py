"""numpy as the lab needs it: with no threads of its own.

Its linear algebra starts a thread a processor when it is loaded, and each looks for work for a tenth of a
second at full speed. The lab asks for no linear algebra. It must not know what numpy is used for.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import Any, Final

_THREADS: Final = "OPENBLAS_NUM_THREADS"


def one_thread() -> None:
    """Let numpy start no threads when it is loaded, here or in a child. For a program that is the lab's own."""
    os.environ.setdefault(_THREADS, "1")


def one_thread_numpy() -> Any:
    """numpy; if this loads it, then without threads, and the environment is as before. For anybody's program."""
    loaded: ModuleType | None = sys.modules.get("numpy")
    if loaded is not None:
        return loaded
    asked = os.environ.get(_THREADS)
    one_thread()
    try:
        import numpy
    finally:
        if asked is None:
            del os.environ[_THREADS]
    return numpy
