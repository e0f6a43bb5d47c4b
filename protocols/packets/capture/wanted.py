"""What a capture shall be: where, which packets, into which file, and when it ends by itself.

Plain values that travel to the child as JSON. It must not know how packets are captured.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from protocols.pcapng import ETHERNET, RAW_IP

_SIOCGIFHWADDR: Final = 0x8927
_ETHERNET_TYPES: Final = (1, 772)
"""ARPHRD_ETHER and ARPHRD_LOOPBACK (linux/if_arp.h)."""
_RAW_TYPES: Final = (65534, 512, 768, 769, 776, 778)
"""No link header, PPP without its own, and the tunnels of IP in IP."""
LOOPBACK: Final = "lo"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A capture. path: the pcapng file; with ring_files, its name gets a number and a time before the ending.

    seconds, count, size_bytes: it ends by itself when one is reached; None never. ring_bytes: a new file begins when
    one has so many bytes, and of the files the newest ring_files are kept (0: all in one file). buffer_mb: what the
    kernel holds for a child that is not quick enough; a packet beyond it is dropped and counted.
    """

    path: str
    interface: str = LOOPBACK
    rule: str = ""
    seconds: float | None = None
    count: int | None = None
    size_bytes: int | None = None
    ring_files: int = 0
    ring_bytes: int = 10_000_000
    promiscuous: bool = False
    buffer_mb: int = 64

    def params(self) -> dict[str, Any]:
        """As JSON carries it."""
        return asdict(self)

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Wanted:
        """The reverse of `params`; more keys are ignored."""
        return cls(**{name: params[name] for name in cls.__slots__ if name in params})

    def file_name(self, number: int) -> str:
        """The name of file number 1, 2, ..: the path itself unless there is a ring."""
        if not self.ring_files:
            return self.path
        path = Path(self.path)
        stamp = time.strftime("%Y%m%d%H%M%S")
        return str(path.with_name(f"{path.stem}_{number:05d}_{stamp}{path.suffix or '.pcapng'}"))


def link_type(interface: str) -> int | None:
    """The pcapng link type of an interface's frames as an AF_PACKET socket has them; None for one we can't tell.

    Asked by ioctl (netdevice(7), SIOCGIFHWADDR), for /sys shows the interfaces of another network namespace.
    """
    import fcntl

    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            answer = fcntl.ioctl(sock.fileno(), _SIOCGIFHWADDR, struct.pack("=16s24x", interface.encode()[:15]))
    except OSError:
        return None
    kind = int(struct.unpack_from("=H", answer, 16)[0])
    if kind in _ETHERNET_TYPES:
        return ETHERNET
    return RAW_IP if kind in _RAW_TYPES else None
