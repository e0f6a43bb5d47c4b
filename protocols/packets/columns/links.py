"""Link layers, up to the IP header: Ethernet, VLAN, MPLS, PPPoE, Linux cooked, BSD loopback, raw IP, PPP, 802.11.

Link types are those of capture files (tcpdump.org/linktypes.html). Each handler takes rows whose next header is its
own. It must not know IP.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns import state as s
from protocols.packets.columns.gather import distinct
from protocols.packets.columns.kinds import ETHER_TYPES, NUMBER
from protocols.packets.columns.state import Rows, State, fields
from protocols.packets.files.table import MARK_BROKEN, MARK_VLAN

_U8: Final = np.dtype("u1")
_U16: Final = np.dtype(">u2")
_ETHERNET: Final = fields(14, type=(">u2", 12))
_LLC: Final = fields(8, dsap=("u1", 0), ssap=("u1", 1), control=("u1", 2), oui=(">u2", 3), low=("u1", 5),
                     type=(">u2", 6))  # fmt: skip
_PAIR: Final = fields(4, first=(">u2", 0), second=(">u2", 2))
_MPLS: Final = fields(4, bottom=("u1", 2))
_LOOP: Final = fields(4, big=(">u4", 0), little=("<u4", 0))
_SLL2: Final = fields(20, type=(">u2", 0))
_SLL: Final = fields(16, type=(">u2", 14))
_HDLC: Final = fields(4, type=(">u2", 2))
_WLAN: Final = fields(2, control=("u1", 0), flags=("u1", 1))
_RADIOTAP: Final = fields(8, length=("<u2", 2), present=("<u4", 4))
_V6_FAMILIES: Final = (10, 24, 28, 30)
_PPP: Final = {0x0021: s.IPV4, 0x0057: s.IPV6, 0x0281: 0x8847}


def begin(state: State, links: npt.NDArray[Any]) -> None:
    """Set what each packet begins with, by its link type."""
    first = int(links[0]) if len(links) else 1
    if (links == first).all():
        _begin(state, first, np.arange(len(links)))
        return
    for link in distinct(links):
        _begin(state, link, np.flatnonzero(links == link))


def _begin(state: State, link: int, rows: Rows) -> None:
    direct = {1: s.ETHERNET, 9: s.PPP, 50: s.PPP, 105: s.WLAN, 127: s.RADIOTAP, 12: s.BY_NIBBLE, 14: s.BY_NIBBLE,
              101: s.BY_NIBBLE, 228: s.IPV4, 229: s.IPV6, 119: s.WLAN, 163: s.WLAN, 51: 0x8864}  # fmt: skip
    if link in direct:
        state.go(rows, direct[link], {119: 144, 163: 64}.get(link, 0))
    elif link == 113:
        _cooked(state, state.holding(rows, 16), _SLL, 16)
    elif link == 276:
        _cooked(state, state.holding(rows, 20), _SLL2, 20)
    elif link in (0, 108):
        _loopback(state, state.holding(rows, 4))
    elif link == 104:
        rows = state.holding(rows, 4)
        state.go(rows, state.read(rows, _HDLC)["type"], 4)
    elif link == 204:
        state.go(rows, s.PPP, 1)


def _cooked(state: State, rows: Rows, header: np.dtype[Any], size: int) -> None:
    kind = state.read(rows, header)["type"].astype(np.uint32)
    state.name(rows, NUMBER["Ethernet"])
    state.go(rows, np.where(kind == 4, s.LLC, kind), size)


def _loopback(state: State, rows: Rows) -> None:
    family = state.read(rows, _LOOP)
    big, little = family["big"], family["little"]
    code = np.zeros(len(rows), np.uint32)
    code[(big == 2) | (little == 2)] = s.IPV4
    code[np.isin(big, _V6_FAMILIES) | np.isin(little, _V6_FAMILIES)] = s.IPV6
    state.go(rows, code, 4)


def ethernet(state: State, rows: Rows) -> None:
    """IEEE 802.3 section 3.2: a type, or a length and an LLC header."""
    state.name(rows, NUMBER["Ethernet"])
    rows = state.holding(rows, 14)
    kind = state.read(rows, _ETHERNET)["type"].astype(np.uint32)
    length = kind <= 1500
    if length.any():
        plain = rows[length]
        state.stop[plain] = np.minimum(state.stop[plain], state.place[plain] + 14 + kind[length])
        state.full[plain] = np.minimum(state.full[plain], state.place[plain] + 14 + kind[length])
        kind[length] = s.LLC
    state.go(rows, kind, 14)


def llc(state: State, rows: Rows) -> None:
    """IEEE 802.2, with the SNAP extension (RFC 1042)."""
    state.name(rows, NUMBER["802.2"])
    rows = state.holding(rows, 3)
    head = state.read(rows, _LLC)
    dsap, snap = head["dsap"], (head["dsap"] == 0xAA) & (head["ssap"] == 0xAA) & (head["control"] == 3)
    snap &= state.place[rows] + 8 <= state.stop[rows]
    state.name(rows[dsap == 0x42], NUMBER["STP"])
    code = np.zeros(len(rows), np.uint32)
    ethernet_type = snap & (head["oui"] == 0) & ((head["low"] == 0) | (head["low"] == 0xF8))
    code[ethernet_type] = head["type"][ethernet_type]
    cisco = snap & (head["oui"] == 0) & (head["low"] == 0x0C) & (head["type"] == 0x2000)
    state.name(rows[cisco], NUMBER["CDP"])
    code[(dsap == 0x06) & (head["control"] == 3)] = s.IPV4
    state.go(rows, code, np.where(snap, 8, 3))


def vlan(state: State, rows: Rows) -> None:
    """IEEE 802.1Q and 802.1ad: a tag, then a type or a length."""
    state.name(rows, NUMBER["VLAN"])
    state.mark(rows, MARK_VLAN)
    rows = state.holding(rows, 4)
    kind = state.read(rows, _PAIR)["second"].astype(np.uint32)
    state.go(rows, np.where(kind <= 1500, s.LLC, kind), 4)


def mpls(state: State, rows: Rows) -> None:
    """RFC 3032: labels up to the one at the bottom; then IP is told by its version."""
    state.name(rows, NUMBER["MPLS"])
    rows = state.holding(rows, 4)
    bottom = (state.read(rows, _MPLS)["bottom"] & 1) == 1
    state.go(rows, np.where(bottom, s.BY_NIBBLE, 0x8847), 4)


def by_nibble(state: State, rows: Rows) -> None:
    """IPv4 or IPv6, told by the first four bits."""
    rows = state.holding(rows, 1)
    version = state.read(rows, _U8) >> 4
    code = np.zeros(len(rows), np.uint32)
    code[version == 4], code[version == 6] = s.IPV4, s.IPV6
    state.next[rows] = code


def pppoe(state: State, rows: Rows) -> None:
    """RFC 2516: six bytes, then PPP."""
    state.name(rows, NUMBER["PPPoE"])
    rows = state.holding(rows, 8)
    state.go(rows, s.PPP_PROTOCOL, 6)


def ppp(state: State, rows: Rows) -> None:
    """RFC 1662: address and control may be left out."""
    rows = state.holding(rows, 2)
    framed = state.read(rows, _U16) == 0xFF03
    state.go(rows, s.PPP_PROTOCOL, np.where(framed, 2, 0))


def ppp_protocol(state: State, rows: Rows) -> None:
    """RFC 1661 section 2: one byte where it is odd, else two."""
    unnamed = rows[state.out["kind"][rows] == 0]
    state.name(unnamed, NUMBER["PPP"])
    rows = state.holding(rows, 2)
    number = state.read(rows, _U16)
    short = (number >> 8) & 1 == 1
    number = np.where(short, number >> 8, number)
    code = np.zeros(len(rows), np.uint32)
    for protocol, ether in _PPP.items():
        code[number == protocol] = ether
    state.go(rows, code, np.where(short, 1, 2))


def radiotap(state: State, rows: Rows) -> None:
    """radiotap.org: a header that says how long it is."""
    state.name(rows, NUMBER["802.11"])
    rows = state.holding(rows, 8)
    length = state.read(rows, _RADIOTAP)["length"].astype(np.int64)
    state.mark(rows[length < 8], MARK_BROKEN)
    state.go(rows, np.where(length < 8, s.DONE, s.WLAN), length)


def wlan(state: State, rows: Rows) -> None:
    """IEEE 802.11 data frames that are not encrypted, up to their LLC header."""
    state.name(rows, NUMBER["802.11"])
    rows = state.holding(rows, 24)
    head = state.read(rows, _WLAN)
    control, flags = head["control"].astype(np.int64), head["flags"]
    data = ((control & 0x0C) == 0x08) & ((control & 0x40) == 0) & ((control & 3) == 0) & ((flags & 0x40) == 0)
    quality = (control & 0x80) != 0
    size = 24 + np.where((flags & 3) == 3, 6, 0) + np.where(quality, 2, 0)
    size += np.where(quality & ((flags & 0x80) != 0), 4, 0)
    state.go(rows, np.where(data, s.LLC, s.DONE), size)


def name_others(state: State, rows: Rows) -> None:
    """Name what follows Ethernet and is not looked into."""
    codes = state.next[rows]
    for code, name in ETHER_TYPES.items():
        found = rows[codes == code]
        if len(found):
            state.name(found, NUMBER[name])
            if code in (0x0806, 0x8035):
                state.out["family"][found] = 2
                state.out["net"][found] = np.minimum(state.place[found], 0xFFFF)
    state.next[rows] = s.DONE
