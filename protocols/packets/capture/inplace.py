"""One block of the ring as columns, and its packets turned into pcapng blocks where they stand.

The kernel lays packets out one behind the other, each behind a header of its own; `in_place` writes the head of a
pcapng block into the 28 bytes before each packet's data, and its options and end into the gap up to the next.
It must not know sockets or files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_EPB: Final = 6
_HEAD: Final = 28
_FLAGS_OPTION: Final = 2 | 4 << 16
_FILLER: Final = 0x8001
_VLAN_VALID: Final = 1 << 4
_OUTGOING: Final = 4
_BILLION: Final = 1_000_000_000
Numbers = npt.NDArray[Any]


class Columns:
    """The packets of one block (struct tpacket3_hdr in linux/if_packet.h). `view`: the block's memory."""

    def __init__(self, view: memoryview, count: int, first: int) -> None:
        self._view = view
        self._bytes: Numbers = np.frombuffer(view, np.uint8)
        self._words: Numbers = np.frombuffer(view, np.uint32)
        self._at = self._offsets(count, first)
        words, at = self._words, self._at >> 2
        self._next = words[at].astype(np.int64)
        self._stamp = words[at + 1].astype(np.uint64) * _BILLION + words[at + 2]
        self._kept = words[at + 3].astype(np.int64)
        self._length = words[at + 4]
        self._status = words[at + 5]
        self._mac = (words[at + 6] & 0xFFFF).astype(np.int64)
        self._vlan = words[at + 8]
        self._vlan_kind = words[at + 9] & 0xFFFF
        self._outgoing = self._bytes[self._at + 58] == _OUTGOING
        self.last = self._alone(count - 1)

    def _offsets(self, count: int, first: int) -> Numbers:
        """Where each packet's header is. Equal steps are checked at once; unequal ones are walked."""
        words = self._words
        step = int(words[first >> 2])
        if step and count > 1:
            guess = first + np.arange(count, dtype=np.int64) * step
            if guess[-1] < len(self._bytes) and bool((words[guess[:-1] >> 2] == step).all()):
                return guess
        found = np.empty(count, np.int64)
        at, walked = first, self._view.cast("I")
        for number in range(count):
            found[number] = at
            at += walked[at >> 2]
        return found

    def simple(self) -> bool:
        """Whether every packet begins at a multiple of four and none has lost a VLAN tag to the kernel."""
        tagged = bool((self._status & _VLAN_VALID).any())
        return not tagged and bool(((self._at + self._mac) % 4 == 0).all()) and bool((self._mac >= 84).all())

    def in_place(self) -> memoryview:
        """All packets but the last, as pcapng blocks one behind the other; the kernel's headers are gone then."""
        at, kept, total = self._at[:-1], self._kept[:-1], self._next[:-1]
        start = at + self._mac[:-1] - _HEAD
        words, head = self._words, start >> 2
        stamp, padded = self._stamp[:-1], (kept + 3) & ~3
        for place, value in enumerate((_EPB, total, 0, stamp >> 32, stamp & 0xFFFFFFFF, kept, self._length[:-1])):
            words[head + place] = value
        self._pad(start + _HEAD, kept, padded)
        options = head + ((padded + _HEAD) >> 2)
        room = total - _HEAD - padded - 4 - 8 - 4 - 4  # for the filler's content
        words[options] = _FLAGS_OPTION
        words[options + 1] = np.where(self._outgoing[:-1], 2, 1)
        words[options + 2] = _FILLER | room << 16
        filler = options + 3
        everywhere, most = int(room.min()) >> 2, int(room.max()) >> 2
        for place in range(everywhere):  # packets of one size, the usual flood, have all the same room
            words[filler + place] = 0
        for place in range(everywhere, most):
            words[filler[place < (room >> 2)] + place] = 0
        end = head + (total >> 2) - 1
        words[end - 1] = 0  # no more options
        words[end] = total
        return self._view[int(start[0]) : int(start[-1] + total[-1])]

    def _pad(self, data: Numbers, kept: Numbers, padded: Numbers) -> None:
        for place in range(int((padded - kept).max())):
            inside = kept + place < padded
            self._bytes[(data + kept)[inside] + place] = 0

    def _alone(self, number: int) -> bytes:
        from protocols.packets.capture.ring import block_of

        begin = int(self._at[number] + self._mac[number])
        data = bytes(self._view[begin : begin + int(self._kept[number])])
        length = int(self._length[number])
        if self._status[number] & _VLAN_VALID:
            kind = int(self._vlan_kind[number]) or 0x8100
            data = data[:12] + kind.to_bytes(2, "big") + int(self._vlan[number] & 0xFFFF).to_bytes(2, "big") + data[12:]
            length += 4
        stamp = int(self._stamp[number])
        return block_of(stamp // _BILLION, stamp % _BILLION, data, length, bool(self._outgoing[number]))

    def one_by_one(self) -> Iterator[bytes]:
        """The same, a block of its own each: for packets that do not lie as the fast way needs."""
        for number in range(len(self._at)):
            yield self._alone(number)
