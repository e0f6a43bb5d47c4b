"""Reconstructor: takes the lab's events and gives the packets that they imply, joined to connection and call.

What has no packets (UNIX sockets, socket pairs) is counted, not left out silently. It must not know files or views.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from protocols.packets.reconstruct.frame import Frame
from protocols.packets.reconstruct.tcp import Conversation, refused
from protocols.packets.reconstruct.udp import Datagrams
from protocols.record.connections import Role
from protocols.record.event import Raw, detail_of

INTERFACE: Final = "netlab reconstructed"
"""The name of the interface in files and lists: nobody shall take these packets for captured ones."""
MARK: Final = "reconstructed"
ABOUT: Final = (
    "Reconstructed by NetLab from the calls of its own sockets: payload, addresses, ports and times are true; headers, "
    "acknowledgements and sequence numbers (from 0) are made to fit. Not captured from a wire."
)
_LOCAL_ONLY: Final = ("unix", "unix-dgram", "unix-seqpacket", "other")
_DATAGRAM_CALLS: Final = frozenset(("sendto", "sendmsg", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into"))


class Reconstructor:
    """Grows by `feed`, batch after batch. without_packets: connections that no packet tells of (UNIX sockets)."""

    def __init__(self) -> None:
        self._conversations: dict[str, Conversation] = {}
        self._datagrams = Datagrams()
        self._kinds: dict[str, str] = {}
        self.without_packets: set[str] = set()
        self.packets = 0

    def feed(self, events: Iterable[tuple[int, Raw]]) -> list[Frame]:
        """The packets of these events, in the order of their times. The number of each is the caller's."""
        ordered = sorted(events, key=lambda one: one[1][0])
        for _, raw in ordered:
            self._learn(raw)
        frames: list[Frame] = []
        for row, raw in ordered:
            if raw[1] in ("call", "state", "message", "note"):
                frames += self._one(row, raw)
        frames.sort(key=lambda frame: frame.t)
        self.packets += len(frames)
        return frames

    def _learn(self, raw: Raw) -> None:
        """What kind of connection it is: TCP as soon as something says so, for a datagram's calls look alike."""
        conn, kind = raw[4], raw[2]
        if conn is None or self._kinds.get(conn) == "tcp":
            return
        detail = detail_of(raw)
        local = _local_only(raw, detail)
        if local:
            self._kinds[conn] = "local"
            self.without_packets.add(conn)
        elif raw[1] == "state" or kind == "accept" or (kind == "accepted by" and detail.get("transport") == "tcp"):
            self._kinds[conn] = "tcp"
        elif kind == "connect" and "errno" not in detail:
            self._kinds[conn] = "udp" if detail.get("transport") == "udp" else "tcp"
        elif conn not in self._kinds and _datagram(raw):
            self._kinds[conn] = "udp"

    def _one(self, row: int, raw: Raw) -> list[Frame]:
        conn = raw[4]
        kind = self._kinds.get(conn or "")
        if kind == "tcp" and conn is not None:
            known = self._conversations.get(conn)
            if known is None:
                known = self._conversations[conn] = Conversation(conn)
            return known.feed(row, raw)
        if kind == "udp" and conn is not None:
            return self._datagram(row, raw, conn)
        if raw[2] == "connect" and conn is None:
            return refused(row, raw, detail_of(raw))
        return []

    def _datagram(self, row: int, raw: Raw, conn: str) -> list[Frame]:
        detail = detail_of(raw)
        if raw[2] == "connect" and "errno" not in detail:
            self._datagrams.connected(conn, _role(detail), detail.get("local"), detail.get("peer"))
        moved = raw[5] is not None and raw[7] is not None and "errno" not in detail
        if not moved or (raw[1] == "message" and not _from_bulk(raw, detail)):
            return []
        return self._datagrams.feed(row, raw, detail)


def _role(detail: Any) -> Role:
    return "server" if detail.get("end") == "server" else "client"


def _datagram(raw: Raw) -> bool:
    """Whether an event is a datagram's: it has a size and no place in a stream."""
    if raw[5] is None or raw[6] is not None or raw[7] is None:
        return False
    detail = detail_of(raw)
    return (raw[1] == "call" and raw[2] in _DATAGRAM_CALLS) or _from_bulk(raw, detail)


def _from_bulk(raw: Raw, detail: Any) -> bool:
    """A listener's datagram that was taken with many others and has no call event of its own."""
    return raw[1] == "message" and raw[2] == "datagram" and "call" in detail


def _local_only(raw: Raw, detail: Any) -> bool:
    """A connection within this machine's kernel that no interface sees."""
    if raw[2] == "socketpair" or detail.get("transport") in _LOCAL_ONLY:
        return True
    if raw[1] != "call":
        return False
    return any(isinstance(detail.get(name), str) and detail[name] != "" for name in ("local", "peer", "end_local"))
