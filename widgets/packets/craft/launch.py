"""From a crafted stack to bytes on a wire: what runs on a lab thread. It must not know widgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from protocols.packets.capture.asking import NotGranted
from protocols.packets.capture.live import Way
from protocols.packets.craft import rst
from protocols.packets.craft.expression import Stack, parse
from protocols.packets.craft.sender import Built, Order, Outcome, build, paired
from protocols.packets.craft.sender import Volley as SendingVolley
from protocols.packets.levels import Levels
from protocols.packets.networks.network import NetworkForbidden, PrivateNetwork
from protocols.packets.scapy_child.asking import PacketChild, PacketChildError
from protocols.pcapng import ETHERNET, RAW_IP
from protocols.record.explain import Explained, explain
from protocols.service.base import ServiceError

if TYPE_CHECKING:
    from protocols.lab import Lab
    from protocols.service.base import Service

ROOM: Final = "packets"
PRIVATE: Final = "private"
MOST: Final = 1000
COMMON: Final = ("Ether", "ARP", "IP", "IPv6", "ICMP", "TCP", "UDP", "DNS", "Raw")
PATIENCE_S: Final = 60.0
DEMO_S: Final = 5.0


class Bench:
    """The scapy child that builds, for one panel. Any thread; made when first needed."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.child = PacketChild(self._begin, self._end, patience_s=PATIENCE_S)

    def _begin(self, service: Service) -> None:
        self._lab.start(service, room="")

    def _end(self, service: Service) -> None:
        self._lab.stop(service)

    def build(self, text: str) -> tuple[Stack, Built]:
        """Parse and build. Raises ExpressionError, PacketChildError."""
        stack = parse(text)
        return stack, build(self.child, stack, MOST)

    def expression_of(self, data: bytes, linktype: int) -> str:
        """A captured packet as text. Raises PacketChildError.

        A frame of the loopback interface goes without its empty Ethernet header: the kernel drops such frames, whose
        addresses may not come from a wire, and takes the same packet from a raw socket.
        """
        if linktype == ETHERNET and data[:12] == bytes(12) and data[12:14] in (b"\x08\x00", b"\x86\xdd"):
            data, linktype = data[14:], RAW_IP
        return parse(str(self.child.ask("expression", data=data, linktype=linktype)["expression"])).text()


def send(lab: Lab, bench: Bench, built: Built, values: Mapping[str, Any]) -> Outcome:
    """Send, wait, pair. Raises PermissionError, NetworkForbidden, PacketChildError, OSError."""
    order = Order(
        str(values.get("interface", "lo")),
        int(values.get("count", 1)),
        float(values.get("rate", 0)),
        float(values.get("wait_s", 1)),
        values.get("way") or "own",
    )
    if order.interface == PRIVATE:
        return _privately(lab, bench, built, order)
    return _volley(lab, bench, built, order)


def _privately(lab: Lab, bench: Bench, built: Built, order: Order) -> Outcome:
    """On the loopback of a private network, which is there as long as it takes."""
    network = PrivateNetwork(lab.recorder, ())
    lab.start(network, room=ROOM)
    try:
        order.interface, order.entering, order.way = "lo", network.entering(), "own"
        return _volley(lab, bench, built, order)
    finally:
        lab.stop(network)


def _volley(lab: Lab, bench: Bench, built: Built, order: Order) -> Outcome:
    volley = SendingVolley(lab.recorder, built, order)
    lab.start(volley, room=ROOM)
    pause = len(built.packets) * order.count / order.rate if order.rate else 0
    try:
        if not volley.join(order.wait_s + pause + 30):
            raise ServiceError("The sending child did not end in time")
    finally:
        lab.stop(volley)
    return paired(bench.child, volley)


def script_values(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What Show as Python needs to send that packet as the form says."""
    interface = str(values.get("interface", "lo"))
    return {
        "packet": text,
        "interface": "lo" if interface == PRIVATE else interface,
        "count": int(values.get("count", 1)),
        "rate": float(values.get("rate", 0)),
        "timeout_s": float(values.get("wait_s", 1)),
    }


def demonstrate_rst(lab: Lab) -> Outcome:
    """The kernel's RST, on a private network."""
    return rst.demonstrate(lab.recorder)


def way_of(levels: Levels | None) -> Way:
    """How raw frames can be sent now: never by dumpcap, which only listens."""
    for way in (*(levels.ways if levels is not None else ()), *(levels.may_ask if levels is not None else ())):
        if way != "dumpcap":
            return way
    return "own"


def may_send(levels: Levels | None) -> bool:
    """Whether a real interface can be written to, if only after a password."""
    return levels is not None and any(way != "dumpcap" for way in (*levels.ways, *levels.may_ask))


def explained(error: BaseException) -> Explained:
    """What went wrong, for the strip."""
    if isinstance(error, NetworkForbidden):
        what = f"What helps: {error.refusal.command}" if error.refusal.command else ""
        return Explained("EPERM", "No private network", "", f"{error.refusal.why} {what}".strip(), (), ())
    if isinstance(error, PacketChildError):
        return Explained("EINVAL", "This makes no packet", "", str(error), (), ())
    if isinstance(error, NotGranted):
        why = f"{error.sentence} A private network needs no right."
        return Explained("EPERM", "The right was not given", "", why, (), ())
    if isinstance(error, PermissionError):
        why = "Raw frames need the right to (CAP_NET_RAW), and this user has it not. A private network needs no right."
        return Explained("EPERM", "Not allowed to send", "", why, (), ())
    return explain(error, call="sendto", address="", transport="packet")
