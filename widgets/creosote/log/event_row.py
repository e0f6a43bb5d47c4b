"""Where a datagram of the log stands on the time line, so that all views select the same one.

Both are in about the order of time; the two are joined by arrival, bucket and bytes. It must not
know widgets.
"""

from __future__ import annotations

from typing import Final

from protocols.creosote.log import DatagramLog
from protocols.record.log import EventLog

NEAR: Final = 4096
"""How far from its place by time a row is looked for: other services' batches come in between."""


def event_row_of(events: EventLog, log: DatagramLog, row: int) -> int | None:
    """The event log's row of a datagram, or None where it is not kept there."""
    t = log.t(row)
    low, high = events.first, len(events)
    while low < high:
        middle = (low + high) // 2
        if events.raw(middle)[0] < t:
            low = middle + 1
        else:
            high = middle
    payload, service = log.payload(row), log.senders[log.sender(row)][0]
    for away in range(NEAR):
        for at in {low + away, low - away}:
            if events.first <= at < len(events):
                raw = events.raw(at)
                if raw[0] == t and raw[2] == "datagram" and raw[3] == service and raw[8] == payload:
                    return at
    return None
