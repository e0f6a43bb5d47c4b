"""numpy starts no threads in the lab's processes, and somebody's own program keeps its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_TOLD = """
import json, os, sys, threading
from protocols.numeric import one_thread, one_thread_numpy
if "lab" in sys.argv:
    one_thread()
same = one_thread_numpy() is one_thread_numpy() is sys.modules["numpy"]
threads = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
print(json.dumps([same, threads, os.environ.get("OPENBLAS_NUM_THREADS")]))
"""


@pytest.mark.parametrize(("who", "given", "kept"), [("lab", None, "1"), ("other", None, None), ("other", "1", "1")])
def test_no_thread_is_started(who: str, given: str | None, kept: str | None) -> None:
    around = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    if given is not None:
        around["OPENBLAS_NUM_THREADS"] = given
    done = subprocess.run([sys.executable, "-c", _TOLD, who], env=around, cwd=Path(__file__).parents[2],
                          capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    assert json.loads(done.stdout) == [True, 1, kept]
