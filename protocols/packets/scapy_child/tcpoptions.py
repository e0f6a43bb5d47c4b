"""The options of TCP one by one, with their bytes: scapy keeps them as plain pairs.

RFC 9293 section 3.1. It must not know scapy.
"""

from __future__ import annotations

import struct
from typing import Any, Final

_NAMES: Final = {
    0: "End of options", 1: "No operation", 2: "Maximum segment size", 3: "Window scale", 4: "SACK permitted",
    5: "SACK", 8: "Timestamps", 19: "MD5 signature", 28: "User timeout", 29: "TCP-AO", 30: "Multipath TCP",
    34: "Fast open cookie",
}  # fmt: skip


def option_rows(data: bytes, start: int) -> list[dict[str, Any]]:
    """The options in `data`, as fields of a tree; start: the packet's byte at which `data` begins.

    Ends at the first length that can't be.
    """
    rows, at = [], 0
    while at < len(data):
        kind = data[at]
        length = 1 if kind < 2 else data[at + 1] if at + 1 < len(data) else 0
        if length < 1 or (kind >= 2 and length < 2) or at + length > len(data):
            rows.append(_row("Malformed option", f"kind {kind}, length {length}", start + at, start + len(data)))
            break
        body = data[at + 2 : at + length]
        rows.append(_row(_NAMES.get(kind, f"Option {kind}"), _value(kind, body), start + at, start + at + length))
        at += length
        if kind == 0:
            break
    return rows


def _row(name: str, value: str, start: int, stop: int) -> dict[str, Any]:
    return {"name": name, "key": "TCP.option", "value": value, "bits": (start * 8, stop * 8)}


def _value(kind: int, body: bytes) -> str:
    if kind == 2 and len(body) == 2:
        return str(struct.unpack("!H", body)[0])
    if kind == 3 and len(body) == 1:
        return f"{body[0]} (times {1 << min(body[0], 14)})"
    if kind == 8 and len(body) == 8:
        value, echo = struct.unpack("!II", body)
        return f"{value}, echo of {echo}"
    if kind == 5 and len(body) % 8 == 0:
        edges = struct.unpack(f"!{len(body) // 4}I", body)
        return ", ".join(f"{low} to {high}" for low, high in zip(edges[::2], edges[1::2], strict=True))
    return body.hex(" ")
