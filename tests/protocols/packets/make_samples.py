"""Makes the sample capture in assets/packets. By hand: `python -m tests.protocols.packets.make_samples`."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.protocols.packets.making import (
    MACS,
    arp,
    dns,
    enhanced,
    ether,
    interface,
    ipv4,
    ipv6,
    option,
    section,
    summed,
    tcp,
    udp,
)

PATH = Path(__file__).resolve().parents[3] / "assets" / "packets" / "sample.pcapng"
A, B, C = b"\x0a\x09\0\2", b"\x0a\x09\0\3", b"\x0a\x09\0\1"
START = 1_767_258_000_000_000_000
REQUEST = b"GET /index.html HTTP/1.1\r\nHost: 10.9.0.3:8000\r\n\r\n"
PAGE = b"<!doctype html><title>Hello</title><h1>Hello from the lab</h1>\n" * 9
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE
SYN_OPTIONS = bytes.fromhex("020405b4 0402 080a 0012d6870000 0000 01 030307".replace(" ", ""))


def _tcp(source: bytes, sport: int, dport: int, seq: int, ack: int, flags: int, data: bytes = b"", window: int = 512,
         options: bytes = b"") -> bytes:  # fmt: skip
    target = B if source == A else A
    segment = tcp(sport, dport, data, flags=flags, seq=seq, ack=ack, window=window, options=options)
    return ether(0x0800, ipv4(summed(segment, 6, source, target), 6, source, target))


def _udp(source: bytes, target: bytes, sport: int, dport: int, data: bytes) -> bytes:
    return ether(0x0800, ipv4(summed(udp(sport, dport, data), 17, source, target), 17, source, target))


def _icmp(kind: int, code: int, rest: bytes, source: bytes, target: bytes) -> bytes:
    return ether(0x0800, ipv4(summed(struct.pack("!BBH", kind, code, 0) + rest, 1), 1, source, target))


def packets() -> list[tuple[bytes, str]]:
    """The packets and their comments."""
    answer = dns("www.example.org", 7)
    answer = answer[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0) + answer[12:]
    answer += b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 60, 4, B)
    echo = struct.pack("!HH", 0x1F2A, 1) + bytes(range(48))
    asked = udp(51877, 7739, b"is anybody there?")
    c, s = 0x3A11F0C7, 0x9BE20418
    end = c + len(REQUEST) + 1
    back = s + len(ANSWER) + 1
    v6 = ipv6(udp(5353, 5353, dns("printer.local", 0)), 17, b"\xfe\x80" + bytes(13) + b"\2",
              b"\xff\2" + bytes(13) + b"\xfb")  # fmt: skip
    return [
        (ether(0x0806, arp()[:14] + A + bytes(6) + B), "Who has the address that we want to reach?"),
        (ether(0x0806, arp()[:6] + b"\0\2" + MACS[:6] + B + MACS[6:] + A), ""),
        (_udp(A, C, 40000, 53, dns("www.example.org", 7)), ""), (_udp(C, A, 53, 40000, answer), ""),
        (_tcp(A, 40112, 8000, c, 0, 2, options=SYN_OPTIONS), "The handshake: SYN, SYN and ACK, ACK"),
        (_tcp(B, 8000, 40112, s, c + 1, 0x12, options=SYN_OPTIONS), ""),
        (_tcp(A, 40112, 8000, c + 1, s + 1, 0x10), ""), (_tcp(A, 40112, 8000, c + 1, s + 1, 0x18, REQUEST), ""),
        (_tcp(B, 8000, 40112, s + 1, end, 0x10), ""),
        (_tcp(B, 8000, 40112, s + 1, end, 0x18, ANSWER[:500]), ""),
        (_tcp(B, 8000, 40112, s + 501, end, 0x18, ANSWER[500:]), ""),
        (_tcp(B, 8000, 40112, s + 501, end, 0x18, ANSWER[500:]), "Sent again: its acknowledgment came too late"),
        (_tcp(A, 40112, 8000, end, back, 0x10, window=0), "The client's buffer is full: window 0"),
        (_tcp(A, 40112, 8000, end, back, 0x10), ""),
        (_tcp(B, 8000, 40112, back, end, 0x11), ""), (_tcp(A, 40112, 8000, end, back + 1, 0x11), ""),
        (_tcp(B, 8000, 40112, back + 1, end + 1, 0x10), ""),
        (ether(0x0800, ipv4(summed(asked, 17, A, B), 17, A, B)), ""),
        (_icmp(3, 3, bytes(4) + ipv4(asked, 17, A, B)[:28], B, A), "Nobody listens on port 7739"),
        (_icmp(8, 0, echo, A, B), ""), (_icmp(0, 0, echo, B, A), ""),
        (_udp(A, b"\x0a\x09\0\xff", 51999, 7739, b"build WARN disk is nearly full"), "One broadcast for all hosts"),
        (_tcp(A, 40113, 9, c, 0, 2, options=SYN_OPTIONS), "Nobody listens there: the answer is RST"),
        (_tcp(B, 9, 40113, 0, c + 1, 0x14, window=0), ""), (ether(0x86DD, v6), ""),
    ]  # fmt: skip


def sample() -> bytes:
    """The file."""
    made = section(options=option(4, b"NetLab, made by hand") + option(0, b""))
    made += interface(options=option(2, b"h1-eth0") + option(9, b"\x09") + option(0, b""))
    steps = (0, 41, 9_000, 310, 700, 52, 12, 73, 7, 1_379, 21, 200_000, 90, 1_100, 40, 33, 8, 212_000, 168, 297_816, 61,
             40_000, 90_000, 44, 150_000)  # fmt: skip
    time = START
    for (data, comment), step in zip(packets(), steps, strict=True):
        time += step * 1000
        told = option(1, comment.encode()) + option(0, b"") if comment else b""
        made += enhanced((time, data, len(data)), options=told, unit=1)
    return made


if __name__ == "__main__":
    PATH.write_bytes(sample())
