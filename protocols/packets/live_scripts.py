"""What Show as Python knows of live packets: which scripts there are, and the values that they are made with.

It must not know the registry, nor run what is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Params = Mapping[str, Any]
_WAIT: Final[Params] = {"timeout_s": 5.0}

TITLES: Final[Mapping[str, str]] = {
    "packets-ping": "Ping, without any right where the kernel allows it",
    "packets-traceroute": "Traceroute, without any right",
    "packets-sniff": "Capture frames by a packet socket",
    "packets-raw-send": "A datagram whose headers are made by hand",
    "packets-scapy-send": "Make a packet with scapy, send it, wait for the answer",
    "packets-scapy-sniff": "Capture and dissect with scapy",
}
"""Every script of live packets."""
DEFAULTS: Final[Mapping[str, Params]] = {
    "packets-ping": {"host": "127.0.0.1", "count": 3, **_WAIT},
    "packets-traceroute": {"host": "127.0.0.1", "most_hops": 30, **_WAIT},
    "packets-sniff": {"interface": "lo", "count": 10, "timeout_s": 60.0},
    "packets-raw-send": {"host": "127.0.0.1", "port": 0, "message": b"hello, by hand"},
    "packets-scapy-send": {"host": "127.0.0.1", **_WAIT},
    "packets-scapy-sniff": {"interface": "lo", "count": 10, "timeout_s": 60.0},
}
PRIVILEGED: Final = frozenset(TITLES) - {"packets-ping", "packets-traceroute"}
"""Those that need CAP_NET_RAW, or a network of one's own."""
