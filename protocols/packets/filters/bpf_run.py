"""Runs a BPF program over many packets at once.

Jumps of BPF lead forward only, so one walk over the instructions does for all packets: each instruction works on the
packets that have come to it. McCanne and Jacobson 1993; instructions as in linux/filter.h. It must not know how a
program was made.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.files.walk import unaligned

PART: Final = 1 << 16
"""Packets looked at in one go."""
_SIZES: Final = {0x00: 4, 0x08: 2, 0x10: 1}
_MEMORY: Final = 16

Rows = npt.NDArray[np.intp]
Instruction = tuple[int, int, int, int]


class BpfError(ValueError):
    """Bytes that are no BPF program; the message is a sentence."""


def parse(program: bytes) -> list[Instruction]:
    """(code, jump if true, jump if false, k) of eight bytes each, as struct sock_filter. Raises BpfError."""
    if len(program) % 8:
        raise BpfError("A BPF program is made of eight bytes an instruction")
    found = list(struct.iter_unpack("=HBBI", program))
    for place, (code, true, false, k) in enumerate(found):
        if code & 7 == 5 and place + 1 + (k if code & 0xF0 == 0 else max(true, false)) >= len(found):
            raise BpfError(f"Instruction {place} jumps behind the end of the program")
    if not found or found[-1][0] & 7 != 6:
        raise BpfError("A BPF program ends with a return")
    return found


def matches(
    program: bytes, array: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], captured: npt.NDArray[Any],
    length: npt.NDArray[Any],
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Which packets the program lets through. at: where they begin in `array`; length: on the wire."""
    code = parse(program)
    found = np.zeros(len(at), bool)
    for start in range(0, len(at), PART):
        part = slice(start, start + PART)
        found[part] = _Run(array, at[part], captured[part], length[part]).run(code)
    return found


class _Run:
    """One walk over the instructions."""

    def __init__(
        self, array: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], captured: npt.NDArray[Any],
        length: npt.NDArray[Any],
    ) -> None:  # fmt: skip
        self._views = {size: unaligned(array, kind) for size, kind in ((1, "u1"), (2, ">u2"), (4, ">u4"))}
        self._at, self._captured = at, captured.astype(np.int64)
        self._length = length.astype(np.uint32)
        count = len(at)
        self._a = np.zeros(count, np.uint32)
        self._x = np.zeros(count, np.uint32)
        self._memory: dict[int, npt.NDArray[np.uint32]] = {}
        self._found = np.zeros(count, bool)

    def run(self, code: list[Instruction]) -> npt.NDArray[np.bool_]:
        """True for each packet that a return of something but zero was reached with."""
        waiting: dict[int, list[Rows]] = {0: [np.arange(len(self._at))]}
        for place, instruction in enumerate(code):
            come = waiting.pop(place, None)
            if come is None:
                continue
            rows = come[0] if len(come) == 1 else np.concatenate(come)
            for target, part in self._step(instruction, rows):
                if len(part):
                    waiting.setdefault(place + 1 + target, []).append(part)
        return self._found

    def _step(self, instruction: Instruction, rows: Rows) -> list[tuple[int, Rows]]:
        """Do one instruction; (how many are jumped over, the packets that go on there)."""
        code, true, false, k = instruction
        kind = code & 7
        if kind in (0, 1):
            return [(0, self._load(code, k, rows))]
        if kind == 2:
            self._cell(k)[rows] = self._a[rows]
        elif kind == 3:
            self._cell(k)[rows] = self._x[rows]
        elif kind == 4:
            return [(0, self._calculate(code, k, rows))]
        elif kind == 5:
            return self._jump(code, true, false, k, rows)
        elif kind == 6:
            value: Any = {0x00: k, 0x08: self._x[rows], 0x10: self._a[rows]}.get(code & 0x18, 0)
            self._found[rows] = value != 0
            return []
        elif code & 0xF8 == 0x80:
            self._a[rows] = self._x[rows]
        else:
            self._x[rows] = self._a[rows]
        return [(0, rows)]

    def _cell(self, k: int) -> npt.NDArray[np.uint32]:
        if k >= _MEMORY:
            raise BpfError(f"There is no memory cell {k}")
        return self._memory.setdefault(k, np.zeros(len(self._at), np.uint32))

    def _load(self, code: int, k: int, rows: Rows) -> Rows:
        """The packets that hold what is asked for; the others are refused."""
        into = self._x if code & 7 == 1 else self._a
        mode = code & 0xE0
        if mode == 0x00:
            into[rows] = k
        elif mode == 0x60:
            into[rows] = self._cell(k)[rows]
        elif mode == 0x80:
            into[rows] = self._length[rows]
        else:
            size = 1 if mode == 0xA0 else _SIZES.get(code & 0x18, 0)
            if not size:
                raise BpfError(f"There is no load 0x{code:02x}")
            offset: Any = self._x[rows].astype(np.int64) + k if mode == 0x40 else k
            there = offset + size <= self._captured[rows]
            if not there.all():
                rows = rows[there]
                offset = offset[there] if mode == 0x40 else offset
            value = self._views[size][self._at[rows] + offset].astype(np.uint32)
            into[rows] = (value & 15) * 4 if mode == 0xA0 else value
        return rows

    def _calculate(self, code: int, k: int, rows: Rows) -> Rows:
        a, operand = self._a[rows], self._x[rows] if code & 8 else np.full(len(rows), k, np.uint32)
        kind = code & 0xF0
        if kind in (0x30, 0x90):  # a division by zero refuses the packet
            good = operand != 0
            rows, a, operand = rows[good], a[good], operand[good]
        shift = np.minimum(operand, 31)
        done: dict[int, Callable[[], Any]] = {
            0x00: lambda: a + operand, 0x10: lambda: a - operand, 0x20: lambda: a * operand,
            0x30: lambda: a // operand, 0x40: lambda: a | operand, 0x50: lambda: a & operand,
            0x60: lambda: np.where(operand > 31, 0, a << shift), 0x70: lambda: np.where(operand > 31, 0, a >> shift),
            0x80: lambda: np.uint32(0) - a, 0x90: lambda: a % operand, 0xA0: lambda: a ^ operand,
        }  # fmt: skip
        if kind not in done:
            raise BpfError(f"There is no calculation 0x{kind:02x}")
        self._a[rows] = done[kind]()
        return rows

    def _jump(self, code: int, true: int, false: int, k: int, rows: Rows) -> list[tuple[int, Rows]]:
        kind = code & 0xF0
        if kind == 0x00:
            return [(k, rows)]
        a, operand = self._a[rows], self._x[rows] if code & 8 else np.uint32(k)
        yes = {0x10: a == operand, 0x20: a > operand, 0x30: a >= operand, 0x40: (a & operand) != 0}[kind]
        return [(true, rows[yes]), (false, rows[~yes])]
