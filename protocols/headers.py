"""Headers made around true bytes: Ethernet, IPv4, IPv6, UDP and TCP, with right lengths and checksums.

Plain struct packing, for what the lab reconstructs or exports. It must not know files, sockets, nor
where the payload came from.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

Address = tuple[str, int]
"""Host as text and port."""
LARGEST_UDP: Final = 65507
"""Bytes of payload in the largest UDP datagram over IPv4."""
FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10
_FLAG_NAMES: Final = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"), (ACK, "ACK"))
_HOPS: Final = 64
_DONT_FRAGMENT: Final = 0x4000
_TCP: Final = 6
_UDP: Final = 17


def address_of(value: object) -> Address | None:
    """An address as events have it, undressed of IPv6 mapping and zone; None for what is no IP address and port."""
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    host, port = value[0], value[1]
    if not isinstance(host, str) or not isinstance(port, int) or not 0 <= port <= 0xFFFF:
        return None
    plain = host.removeprefix("::ffff:").partition("%")[0]
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        return None
    return plain, port


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def flag_names(flags: int) -> str:
    """The flags of a TCP header as text: "SYN, ACK"."""
    return ", ".join(name for bit, name in _FLAG_NAMES if flags & bit)


def ethernet(packet: bytes) -> bytes:
    """A frame as the loopback interface shows it: both hardware addresses are zero (RFC 894)."""
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes(12) + struct.pack(">H", kind) + packet


def udp_packet(source: Address, target: Address, payload: bytes) -> bytes:
    """An IP datagram that carries this payload over UDP (RFC 768, RFC 791, RFC 8200), checksums right."""
    one, other = ipaddress.ip_address(source[0]), ipaddress.ip_address(target[0])
    payload = payload[:LARGEST_UDP]
    length = 8 + len(payload)
    ports = struct.pack(">HHH", source[1], target[1], length)
    pseudo = one.packed + other.packed + struct.pack(">IHBB", length, 0, 0, _UDP)
    udp = ports + struct.pack(">H", checksum(pseudo + ports + b"\0\0" + payload) or 0xFFFF) + payload
    return _ip(one.packed, other.packed, _UDP, length) + udp


def tcp_packet(
    source: Address, target: Address, sequence: int, acknowledged: int, flags: int, payload: bytes = b"", *,
    window: int = 65535, missing: int = 0, segment: int = 0,
) -> bytes:  # fmt: skip
    """An IP packet with one TCP segment (RFC 9293 section 3.1), checksums right.

    missing: bytes of the payload that are not here; the IP header counts them, and the checksum, which can't be
    known then, is 0. segment: the largest segment, offered with a SYN (RFC 9293 section 3.7.1); 0 offers none.
    """
    one, other = ipaddress.ip_address(source[0]).packed, ipaddress.ip_address(target[0]).packed
    options = struct.pack(">BBH", 2, 4, segment) if segment else b""
    size = 20 + len(options)
    head = struct.pack(
        ">HHIIBBHHH", source[1], target[1], sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, size // 4 << 4, flags,
        window, 0, 0,
    ) + options  # fmt: skip
    length = size + len(payload) + missing
    if not missing:
        pseudo = one + other + struct.pack(">IHBB", length, 0, 0, _TCP)
        head = head[:16] + struct.pack(">H", checksum(pseudo + head + payload)) + head[18:]
    return _ip(one, other, _TCP, length) + head + payload


def _ip(one: bytes, other: bytes, protocol: int, length: int) -> bytes:
    """The IP header of a packet whose content is `length` bytes long (RFC 791 section 3.1, RFC 8200 section 3)."""
    if len(one) == 16:
        return struct.pack(">IHBB", 6 << 28, length, protocol, _HOPS) + one + other
    total = min(20 + length, 0xFFFF)
    head = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, _DONT_FRAGMENT, _HOPS, protocol, 0) + one + other
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:]
