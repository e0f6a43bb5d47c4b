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
    if not done.stdout.strip():
        said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.startswith("tshark: ")]
        why = said[-1].removeprefix("tshark: ").rstrip(".") if said else "it gave no answer"
        raise PacketChildError(f"tshark could not dissect it: {why}.")
    return read(done.stdout, len(data))


def read(pdml: bytes, size: int) -> Tree:
    """The tree of a PDML document with one packet of `size` bytes. Raises PacketChildError."""
    if b"<!DOCTYPE" in pdml or b"<!ENTITY" in pdml:
        raise PacketChildError("tshark's answer can't be read: it defines entities, which PDML has none of.")
    try:
        packet = ElementTree.fromstring(pdml).find("packet")
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # ValueError, LookupError: strange encodings
        raise PacketChildError(f"tshark's answer can't be read: {error}.") from None
    if packet is None:
        raise PacketChildError("tshark gave no packet.")
    reader = _Reader(size)
    layers = tuple(reader.layer(proto) for proto in packet.findall("proto") if proto.get("name", "") not in _HIDDEN)
    why = f"More than {MOST_FIELDS} fields: the rest is not shown." if reader.left <= 0 else ""
    return Tree("tshark", "", layers, why)


class _Reader:
    """Makes layers and fields; left: how many fields may still be made.

    Places are kept within the packet: what was put together of several packets has places of its own in PDML, and
    they are not told apart there.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.left = MOST_FIELDS

    def layer(self, proto: ElementTree.Element) -> TreeLayer:
        name = proto.get("name", "")
        start, stop = self._place(proto)
        key = _NAMES.get(name, name)
        title = f"{proto.get('showname') or name or 'a layer without a name'} (tshark)"
        return TreeLayer(key, title, start, stop, tuple(self._fields(proto, key, 0)))

    def _place(self, element: ElementTree.Element) -> tuple[int, int]:
        try:
            start, size = int(element.get("pos", "0")), int(element.get("size", "0"))
        except ValueError:
            return 0, 0
        if not (0 <= start <= self._size and 0 <= size <= self._size - start):
            return 0, 0
        return start, start + size

    def _fields(self, element: ElementTree.Element, layer: str, depth: int) -> Iterator[TreeField]:
        for field in element:
            if field.get("hide") == "yes":
                continue
            self.left -= 1
            if self.left < 0:
                return
            start, stop = self._place(field)
            shown = field.get("showname") or field.get("show") or ""
            name, _, value = shown.partition(": ")
            children = tuple(self._fields(field, layer, depth + 1)) if depth < DEPTH else ()
            yield TreeField(name or field.get("name", ""), f"{layer}.{field.get('name', '').rpartition('.')[2]}", value,
                            (start * 8, stop * 8), children=children)  # fmt: skip
