"""Capture: an open capture file as a table that fills piece by piece, and may go on to grow.

    capture = Capture("example.pcapng")
    while capture.more():
        ...                      # rows are there from the first piece on
    capture.finish()

One thread calls `more`; any thread reads. It must not know who shows the rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.decode import decode
from protocols.packets.files.pcap import PcapWalk, is_pcap
from protocols.packets.files.pcapng import PcapngWalk, is_pcapng
from protocols.packets.files.source import Source
from protocols.packets.files.table import DECODED, Table
from protocols.packets.files.walk import Batch, Interface, Walk

FIRST_BYTES: Final = 256 << 10
"""The first piece: enough for the rows on the screen."""
RECONSTRUCTED: Final = "reconstructed"
"""What interfaces and comments of made packets say."""
PIECE_BYTES: Final = 48 << 20
DECODE_ROWS: Final = 1 << 15
"""Rows decoded at a time: their columns stay in the processor's cache."""
Columns: TypeAlias = "dict[str, npt.NDArray[Any]]"
Only: TypeAlias = "Callable[[Any, Any, Any, Any, Any], npt.NDArray[np.bool_]]"
"""(bytes of the file, where packets begin, captured, length, link types) to which of them matter."""
_KNOWN: Final = {
    b"RTSS": "NetMon", b"GMBU": "NetMon 2", b"TRSN": "Sniffer", b"snoo": "snoop", b"XCP\0": "NetXRay",
    b"\x34\xcd\xb2\xa1": "modified pcap", b"\xa1\xb2\xcd\x34": "modified pcap", b"PK\x03\x04": "zip",
    b"\xfd7zX": "xz", b"BZh9": "bzip2",
}  # fmt: skip


class CaptureError(ValueError):
    """The file can't be read as a capture; the message is a sentence that says what it is and what helps."""


class Capture:
    """An open file. Raises OSError, or CaptureError for what is no capture. growing: more may be appended to it.

    only: asked which packets matter, as CaptureFilter.takes; all others are counted and not decoded. taken: the rows
    that matter, part by part; empty where `only` is not given.
    """

    def __init__(self, path: str | os.PathLike[str], *, growing: bool = False, only: Only | None = None) -> None:
        self.table: Final = Table()
        self.taken: Final[list[npt.NDArray[np.int64]]] = []
        self._only = only
        self._said: list[bool] = []
        self.growing = growing
        self.source: Final = Source(path)
        self._size_now = FIRST_BYTES
        self._walk: Walk | None = None
        try:
            self._begin()
        except BaseException:
            self.source.close()
            raise

    def _begin(self) -> None:
        """Tell the format, as soon as enough is there to tell it."""
        start = bytes(self.source.data[:32])
        if self.growing and len(start) < 28:
            return
        try:
            if is_pcap(start):
                self._walk = PcapWalk(self.source.data)
            elif is_pcapng(start):
                self._walk = PcapngWalk(self.source.data)
            else:
                raise CaptureError(self.source.why or _no_capture(start))
        except CaptureError:
            raise
        except ValueError as error:
            raise CaptureError(f"{error}.") from None

    # Reading on

    def more(self) -> int:
        """Read the next piece; how many bytes of the file that was, 0 when there is nothing more for now."""
        if self.growing and self.source.refresh() and self._walk is None:
            self._begin()
        walk = self._walk
        if walk is None:
            return 0
        begun = walk.at
        batch = walk.take(self.source.data, self.source.array, begun + self._size_now)
        if batch is None:
            if walk.at == begun and not self.growing:
                walk.pass_end(self.source.data, self.source.array)
            return walk.at - begun
        if len(batch):
            self._add(batch)
            self._size_now = min(self._size_now * 8, PIECE_BYTES)
        return max(walk.at - begun, 1)

    def _add(self, batch: Batch) -> None:
        columns, count = batch.columns, len(batch)
        if not len(self.table):
            self._reserve(batch)
        links = np.array([one.linktype for one in self.interfaces], np.uint16)
        array = self.source.array
        for start in range(0, count, DECODE_ROWS):
            part = {name: column[start : start + DECODE_ROWS] for name, column in columns.items()}
            self.table.append(part | self._decoded(array, part, links[part["interface"]]))

    def _decoded(self, array: npt.NDArray[np.uint8], part: Columns, links: npt.NDArray[Any]) -> Columns:
        at, captured, length = part["at"].astype(np.int64), part["captured"], part["length"]
        if self._only is None:
            made = decode(array, at, captured, length, links)
            return {name: made[name] for name in DECODED}
        rows = np.flatnonzero(self._only(array, at, captured, length, links))
        found: Columns = {name: np.zeros(len(at), kind) for name, kind in DECODED.items()}
        if len(rows):
            made = decode(array, at[rows], captured[rows], length[rows], links[rows])
            for name in DECODED:
                found[name][rows] = made[name]
        self.taken.append(rows + len(self.table))
        return found

    def _reserve(self, batch: Batch) -> None:
        """Room for as many rows as the first ones promise: arrays that grow are copied."""
        read = self._walk.at if self._walk is not None else 0
        if read:
            self.table.reserve(min(int(len(batch) * self.source.size / read * 1.05) + 64, self.source.size // 16 + 1))

    def finish(self) -> None:
        """Nothing more will be written: judge what is left over at the end."""
        self.growing = False
        if self._walk is not None:
            self._walk.finish(self.source.size)

    def read_all(self) -> Capture:
        """Read to the end, and judge it."""
        while self.more():
            pass
        self.finish()
        return self

    def close(self) -> None:
        """Let the file go."""
        self.source.close()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What is known

    def __len__(self) -> int:
        return len(self.table)

    @property
    def format(self) -> str:
        """The file's sort in words."""
        made = self._walk.format if self._walk is not None else "empty"
        return f"{made}, {self.source.packed}" if self.source.packed else made

    @property
    def interfaces(self) -> list[Interface]:
        """Where its packets were captured, those of all sections."""
        return self._walk.interfaces if self._walk is not None else []

    @property
    def walk(self) -> Walk | None:
        """Comments, names, secrets and sections; None for a file that grows and has no header yet."""
        return self._walk

    @property
    def skipped(self) -> int:
        """Blocks that hold no packet and are not understood."""
        return self._walk.skipped if self._walk is not None else 0

    @property
    def why(self) -> str:
        """What is damaged, in sentences; "" for a file that was read whole."""
        told = self._walk.told() if self._walk is not None else ""
        return " ".join(filter(None, (told, self.source.why)))

    def done(self) -> float:
        """How much of the file was read, 0 to 1."""
        return self._walk.at / self.source.size if self._walk is not None and self.source.size else 1.0

    def packet(self, row: int) -> bytes:
        """The bytes of a packet, as far as they were kept."""
        start = int(self.table.column("at")[row])
        return bytes(self.source.data[start : start + int(self.table.column("captured")[row])])

    def linktype(self, row: int) -> int:
        """The link type of a packet's interface."""
        return self.interfaces[int(self.table.column("interface")[row])].linktype

    def reconstructed(self, row: int) -> bool:
        """Whether a packet was made from what sockets were asked to do, and not captured."""
        said = self._made()[int(self.table.column("interface")[row])]
        return said or self.comment(row).startswith(RECONSTRUCTED)

    def _made(self) -> list[bool]:
        """Which interfaces say that their packets were made."""
        if len(self._said) != len(self.interfaces):
            self._said = [RECONSTRUCTED in f"{one.name} {one.comment}".lower() for one in self.interfaces]
        return self._said

    def is_plain(self) -> bool:
        """Whether so far no packet was made, and none has a comment."""
        return not any(self._made()) and not (self._walk is not None and self._walk.comments)

    def any_reconstructed(self) -> bool:
        """Whether the file says of an interface, or of its first packet, that its packets were made."""
        return any(self._made()) or (bool(len(self)) and self.reconstructed(0))

    def comment(self, row: int) -> str:
        """What the file says of a packet in words."""
        return self._walk.comments.get(row, "") if self._walk is not None else ""


def _no_capture(start: bytes) -> str:
    if not start:
        return "The file is empty."
    for magic, name in _KNOWN.items():
        if start.startswith(magic):
            how = f"unpack it first ({name})" if name in ("zip", "xz", "bzip2") else "convert it with editcap"
            return f"This is a {name} file, which is not read here: {how}."
    return "This is no capture file: it begins like neither pcap nor pcapng."
