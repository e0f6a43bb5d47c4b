"""The call on the time line that an error came from, so that the inspector's Why explains the real one.

It must not know who asks, nor the inspector: the desk has the door.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from protocols.record.event import Event, Raw, detail_of
from protocols.record.log import EventLog
from widgets.desk import Desk

LOOK_BACK_ROWS: Final = 2_000


def event_of(desk: Desk, names: set[str], errno: str, between: tuple[int, int] | None = None) -> Event | None:
    """The last call of these services that failed so, chosen on the time line; None if it is not there.

    between: first and last moment of what failed, in ns of the recorder's clock; None for lately.
    """
    return _chosen(desk, lambda raw: raw[3] in names, errno, between)


def bind_of(desk: Desk, port: int, errno: str) -> Event | None:
    """The last bind to this port that failed so, of a server that has no name since it never ran; as `event_of`."""
    end = f":{port}"
    return _chosen(desk, lambda raw: raw[2] == "bind" and (raw[3] or "").endswith(end), errno, None)


def _chosen(desk: Desk, fits: Callable[[Raw], bool], errno: str, between: tuple[int, int] | None) -> Event | None:
    log = desk.log
    start = max(log.first, len(log) - LOOK_BACK_ROWS) if between is None else _row_at(log, between[0])
    found: int | None = None
    for row, raw in enumerate(log.raws(start, min(len(log), start + LOOK_BACK_ROWS)), start):
        if between is not None and raw[0] > between[1]:
            break
        if raw[1] == "call" and fits(raw) and detail_of(raw).get("errno") == errno:
            found = row
    if found is None:
        return None
    desk.selection.select(found)
    return log.event(found)


def _row_at(log: EventLog, moment_ns: int) -> int:
    """The first row that is not older."""
    rows = range(log.first, len(log))
    return log.first + bisect_left(rows, moment_ns, key=lambda row: log.raw(row)[0])


def last_row(desk: Desk, names: set[str]) -> int | None:
    """The row of the last call of these services; None if none is on the time line."""
    log = desk.log
    start = max(log.first, len(log) - LOOK_BACK_ROWS)
    rows = [row for row, raw in enumerate(log.raws(start, len(log)), start) if raw[1] == "call" and raw[3] in names]
    return rows[-1] if rows else None
