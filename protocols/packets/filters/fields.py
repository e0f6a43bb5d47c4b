"""What a display filter can ask of packets: fields by name, each read for many packets at once.

It must not know the language.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.gather import gather
from protocols.packets.columns.info import Relative
from protocols.packets.columns.kinds import ETHER_TYPES, IP_PROTOCOLS, KINDS
from protocols.packets.columns.texts import Texts
from protocols.packets.files.table import (
    MARK_BROKEN,
    MARK_CUT,
    MARK_FRAGMENT,
    MARK_PORTS,
    MARK_TUNNEL,
    MARK_VLAN,
    NO_TIME,
    NOWHERE,
)

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

Rows: TypeAlias = "npt.NDArray[np.int64]"
Values: TypeAlias = "npt.NDArray[Any]"
Mask: TypeAlias = "npt.NDArray[np.bool_]"
_U8: Final = np.dtype("u1")
_U16: Final = np.dtype(">u2")
_U32: Final = np.dtype(">u4")


@dataclass(frozen=True, slots=True)
class Field:
    """A field. kind: "number", "address", "text", "bytes" or "flag".

    read: its values in some rows, and in which of them there is one; several for what a packet has two of (ip.addr).
    """

    name: str
    kind: str
    text: str
    read: tuple[Callable[[View, Rows], tuple[Values, Mask]], ...]


class View:
    """The packets that a filter looks at. notes: what the experts say of each packet, as bits; None before they ran.

    streams: the number of each packet's conversation, None before they were told apart. relative: what sequence
    numbers count from, None for as they were sent. comments, marked: what somebody said of packets here, and which are
    marked.
    """

    def __init__(
        self, capture: Capture, notes: Values | None = None, streams: Values | None = None,
        relative: Relative | None = None, comments: Mapping[int, str] | None = None, marked: Collection[int] = (),
    ) -> None:  # fmt: skip
        self.capture: Final = capture
        self.notes: Final = notes
        self.streams: Final = streams
        self.relative: Final = relative
        self.texts: Final = Texts(capture, relative)
        self._comments = dict(comments or {})
        self.marked: Final = frozenset(marked)

    def comment(self, row: int) -> str:
        """What is said of a packet: here, or in the file; "" for nothing."""
        return self._comments[row] if row in self._comments else self.capture.comment(row)

    def column(self, name: str, rows: Rows) -> Values:
        """One column in these rows."""
        return self.capture.table.column(name)[rows]

    def header(self, base: str, offset: int, kind: np.dtype[Any], rows: Rows, there: Mask) -> tuple[Values, Mask]:
        """A number at `offset` of the header that column `base` gives the place of, where `there` and captured."""
        place = self.column(base, rows).astype(np.int64) + offset
        there = there & (place + kind.itemsize <= self.column("captured", rows))
        at = self.column("at", rows).astype(np.int64) + np.where(there, place, 0)
        return gather(self.capture.source.array, at, kind).astype(np.int64), there


def _column(name: str) -> Callable[[View, Rows], tuple[Values, Mask]]:
    return lambda view, rows: (view.column(name, rows).astype(np.int64), np.ones(len(rows), bool))


def _with_ports(name: str, protocol: int | None) -> Callable[[View, Rows], tuple[Values, Mask]]:
    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        there = (view.column("marks", rows) & MARK_PORTS) != 0
        if protocol is not None:
            there &= view.column("protocol", rows) == protocol
        return view.column(name, rows).astype(np.int64), there

    return read


def _is_ip(view: View, rows: Rows, family: int | None = None) -> Mask:
    found: Mask = view.column("family", rows) == family if family else np.isin(view.column("family", rows), (4, 6))
    return found


def _is_tcp(view: View, rows: Rows) -> Mask:
    there: Mask = (view.column("protocol", rows) == 6) & ((view.column("marks", rows) & MARK_PORTS) != 0)
    there &= view.column("transport", rows) != NOWHERE
    return there


def _tcp(offset: int, kind: np.dtype[Any]) -> Callable[[View, Rows], tuple[Values, Mask]]:
    return lambda view, rows: view.header("transport", offset, kind, rows, _is_tcp(view, rows))


def _numbers(which: int) -> Callable[[View, Rows], tuple[Values, Mask]]:
    """tcp.seq (0) and tcp.ack (1), as the list shows them."""
    read = tuple(_tcp(offset, _U32) for offset in (4, 8))

    def found(view: View, rows: Rows) -> tuple[Values, Mask]:
        if view.relative is None:
            return read[which](view, rows)
        (seq, there), (ack, _) = (one(view, rows) for one in read)
        return view.relative(rows, seq, ack)[which], there

    return found


def _ip(offset: int, family: int, kind: np.dtype[Any]) -> Callable[[View, Rows], tuple[Values, Mask]]:
    return lambda view, rows: view.header("net", offset, kind, rows, _is_ip(view, rows, family))


def _flag(bit: int) -> Callable[[View, Rows], tuple[Values, Mask]]:
    return lambda view, rows: ((view.column("flags", rows) >> bit) & 1, _is_tcp(view, rows))


def _mark(bit: int) -> Callable[[View, Rows], tuple[Values, Mask]]:
    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        there = (view.column("marks", rows) & bit) != 0
        return there.astype(np.int64), there

    return read


def _relative(view: View, rows: Rows) -> tuple[Values, Mask]:
    times = view.capture.table.column("time")
    known = times[times != NO_TIME][:1]
    mine = times[rows]
    return (mine - (known[0] if len(known) else 0)) / 1e9, mine != NO_TIME


def _absolute(view: View, rows: Rows) -> tuple[Values, Mask]:
    mine = view.column("time", rows)
    return mine / 1e9, mine != NO_TIME


def _stream(view: View, rows: Rows) -> tuple[Values, Mask]:
    found = _known(view.streams, rows, -1)
    return found, found >= 0


def _known(values: Values | None, rows: Rows, otherwise: int) -> Values:
    """What was found for these packets; a capture may have grown since."""
    made = np.full(len(rows), otherwise, np.int64)
    if values is not None:
        inside = rows < len(values)
        made[inside] = values[rows[inside]]
    return made


def _note(bit: int) -> Callable[[View, Rows], tuple[Values, Mask]]:
    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        there = (_known(view.notes, rows, 0) & bit) != 0
        return there.astype(np.int64), there

    return read


def _texts(make: Callable[[View, Rows], list[str]]) -> Callable[[View, Rows], tuple[Values, Mask]]:
    return lambda view, rows: (np.array(make(view, rows), object), np.ones(len(rows), bool))


def _comments(view: View, rows: Rows) -> tuple[Values, Mask]:
    found = [view.comment(row) for row in rows.tolist()]
    return np.array(found, object), np.array([bool(text) for text in found], bool)


def _marked(view: View, rows: Rows) -> tuple[Values, Mask]:
    there = np.array([row in view.marked for row in rows.tolist()], bool)
    return there.astype(np.int64), there


def _address(side: str) -> Callable[[View, Rows], tuple[Values, Mask]]:
    """16 bytes an address, those of IPv4 mapped into IPv6 (RFC 4291 section 2.5.5.2)."""

    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        made = np.zeros((len(rows), 16), np.uint8)
        four, six = _is_ip(view, rows, 4), _is_ip(view, rows, 6)
        made[four, 10:12] = 255
        made[four, 12:] = view.column(side, rows[four]).astype(">u4").view(np.uint8).reshape(-1, 4)
        chosen = rows[six]
        at = view.column("at", chosen).astype(np.int64) + view.column("net", chosen)
        at += 8 if side == "source" else 24
        made[six] = gather(view.capture.source.array, at, np.dtype("V16")).view(np.uint8).reshape(-1, 16)
        return made, four | six

    return read


def _mac(offset: int) -> Callable[[View, Rows], tuple[Values, Mask]]:
    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        links = np.array([one.linktype for one in view.capture.interfaces], np.int64)
        there = (links[view.column("interface", rows)] == 1) & (view.column("captured", rows) >= 12)
        at = view.column("at", rows).astype(np.int64) + np.where(there, offset, 0)
        found = gather(view.capture.source.array, at, np.dtype("V6"))
        return np.array([one.hex(":") for one in found.tolist()], object), there

    return read


def _bytes(view: View, rows: Rows) -> tuple[Values, Mask]:
    made = np.empty(len(rows), object)
    for place, row in enumerate(rows.tolist()):
        made[place] = view.capture.packet(row)
    return made, np.ones(len(rows), bool)


def _protocol(names: set[str]) -> Callable[[View, Rows], tuple[Values, Mask]]:
    numbers = [number for number, name in enumerate(KINDS) if name.lower() in names]

    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        there = np.isin(view.column("kind", rows), numbers)
        return there.astype(np.int64), there

    return read


def _carried(number: int) -> Callable[[View, Rows], tuple[Values, Mask]]:
    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        there = _is_ip(view, rows) & (view.column("protocol", rows) == number)
        return there.astype(np.int64), there

    return read


def _family(number: int | None) -> Callable[[View, Rows], tuple[Values, Mask]]:
    def read(view: View, rows: Rows) -> tuple[Values, Mask]:
        there = _is_ip(view, rows, number)
        return there.astype(np.int64), there

    return read


NOTE_BITS: Final = {
    "retransmission": 1, "duplicate_ack": 2, "zero_window": 4, "reset": 8, "out_of_order": 16, "lost_segment": 32,
    "keep_alive": 64, "malformed": 128,
}  # fmt: skip
"""What the experts find, by the name that a filter uses after "tcp.analysis."."""
_FIELDS: Final = (
    ("frame.number number", "number", "the packet's number", (
        lambda view, rows: (rows + 1, np.ones(len(rows), bool)),)),
    ("frame.len length", "number", "bytes on the wire", (_column("length"),)),
    ("frame.cap_len captured", "number", "bytes kept", (_column("captured"),)),
    ("frame.time_relative time", "number", "seconds since the first packet", (_relative,)),
    ("frame.time_epoch", "number", "seconds since 1970", (_absolute,)),
    ("frame.interface_id interface", "number", "number of the interface, from 0", (_column("interface"),)),
    ("ip.addr ipv6.addr addr", "address", "either address", (_address("source"), _address("destination"))),
    ("ip.src ipv6.src src", "address", "where it comes from", (_address("source"),)),
    ("ip.dst ipv6.dst dst", "address", "where it goes", (_address("destination"),)),
    ("eth.addr", "text", "either hardware address", (_mac(6), _mac(0))),
    ("eth.src", "text", "hardware address of the sender", (_mac(6),)),
    ("eth.dst", "text", "hardware address of the receiver", (_mac(0),)),
    ("port", "number", "either port", (_with_ports("sport", None), _with_ports("dport", None))),
    ("sport", "number", "source port", (_with_ports("sport", None),)),
    ("dport", "number", "destination port", (_with_ports("dport", None),)),
    ("tcp.port", "number", "either TCP port", (_with_ports("sport", 6), _with_ports("dport", 6))),
    ("tcp.srcport", "number", "TCP source port", (_with_ports("sport", 6),)),
    ("tcp.dstport", "number", "TCP destination port", (_with_ports("dport", 6),)),
    ("udp.port", "number", "either UDP port", (_with_ports("sport", 17), _with_ports("dport", 17))),
    ("udp.srcport", "number", "UDP source port", (_with_ports("sport", 17),)),
    ("udp.dstport", "number", "UDP destination port", (_with_ports("dport", 17),)),
    ("ip.proto", "number", "the protocol in IPv4, by number", (_ip(9, 4, _U8),)),
    ("ipv6.nxt", "number", "the next header in IPv6, by number", (_ip(6, 6, _U8),)),
    ("ip.ttl", "number", "hops that are left in IPv4", (_ip(8, 4, _U8),)),
    ("ipv6.hlim", "number", "hops that are left in IPv6", (_ip(7, 6, _U8),)),
    ("ip.id", "number", "identification in IPv4", (
        lambda view, rows: view.header("net", 4, _U16, rows, _is_ip(view, rows, 4)),)),
    ("tcp.len payload", "number", "bytes that TCP or UDP carries", (_column("payload"),)),
    ("tcp.seq", "number", "sequence number, as the list shows it", (_numbers(0),)),
    ("tcp.ack", "number", "acknowledgment number, as the list shows it", (_numbers(1),)),
    ("tcp.seq_raw", "number", "sequence number, as it was sent", (_tcp(4, _U32),)),
    ("tcp.ack_raw", "number", "acknowledgment number, as it was sent", (_tcp(8, _U32),)),
    ("tcp.window_size tcp.window", "number", "window, not scaled", (_tcp(14, _U16),)),
    ("tcp.flags", "number", "all flags of TCP", (
        lambda view, rows: (view.column("flags", rows), _is_tcp(view, rows)),)),
    ("tcp.stream udp.stream stream", "number", "number of the conversation", (_stream,)),
    ("ip.fragment", "flag", "a part of a datagram", (_mark(MARK_FRAGMENT),)),
    ("malformed", "flag", "a length or version that can't be", (_mark(MARK_BROKEN),)),
    ("cut", "flag", "not all bytes were kept", (_mark(MARK_CUT),)),
    ("tunnel", "flag", "IP within IP", (_mark(MARK_TUNNEL),)),
    ("vlan", "flag", "has a VLAN tag", (_mark(MARK_VLAN),)),
    ("info", "text", "the text of the list", (_texts(lambda view, rows: view.texts.infos(rows)),)),
    ("protocol", "text", "the protocol's name", (_texts(lambda view, rows: view.texts.protocols(rows)),)),
    ("comment frame.comment", "text", "what is said of it, here or in the file", (_comments,)),
    ("marked frame.marked", "flag", "marked here", (_marked,)),
    ("frame bytes data", "bytes", "all bytes", (_bytes,)),
)  # fmt: skip


def _all() -> dict[str, Field]:
    found: dict[str, Field] = {}
    reads: Any
    for names, kind, text, reads in _FIELDS:
        for name in names.split():
            found[name] = Field(name, kind, text, reads)
    for bit, flag in enumerate(("fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr")):
        found[f"tcp.flags.{flag}"] = Field(f"tcp.flags.{flag}", "flag", f"the flag {flag.upper()}", (_flag(bit),))
    for note, bit in NOTE_BITS.items():
        name = f"tcp.analysis.{note}"
        found[name] = Field(name, "flag", f"the experts say: {note.replace('_', ' ')}", (_note(bit),))
    for word in {*KINDS, *ETHER_TYPES.values()} - {"", "VLAN"}:
        found[word.lower()] = Field(word.lower(), "flag", f"packets of {word}", (_protocol({word.lower()}),))
    for number, word in IP_PROTOCOLS.items():
        found[word.lower()] = Field(word.lower(), "flag", f"packets that carry {word}", (_carried(number),))
    for word, family in (("ip", 4), ("ipv4", 4), ("ipv6", 6)):
        found[word] = Field(word, "flag", f"packets of IPv{family}", (_family(family),))
    return found


FIELDS: Final = _all()
"""All fields by name."""
