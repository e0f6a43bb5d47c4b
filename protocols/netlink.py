"""Netlink, spoken by hand: one request, its answers, and attributes both ways (netlink(7)). Linux.

Standard library alone. It must not know what a request is about.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from typing import Any, Final

REQUEST: Final = 1
ACK: Final = 4
DUMP: Final = 0x300
CREATE: Final = 0x400
EXCLUSIVE: Final = 0x200
_ERROR: Final = 2
_DONE: Final = 3
_HEADER: Final = struct.Struct("=IHHII")
_ANSWER_BYTES: Final = 1 << 16
_NESTED: Final = 0x8000


def ask(protocol: int, kind: int, body: bytes, flags: int, timeout_s: float = 1.0) -> Iterator[bytes]:
    """Send one request; the body of each answer. Raises OSError with the errno that the kernel names."""
    message = _HEADER.pack(_HEADER.size + len(body), kind, REQUEST | flags, 1, 0) + body
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as netlink:
        netlink.settimeout(timeout_s)
        netlink.send(message)
        while True:
            answer = netlink.recv(_ANSWER_BYTES)
            at = 0
            while at + _HEADER.size <= len(answer):
                length, answered, _, _, _ = _HEADER.unpack_from(answer, at)
                found = answer[at + _HEADER.size : at + length]
                if answered == _DONE:
                    return
                if answered == _ERROR:
                    code = -int(struct.unpack_from("=i", found)[0])
                    if code == 0:
                        return  # what ACK asked for
                    raise OSError(code, os.strerror(code) if flags & ACK else errno.errorcode.get(code, str(code)))
                yield found
                if not flags & (DUMP | ACK):
                    return
                at += (length + 3) & ~3


def attributes(body: bytes, at: int) -> Iterator[tuple[int, Any]]:
    """The attributes of a message behind its fixed part: their kinds and values."""
    while at + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, at)
        if length < 4:
            return
        yield kind & ~_NESTED, body[at + 4 : at + length]
        at += (length + 3) & ~3


def attribute(kind: int, value: bytes | str | int) -> bytes:
    """One attribute; text ends with NUL, numbers have 32 bits."""
    if isinstance(value, str):
        value = value.encode() + b"\0"
    elif isinstance(value, int):
        value = struct.pack("=I", value)
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def nest(kind: int, inner: Iterable[bytes]) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind, b"".join(inner))
