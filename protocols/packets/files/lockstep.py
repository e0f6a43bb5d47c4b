"""Many chains of records walked at once: numpy in place of a loop over packets, and still exactly what a loop finds.

A record says where the next one begins, so a file is one long chain. Here the walk begins in many places that
look like the start of a record. The first place is known; each chain that ends exactly where the next one began
proves that one right. From the first that does not, everything is dropped and the caller walks on by itself. It
must not know what a record is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Places: TypeAlias = npt.NDArray[np.int64]
Advance: TypeAlias = "Callable[[Places], Places]"
"""From where records begin to where the next ones do. It is asked about places behind the end, too, and must go
forward whatever it reads."""
Valid: TypeAlias = "Callable[[Places, Places], npt.NDArray[np.bool_]]"
"""Whether records that begin at the first places and end before the second ones are whole and can be."""
STEPS: Final = 1 << 15
"""A chain longer than this is left to the caller."""
_LOOK: Final = 32


def walk(starts: Sequence[int], stop: int, advance: Advance, valid: Valid) -> tuple[Places, int, bool]:
    """Walk from each of `starts` (ascending, the first is right) up to the next one, the last up to `stop`.

    Gives where valid records begin, in order; the place behind the last of them; and whether all chains fitted.
    """
    limits = np.array([*starts[1:], stop], np.int64)
    at = np.array(starts, np.int64)
    steps = [at]
    while len(steps) < STEPS and (at < limits).any():
        for _ in range(_LOOK):
            at = advance(at)
            steps.append(at)
    every = np.array(steps)
    begin, following = every[:-1], every[1:]
    inside = begin < limits
    good = np.zeros(inside.shape, bool)
    good[inside] = valid(begin[inside], following[inside])
    good = np.logical_and.accumulate(good, axis=0)  # nothing behind the first that can't be
    counts = good.sum(axis=0)
    ends = every[counts, np.arange(len(starts))]
    fitting = _fitting(ends, limits)
    kept = good[:, :fitting].T
    return begin[:, :fitting].T[kept], int(ends[fitting - 1]), fitting == len(starts)


def _fitting(ends: Places, limits: Places) -> int:
    """How many chains count: all up to and with the first that did not end where the next one begins."""
    wrong = np.flatnonzero(ends[:-1] != limits[:-1])
    return int(wrong[0]) + 1 if len(wrong) else len(ends)
