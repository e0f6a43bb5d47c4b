"""Frames and capture files made by hand, for tests and benches: standard library alone."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence

from protocols.packets.checksums import expected, internet_checksum

MACS = bytes.fromhex("02fc0000000502fc00000001")
Frame = tuple[int, bytes, int]
"""Time in ns since 1970, bytes, length on the wire."""


def ether(kind: int, payload: bytes, macs: bytes = MACS) -> bytes:
    return macs + struct.pack("!H", kind) + payload


def vlan(number: int, kind: int, payload: bytes) -> bytes:
    return struct.pack("!HH", number, kind) + payload


def ipv4(
    payload: bytes, protocol: int, source: bytes = b"\x0a\0\0\1", destination: bytes = b"\x0a\0\0\2", *, ttl: int = 64,
    fragment: int = 0, options: bytes = b"", length: int | None = None, ident: int = 1,
) -> bytes:  # fmt: skip
    size = 20 + len(options)
    total = size + len(payload) if length is None else length
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | size // 4, 0, total & 0xFFFF, ident & 0xFFFF, fragment, ttl, protocol, 0,
                       source, destination) + options  # fmt: skip
    return head[:10] + struct.pack("!H", internet_checksum(head)) + head[12:] + payload


def ipv6(
    payload: bytes, protocol: int, source: bytes = bytes(15) + b"\1", destination: bytes = b"\x20\1" + bytes(13) + b"\2"
) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(payload) & 0xFFFF, protocol, 64) + source + destination + payload


def tcp(
    sport: int, dport: int, data: bytes = b"", *, flags: int = 0x18, seq: int = 1, ack: int = 1, window: int = 512,
    options: bytes = b"",
) -> bytes:  # fmt: skip
    size = (20 + len(options)) // 4 << 4
    return struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, size, flags, window, 0, 0) + (
        options + data
    )


def udp(sport: int, dport: int, data: bytes = b"") -> bytes:
    return struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data


def summed(segment: bytes, protocol: int, source: bytes = b"\x0a\0\0\1", destination: bytes = b"\x0a\0\0\2") -> bytes:
    """The segment with its checksum filled in."""
    at = {6: 16, 17: 6, 1: 2}[protocol]
    ends = (b"", b"") if protocol == 1 else (source, destination)
    return segment[:at] + struct.pack("!H", expected(segment, at, *ends, protocol)) + segment[at + 2 :]


def dns(name: str = "www.example.org", ident: int = 1) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def arp() -> bytes:
    return struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, MACS[6:], b"\x0a\0\0\1", bytes(6), b"\x0a\0\0\2")


def mixed(count: int, seed: int = 1) -> Iterable[Frame]:
    """Packets as they come in an ordinary network: TCP with and without data, UDP, DNS, ICMP, ARP, IPv6, VLANs."""
    rand = random.Random(seed)
    hosts = [bytes([10, 0, rand.randrange(256), rand.randrange(1, 255)]) for _ in range(200)]
    body = rand.randbytes(2000)
    time = 1_700_000_000_000_000_000
    for number in range(count):
        time += rand.randrange(1, 400) * 1000
        a, b = rand.choice(hosts), rand.choice(hosts)
        port = rand.randrange(32768, 61000)
        kind = rand.random()
        data = body[: rand.choice((0, 0, 0, 60, 200, 512, 1448, 1448))]
        if kind < 0.62:
            segment = tcp(port, rand.choice((80, 443, 8000, 22)), data, seq=number * 7, ack=number * 3)
            frame = ether(0x0800, ipv4(segment, 6, a, b, ident=number))
        elif kind < 0.74:
            frame = ether(0x0800, ipv4(udp(port, 53, dns(ident=number & 0xFFFF)), 17, a, b))
        elif kind < 0.84:
            frame = ether(0x0800, ipv4(udp(port, rand.choice((7739, 123, 9000)), data), 17, a, b))
        elif kind < 0.88:
            frame = ether(0x0800, ipv4(struct.pack("!BBHHH", 8, 0, 0, 7, number & 0xFFFF) + body[:56], 1, a, b))
        elif kind < 0.95:
            frame = ether(0x86DD, ipv6(tcp(port, 443, data, seq=number), 6, bytes(12) + a, b"\x20\1" + bytes(10) + b))
        elif kind < 0.98:
            frame = ether(0x8100, vlan(7, 0x0800, ipv4(udp(port, 5000, data), 17, a, b)))
        else:
            frame = ether(0x0806, arp())
        yield time, frame, len(frame)


def pcap(frames: Iterable[Frame], *, order: str = "<", nano: bool = False, link: int = 1, snap: int = 262144) -> bytes:
    magic, unit = (0xA1B23C4D, 1) if nano else (0xA1B2C3D4, 1000)
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snap, link)]
    for time, data, length in frames:
        second, rest = divmod(time, 10**9)
        parts.append(struct.pack(f"{order}IIII", second, rest // unit, len(data), length) + data)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(f"{order}II", kind, len(body) + 12) + body + struct.pack(f"{order}I", len(body) + 12)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<", options: bytes = b"") -> bytes:
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1) + options, order)


def interface(link: int = 1, snap: int = 0, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(f"{order}HHI", link, 0, snap) + options, order)


def enhanced(frame: Frame, number: int = 0, options: bytes = b"", order: str = "<", unit: int = 1000) -> bytes:
    time, data, length = frame
    ticks = time // unit
    head = struct.pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length)
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def simple(data: bytes, length: int | None = None, order: str = "<") -> bytes:
    return block(3, struct.pack(f"{order}I", len(data) if length is None else length) + data, order)


def old(frame: Frame, number: int = 0, order: str = "<") -> bytes:
    time, data, length = frame
    ticks = time // 1000
    head = struct.pack(f"{order}HHIIII", number, 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length)
    return block(2, head + data + bytes(-len(data) % 4), order)


def pcapng(frames: Iterable[Frame], order: str = "<") -> bytes:
    return section(order) + interface(order=order) + b"".join(enhanced(frame, order=order) for frame in frames)


def frames_of(packets: Sequence[bytes]) -> list[Frame]:
    return [(1_700_000_000_000_000_000 + number * 1_000_000, data, len(data)) for number, data in enumerate(packets)]
