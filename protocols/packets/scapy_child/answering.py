"""The scapy child's side: commands come in, each gets one answer, whatever it meets.

`{"op": "dissect", "number": 7, "params": {..}}` is answered by a note "answered" with `detail.number` and
either `detail.answer` or `detail.error` and `detail.type`. An operation is a function from its params to a dict
that JSON can say; to add one, add its line to OPERATIONS. It must not know what the operations do.
"""

from __future__ import annotations

import contextlib
import logging
import select
import sys
import warnings
from collections.abc import Callable
from typing import Any, Final

from protocols.service.childmain import Job
from protocols.service.target import load

OPERATIONS: Final = {
    "dissect": "protocols.packets.scapy_child.dissecting:dissect",
    "build": "protocols.packets.scapy_child.crafting:build",
    "layers": "protocols.packets.scapy_child.crafting:layers",
    "expression": "protocols.packets.scapy_child.crafting:expression",
    "pair": "protocols.packets.scapy_child.crafting:pair",
}
"""What can be asked for, and the function that does it: (params) -> dict. Loaded by the first question."""
MEMORY_BYTES: Final = 900 << 20
"""A packet made to take more than this ends in an error, not in a machine that swaps."""


def answer(job: Job) -> None:
    """Answer commands until stdin ends."""
    _limit_memory()
    logging.getLogger("scapy").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")  # scapy's deprecations are not ours to mend, and stderr is for crashes
    job.ready()
    _load_until_asked(job)
    while (commands := job.commands.read()) is not None:
        for command in commands:
            _answer(job, command)


def _load_until_asked(job: Job) -> None:
    """Load scapy's layers while nobody asks yet: the first packet chosen need not wait for them."""
    for name in ("scapy.layers.l2", "scapy.layers.inet", "scapy.layers.inet6"):
        __import__(name)
    load_one: Callable[[], bool] = load("protocols.packets.scapy_child.dissecting:load_one")
    while not select.select([job.commands], [], [], 0)[0] and load_one():
        pass


def _answer(job: Job, command: dict[str, Any]) -> None:
    number = command.get("number", 0)
    try:
        job.recorder.note("answered", "", number=number, answer=_do(command))
    except Exception as error:  # noqa: BLE001  scapy raises whatever it likes at bytes made by hand
        said = str(error) or type(error).__name__
        job.recorder.note("answered", "", number=number, error=said, type=type(error).__name__)


def _do(command: dict[str, Any]) -> dict[str, Any]:
    target = OPERATIONS.get(command.get("op", ""))
    if target is None:
        raise ValueError(f"There is no operation {command.get('op')!r}")
    done: dict[str, Any] = load(target)(command.get("params", {}))
    return done


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_DATA)[1]))
