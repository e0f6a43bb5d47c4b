"""The addresses that a server of this machine can bind to, and who can reach each.

Asks psutil when called, which may take a moment: not for a GUI thread. It must not know forms.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

_TUNNELS: Final = ("docker", "veth", "br-", "virbr", "lxc", "podman", "cni")
_VPNS: Final = ("tun", "tap", "wg", "tailscale", "ppp")


@dataclass(frozen=True, slots=True)
class Interface:
    """One address of one interface. address: as bind() takes it, with "%name" where it needs that.

    up: the interface is switched on. exposes: one sentence, who can reach a server there.
    """

    name: str
    address: str
    up: bool
    exposes: str

    @property
    def loopback(self) -> bool:
        """Only this machine itself can reach it."""
        return ipaddress.ip_address(self.address.partition("%")[0]).is_loopback


def interfaces() -> list[Interface]:
    """Every IPv4 and IPv6 address of this machine, loopback first, then by interface."""
    import psutil  # type: ignore[import-untyped]  # and not for the start of a window

    states = psutil.net_if_stats()
    found = [
        _interface(name, entry.address, entry.netmask, up=name in states and states[name].isup)
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if entry.family in (socket.AF_INET, socket.AF_INET6)
    ]
    return sorted(found, key=lambda each: (not each.loopback, each.name, ":" in each.address, each.address))


def _interface(name: str, address: str, netmask: str | None, *, up: bool) -> Interface:
    plain = address.partition("%")[0]
    parsed = ipaddress.ip_address(plain)
    if parsed.is_link_local and parsed.version == 6 and "%" not in address:
        address = f"{plain}%{name}"
    said = exposure(name, plain, netmask)
    return Interface(name, address, up, said if up else f"{said} The interface is down now.")


def exposure(name: str, address: str, netmask: str | None = None) -> str:
    """Who can reach a server at this address, in a sentence. netmask: as the system gives it."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if parsed.is_loopback:
        return "Only programs on this machine can connect."
    if parsed.is_link_local:
        return f"Machines on the same link as {name} can connect, no router passes it on."
    network = _network(address, netmask)
    if name.startswith(_TUNNELS):
        return f"Containers and virtual machines in {network} can connect, and this machine."
    if name.startswith(_VPNS):
        return f"Whoever is in the private network behind {name} can connect."
    if parsed.is_private:
        return f"Machines in {network}, and whoever is routed there, can connect."
    return "The whole Internet can connect, where no firewall is before it."


def _network(address: str, netmask: str | None) -> str:
    """The network of an address: "192.168.1.0/24"; the address itself where the mask makes no sense."""
    plain = address.partition("%")[0]
    mask = (netmask or "").partition("/")[0]
    if ":" in mask:  # ipaddress takes no IPv6 mask but as a length
        mask = str(bin(int(ipaddress.IPv6Address(mask))).count("1"))
    try:
        return str(ipaddress.ip_network(f"{plain}/{mask}" if mask else plain, strict=False))
    except ValueError:
        return plain
