"""The symbols of socket constants: what a number is called. It must not know sockets that live."""

from __future__ import annotations

import socket
import sys
from functools import lru_cache
from typing import Final

_OTHERS: Final = ("SO_J1939", "SO_VM_SOCKETS", "IP_DEFAULT", "IP_MAX", "IPV6_RTHDR_TYPE")
"""Constants that share a prefix and are no options of that level."""
_LEVELS: Final = {
    socket.SOL_SOCKET: "SO_",
    socket.IPPROTO_TCP: "TCP_",
    socket.IPPROTO_IP: "IP_",
    socket.IPPROTO_IPV6: "IPV6_",
}
_UNNAMED: Final = {35: "SO_TIMESTAMPNS", 40: "SO_RXQ_OVFL", 55: "SO_MEMINFO"} if sys.platform == "linux" else {}
"""Options of SOL_SOCKET that Linux has and Python's `socket` does not name (asm-generic/socket.h)."""


@lru_cache(maxsize=512)
def constant_name(prefix: str, value: int) -> str:
    """The constant of `socket` that starts with `prefix` ("AF_", "SOCK_") and has this value, or the number."""
    for name in dir(socket):
        if name.startswith(prefix) and not name.startswith(_OTHERS) and getattr(socket, name) == value:
            return name
    return str(int(value))


def option_name(level: int, option: int) -> str:
    """The symbol of a socket option, or "level, number" where it has none."""
    if level == socket.SOL_SOCKET and option in _UNNAMED:
        return _UNNAMED[option]
    prefix = _LEVELS.get(level)
    return constant_name(prefix, option) if prefix else f"{level}, {option}"
