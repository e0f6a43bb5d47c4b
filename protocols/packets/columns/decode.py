"""Decodes packets into columns, many at once, from header to header until nothing more is known.

    made = decode(array, at, captured, length, links)

A packet is never trusted: a header that does not fit ends its decoding, and so do too many headers. It must not know
where the packets come from.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocols.packets.columns import links as link
from protocols.packets.columns import network
from protocols.packets.columns import state as s
from protocols.packets.columns.state import PAD, Rows, State
from protocols.packets.files.table import MARK_CUT

ROUNDS: Final = 64
"""Headers that are looked at in one packet."""
_FARTHEST: Final = 0xFFF0
"""A header that begins farther on in its packet is not looked at."""
_HANDLERS: Final = {
    s.ETHERNET: link.ethernet, s.IPV4: network.ipv4, s.IPV6: network.ipv6, s.BY_NIBBLE: link.by_nibble,
    s.LLC: link.llc, 0x8100: link.vlan, 0x88A8: link.vlan, 0x9100: link.vlan, 0x8847: link.mpls, 0x8848: link.mpls,
    0x8864: link.pppoe, s.PPP: link.ppp, s.PPP_PROTOCOL: link.ppp_protocol, s.RADIOTAP: link.radiotap,
    s.WLAN: link.wlan,
}  # fmt: skip
_EXTENSIONS: Final = np.zeros(256, bool)
_EXTENSIONS[list(network.EXTENSIONS)] = True


def decode(
    array: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], captured: npt.NDArray[Any], length: npt.NDArray[Any],
    links: npt.NDArray[Any],
) -> dict[str, npt.NDArray[Any]]:  # fmt: skip
    """The columns of table.DECODED for packets at `at` in `array`, of these lengths and link types."""
    last = at + captured + PAD > len(array)
    if not last.any():
        return _decode(State(array, at, captured, length), links)
    made = _decode(State(array, at[~last], captured[~last], length[~last]), links[~last]) if not last.all() else None
    start = int(at[last].min())
    padded = np.concatenate((array[start:], np.zeros(PAD, np.uint8)))
    rest = _decode(State(padded, at[last] - start, captured[last], length[last]), links[last])
    if made is None:
        return rest
    whole = {}
    for name, column in rest.items():
        whole[name] = np.empty(len(at), column.dtype)
        whole[name][last], whole[name][~last] = column, made[name]
    return whole


def _decode(state: State, links: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    state.mark(np.flatnonzero(state.stop < state.full), MARK_CUT)
    link.begin(state, links)
    rows: Rows = np.flatnonzero(state.next)
    for _ in range(ROUNDS):
        if not len(rows):
            break
        _round(state, rows)
        rows = rows[state.next[rows] != s.DONE]
        far = state.place[rows] > _FARTHEST
        if far.any():
            rows = rows[~far]
    return state.out


def _round(state: State, rows: Rows) -> None:
    """One header further on."""
    codes = state.next[rows]
    seen = np.zeros(len(rows), bool)
    for code, handler in _HANDLERS.items():
        found = codes == code
        if found.any():
            seen |= found
            handler(state, rows[found])
        if seen.all():
            return
    carried = (codes >= s.PROTOCOL) & (codes < s.PROTOCOL + 256)
    if carried.any():
        inner = rows[carried]
        more = _EXTENSIONS[codes[carried] - s.PROTOCOL]
        if more.any():
            network.extension(state, inner[more])
        if not more.all():
            network.transport(state, inner[~more])
        seen |= carried
    if not seen.all():
        link.name_others(state, rows[~seen])
