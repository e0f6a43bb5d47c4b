"""ICMP echo requests and replies as bytes (RFC 792, RFC 4443 section 4), and errors from a socket's error queue.

It must not know when something is sent, nor privileges.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Final

from protocols.headers import checksum

ECHO: Final = {socket.AF_INET: 8, socket.AF_INET6: 128}
REPLY: Final = {socket.AF_INET: 0, socket.AF_INET6: 129}
RECVERR: Final = {socket.AF_INET: 11, socket.AF_INET6: 25}
_LEVEL: Final = {socket.AF_INET: socket.IPPROTO_IP, socket.AF_INET6: socket.IPPROTO_IPV6}
_EXTENDED: Final = struct.Struct("=IBBBBII")
_FROM_ICMP: Final = (2, 3)
_UNREACHABLE_4: Final = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "fragmentation needed",
    9: "network forbidden",
    10: "host forbidden",
    13: "forbidden by a filter",
}
_UNREACHABLE_6: Final = {
    0: "no route",
    1: "forbidden by a filter",
    3: "address unreachable",
    4: "port unreachable",
}


def echo_request(family: int, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request. The checksum of ICMPv6 is the kernel's work (RFC 3542 section 3.1) and 0 here."""
    head = struct.pack(">BBHHH", ECHO[socket.AddressFamily(family)], 0, 0, identifier, sequence)
    if family == socket.AF_INET:
        head = head[:2] + struct.pack(">H", checksum(head + payload)) + head[4:]
    return head + payload


@dataclass(frozen=True, slots=True)
class Reply:
    """An echo reply. checksum_ok: None where the kernel has checked it (ICMPv6)."""

    identifier: int
    sequence: int
    payload: bytes
    checksum_ok: bool | None


def echo_reply(family: int, data: bytes, raw: bool) -> Reply | None:
    """The reply in what a socket gave; None for any other message. raw: an IPv4 header stands before it."""
    if raw and family == socket.AF_INET:
        data = data[(data[0] & 0x0F) * 4 :] if data else b""
    if len(data) < 8 or data[0] != REPLY[socket.AddressFamily(family)]:
        return None
    identifier, sequence = struct.unpack_from(">HH", data, 4)
    right = checksum(data) == 0 if family == socket.AF_INET else None
    return Reply(identifier, sequence, data[8:], right)


@dataclass(frozen=True, slots=True)
class Complaint:
    """An ICMP error that came back for something that was sent. by: who sent it. what: "port unreachable", ..

    hop: a router's "time exceeded"; arrived: the destination itself answered.
    """

    by: str
    what: str
    hop: bool
    arrived: bool
    payload: bytes


def complaint(sock: socket.socket) -> Complaint | None:
    """Take one error from the socket's queue (ip(7), IP_RECVERR); None where there is none."""
    try:
        data, ancillary, _, _ = sock.recvmsg(2048, 1024, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except OSError:
        return None
    family = sock.family
    for level, kind, value in ancillary:
        if level != _LEVEL[family] or kind != RECVERR[family] or len(value) < _EXTENDED.size:
            continue
        number, origin, icmp, code, _, _, _ = _EXTENDED.unpack_from(value)
        if origin not in _FROM_ICMP:
            return Complaint("", _own(number), False, False, data)
        return _complaint(family, icmp, code, value[_EXTENDED.size :], data)
    return None


def _own(number: int) -> str:
    import os

    return os.strerror(number)


def _complaint(family: int, icmp: int, code: int, offender: bytes, data: bytes) -> Complaint:
    if family == socket.AF_INET:
        by = socket.inet_ntoa(offender[4:8])
        hop, names, unreachable = icmp == 11, _UNREACHABLE_4, icmp == 3
        arrived = unreachable and code == 3
    else:
        by = socket.inet_ntop(socket.AF_INET6, offender[8:24])
        hop, names, unreachable = icmp == 3, _UNREACHABLE_6, icmp == 1
        arrived = unreachable and code == 4
    what = "time exceeded" if hop else names.get(code, f"unreachable, code {code}") if unreachable else f"ICMP {icmp}"
    return Complaint(by, what, hop, arrived, data)
