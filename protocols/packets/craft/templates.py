"""Packets to begin with, each with what it shows. It must not know how they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Template:
    """One packet. expression: see `expression.parse`; {dst} stands for the target, {port} for its port.

    teaches: what to look at. answered: whether an answer is to be expected from a host that is there.
    """

    id: str
    title: str
    expression: str
    teaches: str
    answered: bool = True
    broken: bool = False


TEMPLATES: Final = (
    Template(
        "ping", "Ping", 'IP(dst="{dst}")/ICMP(id=1, seq=1)/b"hello from netlab"',
        "An echo request (RFC 792); the kernel of the other host answers it, no program needed.",
    ),
    Template(
        "ping6", "Ping over IPv6", 'IPv6(dst="{dst}")/ICMPv6EchoRequest(id=1, seq=1, data=b"hello from netlab")',
        "The same over IPv6 (RFC 4443): another next-header number, another checksum.",
    ),
    Template(
        "syn", "TCP SYN", 'IP(dst="{dst}")/TCP(sport=40000, dport={port}, flags="S", seq=1000)',
        "The first packet of every TCP connection (RFC 9293). SYN and ACK come back from an open port, RST from a "
        "closed one, and then this machine's own kernel sends a RST: it knows nothing of your SYN.",
    ),
    Template(
        "udp", "UDP datagram", 'IP(dst="{dst}")/UDP(sport=40000, dport={port})/b"hello"',
        "Eight bytes of header (RFC 768). Where nobody listens, \"port unreachable\" comes back.",
    ),
    Template(
        "dns", "DNS query",
        'IP(dst="{dst}")/UDP(sport=40000, dport=53)/DNS(id=1, rd=1, qd=[DNSQR(qname="example.org")])',
        "A question for an address (RFC 1035), in one datagram.",
    ),
    Template(
        "arp", "ARP request", 'Ether(dst="ff:ff:ff:ff:ff:ff")/ARP(op=1, pdst="{dst}")',
        "Who has this address? Asked by broadcast on the wire, below IP (RFC 826). Loopback has no ARP: use a "
        "private network.",
    ),
    Template(
        "traceroute", "Traceroute", 'IP(dst="{dst}", ttl=(1, 4))/UDP(sport=40000, dport=33434)/b"hop"',
        "Four packets, whose TTL is 1, 2, 3 and 4: each router that takes the last of it away complains.",
    ),
    Template(
        "checksum", "Wrong checksum", 'IP(dst="{dst}")/ICMP(id=1, seq=1, chksum=1)/b"nobody answers"',
        "Malformed on purpose: a wrong ICMP checksum. The kernel drops it without a word.", False, True,
    ),
    Template(
        "length", "Length that lies", 'IP(dst="{dst}")/UDP(sport=40000, dport={port}, len=2000)/b"short"',
        "Malformed on purpose: UDP says 2000 bytes and has 13. Receivers drop it.", False, True,
    ),
    Template(
        "christmas", "All flags set", 'IP(dst="{dst}")/TCP(sport=40000, dport={port}, flags="FSRPAU")',
        "Malformed on purpose: SYN, FIN and RST at once. What comes back differs from system to system.", False, True,
    ),
    Template(
        "options", "IP options without end", 'IP(dst="{dst}", ihl=6, proto=1)/b"\\x44\\x00\\x00\\x00"/ICMP()',
        "Malformed on purpose: an option of length 0. A reader that trusts it never ends.", False, True,
    ),
)  # fmt: skip


def template(name: str) -> Template:
    """A template by its id. Raises ValueError that lists them."""
    for one in TEMPLATES:
        if one.id == name:
            return one
    raise ValueError(f"There is no template {name!r}; there are {', '.join(one.id for one in TEMPLATES)}")


def filled(one: Template, target: str, port: int) -> str:
    """The expression for a target; an IPv6 template takes ::1 in place of an address of IPv4."""
    if one.id == "ping6" and ":" not in target and target.replace(".", "").isdigit():
        target = "::1"
    return one.expression.replace("{dst}", target).replace("{port}", str(port))
