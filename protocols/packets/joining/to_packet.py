"""From an event of the log to its packet: in a capture that is open, or in a file made from what the sockets recorded.

It must not know views.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from protocols.headers import Address
from protocols.packets.files.table import NO_TIME
from protocols.packets.joining.known import SLACK_NS, Known, Pair
from protocols.packets.joining.wire import TCP, UDP, between, offsets, spot
from protocols.packets.reconstruct.reconstruct import Reconstructor
from protocols.packets.reconstruct.save import save
from protocols.record.event import Raw, detail_of
from protocols.record.log import EventLog

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture

MOST_EVENTS: Final = 200_000
"""A file is made of so many events of the log at most, the newest."""
_DATAGRAMS: Final = 20_000
"""Datagrams that are compared byte by byte."""


def packet_of(log: EventLog, known: Known, capture: Capture, row: int, epoch_ns: int) -> int | None:
    """The packet of the capture in which the bytes of this event crossed, or the one next to it; None for none."""
    known.learn(log)
    raw = log.raw(row)
    conn = raw[4]
    pair = known.pair(conn) if conn is not None else None
    time = raw[0] + epoch_ns
    if pair is None:
        return _datagram(capture, raw, time)
    return _segment(capture, raw, pair, time)


def _segment(capture: Capture, raw: Raw, pair: Pair, time: int) -> int | None:
    detail = detail_of(raw)
    from_server = (detail.get("end") == "server") == (raw[5] != "in")
    ways: list[tuple[Address, Address]] = [pair, (pair[1], pair[0])]
    rows = between(capture, *ways[from_server], TCP)
    if not len(rows) and not len(rows := between(capture, *ways[not from_server], TCP)):
        return None
    times = capture.table.column("time")[rows]
    if raw[6] is not None and raw[7] and not _wire_differs(capture, rows, detail.get("tls")):
        place, size = offsets(capture, rows), capture.table.column("payload")[rows].astype(np.int64)
        carrying = np.flatnonzero((size > 0) & (place < raw[6] + raw[7]) & (place + size > raw[6]))
        if len(carrying):
            return _nearest(rows[carrying], times[carrying], time)
    return _nearest(rows, times, time)


def _wire_differs(capture: Capture, rows: npt.NDArray[np.int64], tls: object) -> bool:
    """Whether the wire carried other bytes than the program's: TLS, but not where it was made from plaintext."""
    return bool(tls) and not capture.reconstructed(int(rows[0]))


def _nearest(rows: npt.NDArray[np.int64], times: npt.NDArray[np.int64], time: int) -> int | None:
    """The packet next in time, where one is near enough to be of this session."""
    known = np.flatnonzero(times != NO_TIME)
    if not len(known):
        return None
    apart = np.abs(times[known] - time)
    if apart.min() > 30 * SLACK_NS:
        return None
    return int(rows[known[int(np.argmin(apart))]])


def _datagram(capture: Capture, raw: Raw, time: int) -> int | None:
    protocol, payload, times = capture.table.columns("protocol", "payload", "time")
    if raw[5] is None or raw[7] is None:
        return None
    same = (protocol == UDP) & (payload == raw[7]) & (np.abs(times - time) < SLACK_NS)
    rows = np.flatnonzero(same)
    for at in np.argsort(np.abs(times[rows] - time))[:_DATAGRAMS].tolist():
        about = spot(capture, int(rows[at]))
        if about is not None and about.payload.startswith(raw[8] or b"") and _ports(raw, about.source, about.target):
            return int(rows[at])
    return None


def _ports(raw: Raw, source: Address, target: Address) -> bool:
    detail = detail_of(raw)
    told = [detail[name] for name in ("peer", "local") if isinstance(detail.get(name), (list, tuple))]
    return all(one[1] in (source[1], target[1]) for one in told if len(one) > 1 and one[1])


@dataclass(frozen=True, slots=True)
class Made:
    """A file of reconstructed packets. packets: how many. row: the one of the event, from 0."""

    path: str
    packets: int
    row: int


def make_file(log: EventLog, row: int, path: str | os.PathLike[str], epoch_ns: int) -> Made | None:
    """Write the packets of this event's connection; None, and no file, where none crossed. Raises OSError."""
    wanted = log.raw(row)
    conn = wanted[4]
    if conn is None:
        events = [(row, wanted)]
    else:
        start = max(log.first, len(log) - MOST_EVENTS)
        events = [(at, raw) for at, raw in enumerate(log.raws(start, len(log)), start)
                  if raw[4] == conn and raw[1] != "packet"]  # fmt: skip
    frames = Reconstructor().feed(events)
    if not frames:
        return None
    with open(path, "wb") as file:
        save(frames, file, epoch_ns)
    apart = [(frame.row != row, abs(frame.t - wanted[0]), place) for place, frame in enumerate(frames)]
    return Made(os.fspath(path), len(frames), min(apart)[2])
