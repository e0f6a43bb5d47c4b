"""One of everything: frames of every link type and stack of headers, whole and broken, for tests against peers."""

from __future__ import annotations

import struct

from tests.protocols.packets.making import arp, dns, ether, ipv4, ipv6, tcp, udp, vlan

A6, B6 = b"\x20\1\x0d\xb8" + bytes(11) + b"\1", b"\xfe\x80" + bytes(13) + b"\2"


def mpls(payload: bytes, labels: int = 1) -> bytes:
    made = b"".join(struct.pack("!I", (100 + one) << 12 | (one == labels - 1) << 8 | 64) for one in range(labels))
    return made + payload


def extension(following: int, size: int = 8) -> bytes:
    return bytes([following, size // 8 - 1]) + b"\1" + bytes([size - 4]) + bytes(size - 4)


def fragment6(following: int, offset: int, more: bool) -> bytes:
    return struct.pack("!BBHI", following, 0, offset << 3 | more, 77)


def ethernet() -> list[bytes]:
    """Frames for link type 1."""
    t, u = tcp(40112, 8000, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), udp(5353, 5353, dns())
    v4, v6 = ipv4(t, 6), ipv6(t, 6, A6, B6)
    return [
        ether(0x0800, v4), ether(0x86DD, v6), ether(0x0800, ipv4(u, 17)), ether(0x86DD, ipv6(u, 17, A6, B6)),
        ether(0x0800, ipv4(tcp(1, 2, flags=2, options=bytes.fromhex("020405b40402080a0000000100000002")), 6)),
        ether(0x0806, arp()), ether(0x8100, vlan(5, 0x0800, v4)),
        ether(0x88A8, vlan(5, 0x8100, vlan(6, 0x86DD, v6))), ether(0x8100, vlan(5, 0x8100, vlan(6, 0x0800, v4))),
        ether(0x8847, mpls(v4)), ether(0x8847, mpls(v6, 3)), ether(0x8100, vlan(9, 0x8847, mpls(v4, 2))),
        ether(0x8864, struct.pack("!BBHHH", 0x11, 0, 7, len(v4) + 2, 0x0021) + v4),
        ether(0x8864, struct.pack("!BBHHH", 0x11, 0, 7, len(v6) + 2, 0x0057) + v6),
        ether(0x0800, ipv4(t, 6, options=b"\1\1\1\0")), ether(0x0800, ipv4(t, 6, options=b"\x94\4\0\0" * 10)),
        ether(0x0800, ipv4(u, 17, fragment=0x2000)), ether(0x0800, ipv4(u, 17, fragment=0x2004)),
        ether(0x0800, ipv4(u, 17, fragment=4)), ether(0x0800, ipv4(t, 6, fragment=0x4000)),
        ether(0x86DD, ipv6(extension(6) + t, 0, A6, B6)), ether(0x86DD, ipv6(extension(60) + extension(17, 16) + u, 0)),
        ether(0x86DD, ipv6(fragment6(17, 0, True) + u, 44)), ether(0x86DD, ipv6(fragment6(17, 9, False) + u, 44)),
        ether(0x86DD, ipv6(extension(44) + fragment6(6, 0, True) + t, 0)),
        ether(0x86DD, ipv6(bytes([6, 4]) + bytes(22) + t, 51)), ether(0x0800, ipv4(bytes([6, 4]) + bytes(22) + t, 51)),
        ether(0x0800, ipv4(ipv4(t, 6, b"\xc0\0\2\1", b"\xc0\0\2\2"), 4)), ether(0x0800, ipv4(v6, 41)),
        ether(0x86DD, ipv6(v4, 4)), ether(0x86DD, ipv6(v6, 41, B6, A6)),
        ether(0x0800, ipv4(struct.pack("!HH", 0, 0x0800) + v4, 47)),
        ether(0x0800, ipv4(struct.pack("!HHI", 0x2000, 0x86DD, 9) + v6, 47)),
        ether(0x0800, ipv4(struct.pack("!BBHHH", 8, 0, 0, 7, 1) + b"ping", 1)),
        ether(0x0800, ipv4(struct.pack("!BBHI", 3, 3, 0, 0) + ipv4(udp(7, 9), 17)[:28], 1)),
        ether(0x86DD, ipv6(struct.pack("!BBHI", 135, 0, 0, 0) + A6, 58, A6, B6)),
        ether(0x0800, ipv4(struct.pack("!HHII", 9, 36412, 1, 0) + bytes(16), 132)),
        ether(0x0800, ipv4(udp(1, 2, b"lite"), 136)), ether(0x0800, ipv4(b"esp bytes and more", 50)),
        ether(0x0800, ipv4(bytes.fromhex("1600fa04e0000016"), 2)), ether(0x0800, ipv4(b"whatever this is", 253)),
        ether(0x88CC, bytes.fromhex("0207040001020304050403070102060200780000")), ether(0x1234, b"unknown payload"),
        ether(len(v4) + 8, b"\xaa\xaa\3\0\0\0\x08\0" + v4),
        ether(38, b"\x42\x42\3" + bytes(35)), ether(0x0800, ipv4(u, 17) + bytes(18)),
        ether(0x0800, ipv4(tcp(22, 4000, b"SSH-2.0-x\r\n"), 6)), ether(0x0800, ipv4(b"", 17)),
        ether(0x0800, ipv4(udp(7739, 7739, b"hello")[:6], 17)), ether(0x0800, ipv4(tcp(5, 6)[:3], 6)),
        ether(0x0800, ipv4(tcp(5, 6)[:13], 6)), ether(0x0800, v4[:18]), ether(0x86DD, v6[:39]), ether(0x0800, b""),
        ether(0x0800, b"\x41" + v4[1:]), ether(0x0800, b"\x55" + v4[1:]), ether(0x0800, ipv4(t, 6, length=10)),
        ether(0x0800, ipv4(t, 6, length=9000)), ether(0x0800, ipv4(t, 6, length=0)), ether(0x86DD, b"\x40" + v6[1:]),
        ether(0x0800, v6), ether(0x86DD, v4), b"", b"\1\2\3", ether(0x0800, v4)[:13],
    ]  # fmt: skip


def others() -> list[tuple[int, list[bytes]]]:
    """(link type, frames) for all link types but Ethernet."""
    t = tcp(40112, 22, b"payload")
    v4, v6 = ipv4(t, 6), ipv6(t, 6, A6, B6)
    snap = b"\xaa\xaa\3\0\0\0"
    macs = bytes.fromhex("02fc0000000502fc0000000102fc00000009")
    data = b"\x08\0\0\0" + macs + b"\0\0"
    quality = b"\x88\1\0\0" + macs + b"\0\0\0\0"
    four = b"\x08\3\0\0" + macs + b"\0\0" + bytes.fromhex("02fc0000000a")
    wlan = [
        data + snap + b"\x08\0" + v4, quality + snap + b"\x86\xdd" + v6, four + snap + b"\x08\0" + v4,
        b"\x80\0\0\0" + macs + b"\0\0" + bytes(12), b"\x48\1\0\0" + macs + b"\0\0", b"\xd4\0\0\0" + macs[:6],
    ]  # fmt: skip
    tap = bytes.fromhex("00000800000000 00".replace(" ", ""))
    cooked = struct.pack("!HHH8sH", 0, 1, 6, bytes.fromhex("02fc000000050000"), 0x0800)
    cooked6 = cooked[:14] + b"\x86\xdd"
    cooked2 = struct.pack("!HHIHBB8s", 0x0800, 0, 2, 1, 0, 6, bytes.fromhex("02fc000000050000"))
    return [
        (0, [b"\2\0\0\0" + v4, b"\x1e\0\0\0" + v6, b"\x18\0\0\0" + v6, b"\2\0"]),
        (108, [b"\0\0\0\2" + v4, b"\0\0\0\x18" + v6]),
        (101, [v4, v6, b"", b"\0abc"]), (12, [v4, v6]), (228, [v4]), (229, [v6]),
        (113, [cooked + v4, cooked6 + v6, cooked[:10]]), (276, [cooked2 + v4, b"\x86\xdd" + cooked2[2:] + v6]),
        (9, [b"\xff\3\0\x21" + v4, b"\0\x57" + v6, b"\x21" + v4]), (50, [b"\xff\3\0\x21" + v4]),
        (104, [b"\x0f\0\x08\0" + v4, b"\x0f\0\x86\xdd" + v6]),
        (105, wlan), (127, [tap + frame for frame in wlan]), (147, [b"user defined", v4]), (65000, [v4]),
    ]  # fmt: skip
