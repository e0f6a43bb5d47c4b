"""The datagrams of an event log that was read from a session file, as a log of datagrams again.

Runs on a lab thread over a log that nobody appends to. It must not know files or who looks.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from protocols.creosote.log import DatagramLog
from protocols.creosote.parts import grams_of
from protocols.record.bulk import Bulk
from protocols.record.bulkblock import BulkBlock
from protocols.record.event import Raw, detail_of
from protocols.record.log import EventLog

KIND: Final = "datagram"
Where = tuple[str, tuple[str, int]]


class _Sockets:
    """The peers of each bucket's socket, numbered in order of first sight, as a live bucket numbers them."""

    def __init__(self) -> None:
        self._known: dict[Where, tuple[list[tuple[str, int]], list[str], dict[tuple[str, int], int]]] = {}

    def bulk(self, where: Where, raws: Sequence[Raw]) -> Bulk:
        """Single events of one socket as a bulk."""
        peers, conns, numbers = self._known.setdefault(where, ([], [], {}))
        senders = array("I")
        for raw in raws:
            peer = _address(detail_of(raw).get("peer"))
            if peer not in numbers:
                numbers[peer] = len(peers)
                peers.append(peer)
                conns.append(raw[4] or "")
            senders.append(numbers[peer])
        data = [raw[8] or b"" for raw in raws]
        dropped = detail_of(raws[-1]).get("dropped", 0)
        return Bulk(where[0], where[1], array("q", [raw[0] for raw in raws]), b"".join(data),
                    array("I", accumulate(map(len, data))), senders, peers, conns, dropped)  # fmt: skip


def datagrams_of(events: EventLog) -> DatagramLog:
    """All datagrams that buckets took, in the order of the events."""
    log, sockets = DatagramLog(), _Sockets()
    run: list[Raw] = []
    where: Where | None = None
    for item in _items(events):
        here = None if isinstance(item, Bulk) else _where(item)
        if run and where is not None and here != where:
            log.append(sockets.bulk(where, run))
            run = []
        if isinstance(item, Bulk):
            log.append(item)
        elif here is not None:
            run.append(item)
        where = here
    if run and where is not None:
        log.append(sockets.bulk(where, run))
    grams_of(b"")  # what it needs is loaded here, so that whoever looks need not wait for it
    return log


def _items(events: EventLog) -> Iterator[Raw | Bulk]:
    copy = events.snapshot()
    for block in copy._blocks:
        if isinstance(block, BulkBlock):
            yield block.bulk
            continue
        wanted = copy._tables.kinds[KIND]
        yield from (block.raw(at) for at, code in enumerate(block.kinds) if code == wanted)
    yield from (raw for raw in copy._open if raw[2] == KIND)


def _where(raw: Raw) -> Where | None:
    """Which bucket's socket took it; None where no bucket did."""
    detail = detail_of(raw)
    local = detail.get("local")
    if raw[1] != "message" or raw[2] != KIND or "dropped" not in detail or raw[8] is None:
        return None
    return (raw[3] or "", _address(local))


def _address(value: object) -> tuple[str, int]:
    if isinstance(value, (list, tuple)) and len(value) >= 2 and isinstance(value[1], int):
        return str(value[0]), value[1]
    return "", 0
