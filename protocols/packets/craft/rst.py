"""Why the kernel answers my SYN's SYN-ACK with RST: the explanation, and the demonstration on a private network.

It must not know views.
"""

from __future__ import annotations

from typing import Final

from protocols.packets.craft.expression import parse
from protocols.packets.craft.sender import Order, Outcome, ask, build
from protocols.packets.networks import hostjob
from protocols.packets.networks.jobs import PORT
from protocols.packets.networks.network import PrivateNetwork
from protocols.packets.networks.plan import lan
from protocols.packets.scapy_child.asking import PacketChild
from protocols.record.recorder import Recorder

TITLE: Final = "Why does the kernel answer my SYN's SYN-ACK with RST?"
WHY: Final = (
    "Your SYN went past the kernel: it was written to the wire as bytes, and no socket of this machine has sent it.",
    "The server's SYN and ACK come back to this machine, and the kernel looks for the socket that they belong to. "
    "There is none, so it does what RFC 9293 section 3.10.7.1 asks of a closed port: it answers with RST.",
    "The server then forgets the connection before your program can send its ACK.",
    "To go on by hand, the kernel must not see the answer: drop its RST by a packet filter "
    "(iptables -A OUTPUT -p tcp --tcp-flags RST RST --sport 40000 -j DROP), or send from an address of the network "
    "that no host has, and answer ARP for it yourself.",
)
"""The explanation, sentence by sentence."""
SOURCE_PORT: Final = 40000


def demonstrate(recorder: Recorder) -> Outcome:
    """A SYN made by hand from one host to another's open port: SYN and ACK is the answer, and behind it comes the RST
    of the sender's own kernel, in `others` of the outcome. Raises NetworkForbidden, OSError.
    """
    network = PrivateNetwork(recorder, lan(2))
    network.start()
    server = hostjob.server(recorder, network, "bob", "tcp")
    child = PacketChild(argv=network.child_argv("bob"), patience_s=60)
    try:
        server.start()
        one, other = network.host("alice").address, network.host("bob").address
        text = f'IP(src="{one}", dst="{other}")/TCP(sport={SOURCE_PORT}, dport={PORT}, flags="S", seq=1000)'
        built = build(child, parse(text))
        return ask(recorder, child, built, Order(interface="eth0", wait_s=1.0, entering=network.entering("alice")))
    finally:
        child.stop()
        server.stop()
        network.stop()
