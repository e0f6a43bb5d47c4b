"""The interfaces that packets can be captured from, loopback first. It must not know who captures."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from protocols.packets.capture.wanted import LOOPBACK, link_type


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface. addresses: those it has, IPv4 first. up: it is switched on."""

    name: str
    addresses: tuple[str, ...]
    up: bool


def interfaces() -> list[Interface]:
    """Those whose frames the lab can read. Asks the system: not for a GUI thread."""
    import psutil  # type: ignore[import-untyped]  # and not for the start of a window

    states, addresses = psutil.net_if_stats(), psutil.net_if_addrs()
    found = []
    for _, name in socket.if_nameindex():
        if link_type(name) is None:
            continue
        own = [one for one in addresses.get(name, ()) if one.family in (socket.AF_INET, socket.AF_INET6)]
        texts = tuple(one.address.partition("%")[0] for one in sorted(own, key=lambda one: one.family))
        found.append(Interface(name, texts, bool(name in states and states[name].isup)))
    return sorted(found, key=lambda one: (one.name != LOOPBACK, not one.up, not one.addresses, one.name))
