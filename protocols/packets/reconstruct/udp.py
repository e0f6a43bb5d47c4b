"""Datagrams as packets: a send and the receive of the same datagram are one packet.

A datagram that nobody of the lab received is a packet too: it was sent. It must not know TCP, nor where
packets go.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from protocols.headers import LARGEST_UDP, Address, address_of, ethernet, udp_packet
from protocols.packets.reconstruct.frame import Frame
from protocols.record.connections import Role
from protocols.record.event import Raw

_WAITING: Final = 4096
_ANY: Final = ("0.0.0.0", "::", "")


class Datagrams:
    """All datagrams of the lab; `feed` gives the packet of an event, unless its other event was there before."""

    def __init__(self) -> None:
        self._addresses: dict[tuple[str, str], tuple[Address | None, Address | None]] = {}
        self._sent: deque[tuple[Address, Address, bytes]] = deque(maxlen=_WAITING)
        self._received: deque[tuple[Address, Address, bytes]] = deque(maxlen=_WAITING)

    def connected(self, conn: str, end: Role, local: Any, peer: Any) -> None:
        """A datagram socket was connected: its sends name no address any more."""
        self._addresses[conn, end] = (address_of(local), address_of(peer))

    def feed(self, row: int, raw: Raw, detail: Any, local: Address | None = None) -> list[Frame]:
        """The packet of one datagram. local: the socket's own address, where the event does not tell it."""
        conn, end, data = raw[4], detail.get("end"), raw[8] or b""
        role: Role = "server" if end == "server" else "client"
        here, there = self._addresses.get((conn or "", role), (None, None))
        here = address_of(detail.get("local")) or local or here
        there = address_of(detail.get("peer")) or there
        if there is None:
            return []
        if here is None or here[0] in _ANY:
            here = (_same_side(there[0]), here[1] if here else 0)
        if (":" in here[0]) != (":" in there[0]):
            return []
        out = raw[5] == "out"
        source, target = (here, there) if out else (there, here)
        if self._known(out, source, target, data):
            return []
        return self._frame(row, raw, source, target, data, role if out else _other(role))

    def _known(self, out: bool, source: Address, target: Address, data: bytes) -> bool:
        """Whether the other end's event of this datagram came before; if not, remember it for the other's."""
        mine, others = (self._sent, self._received) if out else (self._received, self._sent)
        for one in others:
            if _same(one[0], source) and _same(one[1], target) and _fits(one[2], data):
                if not _to_many(one[1][0]):
                    others.remove(one)
                return True
        mine.append((source, target, data))
        return False

    def _frame(self, row: int, raw: Raw, source: Address, target: Address, data: bytes, sender: Role) -> list[Frame]:
        size = raw[7] or len(data)
        if size > LARGEST_UDP:
            return []  # never left this machine
        told = f"connection {raw[4]}, {raw[3] or 'a socket'}: {raw[9]}"
        if len(data) < size:
            told += f"; {size - len(data)} bytes were not kept"
            data = data.ljust(size, b"\0")
        if not source[1] or not target[1]:
            told += "; a port that is not known stands as 0"
        packet = ethernet(udp_packet(source, target, data))
        return [Frame(raw[0], packet, len(packet), source, target, raw[4], sender, row, None, size, told)]


def _same_side(host: str) -> str:
    """The address that a socket bound to every address has towards this host, as far as it is known."""
    if host.startswith("127."):
        return "127.0.0.1"
    return "::1" if host == "::1" else "::" if ":" in host else "0.0.0.0"


def _same(one: Address, other: Address) -> bool:
    """Whether two events mean one address: a port that is not known, or a socket bound to all, fits any."""
    ports = one[1] == other[1] or not one[1] or not other[1]
    return ports and (one[0] == other[0] or bool({one[0], other[0]} & set(_ANY)) or _to_many(one[0], other[0]))


def _fits(one: bytes, other: bytes) -> bool:
    """A receive into too small a buffer has the beginning only."""
    return one == other or (bool(one) and bool(other) and (one.startswith(other) or other.startswith(one)))


def _to_many(*hosts: str) -> bool:
    """Whether one of these is a broadcast or multicast address."""
    for host in hosts:
        first = host.partition(".")[0]
        if host.endswith(".255") or host.lower().startswith("ff") or (first.isdigit() and 224 <= int(first) <= 239):
            return True
    return False


def _other(role: Role) -> Role:
    return "server" if role == "client" else "client"
