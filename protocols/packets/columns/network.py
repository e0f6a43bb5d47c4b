"""IP and what it carries, up to ports: IPv4, IPv6 with its extension headers, tunnels, TCP, UDP.

RFC 791, 8200, 2003, 2473, 2784, 7348, 8926, 9293, 768. Each handler takes rows whose next header is its own.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns import state as s
from protocols.packets.columns.kinds import BY_PROTOCOL, NUMBER, TCP_PORTS, UDP_PORTS
from protocols.packets.columns.state import PROTOCOL, Rows, State, fields
from protocols.packets.files.table import (
    MARK_BROKEN,
    MARK_FRAGMENT,
    MARK_PORTS,
    MARK_TUNNEL,
    NOWHERE,
)

_IPV4: Final = fields(20, first=("u1", 0), length=(">u2", 2), fragment=(">u2", 6), protocol=("u1", 9),
                      source=(">u4", 12), destination=(">u4", 16))  # fmt: skip
_IPV6: Final = fields(40, first=("u1", 0), length=(">u2", 4), protocol=("u1", 6),
                      s0=(">u4", 8), s1=(">u4", 12), s2=(">u4", 16), s3=(">u4", 20),
                      d0=(">u4", 24), d1=(">u4", 28), d2=(">u4", 32), d3=(">u4", 36))  # fmt: skip
_EXTENSION: Final = fields(8, protocol=("u1", 0), length=("u1", 1), fragment=(">u2", 2))
_TCP: Final = fields(20, sport=(">u2", 0), dport=(">u2", 2), size=("u1", 12), flags=("u1", 13))
_UDP: Final = fields(8, sport=(">u2", 0), dport=(">u2", 2), length=(">u2", 4))
_GRE: Final = fields(4, flags=(">u2", 0), type=(">u2", 2))
_GENEVE: Final = fields(8, options=("u1", 0), type=(">u2", 2))
_WORD: Final = np.dtype(">u4")
_BEGINNINGS: Final = {
    b"GET ": "HTTP", b"POST": "HTTP", b"HTTP": "HTTP", b"HEAD": "HTTP", b"PUT ": "HTTP", b"DELE": "HTTP",
    b"OPTI": "HTTP", b"PATC": "HTTP", b"CONN": "HTTP", b"SSH-": "SSH",
}  # fmt: skip
_MAPPED: Final = {int.from_bytes(start, "big"): NUMBER[name] for start, name in _BEGINNINGS.items()}
EXTENSIONS: Final = (0, 43, 44, 51, 60, 135, 139, 140)


def ipv4(state: State, rows: Rows) -> None:
    """RFC 791 section 3.1; what can't be IPv4 keeps the addresses of the link."""
    rows = state.holding(rows, 20)
    head = state.read(rows, _IPV4)
    first, total = head["first"], head["length"].astype(np.int64)
    size = (first & 15).astype(np.int64) * 4
    version = first >> 4
    good = (version == 4) & (size >= 20) & ((total >= size) | (total == 0))
    if not good.all():
        bad = rows[~good]
        state.mark(bad, MARK_BROKEN)
        state.name(bad, NUMBER["IPv4"])
        state.next[bad] = np.where(version[~good] == 6, s.IPV6, s.DONE)
        rows, head, size, total = rows[good], head[good], size[good], total[good]
    place = state.place[rows]
    _enter(state, rows, 4, head["source"], head["destination"], head["protocol"])
    end = np.where(total == 0, state.full[rows], place + total)
    state.full[rows] = np.minimum(state.full[rows], end)
    state.stop[rows] = np.minimum(state.stop[rows], end)
    fragment = head["fragment"]
    state.mark(rows[(fragment & 0x3FFF) != 0], MARK_FRAGMENT)
    code = head["protocol"].astype(np.uint32) + PROTOCOL
    code[(fragment & 0x1FFF) != 0] = s.DONE
    state.go(rows, code, size)


def ipv6(state: State, rows: Rows) -> None:
    """RFC 8200 section 3."""
    rows = state.holding(rows, 40)
    head = state.read(rows, _IPV6)
    good = (head["first"] >> 4) == 6
    if not good.all():
        bad = rows[~good]
        state.mark(bad, MARK_BROKEN)
        state.name(bad, NUMBER["IPv6"])
        state.next[bad] = s.DONE
        rows, head = rows[good], head[good]
    length = head["length"].astype(np.int64)
    end = np.where(length == 0, state.full[rows], state.place[rows] + 40 + length)
    source, destination = (_folded(head, side) for side in "sd")
    _enter(state, rows, 6, source, destination, head["protocol"])
    state.full[rows] = np.minimum(state.full[rows], end)
    state.stop[rows] = np.minimum(state.stop[rows], end)
    state.go(rows, head["protocol"].astype(np.uint32) + PROTOCOL, 40)


def _folded(head: npt.NDArray[Any], side: str) -> npt.NDArray[np.uint32]:
    folded = head[f"{side}0"].astype(np.uint32)
    for part in "123":
        folded = (folded << np.uint32(7) | folded >> np.uint32(25)) ^ head[f"{side}{part}"]
    return folded


def _enter(state: State, rows: Rows, family: int, source: Any, destination: Any, protocol: Any) -> None:
    """An IP header begins at the place of `rows`: what an outer one said is no longer told."""
    out = state.out
    inner = rows[out["net"][rows] != NOWHERE]
    if len(inner):
        state.mark(inner, MARK_TUNNEL)
        out["marks"][inner] &= 0xFF ^ (MARK_PORTS | MARK_FRAGMENT)
        out["sport"][inner] = out["dport"][inner] = out["flags"][inner] = 0
        out["payload"][inner] = 0
        out["transport"][inner] = NOWHERE
    out["net"][rows] = state.place[rows]
    out["family"][rows] = family
    out["source"][rows] = source
    out["destination"][rows] = destination
    out["protocol"][rows] = protocol
    out["kind"][rows] = NUMBER["IPv4"] if family == 4 else NUMBER["IPv6"]


def extension(state: State, rows: Rows) -> None:
    """Extension headers of IPv6 (RFC 8200 section 4), and AH in IPv4 (RFC 4302)."""
    number = state.next[rows] - PROTOCOL
    six = (state.out["family"][rows] == 6) | (number == 51)
    if not six.all():
        other = rows[~six]
        state.out["transport"][other] = state.place[other]
        state.next[other] = s.DONE
        rows, number = rows[six], number[six]
    there = state.holding(rows, 8)
    if len(there) < len(rows):
        number = number[np.isin(rows, there)]
        rows = there
    head = state.read(rows, _EXTENSION)
    size = np.where(number == 51, (head["length"].astype(np.int64) + 2) * 4, (head["length"].astype(np.int64) + 1) * 8)
    size[number == 44] = 8
    code = head["protocol"].astype(np.uint32) + PROTOCOL
    fragment = np.where(number == 44, head["fragment"], 0)
    state.mark(rows[(fragment & 0xFFF9) != 0], MARK_FRAGMENT)
    code[(fragment & 0xFFF8) != 0] = s.DONE
    state.out["protocol"][rows] = head["protocol"]
    state.go(rows, code, size)


def transport(state: State, rows: Rows) -> None:
    """What IP carries: TCP and UDP are looked into, tunnels followed, the others named."""
    number = state.next[rows] - PROTOCOL
    out = state.out
    out["transport"][rows] = np.minimum(state.place[rows], NOWHERE)
    named = BY_PROTOCOL[number]
    has_name = named != 0
    state.name(rows[has_name], named[has_name])
    state.next[rows] = s.DONE
    for protocol, code in ((4, s.IPV4), (41, s.IPV6), (137, 0x8847)):
        found = rows[number == protocol]
        if len(found):
            state.next[found] = code
    for protocol, handler in ((6, _tcp), (17, _udp), (132, _ports), (136, _udp), (33, _ports), (47, _gre)):
        found = rows[number == protocol]
        if len(found):
            handler(state, found)


def _with_ports(state: State, rows: Rows, head: npt.NDArray[Any]) -> None:
    state.out["sport"][rows] = head["sport"]
    state.out["dport"][rows] = head["dport"]
    state.mark(rows, MARK_PORTS)


def _ports(state: State, rows: Rows) -> None:
    rows = state.holding(rows, 4)
    _with_ports(state, rows, state.read(rows, _UDP))


def _tcp(state: State, rows: Rows) -> None:
    """RFC 9293 section 3.1."""
    rows = state.holding(rows, 4)
    head = state.read(rows, _TCP)
    _with_ports(state, rows, head)
    room = state.stop[rows] - state.place[rows]
    if (room < 14).any():
        rows, head, room = rows[room >= 14], head[room >= 14], room[room >= 14]
    state.out["flags"][rows] = head["flags"]
    size = (head["size"] >> 4).astype(np.int64) * 4
    payload = state.full[rows] - state.place[rows] - size
    payload[size < 20] = 0
    state.mark(rows[size < 20], MARK_BROKEN)
    payload = np.clip(payload, 0, NOWHERE)
    state.out["payload"][rows] = payload
    carrying = payload > 0
    rows, head, size, room = rows[carrying], head[carrying], size[carrying], room[carrying]
    kind = _by_ports(TCP_PORTS, head)
    readable = room >= size + 4
    start = state.read(rows[readable], _WORD, size[readable]).astype(np.uint32)
    told = np.zeros(len(start), np.uint8)
    for beginning, number in _MAPPED.items():
        told[start == beginning] = number
    record = (start >> 24 >= 20) & (start >> 24 <= 23) & ((start >> 8) & 0xFFFF >= 0x0300)
    told[record & ((start >> 8) & 0xFFFF <= 0x0304)] = NUMBER["TLS"]
    kind[readable] = np.where(told != 0, told, kind[readable])
    state.name(rows[kind != 0], kind[kind != 0])


def _udp(state: State, rows: Rows) -> None:
    """RFC 768."""
    rows = state.holding(rows, 4)
    head = state.read(rows, _UDP)
    _with_ports(state, rows, head)
    there = state.stop[rows] - state.place[rows] >= 8
    rows, head = rows[there], head[there]
    room = state.full[rows] - state.place[rows] - 8
    said = head["length"].astype(np.int64) - 8
    lite = state.out["protocol"][rows] == 136
    payload = np.where((said >= 0) & ~lite, np.minimum(said, room), room)
    state.mark(rows[(said < 0) & (head["length"] != 0) & ~lite], MARK_BROKEN)
    state.out["payload"][rows] = np.clip(payload, 0, NOWHERE)
    kind = _by_ports(UDP_PORTS, head)
    state.name(rows[kind != 0], kind[kind != 0])
    for name, handler in (("VXLAN", _vxlan), ("GENEVE", _geneve)):
        found = rows[kind == NUMBER[name]]
        if len(found):
            handler(state, found)


def _by_ports(table: npt.NDArray[np.uint8], head: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    low, high = np.minimum(head["sport"], head["dport"]), np.maximum(head["sport"], head["dport"])
    kind: npt.NDArray[np.uint8] = table[low]
    return np.where(kind == 0, table[high], kind)


def _vxlan(state: State, rows: Rows) -> None:
    """RFC 7348 section 5: eight bytes, then Ethernet."""
    rows = rows[state.place[rows] + 16 + 14 <= state.stop[rows]]
    state.go(rows, s.ETHERNET, 16)


def _geneve(state: State, rows: Rows) -> None:
    """RFC 8926 section 3.4."""
    rows = rows[state.place[rows] + 16 <= state.stop[rows]]
    head = state.read(rows, _GENEVE, 8)
    kind = head["type"].astype(np.uint32)
    size = 16 + (head["options"] & 0x3F).astype(np.int64) * 4
    state.go(rows, np.where(kind == 0x6558, s.ETHERNET, kind), size)


def _gre(state: State, rows: Rows) -> None:
    """RFC 2784 and 2890."""
    rows = state.holding(rows, 4)
    head = state.read(rows, _GRE)
    flags, kind = head["flags"].astype(np.int64), head["type"].astype(np.uint32)
    size = 4 + 4 * (((flags & 0xC000) != 0).astype(np.int64) + ((flags >> 13) & 1) + ((flags >> 12) & 1))
    plain = (flags & 7) == 0
    kind[kind == 0x6558] = s.ETHERNET
    kind[~plain] = s.DONE
    state.go(rows, kind, size)
