"""The packets of many pcapng blocks at once: enhanced, simple and old packet blocks become columns.

draft-ietf-opsawg-pcapng sections 4.3, 4.4 and appendix A. It must not know how blocks were found.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.files.table import NO_TIME
from protocols.packets.files.walk import Batch, Interface, unaligned

_SIMPLE: Final = 3
_OLD: Final = 2
_HEAD: Final = 28
"""Bytes before the packet in an enhanced or old packet block; 12 in a simple one."""
_ROUNDS: Final = 16
"""So many options are looked through for a comment."""


@dataclass(slots=True)
class Found:
    """Packets and what was said about them. comments: by row of the batch. broken: place of a block and why."""

    batch: Batch
    comments: dict[int, str] = field(default_factory=dict)
    broken: list[tuple[int, str]] = field(default_factory=list)


def read(
    array: npt.NDArray[np.uint8], places: npt.NDArray[np.int64], kinds: npt.NDArray[Any], order: str,
    interfaces: Sequence[Interface], base: int,
) -> Found:  # fmt: skip
    """The packets of the blocks at `places`. interfaces: of the section; base: its first one's number in the file."""
    words = unaligned(array, f"{order}u4")
    simple, old = kinds == _SIMPLE, kinds == _OLD
    block = words[places + 4].astype(np.int64)
    whole = (block + 3) & ~3
    number = np.where(simple, 0, words[places + 8])
    if old.any():
        number[old] = unaligned(array, f"{order}u2")[places[old] + 8]
    known = (number < len(interfaces)) & ((block >= 32) | (simple & (block >= 16)))
    spots = np.where(known & ~simple, places, places[0])  # a block too short is not read beyond its end
    deep = np.minimum(spots, len(array) - _HEAD)
    captured = words[deep + 20].astype(np.int64)
    length = np.where(simple, words[places + 8], words[deep + 24]).astype(np.int64)
    if simple.any():
        snap = interfaces[0].snap if interfaces else 0
        kept = np.minimum(length, block - 16)
        captured = np.where(simple, np.minimum(kept, snap) if snap else kept, captured)
    start = places + np.where(simple, 12, _HEAD)
    good = known & (start + captured + 4 <= places + whole)
    high, low = words[deep + 12].astype(np.uint64), words[deep + 16].astype(np.uint64)
    ticks = (high << np.uint64(32)) | low
    time = _times(ticks, number, simple, interfaces)
    found = Found(Batch({
        "at": start[good].astype(np.uint64), "time": time[good], "captured": captured[good].astype(np.uint32),
        "length": length[good].astype(np.uint32), "interface": (number[good] + base).astype(np.uint16),
    }))  # fmt: skip
    for row in np.flatnonzero(~good).tolist():
        found.broken.append((int(places[row]), _why(int(number[row]), int(captured[row]), len(interfaces))))
    _comments(found, array, order, places[good], whole[good], (start + ((captured + 3) & ~3))[good], ~simple[good])
    return found


def _why(number: int, captured: int, interfaces: int) -> str:
    if number >= interfaces:
        return f"a packet names interface {number}, and the section has described {interfaces}"
    return f"a packet of {captured} bytes does not fit into its block"


def _times(
    ticks: npt.NDArray[np.uint64], number: npt.NDArray[Any], simple: npt.NDArray[np.bool_],
    interfaces: Sequence[Interface],
) -> npt.NDArray[np.int64]:  # fmt: skip
    """Nanoseconds since 1970; NO_TIME for simple packets, which have none."""
    time = np.full(len(ticks), NO_TIME, np.int64)
    for index, interface in enumerate(interfaces):
        rows = (number == index) & ~simple
        if not rows.any():
            continue
        resolution = interface.resolution
        own = ticks[rows] if not rows.all() else ticks
        if resolution <= 10**9 and 10**9 % resolution == 0:
            made = own * np.uint64(10**9 // resolution)
        elif resolution < 2**64:
            second = own // np.uint64(resolution)
            part = (own % np.uint64(resolution)).astype(np.float64) * (1e9 / resolution)
            made = second * np.uint64(10**9) + np.floor(part + 1e-6).astype(np.uint64)
        else:
            made = np.zeros(len(own), np.uint64)
        time[rows] = made.astype(np.int64) + np.int64(max(min(interface.offset_s, 9 * 10**9), -9 * 10**9)) * 10**9
    return time


def _comments(
    found: Found, array: npt.NDArray[np.uint8], order: str, places: npt.NDArray[np.int64],
    whole: npt.NDArray[np.int64], at: npt.NDArray[np.int64], may: npt.NDArray[np.bool_],
) -> None:  # fmt: skip
    """Read the comments among the options. at: where each block's options begin."""
    stop = places + whole - 4
    rows = np.flatnonzero(may & (at + 4 <= stop))
    halves = unaligned(array, f"{order}u2")
    for _ in range(_ROUNDS):
        if not len(rows):
            return
        code, length = halves[at[rows]], halves[at[rows] + 2].astype(np.int64)
        for row in rows[code == 1].tolist():
            _comment(found, array, order, row, int(at[row]), int(stop[row]))
        at[rows] += 4 + ((length + 3) & ~3)
        rows = rows[(code != 0) & (at[rows] + 4 <= stop[rows])]


def _comment(found: Found, array: npt.NDArray[np.uint8], order: str, row: int, at: int, stop: int) -> None:
    (length,) = struct.unpack_from(f"{order}H", array.data, at + 2)
    if at + 4 + length > stop:
        return
    text = bytes(array[at + 4 : at + 4 + length]).decode("utf-8", "replace").rstrip("\0")
    found.comments[row] = f"{found.comments[row]}\n{text}" if row in found.comments else text
