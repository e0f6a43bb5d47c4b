"""Scripts about capture files and headers: what each is called, and its values.

It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Params = Mapping[str, Any]
_FRAME: Final = bytes.fromhex(
    "02fc0000000502fc00000001080045000032000140004006"
    "26af0a0900020a0900039cb01f403a11f0c89be2041950180200c2cf000048692c206c6162210d0a"
)
TITLES: Final[Mapping[str, str]] = {
    "packets-read": "Read a pcap file by struct",
    "packets-write": "Build a packet and write a pcap file",
    "packets-header": "Read Ethernet, IPv4, TCP and UDP headers by struct",
    "packets-checksum": "The Internet checksum",
    "packets-scapy": "Read a capture with scapy",
}
DEFAULTS: Final[Mapping[str, Params]] = {
    "packets-read": {"path": "packets.pcap", "limit": 20},
    "packets-write": {"path": "packet.pcap", "source": "127.0.0.1", "sport": 40000, "target": "127.0.0.1",
                      "dport": 7739, "message": b"here I am"},
    "packets-header": {"frame": _FRAME},
    "packets-checksum": {"header": _FRAME[14:34], "at": 10},
    "packets-scapy": {"path": "packets.pcap", "limit": 20},
}  # fmt: skip
