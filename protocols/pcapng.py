"""Writes pcapng files (draft-ietf-opsawg-pcapng): interfaces, packets with comments, secrets, counts.

Times are nanoseconds since 1970, byte order little-endian. It must not know where packets come from,
nor read anything: reading is the packets room's business.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

ETHERNET: Final = 1
RAW_IP: Final = 101
TLS_KEY_LOG: Final = 0x544C534B
"""The kind of secrets that NSS key log lines are (draft section 4.7)."""
NANOSECONDS: Final = 9
_COMMENT: Final = 1
_SECTION: Final = 0x0A0D0D0A
_MAGIC: Final = 0x1A2B3C4D
_MOST_OPTION: Final = 0xFFFF


class Writes(Protocol):
    """What blocks go to."""

    def write(self, data: bytes, /) -> object: ...


def option(code: int, value: bytes) -> bytes:
    """One option; a value too long for its length field is cut."""
    value = value[:_MOST_OPTION]
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _options(pairs: Iterable[tuple[int, bytes | str]]) -> bytes:
    """Options with a value, and their end; nothing where there is none."""
    made = b"".join(option(code, value.encode() if isinstance(value, str) else value) for code, value in pairs if value)
    return made + bytes(4) if made else b""


def block(kind: int, body: bytes) -> bytes:
    """One block around a body whose length is a multiple of four."""
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def section(comment: str = "", *, application: str = "NetLab", system: str = "", hardware: str = "") -> bytes:
    """The section header block; all interfaces and packets up to the next belong to it."""
    head = struct.pack("<IHHq", _MAGIC, 1, 0, -1)
    return block(_SECTION, head + _options(((_COMMENT, comment), (2, hardware), (3, system), (4, application))))


def interface(
    name: str, linktype: int = ETHERNET, *, comment: str = "", description: str = "", snap: int = 0, rule: str = "",
    decimals: int = NANOSECONDS,
) -> bytes:  # fmt: skip
    """An interface description; packets name it by its number, from 0. rule: the capture filter, as text.

    snap: the most bytes kept of a packet, 0 for all. decimals: a packet's time counts 10^-decimals seconds.
    """
    head = struct.pack("<HHI", linktype, 0, snap)
    said = (
        (_COMMENT, comment), (2, name), (3, description), (9, bytes([decimals])),
        (11, b"\0" + rule.encode() if rule else b""),
    )  # fmt: skip
    return block(1, head + _options(said))


def packet(
    time: int, data: bytes, *, length: int | None = None, number: int = 0, comments: Sequence[str] = (), flags: int = 0
) -> bytes:
    """An enhanced packet block. length: on the wire, where more than is here. number: of the interface.

    flags: 1 inbound, 2 outbound, 0 unknown (epb_flags).
    """
    full = len(data) if length is None else length
    head = struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(data), full)
    said: list[tuple[int, bytes | str]] = [(_COMMENT, comment) for comment in comments]
    if flags:
        said.append((2, struct.pack("<I", flags)))
    return block(6, head + data + bytes(-len(data) % 4) + _options(said))


def statistics(time: int, received: int, dropped: int, *, number: int = 0, dropped_by_us: int = 0) -> bytes:
    """The counts of an interface at the end of a capture (interface statistics block)."""
    head = struct.pack("<III", number, time >> 32, time & 0xFFFFFFFF)
    counts = [(4, struct.pack("<Q", received)), (5, struct.pack("<Q", dropped))]
    if dropped_by_us:
        counts.append((7, struct.pack("<Q", dropped_by_us)))
    return block(5, head + _options(counts))


def secrets(lines: bytes, kind: int = TLS_KEY_LOG) -> bytes:
    """A decryption secrets block: what lets a reader decrypt the packets that follow."""
    return block(10, struct.pack("<II", kind, len(lines)) + lines + bytes(-len(lines) % 4))


class PcapngWriter:
    """A file of one section, block after block. written: the bytes so far; packets: how many."""

    def __init__(self, file: Writes, comment: str = "") -> None:
        self._file = file
        self._interfaces = 0
        self.written = 0
        self.packets = 0
        self._put(section(comment))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.written += len(data)

    def interface(self, name: str, linktype: int = ETHERNET, *, comment: str = "", description: str = "") -> int:
        """Describe an interface; its number is for `packet`."""
        self._put(interface(name, linktype, comment=comment, description=description))
        self._interfaces += 1
        return self._interfaces - 1

    def packet(
        self, wall_ns: int, data: bytes, *, length: int | None = None, number: int = 0, comments: Sequence[str] = ()
    ) -> None:
        """Write a packet. See `packet` above."""
        self._put(packet(wall_ns, data, length=length, number=number, comments=comments))
        self.packets += 1

    def secrets(self, lines: bytes) -> None:
        """Write TLS key log lines; they serve the packets behind them."""
        self._put(secrets(lines))

    def statistics(self, wall_ns: int, received: int, dropped: int, *, number: int = 0) -> None:
        """Write the counts of an interface."""
        self._put(statistics(wall_ns, received, dropped, number=number))
