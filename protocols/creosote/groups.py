"""Multicast groups (RFC 1112, RFC 3493): joining one on a bucket's interface, and sending to one that stays here."""

from __future__ import annotations

import ipaddress
import socket
import struct
import sys
from typing import Final

from protocols.record.traced import TracedSocket
from protocols.service.base import is_exposed

_ALL: Final = 49
_ALL_IPV6: Final = 29
"""Linux's IP_MULTICAST_ALL and its IPv6 twin, which the socket module does not name: on as they are, a socket hears
every group that anybody on this machine joined, on whichever interface."""


def join(sock: TracedSocket, group: str, own: str) -> None:
    """Join a group on the interface that has the address `own`: on loopback it stays on this machine."""
    linux, inside = sys.platform == "linux", not is_exposed(own)
    if ":" in group:
        if linux:
            sock.setsockopt(socket.IPPROTO_IPV6, _ALL_IPV6, 0)
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@I", _loopback() if inside else 0)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
        return
    if linux:
        sock.setsockopt(socket.IPPROTO_IP, _ALL, 0)
    interface = own if ":" not in own else "127.0.0.1" if inside else "0.0.0.0"
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(group) + socket.inet_aton(interface))


def keep_here(sock: TracedSocket) -> None:
    """Let what this socket sends to a group go out by the loopback interface."""
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, _loopback())
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))


def is_group(host: str) -> bool:
    """Whether this is the address of a multicast group."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_multicast
    except ValueError:
        return False


def _loopback() -> int:
    """The number of the loopback interface, 0 where it is not known by that name."""
    try:
        return socket.if_nametoindex("lo" if sys.platform == "linux" else "lo0")
    except OSError:
        return 0
