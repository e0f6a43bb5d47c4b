"""pcapng files: several sections and interfaces, enhanced, simple and old packet blocks, comments, names, secrets.

draft-ietf-opsawg-pcapng. PcapngWalk goes through the blocks of a mapped file as far as it is written. Blocks that it
does not know are counted; one whose lengths can't be is damage, and the walk goes on behind it. It must not know
what packets hold.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.files import lockstep, pcapng_packets
from protocols.packets.files.pcapng_options import Options, interface_of, names_of, section_of
from protocols.packets.files.walk import Batch, Walk, damaged, unaligned

SECTION: Final = 0x0A0D0D0A
INTERFACE: Final = 1
OLD_PACKET: Final = 2
SIMPLE: Final = 3
NAMES: Final = 4
STATISTICS: Final = 5
ENHANCED: Final = 6
SECRETS: Final = 10
PACKETS: Final = (ENHANCED, SIMPLE, OLD_PACKET)
MOST: Final = 64 << 20
"""The largest block that a file may hold."""
CHAINS: Final = 256
ALONE: Final = 1 << 18
_WINDOWS: Final = (1 << 13, 1 << 20)
_LIKELY: Final = np.array((1, 2, 3, 4, 5, 6, 9, 10, 11, 0x0BAD, 0x40000BAD, SECTION), np.uint32)


def is_pcapng(start: bytes) -> bool:
    """Whether a file that begins so is one."""
    return start[:4] == b"\n\r\r\n"


class PcapngWalk(Walk):
    """Walks a pcapng file."""

    def __init__(self, data: Any) -> None:
        super().__init__()
        self._order = "<"
        self._base = 0
        """The number of the first interface of this section."""
        if len(data) >= 12 and bytes(data[8:12]) not in (b"\x4d\x3c\x2b\x1a", b"\x1a\x2b\x3c\x4d"):
            raise ValueError("The file begins like pcapng, but its byte order can't be told")
        self.format = "pcapng"

    def take(self, data: Any, array: npt.NDArray[np.uint8], stop: int) -> Batch | None:
        """The packets of the blocks that begin before `stop`, or fewer; None where there is no more for now."""
        size = len(array)
        if self.at + 12 > size:
            return None
        if bytes(data[self.at : self.at + 4]) == b"\n\r\r\n":
            return self._section(data, array)
        places, end, trouble = self._places(data, array, min(stop, size))
        if len(places):
            self.at = end
            return self._batch(data, array, places)
        if trouble:
            return self._pass_over(array, end, trouble)
        return Batch.empty() if bytes(data[end : end + 4]) == b"\n\r\r\n" and end != self.at else None

    def _section(self, data: Any, array: npt.NDArray[np.uint8]) -> Batch | None:
        magic = bytes(data[self.at + 8 : self.at + 12])
        if len(magic) < 4:
            return None
        order = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(magic)
        if order is None:
            return self._pass_over(array, self.at, "a section begins whose byte order can't be told")
        (length,) = struct.unpack_from(f"{order}I", data, self.at + 4)
        if not 28 <= length <= MOST:
            return self._pass_over(array, self.at, f"a section header says that it is {length} bytes long")
        if self.at + length > len(array):
            return None
        self._order, self._base = order, len(self.interfaces)
        body = bytes(data[self.at + 24 : self.at + length - 4])
        self.sections.append(section_of(Options(body, order)))
        self.at += length + -length % 4
        return Batch.empty()

    # Where blocks are

    def _places(self, data: Any, array: npt.NDArray[np.uint8], stop: int) -> tuple[lockstep.Places, int, str]:
        found, at = np.zeros(0, np.int64), self.at
        if stop - at > ALONE:
            starts = self._starts(array, at, stop)
            found, at, fits = lockstep.walk(starts, stop, self._advance(array), self._valid(array))
            if fits and at >= stop:
                return found, at, ""
        more, at, trouble = self.plain(data, at, stop, len(array))
        return np.concatenate((found, more)), at, trouble

    def plain(self, data: Any, at: int, stop: int, size: int) -> tuple[lockstep.Places, int, str]:
        """The plain walk: block after block, up to the next section header; also the test's oracle."""
        head, tail, found = struct.Struct(f"{self._order}II"), struct.Struct(f"{self._order}I"), []
        trouble = ""
        while at < stop and at + 12 <= size:
            kind, length = head.unpack_from(data, at)
            if kind == SECTION:
                break
            if not 12 <= length <= MOST:
                trouble = f"a block says that it is {length} bytes long"
                break
            whole = length + -length % 4
            if at + whole > size:
                break
            if tail.unpack_from(data, at + whole - 4)[0] != length:
                trouble = "the two lengths of a block are not the same"
                break
            found.append(at)
            at += whole
        return np.array(found, np.int64), at, trouble

    def _advance(self, array: npt.NDArray[np.uint8]) -> lockstep.Advance:
        words, last = unaligned(array, f"{self._order}u4"), len(array) - 4

        def advance(at: lockstep.Places) -> lockstep.Places:
            length = words[np.minimum(at + 4, last)].astype(np.int64)
            return at + (np.maximum(length, 12) + 3 & ~3)

        return advance

    def _valid(self, array: npt.NDArray[np.uint8]) -> lockstep.Valid:
        words, size = unaligned(array, f"{self._order}u4"), len(array)

        def valid(at: lockstep.Places, following: lockstep.Places) -> npt.NDArray[np.bool_]:
            good = (following <= size) & (following - at <= MOST)
            place, behind = np.where(good, at, 0), np.where(good, following, 4)
            length = words[place + 4]
            good &= (length >= 12) & (words[place] != SECTION) & (words[behind - 4] == length)
            return good

        return valid

    def _starts(self, array: npt.NDArray[np.uint8], at: int, stop: int) -> list[int]:
        starts, width = [at], (stop - at) // CHAINS & ~3
        for chain in range(1, CHAINS):
            place = self._guess(array, at + chain * width, _WINDOWS[0])
            if place is not None and starts[-1] < place < stop:
                starts.append(place)
        return starts

    def _guess(self, array: npt.NDArray[np.uint8], at: int, window: int, order: str = "") -> int | None:
        """The first place from `at` on, within `window` bytes and at this alignment, that looks like a block."""
        order = order or self._order
        stop = min(at + window, len(array) - 8)
        count = (stop - at) // 4
        if count < 3:
            return None
        kinds = np.ndarray((count,), f"{order}u4", buffer=array.data, offset=at)
        for place in np.flatnonzero(np.isin(kinds, _LIKELY)).tolist():
            if self._looks_whole(array, at + place * 4, order):
                return at + int(place) * 4
        return None

    def _looks_whole(self, array: npt.NDArray[np.uint8], at: int, order: str) -> bool:
        for _ in range(2):
            if at == len(array):
                return True
            if at + 12 > len(array):
                return False
            (length,) = struct.unpack_from(f"{order}I", array.data, at + 4)
            whole = length + -length % 4
            if not 12 <= length <= MOST or at + whole > len(array):
                return False
            if struct.unpack_from(f"{order}I", array.data, at + whole - 4)[0] != length:
                return False
            at += whole
        return True

    def _pass_over(self, array: npt.NDArray[np.uint8], at: int, trouble: str) -> Batch | None:
        """Go on behind a damaged block, where blocks follow each other again."""
        place = at + 4
        while place < len(array) - 12:
            found = self._guess(array, place, _WINDOWS[1])
            if found is not None:
                self.tell(damaged(at, trouble, found - at))
                self.at = found
                return Batch.empty()
            place += _WINDOWS[1] - 4
        self.tell(damaged(at, trouble, len(array) - at))
        self.at = len(array)
        return None

    def pass_end(self, data: Any, array: npt.NDArray[np.uint8]) -> None:
        at, last = self.at, len(array) - 12
        for place in range(at + 4, last, _WINDOWS[1] - 4):
            found = self._guess(array, place, _WINDOWS[1])
            if found is not None:
                self.tell(damaged(at, "a block says that it is longer than the rest of the file", found - at))
                self.at = found
                return

    # What is in them

    def _batch(self, data: Any, array: npt.NDArray[np.uint8], places: lockstep.Places) -> Batch:
        head = unaligned(array, f"{self._order}u4")
        kinds = head[places]
        others = np.flatnonzero((kinds != ENHANCED) & (kinds != SIMPLE) & (kinds != OLD_PACKET))
        parts, begun = [], 0
        for row in others.tolist():  # what an interface block says holds for the packets behind it
            if row > begun:
                parts.append(self._packets(array, places[begun:row], kinds[begun:row]))
            self._other(data, int(places[row]), int(kinds[row]))
            begun = row + 1
        if begun < len(places):
            parts.append(self._packets(array, places[begun:], kinds[begun:]))
        if not parts:
            return Batch.empty()
        return Batch({name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns})

    def _packets(self, array: npt.NDArray[np.uint8], places: lockstep.Places, kinds: npt.NDArray[Any]) -> Batch:
        found = pcapng_packets.read(array, places, kinds, self._order, self.interfaces[self._base :], self._base)
        for place, why in found.broken[:100]:
            self.tell(f"The file is damaged at byte {place}: {why}; the packet was passed over.")
        self.troubles += len(found.broken[100:])
        for row, text in found.comments.items():
            self.comments[self.packets + row] = text
        self.packets += len(found.batch)
        return found.batch

    def _other(self, data: Any, at: int, kind: int) -> None:
        (length,) = struct.unpack_from(f"{self._order}I", data, at + 4)
        body = bytes(data[at + 8 : at + length - 4])
        if kind == INTERFACE and len(body) >= 8:
            self.interfaces.append(interface_of(body, self._order, bytes(data[at : at + length])))
        elif kind == NAMES:
            self.names.update(names_of(body, self._order))
        elif kind == STATISTICS and len(body) >= 12:
            self._statistics(body)
        elif kind == SECRETS and len(body) >= 8:
            kind_of, size = struct.unpack_from(f"{self._order}II", body)
            self.secrets.append(struct.pack("<II", kind_of, size) + body[8 : 8 + size])
        else:
            self.skipped += 1

    def _statistics(self, body: bytes) -> None:
        number = self._base + struct.unpack_from(f"{self._order}I", body)[0]
        dropped = Options(body[12:], self._order).number(5)
        if number < len(self.interfaces) and dropped is not None:
            self.interfaces[number].drops = dropped

    def finish(self, size: int) -> None:
        """Nothing more will be written: what is left over was cut off."""
        if self.at < size:
            self.tell(f"The file was cut off within a block: its last {size - self.at} bytes are a part of one.")
