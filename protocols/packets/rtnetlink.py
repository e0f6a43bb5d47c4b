"""Interfaces, addresses, routes and neighbours by raw rtnetlink (rtnetlink(7)). Linux, standard library alone.

Changes need the rights of root in the network namespace; lists need none. It must not know what a network is for.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from typing import Final

from protocols.netlink import ACK, CREATE, DUMP, EXCLUSIVE, ask, attribute, attributes, nest

_ROUTE: Final = 0
_NEWLINK: Final = 16
_NEWADDR: Final = 20
_NEWROUTE: Final = 24
_GETNEIGH: Final = 30
_IFF_UP: Final = 1
_ADDRESS: Final = 1
_NAME: Final = 3
_MASTER: Final = 10
_LINKINFO: Final = 18
_NS_PID: Final = 19
_KIND: Final = 1
_DATA: Final = 2
_PEER: Final = 1
_NODAD: Final = 0x02
_NEIGHBOUR_STATES: Final = {
    0x01: "incomplete",
    0x02: "reachable",
    0x04: "stale",
    0x08: "delay",
    0x10: "probe",
    0x20: "failed",
    0x40: "no ARP",
    0x80: "permanent",
}


def _link(index: int = 0, flags: int = 0, change: int = 0) -> bytes:
    return struct.pack("=BxHiII", socket.AF_UNSPEC, 0, index, flags, change)


def _do(kind: int, body: bytes, flags: int = 0) -> None:
    for _ in ask(_ROUTE, kind, body, ACK | flags, timeout_s=5.0):
        pass


def index(name: str) -> int:
    """The number of an interface. Raises OSError where there is none."""
    return socket.if_nametoindex(name)


def add_bridge(name: str) -> None:
    """Make a bridge, which is a switch."""
    info = nest(_LINKINFO, [attribute(_KIND, "bridge")])
    _do(_NEWLINK, _link() + attribute(_NAME, name) + info, CREATE | EXCLUSIVE)


def add_wire(here: str, there: str, pid: int, hardware: bytes = b"") -> None:
    """Make a pair of interfaces that are the ends of one wire; the far one in the network of process `pid`."""
    far = _link() + attribute(_NAME, there) + attribute(_NS_PID, pid)
    far += attribute(_ADDRESS, hardware) if hardware else b""
    info = nest(_LINKINFO, [attribute(_KIND, "veth"), nest(_DATA, [attribute(_PEER, far)])])
    _do(_NEWLINK, _link() + attribute(_NAME, here) + info, CREATE | EXCLUSIVE)


def plug(name: str, bridge: str) -> None:
    """Put an interface into a bridge."""
    _do(_NEWLINK, _link(index(name)) + attribute(_MASTER, index(bridge)))


def switch_on(name: str) -> None:
    """Set an interface up."""
    _do(_NEWLINK, _link(index(name), _IFF_UP, _IFF_UP))


def add_address(name: str, address: str, prefix: int) -> None:
    """Give an interface an IPv4 or IPv6 address; IPv6 without waiting for duplicates."""
    packed = ipaddress.ip_address(address).packed
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    body = struct.pack("=BBBBI", family, prefix, _NODAD, 0, index(name))
    body += attribute(2, packed) + attribute(1, packed)
    if family == socket.AF_INET:
        network = ipaddress.ip_network(f"{address}/{prefix}", strict=False)
        body += attribute(4, network.broadcast_address.packed)
    _do(_NEWADDR, body, CREATE | EXCLUSIVE)


def add_route(network: str, gateway: str, interface: str) -> None:
    """Send what goes to an IPv4 network by a gateway, or ("") straight out of the interface.

    255.255.255.255 needs a route, too: 0.0.0.0/0 is one.
    """
    parsed = ipaddress.IPv4Network(network)
    scope = 0 if gateway else 253
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, parsed.prefixlen, 0, 0, 254, 3, scope, 1, 0)
    body += attribute(1, parsed.network_address.packed) if parsed.prefixlen else b""
    if gateway:
        body += attribute(5, ipaddress.IPv4Address(gateway).packed)
    else:
        body += attribute(4, index(interface))
    _do(_NEWROUTE, body, CREATE | EXCLUSIVE)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A host on a link of ours, as ARP (RFC 826) or neighbour discovery (RFC 4861) found it.

    hardware: "02:00:00:00:00:01", "" while it is not known.
    """

    address: str
    interface: str
    hardware: str
    state: str


def neighbours() -> list[Neighbour]:
    """The kernel's table of neighbours, IPv4 first; loopback's and multicast's own entries are left out."""
    found: list[Neighbour] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        for body in ask(_ROUTE, _GETNEIGH, struct.pack("=BxxxiHBB", family, 0, 0, 0, 0), DUMP):
            made = _neighbour(body)
            if made is not None:
                found.append(made)
    return sorted(found, key=lambda one: (":" in one.address, one.interface, ipaddress.ip_address(one.address)))


def _neighbour(body: bytes) -> Neighbour | None:
    number, state = struct.unpack_from("=iH", body, 4)
    values = dict(attributes(body, 12))
    packed, hardware = values.get(1, b""), values.get(2, b"")
    if len(packed) not in (4, 16) or state & 0x40:
        return None
    try:
        name = socket.if_indextoname(number)
    except OSError:
        name = str(number)
    words = [word for bit, word in _NEIGHBOUR_STATES.items() if state & bit]
    return Neighbour(str(ipaddress.ip_address(packed)), name, hardware.hex(":"), ", ".join(words) or "none")
