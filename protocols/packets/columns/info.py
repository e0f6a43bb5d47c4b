"""The text that says what a packet does, made for some rows at once; and why a packet is strange.

    infos = make(capture, rows)      # rows: numbers of packets, as an array

It must not know who shows it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.application import OVER_TCP_PREFIX, READERS
from protocols.packets.columns.gather import distinct, gather
from protocols.packets.columns.kinds import IP_PROTOCOLS, KINDS, NUMBER
from protocols.packets.columns.state import fields
from protocols.packets.files.table import MARK_BROKEN, MARK_CUT, MARK_FRAGMENT, MARK_PORTS, NOWHERE

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

Rows = npt.NDArray[np.int64]
Relative: TypeAlias = "Callable[[Rows, npt.NDArray[Any], npt.NDArray[Any]], tuple[Any, Any]]"
_READ_BYTES: Final = 1600
_TCP: Final = fields(20, seq=(">u4", 4), ack=(">u4", 8), size=("u1", 12), window=(">u2", 14))
_ICMP: Final = fields(8, type=("u1", 0), code=("u1", 1), ident=(">u2", 4), sequence=(">u2", 6))
_ARP: Final = fields(28, op=(">u2", 6), sha=("V6", 8), spa=("V4", 14), tpa=("V4", 24))
_FRAGMENT: Final = fields(8, ident=(">u2", 4), place=(">u2", 6))
_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
FLAG_TEXTS: Final = tuple(
    "[" + ", ".join(name for bit, name in enumerate(_FLAGS) if value >> bit & 1) + "]" for value in range(256)
)
_UNREACHABLE: Final = {0: "network unreachable", 1: "host unreachable", 2: "protocol unreachable",
                       3: "port unreachable", 4: "fragmentation needed", 13: "administratively prohibited"}  # fmt: skip
_ICMP_TYPES: Final = {0: "Echo reply", 4: "Source quench", 5: "Redirect", 8: "Echo request", 11: "Time exceeded",
                      12: "Parameter problem", 13: "Timestamp request", 14: "Timestamp reply"}  # fmt: skip
_ICMP6_TYPES: Final = {
    1: "Destination unreachable", 2: "Packet too big", 3: "Time exceeded", 4: "Parameter problem", 128: "Echo request",
    129: "Echo reply", 130: "Multicast listener query", 131: "Multicast listener report", 133: "Router solicitation",
    134: "Router advertisement", 135: "Neighbor solicitation", 136: "Neighbor advertisement", 137: "Redirect",
    143: "Multicast listener report v2",
}  # fmt: skip

_READ: Final = np.array([name in READERS for name in KINDS])
"""Whether the payload of a kind is read."""


def make(capture: Capture, rows: Rows, relative: Relative | None = None) -> list[str]:
    """What each of `rows` does, in their order. relative: makes sequence numbers count from a begin."""
    table = capture.table
    kinds, marks = table.column("kind")[rows], table.column("marks")[rows]
    protocols = table.column("protocol")[rows]
    made = [""] * len(rows)
    fragment = (marks & (MARK_FRAGMENT | MARK_PORTS)) == MARK_FRAGMENT
    _put(made, fragment, _fragments(capture, rows[fragment]))
    family = table.column("family")[rows]
    tcp = ~fragment & (protocols == 6) & (family >= 4) & (marks & MARK_PORTS != 0)
    _put(made, tcp, _tcp(capture, rows[tcp], relative))
    rest = ~fragment & ~tcp
    for kind in distinct(kinds[rest]):
        chosen = rest & (kinds == kind)
        _put(made, chosen, _HANDLERS.get(KINDS[kind], _datagrams)(capture, rows[chosen]))
    for place in np.flatnonzero(marks & (MARK_BROKEN | MARK_CUT)).tolist():
        note = "malformed" if marks[place] & MARK_BROKEN else "cut"
        made[place] = f"{made[place]} [{note}]".lstrip()
    return made


def _put(made: list[str], chosen: npt.NDArray[np.bool_], texts: list[str]) -> None:
    for place, text in zip(np.flatnonzero(chosen).tolist(), texts, strict=True):
        made[place] = text


def _header(capture: Capture, rows: Rows, column: str, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    at, offset = capture.table.columns("at", column)
    return gather(capture.source.array, at[rows].astype(np.int64) + offset[rows], kind)


def _payloads(capture: Capture, rows: Rows, skip: npt.NDArray[np.int64] | int) -> list[bytes]:
    """The first bytes behind transport headers of `skip` bytes, none behind the end of a datagram."""
    at, transport, payload, captured = (
        column[rows].astype(np.int64) for column in capture.table.columns("at", "transport", "payload", "captured")
    )
    begin = transport + skip
    size = np.minimum(np.minimum(payload, _READ_BYTES), captured - begin)
    data = capture.source.data
    return [bytes(data[start : start + length]) if length > 0 else b""
            for start, length in zip((at + begin).tolist(), size.tolist(), strict=True)]  # fmt: skip


def _tcp(capture: Capture, rows: Rows, relative: Relative | None) -> list[str]:
    head = _header(capture, rows, "transport", _TCP)
    seqs, acks = (head["seq"], head["ack"]) if relative is None else relative(rows, head["seq"], head["ack"])
    table = capture.table
    kinds, flags = table.column("kind")[rows], table.column("flags")[rows]
    made = [
        f"{sport} → {dport} {FLAG_TEXTS[flag]} Seq={seq} Ack={ack} Win={window} Len={size}"
        if flag & 16 else f"{sport} → {dport} {FLAG_TEXTS[flag]} Seq={seq} Win={window} Len={size}"
        for sport, dport, flag, seq, ack, window, size in zip(
            table.column("sport")[rows].tolist(), table.column("dport")[rows].tolist(), flags.tolist(),
            seqs.tolist(), acks.tolist(), head["window"].tolist(),
            table.column("payload")[rows].tolist(), strict=True)
    ]  # fmt: skip
    for place in np.flatnonzero(flags & 2).tolist():
        made[place] += _options(capture, int(rows[place]), int(head["size"][place] >> 4) * 4)
    named = np.flatnonzero((kinds != NUMBER["TCP"]) & _READ[kinds])
    skip = (head["size"][named] >> 4).astype(np.int64) * 4
    skip[kinds[named] == NUMBER["DNS"]] += OVER_TCP_PREFIX
    payloads = _payloads(capture, rows[named], skip)
    for place, kind, data in zip(named.tolist(), kinds[named].tolist(), payloads, strict=True):
        made[place] = READERS[KINDS[kind]](data) or made[place]
    return made


def _options(capture: Capture, row: int, size: int) -> str:
    """The options that a SYN negotiates."""
    start = int(capture.table.column("transport")[row])
    data, at, told = capture.packet(row)[start + 20 : start + size], 0, []
    while at < len(data) and data[at] != 0:
        if data[at] == 1:
            at += 1
            continue
        length = data[at + 1] if at + 1 < len(data) else 0
        if length < 2:
            break
        body = data[at + 2 : at + length]
        if data[at] == 2 and len(body) == 2:
            told.append(f"MSS={struct.unpack('!H', body)[0]}")
        elif data[at] == 3 and len(body) == 1:
            told.append(f"WS={1 << min(body[0], 14)}")
        elif data[at] == 4:
            told.append("SACK_PERM")
        at += length
    return "".join(f" {one}" for one in told)


def _datagrams(capture: Capture, rows: Rows) -> list[str]:
    """UDP, and whatever else has ports; the rest is told by its IP protocol."""
    table = capture.table
    kinds, marks, protocols = (table.column(name)[rows] for name in ("kind", "marks", "protocol"))
    made = [""] * len(rows)
    read = np.flatnonzero((protocols == 17) & _READ[kinds])
    payloads = _payloads(capture, rows[read], 8)
    for place, kind, data in zip(read.tolist(), kinds[read].tolist(), payloads, strict=True):
        made[place] = READERS[KINDS[kind]](data)
    return [told or _plain_text(capture, row, mark) for told, row, mark in
            zip(made, rows.tolist(), marks.tolist(), strict=True)]  # fmt: skip


def _udp(capture: Capture, rows: Rows) -> list[str]:
    names = ("sport", "dport", "payload", "marks")
    return [f"{sport} → {dport} Len={size}" if mark & MARK_PORTS else "UDP" for sport, dport, size, mark in
            zip(*(capture.table.column(name)[rows].tolist() for name in names), strict=True)]  # fmt: skip


def _plain_text(capture: Capture, row: int, mark: int) -> str:
    table = capture.table
    if mark & MARK_PORTS:
        return f"{table.column('sport')[row]} → {table.column('dport')[row]} Len={table.column('payload')[row]}"
    family, protocol = int(table.column("family")[row]), int(table.column("protocol")[row])
    if family in (4, 6) and int(table.column("transport")[row]) != NOWHERE:
        return IP_PROTOCOLS.get(protocol, f"IP protocol {protocol}")
    if family in (4, 6):
        return f"IP protocol {protocol}, nothing of it was kept"
    data = capture.packet(row)
    if capture.linktype(row) == 1 and len(data) >= 14:
        kind = int.from_bytes(data[12:14], "big")
        return f"Ethernet type 0x{kind:04x}" if kind > 1500 else f"{kind} bytes behind a length"
    return f"{len(data)} bytes"


def _fragments(capture: Capture, rows: Rows) -> list[str]:
    head = _header(capture, rows, "net", _FRAGMENT)
    family, protocol = capture.table.column("family")[rows], capture.table.column("protocol")[rows]
    made = []
    for six, number, place, ident in zip((family == 6).tolist(), protocol.tolist(), head["place"].tolist(),
                                         head["ident"].tolist(), strict=True):  # fmt: skip
        name = IP_PROTOCOLS.get(number, f"protocol {number}")
        made.append(f"Fragment of {name}" if six else f"Fragment of {name}, from byte {(place & 0x1FFF) * 8}, "
                    f"{'more follow' if place & 0x2000 else 'the last'}, id 0x{ident:04x}")  # fmt: skip
    return made


def _icmp(capture: Capture, rows: Rows) -> list[str]:
    head = _header(capture, rows, "transport", _ICMP)
    made = []
    for kind, code, ident, sequence in head.tolist():
        if kind in (0, 8):
            made.append(f"{_ICMP_TYPES[kind]} id=0x{ident:04x} seq={sequence}")
        elif kind == 3:
            made.append(f"Destination unreachable ({_UNREACHABLE.get(code, f'code {code}')})")
        elif kind == 11:
            made.append("Time exceeded (time to live)" if code == 0 else "Time exceeded (reassembly)")
        else:
            made.append(_ICMP_TYPES.get(kind, f"Type {kind}, code {code}"))
    return made


def _icmp6(capture: Capture, rows: Rows) -> list[str]:
    head = _header(capture, rows, "transport", _ICMP)
    return [
        f"{_ICMP6_TYPES[kind]} id=0x{ident:04x} seq={sequence}" if kind in (128, 129)
        else _ICMP6_TYPES.get(kind, f"Type {kind}, code {code}")
        for kind, code, ident, sequence in head.tolist()
    ]  # fmt: skip


def _arp(capture: Capture, rows: Rows) -> list[str]:
    made = []
    for op, sender, source, target in _header(capture, rows, "net", _ARP).tolist():
        theirs, asked = ".".join(map(str, source)), ".".join(map(str, target))
        if op == 1:
            made.append(f"Who has {asked}? Tell {theirs}" if asked != theirs else f"Announcement of {theirs}")
        elif op == 2:
            made.append(f"{theirs} is at {sender.hex(':')}")
        else:
            made.append(f"Operation {op}")
    return made



_HANDLERS: Final[dict[str, Callable[[Any, Rows], list[str]]]] = {
    "UDP": _udp, "ICMP": _icmp, "ICMPv6": _icmp6, "ARP": _arp, "RARP": _arp,
}  # fmt: skip
