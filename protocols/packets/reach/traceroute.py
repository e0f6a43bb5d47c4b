"""Traceroute: UDP datagrams with a rising number of hops, and who complains (RFC 1393 names the method).

Needs no privilege on Linux: the kernel hands the ICMP errors to the sending socket (ip(7), IP_RECVERR). It must not
know who shows it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from protocols.packets.reach.icmp import RECVERR, Complaint, complaint
from protocols.packets.reach.ping import UDP_PORT, resolved
from protocols.record import polling

MOST_HOPS: Final = 30
PROBES: Final = 3
_LEVEL: Final = {socket.AF_INET: socket.IPPROTO_IP, socket.AF_INET6: socket.IPPROTO_IPV6}


@dataclass(frozen=True, slots=True)
class Hop:
    """What came back for one number of hops. address: who complained, "" for nobody. rtts_us: None for no answer."""

    hops: int
    address: str
    rtts_us: tuple[float | None, ...]
    what: str
    arrived: bool


def trace(host: str, *, family: int = 0, most: int = MOST_HOPS, timeout_s: float = 1.0) -> Iterator[Hop]:
    """Hop after hop until the destination answers or `most` is reached. Raises OSError (gaierror)."""
    known, address = resolved(host, family)
    for hops in range(1, most + 1):
        found = _hop(known, address, hops, timeout_s)
        yield found
        if found.arrived or (found.what and found.what != "time exceeded"):
            return


def _hop(family: int, address: str, hops: int, timeout_s: float) -> Hop:
    by, what, arrived = "", "", False
    rtts: list[float | None] = []
    for probe in range(PROBES):
        said, rtt_us = _probe(family, address, hops, UDP_PORT + hops * PROBES + probe, timeout_s)
        rtts.append(rtt_us)
        if said is not None:
            by, what, arrived = said.by, said.what, arrived or said.arrived
    return Hop(hops, by, tuple(rtts), what, arrived)


def _probe(family: int, address: str, hops: int, port: int, timeout_s: float) -> tuple[Complaint | None, float | None]:
    known = socket.AddressFamily(family)
    option = socket.IP_TTL if family == socket.AF_INET else socket.IPV6_UNICAST_HOPS
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(_LEVEL[known], option, hops)
        sock.setsockopt(_LEVEL[known], RECVERR[known], 1)
        poller = polling.poll()
        poller.register(sock.fileno(), polling.POLLIN)
        sent = time.monotonic_ns()
        target: Any = (address, port)
        sock.sendto(b"netlab traceroute".ljust(32, b"."), target)
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if poller.poll(left * 1000):
                said = complaint(sock)
                now = time.monotonic_ns()
                if said is not None:
                    return said, (now - sent) / 1000
                return None, None  # somebody listens there and answered: a datagram, no complaint
    return None, None


def text_of(hop: Hop) -> str:
    """One hop as a line."""
    times = "  ".join("*" if rtt is None else f"{rtt / 1000:.3f} ms" for rtt in hop.rtts_us)
    said = f"  ({hop.what})" if hop.what and not hop.arrived and hop.what != "time exceeded" else ""
    return f"{hop.hops:>2}  {hop.address or '*':<24} {times}{said}"
