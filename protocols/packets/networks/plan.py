"""What a private network looks like: its hosts, their interfaces and addresses, its switches and routers.

A segment is one switch: whoever has a port there hears its broadcasts. It must not know how a network is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

INTERFACE: Final = "eth0"
NAMES: Final = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi")
MOST_HOSTS: Final = len(NAMES)
MOST_ROUTERS: Final = 6
PREFIX: Final = 24
PREFIX_6: Final = 64


@dataclass(frozen=True, slots=True)
class Port:
    """One interface of a host and the segment that its wire goes to. address6: "" for none."""

    interface: str
    segment: int
    address: str
    address6: str
    hardware: str


@dataclass(frozen=True, slots=True)
class Host:
    """One host, or a router. routes: (network, gateway) pairs; "" as gateway is the link itself.

    pid: of the process that holds its network, 0 before it stands.
    """

    name: str
    ports: tuple[Port, ...]
    routes: tuple[tuple[str, str], ...] = ()
    router: bool = False
    pid: int = 0

    @property
    def address(self) -> str:
        """Its first IPv4 address."""
        return self.ports[0].address

    def params(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)


def of_params(found: Sequence[Any]) -> tuple[Host, ...]:
    """The reverse of `Host.params`, for all hosts."""
    return tuple(
        Host(
            str(one["name"]),
            tuple(Port(**port) for port in one["ports"]),
            tuple((str(to), str(via)) for to, via in one["routes"]),
            bool(one["router"]),
            int(one["pid"]),
        )
        for one in found
    )


def bridge(segment: int) -> str:
    """The name of a segment's switch."""
    return f"br{segment}"


def broadcast(segment: int = 0) -> str:
    """The address that everybody of a segment hears."""
    return f"10.77.{segment}.255"


def _port(number: int, segment: int, interface: str = INTERFACE) -> Port:
    hardware = f"02:77:00:00:{segment:02x}:{number:02x}"
    return Port(interface, segment, f"10.77.{segment}.{number}", f"fd77:0:0:{segment}::{number}", hardware)


def lan(count: int) -> tuple[Host, ...]:
    """`count` hosts on one switch, numbered from 1 in their addresses. Raises ValueError for too many."""
    if not 0 <= count <= MOST_HOSTS:
        raise ValueError(f"A private network has 0 to {MOST_HOSTS} hosts")
    routes = (("0.0.0.0/0", ""),)
    return tuple(Host(name, (_port(number, 0),), routes) for number, name in enumerate(NAMES[:count], 1))


def routed(routers: int) -> tuple[Host, ...]:
    """alice, a row of routers, bob: a datagram hops through all of them. Raises ValueError for too many."""
    if not 1 <= routers <= MOST_ROUTERS:
        raise ValueError(f"A row has 1 to {MOST_ROUTERS} routers")
    made = [Host("alice", (_port(1, 0),), (("0.0.0.0/0", "10.77.0.254"),))]
    for number in range(1, routers + 1):
        ports = (_port(254, number - 1, "eth0"), _port(253, number, "eth1"))
        routes = [(f"10.77.{segment}.0/24", f"10.77.{number - 1}.253") for segment in range(number - 1)]
        routes += [(f"10.77.{segment}.0/24", f"10.77.{number}.254") for segment in range(number + 1, routers + 1)]
        made.append(Host(f"router{number}", ports, tuple(routes), router=True))
    made.append(Host("bob", (_port(1, routers),), (("0.0.0.0/0", f"10.77.{routers}.253"),)))
    return tuple(made)
