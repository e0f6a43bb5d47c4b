"""A child's events, made ours: its clock shifted to this process's, its connection ids replaced by ours.

Both ends of a connection bear one id although they were seen by two processes: the addresses in
the child's accept events find the id that this process's Connections gave the other end. It must
not know how the events came here.
"""

from __future__ import annotations

from typing import Any, Final

from protocols.record.connections import End, Role
from protocols.record.event import Event
from protocols.record.recorder import Recorder
from protocols.service.childmain import boot_id

_HELD: Final = 256
_DATAGRAM_CALLS: Final = ("recvfrom", "sendto")
_KNOWN: Final = 4096


class ForeignEvents:
    """Translates the events of one child, in the order in which they come."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._shift_ns = 0
        self._local: Any = None
        self._ends: dict[str, tuple[str, End]] = {}
        self._held: dict[str, list[Event]] = {}
        self._theirs: dict[str, str] = {}
        self._gone: dict[str, str] = {}

    def ready(self, event: Event) -> None:
        """The child listens: where, which datagrams' events do not repeat. A wildcard address is none."""
        local = _key(event.detail.get("address"))
        self._local = None if isinstance(local, tuple) and local[0] in ("0.0.0.0", "::") else local

    def hello(self, event: Event) -> None:
        """The child's first event: its clock. One machine has one monotonic clock until it boots again."""
        epoch_ns, boot = event.detail.get("epoch_ns"), event.detail.get("boot_id")
        if isinstance(epoch_ns, int) and (not boot or boot != boot_id()):
            self._shift_ns = epoch_ns - self._recorder.epoch_ns

    def take(self, event: Event) -> list[Event]:
        """The event with our time and connection id; none while its connection is not known by address yet."""
        conn = event.conn
        if conn is None:
            return [self._ours(event, None)]
        if conn in self._gone:
            return [self._ours(event, self._gone[conn])]
        if conn not in self._ends:
            found = self._addresses(event)
            held = self._held.setdefault(conn, [])
            held.append(event)
            if found is None and event.kind not in ("refused", "connection ended") and len(held) < _HELD:
                return []
            if len(self._ends) >= _KNOWN:
                self._forget(next(iter(self._ends)))
            self._ends[conn] = self._opened(found)
            self._theirs[self._ends[conn][1].conn] = conn
            ready = self._held.pop(conn)
        else:
            ready = [event]
        end = self._ends[conn][1]
        end.service = end.service or event.service
        if event.kind == "connection ended":
            self._forget(conn)
        return [self._ours(one, end.conn) for one in ready]

    def _forget(self, conn: str) -> None:
        transport, end = self._ends.pop(conn)
        self._theirs.pop(end.conn, None)
        self._recorder.connections.closed(transport, end)
        self._gone[conn] = end.conn
        if len(self._gone) > _KNOWN:
            del self._gone[next(iter(self._gone))]

    def _addresses(self, event: Event) -> tuple[str, Role, Any, Any] | None:
        """Transport, role and both addresses, where an event tells them."""
        detail, kind = event.detail, event.kind
        if kind == "accepted by" and "end_local" in detail:
            return str(detail["transport"]), "server", _key(detail["end_local"]), _key(detail["end_peer"])
        local, peer = detail.get("local"), detail.get("peer")
        if kind in ("accept", "connect") and isinstance(local, list) and isinstance(peer, list):
            return "tcp", "server" if kind == "accept" else "client", _key(local), _key(peer)
        if kind in _DATAGRAM_CALLS:  # the socket's own address is told once, when the child is ready
            transport = "udp" if isinstance(peer, list) else "unix-dgram"
            return transport, "client" if detail.get("end") == "client" else "server", self._local, _key(peer) or None
        return None

    def _opened(self, found: tuple[str, Role, Any, Any] | None) -> tuple[str, End]:
        connections = self._recorder.connections
        if found is None or found[2] is None or found[3] is None:
            return "", connections.lone("server")
        transport, role, local, peer = found
        return transport, connections.opened(transport, role, local, peer)

    def _ours(self, event: Event, conn: str | None) -> Event:
        return Event(
            event.t + self._shift_ns, event.layer, event.kind, event.service, conn, event.direction,
            event.offset, event.size, event.data, event.summary, event.detail,
        )  # fmt: skip

    def theirs(self, conn: str | None) -> str | None:
        """The child's own id of a connection, for commands to the child."""
        return self._theirs.get(conn) if conn is not None else None

    def rest(self) -> list[Event]:
        """What is still held when the child ends, and no end is left open."""
        events = [event for conn in list(self._held) for event in self._release(conn)]
        for conn in list(self._ends):
            self._forget(conn)
        return events

    def _release(self, conn: str) -> list[Event]:
        ours = self._recorder.connections.lone("server").conn
        return [self._ours(event, ours) for event in self._held.pop(conn)]




def _key(address: Any) -> Any:
    """An address as Connections has it: (host, port) undressed of IPv6 mapping, ("inode", n), or a path."""
    if isinstance(address, list) and len(address) >= 2:
        return str(address[0]).removeprefix("::ffff:"), address[1]
    return address
