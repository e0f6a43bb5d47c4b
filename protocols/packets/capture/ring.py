"""The kernel's packet ring, TPACKET_V3 (packet(7), Documentation/networking/packet_mmap.rst), as pcapng blocks.

Each packet becomes an enhanced packet block in place, in the shared memory itself: its header goes where the kernel's
own stood, and a block of the ring is written to the file in one piece. What is left over between two packets is the
content of an option that readers skip. Lives in the capturing child alone. It must not know files or counts of others.
"""

from __future__ import annotations

import mmap
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from protocols import pcapng

BLOCK_BYTES: Final = 1 << 20
RETIRE_MS: Final = 20
"""The kernel hands over a block that is not full after this long."""
_SOL_PACKET: Final = 263
_RX_RING: Final = 5
_STATISTICS: Final = 6
_VERSION: Final = 10
_RESERVE: Final = 12
_IGNORE_OUTGOING: Final = 23
_ADD_MEMBERSHIP: Final = 1
_MR_PROMISC: Final = 1
_TPACKET_V3: Final = 2
_SO_ATTACH_FILTER: Final = 26
_ETH_P_ALL: Final = 3
_STATUS_USER: Final = 1
_NOTHING: Final = struct.pack("=HBBI", 6, 0, 0, 0)
"""The BPF program that takes no packet: ret #0."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole pcapng blocks of so many packets, to be written before the next piece is asked for."""

    data: Any
    packets: int


class PacketRing:
    """An AF_PACKET socket and its ring. Raises PermissionError without CAP_NET_RAW, OSError for an unknown interface.

    rule: a compiled filter, b"" for all. once: loopback, where each frame passes twice: count it when it arrives.
    """

    def __init__(
        self,
        interface: str,
        rule: bytes = b"",
        *,
        once: bool,
        blocks: int = 64,
        promiscuous: bool = False,
    ) -> None:
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self._configure(interface, rule, once, promiscuous, blocks)
        except BaseException:
            self.sock.close()
            raise
        self._blocks = blocks
        self._at = 0
        self._once = once
        self._received = 0
        self._dropped = 0

    def _configure(self, interface: str, rule: bytes, once: bool, promiscuous: bool, blocks: int) -> None:
        sock = self.sock
        sock.setsockopt(_SOL_PACKET, _VERSION, _TPACKET_V3)
        sock.setsockopt(_SOL_PACKET, _RESERVE, 2)  # so that an Ethernet frame begins at a multiple of four
        frame = 2048
        ring = struct.pack("=7I", BLOCK_BYTES, blocks, frame, BLOCK_BYTES // frame * blocks, RETIRE_MS, 0, 0)
        sock.setsockopt(_SOL_PACKET, _RX_RING, ring)
        if once:
            sock.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self._attach(rule)
        self._map = mmap.mmap(sock.fileno(), BLOCK_BYTES * blocks, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        if promiscuous:
            index = socket.if_nametoindex(interface)
            sock.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, struct.pack("=iHH8s", index, _MR_PROMISC, 0, b""))
        sock.bind((interface, _ETH_P_ALL))  # last: no packet comes in before the filter stands

    def _attach(self, rule: bytes) -> None:
        if not rule:
            return
        import ctypes

        held = ctypes.create_string_buffer(rule, len(rule))
        program = struct.pack("@HP", len(rule) // 8, ctypes.addressof(held))
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)

    def counts(self) -> tuple[int, int]:
        """Packets that passed the filter and were kept, and those that the kernel had no room for, since the start."""
        packets, drops, _ = struct.unpack("=3I", self.sock.getsockopt(_SOL_PACKET, _STATISTICS, 12))
        self._received += packets - drops  # the kernel's first number has the drops in it, and both begin anew
        self._dropped += drops
        return self._received, self._dropped

    def shut(self) -> None:
        """Let nothing more in; what is in the ring can still be read once its last block is handed over."""
        self._attach(_NOTHING)

    def pieces(self, most: int | None = None) -> Iterator[Piece]:
        """The blocks that the kernel has handed over; each goes back to it when the next is asked for.

        most: stop after so many packets.
        """
        left = most
        while left is None or left > 0:
            base = self._at * BLOCK_BYTES
            status, count, first = struct.unpack_from("=3I", self._map, base + 8)
            if not status & _STATUS_USER:
                return
            count = count if left is None else min(count, left)
            if count:
                yield from self._block(base, count, first)
            struct.pack_into("=I", self._map, base + 8, 0)
            self._at = (self._at + 1) % self._blocks
            if left is not None:
                left -= count

    def _block(self, base: int, count: int, first: int) -> Iterator[Piece]:
        from protocols.packets.capture.inplace import Columns

        columns = Columns(memoryview(self._map)[base : base + BLOCK_BYTES], count, first)
        if columns.simple():
            if count > 1:
                yield Piece(columns.in_place(), count - 1)
            yield Piece(columns.last, 1)
        else:
            for data in columns.one_by_one():
                yield Piece(data, 1)

    def close(self) -> None:
        """Give the ring back; the mapping goes with the process where views of it are still held."""
        self.sock.close()

    def linger(self) -> None:
        """Wait until a block under way has been handed over by its time-out."""
        time.sleep(3 * RETIRE_MS / 1000)


def load() -> None:
    """Load what the first block needs: numpy, which takes a moment, and only in the capturing child."""
    from protocols.packets.capture import inplace  # noqa: F401


def block_of(seconds: int, nanoseconds: int, data: bytes, length: int, outgoing: bool) -> bytes:
    """One packet as a pcapng block of its own."""
    stamp = seconds * 1_000_000_000 + nanoseconds
    return pcapng.packet(stamp, data, length=length, flags=2 if outgoing else 1)
