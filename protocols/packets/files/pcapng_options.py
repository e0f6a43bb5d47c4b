"""The options of pcapng blocks, and what interface, section and name blocks say.

draft-ietf-opsawg-pcapng sections 3.5, 4.1, 4.2 and 4.5. It must not know where blocks are in a file.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from typing import Final

from protocols.packets.files.walk import Interface

COMMENT: Final = 1
MOST_NAMES: Final = 100_000


class Options:
    """The options in `body`; what is broken ends them. order: "<" or ">"."""

    def __init__(self, body: bytes, order: str) -> None:
        self._order = order
        self._found: dict[int, list[bytes]] = {}
        for code, value in _pairs(body, order):
            self._found.setdefault(code, []).append(value)

    def text(self, code: int) -> str:
        """The texts under this code, each on a line; "" for none."""
        return "\n".join(value.decode("utf-8", "replace").rstrip("\0") for value in self._found.get(code, ()))

    def bytes(self, code: int) -> bytes:
        """The first value under this code, b"" for none."""
        return self._found.get(code, [b""])[0]

    def number(self, code: int) -> int | None:
        """The first value as a number, None where there is none of 1, 2, 4 or 8 bytes."""
        value = self.bytes(code)
        sign = {1: "B", 2: "H", 4: "I", 8: "Q"}.get(len(value))
        return int(struct.unpack(f"{self._order}{sign}", value)[0]) if sign else None


def _pairs(body: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(body):
        code, length = struct.unpack_from(f"{order}HH", body, at)
        at += 4
        if code == 0 or at + length > len(body):
            return
        yield code, body[at : at + length]
        at += length + -length % 4


def section_of(options: Options) -> dict[str, str]:
    """What a section header says of the machine and the program."""
    told = {"hardware": options.text(2), "system": options.text(3), "application": options.text(4),
            "comment": options.text(COMMENT)}  # fmt: skip
    return {name: value for name, value in told.items() if value}


def interface_of(body: bytes, order: str, raw: bytes) -> Interface:
    """What an interface description block says."""
    linktype, _, snap = struct.unpack_from(f"{order}HHI", body)
    options = Options(body[8:], order)
    (resolution,) = options.bytes(9)[:1] or b"\x06"
    power = resolution & 0x7F
    ticks = 2**power if resolution & 0x80 else 10**power
    offset = options.bytes(14)
    offset_s = struct.unpack(f"{order}q", offset)[0] if len(offset) == 8 else 0
    return Interface(
        linktype, snap, options.text(2), options.text(3), options.bytes(11)[1:].decode("utf-8", "replace"),
        options.text(12), options.text(COMMENT), ticks, offset_s, raw=raw,
    )  # fmt: skip


def names_of(body: bytes, order: str) -> dict[str, str]:
    """Addresses and their names (a name resolution block)."""
    found: dict[str, str] = {}
    for kind, value in _pairs(body, order):
        size = {1: 4, 2: 16}.get(kind)
        if size is None or len(value) <= size or len(found) >= MOST_NAMES:
            continue
        name = value[size:].split(b"\0")[0].decode("utf-8", "replace")
        found[str(ipaddress.ip_address(value[:size]))] = name
    return found
