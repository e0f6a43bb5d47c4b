"""Reads the same header out of many packets at once, also where it reaches beyond the end of the file.

It must not know what a header means.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from protocols.packets.files.walk import unaligned


def gather(array: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """`kind` as it lies at each of `at`; bytes behind the end of the file are zero."""
    size, last = kind.itemsize, len(array) - kind.itemsize
    inside = at <= last
    if inside.all():
        found: npt.NDArray[Any] = unaligned(array, f"V{size}")[at].view(kind)
        return found
    made = np.zeros(len(at), f"V{size}")
    if last >= 0:
        made[inside] = unaligned(array, f"V{size}")[at[inside]]
    for row in np.flatnonzero(~inside).tolist():
        made[row] = np.void(bytes(array[at[row] :][:size]).ljust(size, b"\0"))
    return made.view(kind)


def distinct(values: npt.NDArray[Any]) -> list[int]:
    """The different values of small numbers, in order; numpy's own way loads a tenth of a second of modules."""
    return np.flatnonzero(np.bincount(values)).tolist() if len(values) else []
