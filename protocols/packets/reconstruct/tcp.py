"""One TCP connection as packets: the handshake from connect or accept, segments from sends and receives, the end
from shutdown, close, end of stream and reset (RFC 9293 section 3).

Sequence numbers begin at 0: the true ones are known to the kernel alone. Acknowledgements are told when a receive
returned; the kernel sends them sooner. It must not know events of other kinds, nor where packets go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from protocols.headers import ACK, FIN, PSH, RST, SYN, Address, address_of, ethernet, tcp_packet
from protocols.packets.reconstruct.frame import Frame
from protocols.record.connections import Role
from protocols.record.event import Raw, detail_of
from protocols.record.ranges import RECEIVES, SENDS

LOOPBACK_SEGMENT: Final = 65483
"""What Linux puts into one segment over the loopback interface, whose MTU is 65,536."""
ETHERNET_SEGMENT: Final = 1460
_OTHER: Final[dict[str, Role]] = {"client": "server", "server": "client"}
_RESETS: Final = frozenset(("ECONNRESET", "EPIPE"))
_BOTH_ENDED: Final = frozenset(("TIME_WAIT", "CLOSING", "LAST_ACK"))
_LINGER_0: Final = r"b'\x01\x00\x00\x00\x00\x00\x00\x00'"


@dataclass(slots=True)
class _Side:
    """One end: its address, how much of what it sent is told, and how much it has said it received."""

    address: Address | None = None
    sent: int = 0
    acknowledged: int = 0
    finished: bool = False
    fin_acknowledged: bool = False
    closed: bool = False
    received: int = 0
    service: str | None = None
    abrupt: bool = False

    @property
    def sequence(self) -> int:
        """The number of the next byte: the SYN takes one, a FIN another."""
        return 1 + self.sent + self.finished


class Conversation:
    """What is known of one connection. `feed` takes its events in order and gives the packets that they imply."""

    def __init__(self, conn: str) -> None:
        self.conn = conn
        self._sides: dict[Role, _Side] = {"client": _Side(), "server": _Side()}
        self._stands = False
        self._over = False
        self._frames: list[Frame] = []
        self._row = 0
        self._told = ""
        self._tls = False

    def feed(self, row: int, raw: Raw) -> list[Frame]:
        """The packets that this event implies; none while an address is missing."""
        self._frames, self._row = [], row
        detail = detail_of(raw)
        end: Role = "server" if detail.get("end") == "server" or raw[2] in ("accept", "accepted by") else "client"
        self._told = raw[9]
        self._tls = bool(detail.get("tls"))
        self._addresses(raw, detail, end)
        if self._addressed() and not self._over:
            self._event(raw, detail, end)
        return self._frames

    def _addresses(self, raw: Raw, detail: Any, end: Role) -> None:
        local, peer = detail.get("local"), detail.get("peer")
        if raw[2] == "accepted by":
            local, peer = detail.get("end_local"), detail.get("end_peer")
        if raw[3] is not None and raw[1] == "call":
            self._sides[end].service = raw[3]
        for side, address in ((self._sides[end], local), (self._sides[_OTHER[end]], peer)):
            if side.address is None:
                side.address = address_of(address)

    def _addressed(self) -> bool:
        """Both addresses are known, and of one family."""
        one, other = (side.address for side in self._sides.values())
        return one is not None and other is not None and (":" in one[0]) == (":" in other[0])

    def _event(self, raw: Raw, detail: Any, end: Role) -> None:
        kind, t, errno = raw[2], raw[0], detail.get("errno")
        if errno is not None:
            if errno in _RESETS and kind in RECEIVES | SENDS:
                self._handshake(t, 0)
                self._reset(t, _OTHER[end], f"{kind}() failed with {errno}")
            return
        if kind in ("connect", "accept", "accepted by") or raw[1] == "state":
            self._handshake(t, _took_ns(detail) if kind == "connect" else 0)
            if raw[1] == "state" and kind in _BOTH_ENDED:
                self._finish(t, end)
                self._finish(t, _OTHER[end])
        elif raw[1] == "call":
            self._call(raw, detail, end)

    def _call(self, raw: Raw, detail: Any, end: Role) -> None:
        kind, t, way, offset, size = raw[2], raw[0], raw[5], raw[6], raw[7]
        if way == "out" and offset is not None and size and kind in SENDS:
            self._handshake(t, 0)
            self._data(t, end, offset, size, raw[8] or b"")
        elif way == "in" and offset is not None and kind in RECEIVES:
            self._handshake(t, 0)
            self._received(t, end, offset, size or 0, raw[8] or b"")
        elif kind == "shutdown" and detail.get("how") in ("SHUT_WR", "SHUT_RDWR"):
            self._finish(t, end)
        elif kind == "setsockopt" and detail.get("option") == "SO_LINGER" and _LINGER_0 in str(detail.get("value")):
            self._sides[end].abrupt = True
        elif kind == "close" and not detail.get("put_off"):
            self._close(t, end)

    # Packets

    def _handshake(self, t: int, took_ns: int) -> None:
        if self._stands:
            return
        self._stands = True
        self._segment(t, "client", SYN, sequence=0)
        self._segment(t + took_ns // 3, "server", SYN | ACK, sequence=0)
        self._segment(t + 2 * (took_ns // 3), "client", ACK)

    def _data(self, t: int, sender: Role, offset: int, size: int, kept: bytes) -> None:
        """What of these bytes was not told before, in segments; bytes that were not kept are counted, not shown."""
        side = self._sides[sender]
        largest = self.segment_bytes()
        at, stop = max(side.sent, offset), offset + size
        while at < stop:
            count = min(largest, stop - at)
            side.sent = at
            part = kept[at - offset : at - offset + count]
            last = at + count == stop
            self._segment(t, sender, (PSH | ACK) if last else ACK, payload=part, offset=at, size=count)
            at += count
            side.sent = at

    def _received(self, t: int, receiver: Role, offset: int, size: int, kept: bytes) -> None:
        sender = _OTHER[receiver]
        if not size:
            self._finish(t, sender)
            return
        self._data(t, sender, offset, size, kept)  # the sender is another program, or its event comes later
        side = self._sides[receiver]
        side.received = max(side.received, offset + size)
        if side.acknowledged < side.received:
            self._segment(t, receiver, ACK)

    def _finish(self, t: int, sender: Role) -> None:
        side = self._sides[sender]
        if side.finished or self._over:
            return
        self._handshake(t, 0)
        self._segment(t, sender, FIN | ACK)
        side.finished = True
        self._segment(t, _OTHER[sender], ACK)
        self._sides[_OTHER[sender]].fin_acknowledged = True
        self._over = all(one.finished for one in self._sides.values())

    def _close(self, t: int, end: Role) -> None:
        side, other = self._sides[end], self._sides[_OTHER[end]]
        side.closed = True
        if side.abrupt or side.received < other.sent:
            why = "SO_LINGER 0" if side.abrupt else f"{other.sent - side.received} bytes were not read"
            self._reset(t, end, f"close() resets: {why}")
        else:
            self._finish(t, end)

    def _reset(self, t: int, sender: Role, why: str) -> None:
        if not self._over:
            self._told = why
            self._segment(t, sender, RST | ACK)
            self._over = True

    def segment_bytes(self) -> int:
        """The most payload in one segment, as the interface between the two ends has it."""
        address = self._sides["server"].address
        host = address[0] if address else ""
        return LOOPBACK_SEGMENT if host.startswith("127.") or host == "::1" else ETHERNET_SEGMENT

    def _segment(
        self, t: int, sender: Role, flags: int, *, sequence: int | None = None, payload: bytes = b"",
        offset: int | None = None, size: int = 0,
    ) -> None:  # fmt: skip
        side, other = self._sides[sender], self._sides[_OTHER[sender]]
        assert side.address is not None
        assert other.address is not None
        acknowledged = 0
        if flags & ACK:
            side.acknowledged = other.sent
            acknowledged = 1 + other.sent + other.finished
        missing = size - len(payload)
        packet = ethernet(tcp_packet(
            side.address, other.address, side.sequence if sequence is None else sequence, acknowledged, flags, payload,
            missing=missing, segment=self.segment_bytes() if flags & SYN else 0,
        ))  # fmt: skip
        self._frames.append(
            Frame(t, packet, len(packet) + missing, side.address, other.address, self.conn, sender, self._row, offset,
                  size, self._told_of(sender, missing))
        )  # fmt: skip

    def _told_of(self, sender: Role, missing: int) -> str:
        who = self._sides[sender].service
        said = [f"connection {self.conn}, {sender} end{f' ({who})' if who else ''}: {self._told}"]
        if self._tls:
            said.append("TLS: the bytes are plaintext as the program saw it, the wire carries them encrypted")
        if missing:
            said.append(f"{missing} bytes were not kept")
        return "; ".join(said)


def refused(row: int, raw: Raw, detail: Any) -> list[Frame]:
    """A connect that failed: the SYN, and the RST where one came. The port it went out from is not known: 0."""
    target, errno = address_of(detail.get("peer")), detail.get("errno")
    if target is None or errno not in ("ECONNREFUSED", "ETIMEDOUT"):
        return []
    here, anywhere = ("::1", "::") if ":" in target[0] else ("127.0.0.1", "0.0.0.0")
    source = (here if target[0] in (here, anywhere) else anywhere, 0)
    told = f"{raw[9]}; the port of this end is not known and stands as 0"
    syn = ethernet(tcp_packet(source, target, 0, 0, SYN, segment=LOOPBACK_SEGMENT))
    rst = ethernet(tcp_packet(target, source, 0, 1, RST | ACK))
    frames = [Frame(raw[0], syn, len(syn), source, target, None, "client", row, None, 0, told)]
    if errno == "ECONNREFUSED":
        t = raw[0] + _took_ns(detail)
        frames.append(Frame(t, rst, len(rst), target, source, None, "server", row, None, 0, told))
    return frames


def _took_ns(detail: Any) -> int:
    took = detail.get("took_ns")
    return took if isinstance(took, int) else 0
