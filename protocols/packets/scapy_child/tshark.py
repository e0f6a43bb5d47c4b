"""Dissection by tshark, where it is installed, for protocols that scapy lacks: `tshark -T pdml` of one packet.

What it gives is labelled "tshark". It starts a child each time: never in a GUI thread. It must not know views.
"""

from __future__ import annotations

import struct
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Final

from protocols.packets.scapy_child.asking import PacketChildError
from protocols.packets.tree import Tree, TreeField, TreeLayer

PATIENCE_S: Final = 15.0
MOST_FIELDS: Final = 5000
DEPTH: Final = 30
_HIDDEN: Final = ("geninfo", "frame")
_NAMES: Final = {"eth": "Ether", "ip": "IP", "ipv6": "IPv6", "tcp": "TCP", "udp": "UDP", "icmp": "ICMP", "arp": "ARP",
                 "dns": "DNS", "vlan": "Dot1Q", "data": "Raw"}  # fmt: skip
"""tshark's words for what the lab explains under another name."""


def dissect(data: bytes, linktype: int) -> Tree:
    """The tree as tshark makes it. Raises PacketChildError when there is no tshark, or it fails."""
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype)
    file = head + struct.pack("<IIII", 0, 0, len(data), len(data)) + data
    try:
        done = subprocess.run(["tshark", "-n", "-r", "-", "-T", "pdml"], input=file, capture_output=True,
                              timeout=PATIENCE_S, check=False)  # fmt: skip
    except FileNotFoundError:
        raise PacketChildError("There is no tshark here; on Debian and Ubuntu: sudo apt-get install tshark.") from None
    except (OSError, subprocess.SubprocessError) as error:
        raise PacketChildError(f"tshark could not dissect it: {error}.") from None
    return read(done.stdout)


def read(pdml: bytes) -> Tree:
    """The tree of a PDML document with one packet. Raises PacketChildError."""
    try:
        packet = ElementTree.fromstring(pdml).find("packet")
    except ElementTree.ParseError as error:
        raise PacketChildError(f"tshark's answer can't be read: {error}.") from None
    if packet is None:
        raise PacketChildError("tshark gave no packet.")
    layers = []
    for proto in packet.findall("proto"):
        name = proto.get("name", "")
        if name in _HIDDEN:
            continue
        start, stop = _place(proto)
        key = _NAMES.get(name, name)
        fields = tuple(_fields(proto, key, 0))
        layers.append(TreeLayer(key, f"{proto.get('showname') or name} (tshark)", start, stop, fields))
    return Tree("tshark", "", tuple(layers))


def _place(element: ElementTree.Element) -> tuple[int, int]:
    try:
        start, size = int(element.get("pos", "0")), int(element.get("size", "0"))
    except ValueError:
        return 0, 0
    return start, start + size


def _fields(element: ElementTree.Element, layer: str, depth: int) -> Iterator[TreeField]:
    for count, field in enumerate(element):
        if count >= MOST_FIELDS or field.get("hide") == "yes":
            continue
        start, stop = _place(field)
        shown = field.get("showname") or field.get("show") or ""
        name, _, value = shown.partition(": ")
        children = tuple(_fields(field, layer, depth + 1)) if depth < DEPTH else ()
        yield TreeField(name or field.get("name", ""), f"{layer}.{field.get('name', '').rpartition('.')[2]}", value,
                        (start * 8, stop * 8), children=children)  # fmt: skip
