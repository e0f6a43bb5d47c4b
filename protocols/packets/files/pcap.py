"""pcap files: both byte orders, microseconds and nanoseconds (draft-ietf-opsawg-pcap).

PcapWalk goes through the records of a mapped file as far as it is written. It must not know what packets hold.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.files import lockstep
from protocols.packets.files.walk import Batch, Interface, Walk, damaged, unaligned

_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000), b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1), b"\xa1\xb2\x3c\x4d": (">", 1),
}  # fmt: skip
"""The first bytes: byte order and nanoseconds in a unit of time."""
HEADER: Final = 24
RECORD: Final = 16
MOST: Final = 262_144
"""The largest packet that captures hold, where a file does not announce more."""
CHAINS: Final = 256
ALONE: Final = 1 << 18
"""Regions smaller than this are walked in a plain loop."""
_NEAR_S: Final = 60 * 86400
_WINDOWS: Final = (1 << 12, 1 << 17)


def is_pcap(start: bytes) -> bool:
    """Whether a file that begins so is one."""
    return start[:4] in _MAGICS


class PcapWalk(Walk):
    """Walks a pcap file. Raises ValueError where not even its header is there."""

    def __init__(self, data: Any) -> None:
        super().__init__()
        head = bytes(data[:HEADER])
        if head[:4] not in _MAGICS:
            raise ValueError("This is no pcap file")
        if len(head) < HEADER:
            raise ValueError("The file ends within the header of a pcap file")
        self._order, self._unit = _MAGICS[head[:4]]
        _, _, _, _, snap, link = struct.unpack(f"{self._order}HHiIII", head[4:])
        resolution = 1_000_000 if self._unit == 1000 else 1_000_000_000
        self.interfaces.append(Interface(link & 0xFFFF, snap, resolution=resolution))
        self._most = max(MOST, snap if snap <= 1 << 28 else 0)
        self._record = struct.Struct(f"{self._order}IIII")
        self._first_s: int | None = None
        self.format = f"pcap, {'little' if self._order == '<' else 'big'}-endian"
        self.at = HEADER

    def take(self, data: Any, array: npt.NDArray[np.uint8], stop: int) -> Batch | None:
        """The records that begin before `stop` and are there whole; None where there is no more for now."""
        places, end, trouble = self._places(data, array, min(stop, len(array)))
        if trouble and not len(places):
            return self._pass_over(data, array, end, trouble)
        if not len(places):
            return None
        self.at = end
        return self._batch(array, places)

    def _places(self, data: Any, array: npt.NDArray[np.uint8], stop: int) -> tuple[lockstep.Places, int, str]:
        """Where whole records begin, where the next one would, and what is wrong with that one."""
        found, at = np.zeros(0, np.int64), self.at
        if stop - at > ALONE:
            starts = self._starts(data, array, at, stop)
            found, at, fits = lockstep.walk(starts, stop, self._advance(array), self._valid(len(array)))
            if fits and at >= stop:
                return found, at, ""
        more, at, trouble = self.plain(data, at, stop, len(array))
        return np.concatenate((found, more)), at, trouble

    def plain(self, data: Any, at: int, stop: int, size: int) -> tuple[lockstep.Places, int, str]:
        """The plain walk: one record after the other, while they begin before `stop`; also the test's oracle."""
        unpack, most = self._record.unpack_from, self._most
        found: list[int] = []
        while at < stop:
            if at + RECORD > size:
                break
            captured = unpack(data, at)[2]
            if captured > most:
                return np.array(found, np.int64), at, f"says that it holds {captured} bytes"
            if at + RECORD + captured > size:
                break
            found.append(at)
            at += RECORD + captured
        return np.array(found, np.int64), at, ""

    def _advance(self, array: npt.NDArray[np.uint8]) -> lockstep.Advance:
        words, last = unaligned(array, f"{self._order}u4"), len(array) - 4

        def advance(at: lockstep.Places) -> lockstep.Places:
            following: lockstep.Places = at + words[np.minimum(at + 8, last)] + RECORD
            return following

        return advance

    def _valid(self, size: int) -> lockstep.Valid:
        return lambda at, following: (following <= size) & (following - at <= self._most + RECORD)

    def _starts(self, data: Any, array: npt.NDArray[np.uint8], at: int, stop: int) -> list[int]:
        """Places that look like the start of a record, about evenly spread; the first is `at`."""
        if self._first_s is None:
            self._first_s = self._record.unpack_from(data, at)[0]
        words = unaligned(array, f"{self._order}u4")
        starts, width = [at], (stop - at) // CHAINS
        for chain in range(1, CHAINS):
            place = self._guess(data, words, at + chain * width, stop, _WINDOWS[0])
            if place is not None and place > starts[-1]:
                starts.append(place)
        return starts

    def _guess(self, data: Any, words: Any, at: int, stop: int, window: int) -> int | None:
        """The first place from `at` on, within `window` bytes, from where several likely records follow each other."""
        first = self._first_s or 0
        seconds = words[at : min(at + window, stop - RECORD)].astype(np.uint32)
        likely = np.flatnonzero(seconds - np.uint32(max(first - _NEAR_S, 0)) <= np.uint32(2 * _NEAR_S))
        if not len(likely):
            return None
        captured, length = words[at + 8 + likely], words[at + 12 + likely]
        for place in likely[(captured <= length) & (captured - np.uint32(1) < self._most)].tolist():
            if self._follows(data, at + place, len(words)):
                return at + int(place)
        return None

    def _follows(self, data: Any, at: int, size: int) -> bool:
        unpack, ticks = self._record.unpack_from, 1_000_000_000 // self._unit
        first = self._first_s or 0
        for _ in range(6):
            if at + RECORD > size:
                return at <= size + 3  # exactly the end, or a record that is cut
            second, fraction, captured, length = unpack(data, at)
            if abs(second - first) > _NEAR_S or fraction >= ticks or not 0 < captured <= min(self._most, length):
                return False
            at += RECORD + captured
        return True

    def _pass_over(self, data: Any, array: npt.NDArray[np.uint8], at: int, trouble: str) -> Batch | None:
        """Go on behind a damaged record, where records follow each other again."""
        words = unaligned(array, f"{self._order}u4")
        if self._first_s is None:
            self._first_s = self._record.unpack_from(data, at)[0]
        place = at + 1
        while place < len(array) - RECORD:
            found = self._guess(data, words, place, len(array), _WINDOWS[1])
            if found is not None:
                self.tell(damaged(at, f"the record {trouble}", found - at))
                self.at = found
                return Batch.empty()
            place += _WINDOWS[1]
        self.tell(damaged(at, f"the record {trouble}", len(array) - at))
        self.at = len(array)
        return None

    def pass_end(self, data: Any, array: npt.NDArray[np.uint8]) -> None:
        words, at = unaligned(array, f"{self._order}u4"), self.at
        if len(array) - at <= RECORD or self._first_s is None:
            return
        for place in range(at + RECORD, len(array) - RECORD, _WINDOWS[1]):
            found = self._guess(data, words, place, len(array), _WINDOWS[1])
            if found is not None:
                self.tell(damaged(at, "a record says that it is longer than the rest of the file", found - at))
                self.at = found
                return

    def _batch(self, array: npt.NDArray[np.uint8], places: lockstep.Places) -> Batch:
        head = unaligned(array, f"V{RECORD}")[places].view(np.dtype(f"{self._order}u4")).reshape(-1, 4)
        second, fraction = head[:, 0].astype(np.int64), head[:, 1].astype(np.int64)
        if self._first_s is None:
            self._first_s = int(second[0])
        return Batch({
            "at": (places + RECORD).astype(np.uint64), "time": second * 1_000_000_000 + fraction * self._unit,
            "captured": head[:, 2].astype(np.uint32), "length": head[:, 3].astype(np.uint32),
            "interface": np.zeros(len(places), np.uint16),
        })  # fmt: skip

    def finish(self, size: int) -> None:
        """Nothing more will be written: what is left over was cut off."""
        if self.at < size:
            self.tell(f"The file was cut off within a packet: its last {size - self.at} bytes are a part of one.")
