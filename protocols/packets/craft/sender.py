"""Sender: packets of a stack built by the scapy child, sent by the sending child, answers paired.

Neither this process nor the scapy child has any privilege. `ask` waits: never in the window's thread. It must not
know views.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from protocols.packets.capture.asking import argv_of, refusal
from protocols.packets.capture.live import Way
from protocols.packets.craft.expression import Stack
from protocols.packets.craft.sending import FRAME, SENT
from protocols.packets.scapy_child.asking import PacketChild
from protocols.packets.tree import Tree, tree_of
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.base import ServiceError
from protocols.service.child import ChildService, command

_SENDING: Final = "protocols.packets.craft.sending:run"
_ETHERNET: Final = 1


@dataclass(frozen=True, slots=True)
class FieldLook:
    """A field of a built layer. value: as text. set: it was set by hand, else scapy filled it in.

    kind: "number", "flags", "address", "bytes", "layers" or "value". choices: number to word.
    """

    name: str
    value: str
    set: bool
    kind: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LayerLook:
    """A built layer with all its fields."""

    name: str
    title: str
    fields: tuple[FieldLook, ...]


@dataclass(frozen=True, slots=True)
class Built:
    """What a stack makes. packets: their bytes, one for each value of a field with several. target: address or ""."""

    packets: tuple[bytes, ...]
    linktype: int
    tree: Tree
    layers: tuple[LayerLook, ...]
    target: str


def build(child: PacketChild, stack: Stack, limit: int = 1) -> Built:
    """The packets of a stack, lengths and checksums filled in. Raises PacketChildError with what is wrong."""
    made: Any = child.ask("build", layers=stack.params(), limit=limit)
    layers = tuple(
        LayerLook(layer["name"], layer["title"], tuple(_look(one) for one in layer["fields"]))
        for layer in made["layers"]
    )
    packets = tuple(bytes.fromhex(one) for one in made["packets"])
    return Built(packets, int(made["linktype"]), tree_of(made["tree"]), layers, str(made["target"]))


def _look(one: Any) -> FieldLook:
    choices = tuple((str(key), str(value)) for key, value in one.get("choices", {}).items())
    return FieldLook(one["name"], one["value"], bool(one["set"]), one["kind"], choices)


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet that was sent or heard. t: nanoseconds of the monotonic clock. summary: one line, "" until paired.

    by_kernel: this machine's own kernel sent it, asked by nobody.
    """

    t: int
    data: bytes
    linktype: int
    summary: str = ""
    by_kernel: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A packet that was sent, and its answer."""

    sent: Seen
    answer: Seen | None

    @property
    def rtt_us(self) -> float | None:
        """Microseconds between both."""
        return None if self.answer is None else (self.answer.t - self.sent.t) / 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a volley. others: heard, and answers to nothing. sent: how many, also beyond those kept."""

    exchanges: tuple[Exchange, ...]
    others: tuple[Seen, ...]
    sent: int
    why: str = ""


@dataclass
class Order:
    """How to send. count: times the packets; rate: packets a second, 0 at once; wait_s: for answers after the last."""

    interface: str = "lo"
    count: int = 1
    rate: float = 0.0
    wait_s: float = 1.0
    way: Way = "own"
    entering: Sequence[str] = field(default_factory=tuple)


class Volley(ChildService):
    """The sending child as a service. Ended, it has the frames: `sent`, `heard`.

    start() raises PermissionError, which is NotGranted where sudo or pkexec refused.
    """

    def __init__(self, recorder: Recorder, built: Built, order: Order) -> None:
        params = {
            "packets": [one.hex() for one in built.packets],
            "linktype": built.linktype,
            "interface": order.interface,
            "count": order.count,
            "rate": order.rate,
            "wait_s": order.wait_s,
            "answers": len(built.packets) * order.count,
            "rule": rule_of(built),
        }
        argv = [*order.entering, *(argv_of(order.way) or command())]
        super().__init__(recorder, "craft", "sender", _SENDING, params, saw=self._saw, argv=argv)
        self._way: Final = order.way
        self.sent: list[Seen] = []
        self.heard: list[Seen] = []
        self.total = 0
        self.failure = ""
        self.changed: Callable[[], None] | None = None
        self.over: Final = threading.Event()

    def _saw(self, event: Event, foreign: str | None) -> None:
        if event.kind == FRAME and event.data is not None:
            linktype, by_kernel = int(event.detail.get("linktype", _ETHERNET)), bool(event.detail.get("by_kernel"))
            seen = Seen(event.t, event.data, linktype, by_kernel=by_kernel)
            (self.sent if event.direction == "out" else self.heard).append(seen)
            if self.changed is not None:
                self.changed()
        elif event.kind == SENT:
            self.total = int(event.detail.get("sent", 0))
            text = event.detail.get("text")
            self.failure = f"The kernel refused the packet: {text}." if text else ""

    def _open(self) -> None:
        try:
            super()._open()
        except OSError as error:
            raise refusal(self._way, error) from None

    def _close(self) -> None:
        super()._close()
        self.over.set()


def rule_of(built: Built) -> str:
    """Which frames may be answers: ICMP errors, ARP, and what the target and these ports have to do with each other."""
    import ipaddress

    try:
        address = ipaddress.ip_address(built.target)
    except ValueError:
        return ""
    inner = [one if built.linktype != _ETHERNET else one[14:] for one in built.packets]
    if all(_protocol(one) in (1, 58) for one in inner):
        return "icmp or icmp6 or arp"
    ports = {port for one in inner for port in _ports(one)}
    if not ports or len(ports) > 64:
        return f"host {address} or icmp or icmp6 or arp"
    some = " or ".join(f"port {port}" for port in sorted(ports))
    return f"(host {address} and ({some})) or icmp or icmp6 or arp"


def _protocol(packet: bytes) -> int:
    """What an IP header says that it carries; -1 where there is none."""
    version = packet[0] >> 4 if packet else 0
    at = {4: 9, 6: 6}.get(version, 0)
    return packet[at] if at and len(packet) >= 20 else -1


def _ports(packet: bytes) -> tuple[int, ...]:
    """The source port of TCP or UDP right behind an IP header."""
    if _protocol(packet) not in (6, 17):
        return ()
    size = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
    return (int.from_bytes(packet[size : size + 2], "big"),) if len(packet) >= size + 4 else ()


def paired(child: PacketChild, volley: Volley) -> Outcome:
    """The answers to what was sent. Raises PacketChildError."""
    sent, heard = volley.sent, volley.heard
    if not sent:
        return Outcome((), tuple(heard), volley.total, volley.failure)
    found: Any = child.ask(
        "pair",
        sent=[one.data.hex() for one in sent],
        received=[one.data.hex() for one in heard],
        linktype=sent[0].linktype,
        received_linktype=_ETHERNET,
    )
    told = [replace(one, summary=text) for one, text in zip(heard, found["summaries"], strict=True)]
    partner = {int(number): int(at) for number, at in found["pairs"]}
    exchanges = tuple(
        Exchange(one, told[partner[number]] if number in partner else None) for number, one in enumerate(sent)
    )
    taken = set(partner.values())
    others = tuple(one for at, one in enumerate(told) if at not in taken)
    return Outcome(exchanges, others, volley.total, volley.failure)


def ask(recorder: Recorder, child: PacketChild, built: Built, order: Order) -> Outcome:
    """Send, wait, pair. Raises PermissionError without the right, PacketChildError, OSError."""
    volley = Volley(recorder, built, order)
    volley.start()
    patience = order.wait_s + 30 + (order.count * len(built.packets) / order.rate if order.rate else 0)
    try:
        if not volley.join(patience):
            raise ServiceError("The sending child did not end in time.")
    finally:
        volley.stop()
    return paired(child, volley)
