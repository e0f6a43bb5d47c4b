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


class ForeignEvents:
    """Translates the events of one child, in the order in which they come."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._shift_ns = 0
        self._ends: dict[str, tuple[str, End]] = {}
        self._held: dict[str, list[Event]] = {}
        self._theirs: dict[str, str] = {}

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
        if conn not in self._ends:
            found = _addresses(event)
            held = self._held.setdefault(conn, [])
            held.append(event)
            if found is None and event.kind not in ("refused", "connection ended") and len(held) < _HELD:
                return []
            self._ends[conn] = self._opened(found)
            self._theirs[self._ends[conn][1].conn] = conn
            ready = self._held.pop(conn)
        else:
            ready = [event]
        transport, end = self._ends[conn]
        end.service = end.service or event.service
        if event.kind == "connection ended":
            self._recorder.connections.closed(transport, end)
            del self._ends[conn]
            self._theirs.pop(end.conn, None)
        return [self._ours(one, end.conn) for one in ready]

    def _opened(self, found: tuple[str, Role, Any, Any] | None) -> tuple[str, End]:
        connections = self._recorder.connections
        if found is None or found[2] is None:
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
        for transport, end in self._ends.values():
            self._recorder.connections.closed(transport, end)
        self._ends.clear()
        return events

    def _release(self, conn: str) -> list[Event]:
        ours = self._recorder.connections.lone("server").conn
        return [self._ours(event, ours) for event in self._held.pop(conn)]




def _addresses(event: Event) -> tuple[str, Role, Any, Any] | None:
    """Transport, role and both addresses, where an event tells them: a list of host and port is an internet one."""
    detail = event.detail
    if event.kind == "accepted by" and "end_local" in detail:
        return str(detail["transport"]), "server", _key(detail["end_local"]), _key(detail["end_peer"])
    if event.kind in ("accept", "connect"):
        local, peer = detail.get("local"), detail.get("peer")
        if isinstance(local, list) and isinstance(peer, list):
            return "tcp", "server" if event.kind == "accept" else "client", _key(local), _key(peer)
    return None


def _key(address: Any) -> Any:
    """An address as Connections has it: (host, port) undressed of IPv6 mapping, ("inode", n), or a path."""
    if isinstance(address, list) and len(address) >= 2:
        return str(address[0]).removeprefix("::ffff:"), address[1]
    return address
