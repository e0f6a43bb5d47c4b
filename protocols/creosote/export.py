"""Datagrams as files: classic text, JSON lines, CSV that no spreadsheet executes, pcapng.

Writes to an open binary file, row by row, and can be cancelled between rows. It must not know
where the file is, or who waits for it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, Final

from protocols.creosote.log import DatagramLog
from protocols.creosote.wire import classic_text
from protocols.headers import udp_packet
from protocols.pcapng import RAW_IP, PcapngWriter
from protocols.record.event import Raw
from protocols.record.stream import LineWriter

_EVERY: Final = 1000
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_MADE: Final = "Reconstructed by NetLab from what a socket received: headers are not as captured"


class Cancelled(Exception):
    """The export was stopped; what was written is whole up to there."""


def _steps(rows: Iterable[int], progress: Callable[[int], bool] | None) -> Iterator[int]:
    for count, row in enumerate(rows):
        if progress is not None and count % _EVERY == 0 and not progress(count):
            raise Cancelled
        yield row


Progress = Callable[[int], bool] | None
"""Called with the rows written so far; False cancels."""


def to_text(
    log: DatagramLog, rows: Iterable[int], file: BinaryIO, progress: Progress = None,
    whole: Mapping[int, Sequence[int]] | None = None,
) -> None:  # fmt: skip
    """One classic line a row: what the original's log file holds. whole: the pieces of rows that shall be joined."""
    pieces = whole or {}
    for row in _steps(rows, progress):
        payload = b"".join([log.payload(each) for each in pieces.get(row, (row,))])
        file.write(classic_text(payload).encode("ascii") + b"\n")


def to_json_lines(
    log: DatagramLog, rows: Iterable[int], file: BinaryIO, epoch_ns: int, progress: Progress = None
) -> None:
    """One event a row in the lab's JSON form; the first line tells the clock."""
    writer = LineWriter(file, epoch_ns)
    for row in _steps(rows, progress):
        writer.write((_event(log, row),))


def _event(log: DatagramLog, row: int) -> Raw:
    stretch = log.stretch(row)
    return stretch.bulk.raw(row - stretch.base)


def to_csv(log: DatagramLog, rows: Iterable[int], file: BinaryIO, epoch_ns: int, progress: Progress = None) -> None:
    """A table with a head; cells that a spreadsheet would take for formulas begin with an apostrophe (RFC 4180)."""
    wrapped = io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="", write_through=True)
    try:
        writer = csv.writer(wrapped)
        writer.writerow(("number", "time", "bucket", "sender", "level", "source", "read as", "bytes", "message"))
        for row in _steps(rows, progress):
            reading = log.reading(row)
            bucket, (host, port) = log.senders[log.sender(row)]
            writer.writerow(
                (row + 1, _clock(log.t(row) + epoch_ns), bucket, f"{host}:{port}", reading.level,
                 inert(reading.source), reading.kind, len(log.payload(row)), inert(reading.text))
            )  # fmt: skip
    finally:
        wrapped.detach()


def inert(cell: str) -> str:
    """A cell's text that no spreadsheet takes for a formula."""
    return "'" + cell if cell.lstrip(" \n\0").startswith(_RISKY) or cell.startswith(_RISKY) else cell


def _clock(wall_ns: int) -> str:
    from datetime import UTC, datetime

    seconds, rest = divmod(wall_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


# pcapng: a section, one interface of raw IP, a packet block a row


def to_pcapng(log: DatagramLog, rows: Iterable[int], file: BinaryIO, epoch_ns: int, progress: Progress = None) -> None:
    """Packets for other tools: IP and UDP headers are made anew around the true bytes, and every one says so."""
    writer = PcapngWriter(file, _MADE)
    writer.interface("", RAW_IP)
    for row in _steps(rows, progress):
        stretch = log.stretch(row)
        bulk, at = stretch.bulk, row - stretch.base
        packet = udp_packet(bulk.peer(at), bulk.local, bulk.payload(at))
        writer.packet(bulk.t[at] + epoch_ns, packet, comments=("reconstructed",))
