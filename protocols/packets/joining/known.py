"""Known: which addresses the connections of an event log have, learned row by row.

It must not know packets.
"""

from __future__ import annotations

import threading
from typing import Final

from protocols.headers import Address, address_of
from protocols.record.connections import Role
from protocols.record.event import Raw, detail_of
from protocols.record.log import EventLog

_TELLING: Final = frozenset(("connect", "accept", "accepted by"))
SLACK_NS: Final = 2_000_000_000
"""A packet's clock and an event's are not read at the same moment."""

Pair = tuple[Address, Address]
"""The addresses of a connection: the client's and the server's."""


class Known:
    """Grows by `learn`; ports are used again, so one pair of addresses may have had several connections."""

    def __init__(self) -> None:
        self._pairs: dict[Pair, list[tuple[int, str]]] = {}
        self._of: dict[str, Pair] = {}
        self._at = 0
        self._lock = threading.Lock()

    def learn(self, log: EventLog) -> None:
        """Take in the rows that have come since the last call; runs on a lab thread."""
        with self._lock:
            start = max(self._at, log.first)
            for raw in log.raws(start, len(log)):
                if raw[4] is not None and (raw[2] in _TELLING or raw[1] == "state") and raw[4] not in self._of:
                    self._one(raw, raw[4])
            self._at = max(self._at, len(log))

    def _one(self, raw: Raw, conn: str) -> None:
        detail = detail_of(raw)
        local = address_of(detail.get("end_local") or detail.get("local"))
        peer = address_of(detail.get("end_peer") or detail.get("peer"))
        if local is None or peer is None:
            return
        server = raw[2] in ("accept", "accepted by") or detail.get("end") == "server"
        pair = (peer, local) if server else (local, peer)
        self._of[conn] = pair
        self._pairs.setdefault(pair, []).append((raw[0], conn))

    def pair(self, conn: str) -> Pair | None:
        """The client's and the server's address of a connection."""
        return self._of.get(conn)

    def find(self, source: Address, target: Address, t: int) -> tuple[str, Role] | None:
        """Whose connection stood between these at `t`, and which end the source is; None for nobody's."""
        ways: tuple[tuple[Pair, Role], ...] = (((source, target), "client"), ((target, source), "server"))
        for pair, sender in ways:
            begun = [(at, conn) for at, conn in self._pairs.get(pair, ()) if at <= t + SLACK_NS]
            if begun:
                return max(begun)[1], sender
        return None
