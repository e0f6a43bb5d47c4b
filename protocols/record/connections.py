"""Connections: one id for both ends of a connection, and the byte counters of each end.

Keyed by transport and both addresses, never by an IP address alone. Whichever end is seen
first gives the id; the other end, found by the mirrored key, gets the same. It must not
know sockets: only addresses, roles and byte counts.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Collection, Hashable
from typing import Final, Literal, TypeAlias

Role: TypeAlias = Literal["client", "server"]
Key: TypeAlias = tuple[Hashable, Hashable, Hashable]
KEEP_WHOLE_BYTES: Final = 8 << 20
"""Bytes of one end that are kept whole; beyond them each call keeps at most KEEP_HEAD_BYTES."""
KEEP_CALL_BYTES: Final = 64 << 10
KEEP_HEAD_BYTES: Final = 2 << 10
REMEMBERED: Final = 4096
"""Closed ends that stay known, so that a late accept() still finds its connection."""
PAIRING_NS: Final = 2_000_000_000


class End:
    """One end of a connection: its id, its role and how many bytes went each way.

    An end is used by one thread per direction at a time, as a socket is.
    """

    __slots__ = ("closed_ns", "conn", "kept", "local", "peer", "received", "role", "sent", "service", "state")

    def __init__(self, conn: str, role: Role, local: Hashable, peer: Hashable) -> None:
        self.conn = conn
        self.role = role
        self.local = local
        self.peer = peer
        self.sent = 0
        self.received = 0
        self.kept = 0
        self.closed_ns = 0
        self.service: str | None = None
        self.state = ""
        """The last TCP state seen of this end, "" before the first."""

    def keep(self, size: int) -> int:
        """How many of `size` bytes to keep with the event; the byte range is exact all the same."""
        limit = KEEP_CALL_BYTES if self.kept < KEEP_WHOLE_BYTES else KEEP_HEAD_BYTES
        kept = size if size < limit else limit
        self.kept += kept
        return kept


class Connections:
    """Gives ids to connections, "1", "2", .., in the order in which they are first seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._ends: dict[Key, End] = {}
        self._gone: deque[tuple[Key, End]] = deque()
        self._opposite: dict[Key, End] = {}
        self.changed: Final = threading.Event()
        """Set whenever a connection is opened or closed; whoever waits for it clears it."""

    def opened(self, transport: str, role: Role, local: Hashable, peer: Hashable) -> End:
        """One end stands. `local` and `peer` are that end's own and the other's address.

        The same addresses seen again in the same role are a new connection: ports are used again.
        """
        mine, other = (transport, local, peer), (transport, peer, local)
        with self._lock:
            twin = self._ends.get(other)
            before = self._ends.get(mine)
            if twin is not None and twin.role != role and _fresh(twin) and (before is None or before.conn != twin.conn):
                conn = twin.conn
            else:
                conn = str(next(self._numbers))
            end = End(conn, role, local, peer)
            watched = self._opposite.pop(mine, None)
            if watched is not None and watched.conn == conn:
                end.state = watched.state  # it was looked at from the other side before its call returned
            self._ends[mine] = end
        if not self.changed.is_set():  # asking costs a tenth of setting
            self.changed.set()
        return end

    def opposite(self, transport: str, end: End) -> End | None:
        """The other end of a connection, for who looks at it in the kernel's table; None once it is known itself."""
        key = (transport, end.peer, end.local)
        with self._lock:
            known = self._ends.get(key)
            if known is not None and known.conn == end.conn:
                return None
            other = self._opposite.get(key)
            if other is None or other.conn != end.conn:
                role: Role = "server" if end.role == "client" else "client"
                other = self._opposite[key] = End(end.conn, role, end.peer, end.local)
            return other

    def keep_opposites(self, conns: Collection[str]) -> None:
        """Forget the other ends of all connections but these."""
        with self._lock:
            for key in [key for key, end in self._opposite.items() if end.conn not in conns]:
                del self._opposite[key]

    def lone(self, role: Role, local: Hashable = None, peer: Hashable = None, conn: str | None = None) -> End:
        """An end whose other end can't be recognised by address (socket pairs, unnamed UNIX sockets).

        `conn` joins it to a connection that the caller knows by other means.
        """
        with self._lock:
            return End(conn or str(next(self._numbers)), role, local, peer)

    def known(self, transport: str) -> list[End]:
        """The ends of this transport that stand, and those closed a short while ago."""
        with self._lock:
            return [end for (kind, _, _), end in self._ends.items() if kind == transport]

    def closed(self, transport: str, end: End) -> None:
        """One end is gone. It stays known for a while: the other end may be seen only now."""
        end.closed_ns = time.monotonic_ns()
        with self._lock:
            self._gone.append(((transport, end.local, end.peer), end))
            while len(self._gone) > REMEMBERED:
                key, old = self._gone.popleft()
                if self._ends.get(key) is old:
                    del self._ends[key]
        if not self.changed.is_set():
            self.changed.set()


def _fresh(twin: End) -> bool:
    """A closed twin still pairs with an end seen just after it; later, its ports were used again."""
    return not twin.closed_ns or time.monotonic_ns() - twin.closed_ns < PAIRING_NS
