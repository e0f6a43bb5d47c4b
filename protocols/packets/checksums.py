"""The checksums of IP, TCP, UDP and ICMP, over bytes as they lie in a packet.

Standard library alone. It must not know where the bytes come from.
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Final

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMP6: Final = 58


def internet_sum(data: bytes) -> int:
    """The ones' complement sum of 16-bit words (RFC 1071), 0 to 0xffff, not yet complemented."""
    words = array("H", data + b"\0" if len(data) % 2 else data)
    if sys.byteorder == "little":
        words.byteswap()
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def internet_checksum(data: bytes) -> int:
    """What stands in a checksum field of `data` whose own field holds zero (RFC 1071)."""
    return internet_sum(data) ^ 0xFFFF


def pseudo_header(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    """What TCP and UDP sum beside their own bytes: RFC 9293 section 3.1 for 4-byte addresses, RFC 8200 section 8.1
    for 16-byte ones.
    """
    if len(source) == 4:
        return source + destination + struct.pack("!BBH", 0, protocol, length & 0xFFFF)
    return source + destination + struct.pack("!IHBB", length, 0, 0, protocol)


def fits(data: bytes, source: bytes = b"", destination: bytes = b"", protocol: int = 0) -> bool:
    """Whether the checksum inside `data` is right; with addresses, over the pseudo header, too."""
    head = pseudo_header(source, destination, protocol, len(data)) if source else b""
    return internet_sum(head + data) == 0xFFFF


def expected(data: bytes, at: int, source: bytes = b"", destination: bytes = b"", protocol: int = 0) -> int:
    """The checksum that `data` should hold at offset `at` (2 bytes)."""
    head = pseudo_header(source, destination, protocol, len(data)) if source else b""
    made = internet_checksum(head + data[:at] + b"\0\0" + data[at + 2 :])
    return 0xFFFF if protocol == UDP and made == 0 else made
