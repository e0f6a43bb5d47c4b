"""`netlab packets FILE`: a capture as lines of text, CSV or JSON, written piece by piece while it is read.

It must not know argparse, and never scapy: `--show` asks the scapy child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from protocols.numbers import grouped, size_text
from protocols.packets.columns.texts import Texts
from protocols.packets.files.capture import RECONSTRUCTED, Capture, CaptureError
from protocols.packets.files.table import MARK_PORTS, NO_TIME
from protocols.record.event import Raw, raw_to_json
from protocols.terminal import DONE, FAILED, Signals, say, write_all

if TYPE_CHECKING:
    from protocols.packets.filters.capture_filter import CaptureFilter

ROWS: Final = 8192
"""Rows made into text and written in one go."""
HEAD: Final = "number,time,length,captured,src,dst,sport,dport,protocol,info\n"

STDIN: Final = "-"
STDIN_PATH: Final = "/dev/stdin"

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for. limit, show: numbers of packets, counted from 1. passing: the file is gone afterwards."""

    path: str
    filter: str = ""
    limit: int | None = None
    show: int | None = None
    form: Literal["text", "csv", "json"] = "text"
    passing: bool = False


def run(order: Order) -> int:
    """List the file; the exit status. Raises BrokenPipeError when stdout's reader is gone."""
    try:
        chosen = _filter(order.filter)
    except ValueError as error:
        return _failed(order, f"The capture filter can't be used: {error}.")
    except RuntimeError as error:
        return _failed(order, f"{error}.")
    if order.path == STDIN:
        order = replace(order, path=STDIN_PATH)
    try:
        capture = Capture(order.path, only=chosen.takes if chosen is not None else None)
    except CaptureError as error:
        return _failed(order, f"{order.path}: {error}")
    except OSError as error:
        return _failed(order, f"{order.path} can't be read: {error.strerror or error}.")
    with capture, Signals() as signals:
        if order.show is not None:
            return _show(capture, order.show)
        return Listing(capture, order, signals).run()


def _filter(text: str) -> CaptureFilter | None:
    if not text.strip():
        return None
    from protocols.packets.filters.capture_filter import CaptureFilter

    return CaptureFilter(text)


def _failed(order: Order, why: str) -> int:
    if order.form == "json":
        write_all(_first(order) + _summary(0, 0, 0, why))
    say(why)
    return FAILED


def _first(order: Order) -> bytes:
    """Times of packets count from 1970, and the first line says so."""
    raw: Raw = (0, "note", "stream started", None, None, None, None, None, None,
                "events follow, one JSON object a line; their times are those of the packets",
                {"epoch_ns": 0, "file": os.fspath(order.path)})  # fmt: skip
    return raw_to_json(raw) + b"\n"


def _summary(packets: int, skipped: int, size: int, why: str, facts: Mapping[str, Any] | None = None) -> bytes:
    detail: dict[str, Any] = {"packets": packets, "blocks_skipped": skipped, "bytes": size, **(facts or {})}
    if why:
        detail["why"] = why
    raw: Raw = (0, "note", "summary", None, None, None, None, None, None, _words(packets, skipped, size), detail)
    return raw_to_json(raw) + b"\n"


def _words(packets: int, skipped: int, size: int) -> str:
    counts = f"{packets} {'packet' if packets == 1 else 'packets'}, {skipped} {'block' if skipped == 1 else 'blocks'}"
    return f"{counts} skipped, {size_text(size)}"


class Listing:
    """Reads on and writes what has come, until the end, the limit, or a signal."""

    def __init__(self, capture: Capture, order: Order, signals: Signals) -> None:
        self._capture = capture
        self._order = order
        self._signals = signals
        self._texts = Texts(capture)
        self._shown = 0
        self._bytes = 0
        self._looked = 0
        self._write = {"text": self._text, "csv": self._csv, "json": self._json}[order.form]

    def run(self) -> int:
        """List; the exit status."""
        capture, order = self._capture, self._order
        self.begin()
        full = False
        while not full and capture.more() and not self._signals.stopping():
            full = self.list_new()
        if not full and not self._signals.stopping():
            capture.finish()
        self.end(capture.why)
        where = "" if order.passing else f" in {order.path}"
        say(f"{_words(self._shown, capture.skipped, self._bytes)}{where}.")
        if capture.why:
            say(capture.why)
        return FAILED if capture.why else DONE

    def begin(self) -> None:
        """Write what stands before the first packet."""
        if self._order.form == "csv":
            write_all(HEAD.encode())
        elif self._order.form == "json":
            write_all(_first(self._order))

    def end(self, why: str, **facts: Any) -> None:
        """Write what stands behind the last. facts: more for the summary."""
        if self._order.form == "json":
            write_all(_summary(self._shown, self._capture.skipped, self._bytes, why, facts))

    def list_new(self) -> bool:
        """Write what was read since the last call; whether the limit is reached."""
        limit = self._order.limit
        for part in self._new_rows():
            rows = part if limit is None else part[: limit - self._shown]
            if len(rows):
                write_all(self._write(rows).encode("utf-8", "replace"))
                self._shown += len(rows)
                self._bytes += int(self._capture.table.column("length")[rows].sum(dtype=np.int64))
            if self._shown == limit or self._signals.stopping():
                return True
        return False

    def _new_rows(self) -> Iterator[Rows]:
        """What matters of the rows that were read since the last call, some at a time."""
        capture = self._capture
        if self._order.filter.strip():
            while capture.taken:
                part = capture.taken.pop(0)
                yield from (part[start : start + ROWS] for start in range(0, len(part), ROWS))
            return
        while self._looked < len(capture):
            start, self._looked = self._looked, min(self._looked + ROWS, len(capture))
            yield np.arange(start, self._looked)

    def _columns(self, rows: Rows) -> list[list[Any]]:
        """number, time, length, captured, src, dst, sport, dport, protocol, info."""
        table, texts = self._capture.table, self._texts
        return [
            (rows + 1).tolist(), texts.times(rows), table.column("length")[rows].tolist(),
            table.column("captured")[rows].tolist(), texts.sources(rows), texts.destinations(rows),
            texts.ports(rows, "sport"), texts.ports(rows, "dport"), texts.protocols(rows), self._infos(rows),
        ]  # fmt: skip

    def _infos(self, rows: Rows) -> list[str]:
        """What each packet does; text and CSV say there which were made, for they have no column of their own."""
        capture, infos = self._capture, self._texts.infos(rows)
        if self._order.form == "json" or not capture.any_reconstructed():
            return infos
        return [f"{info} [{RECONSTRUCTED}]" if capture.reconstructed(row) else info
                for row, info in zip(rows.tolist(), infos, strict=True)]  # fmt: skip

    def _csv(self, rows: Rows) -> str:
        lines = [
            f"{number},{time},{length},{captured},{source},{destination},{sport},{dport},{protocol},"
            + (f'"{info}"' if "," in info and '"' not in info else info if '"' not in info else _quoted(info))
            for number, time, length, captured, source, destination, sport, dport, protocol, info in
            zip(*self._columns(rows), strict=True)
        ]  # fmt: skip
        return "\n".join(lines) + "\n"

    def _text(self, rows: Rows) -> str:
        number, time, length, _, source, destination, _, _, protocol, info = self._columns(rows)
        return "".join(
            f"{one:>6}  {when}  {start} → {end}  {name}  {size}  {told}\n"
            for one, when, start, end, name, size, told in
            zip(number, time, source, destination, protocol, length, info, strict=True)
        )  # fmt: skip

    def _json(self, rows: Rows) -> str:
        capture = self._capture
        ports = (capture.table.column("marks")[rows] & MARK_PORTS).tolist()
        times = capture.table.column("time")[rows].tolist()
        lines, plain = [], capture.is_plain()
        for values, mark, t in zip(zip(*self._columns(rows), strict=True), ports, times, strict=True):
            number, time, length, captured, source, destination, sport, dport, protocol, info = values
            detail: dict[str, Any] = {
                "number": number, "time": float(time) if time else None, "length": length, "captured": captured,
                "src": source or None, "dst": destination or None, "sport": int(sport) if mark else None,
                "dport": int(dport) if mark else None, "protocol": protocol, "info": info,
                "origin": "captured" if plain else self._origin(number - 1),
            }  # fmt: skip
            if not plain and (comment := capture.comment(number - 1)):
                detail["comment"] = comment
            raw: Raw = (0 if t == NO_TIME else t, "packet", "frame", None, None, None, None, None, None,
                        f"{source} → {destination} {protocol} {info}", detail)  # fmt: skip
            lines.append(raw_to_json(raw))
        return (b"\n".join(lines) + b"\n").decode()

    def _origin(self, row: int) -> str:
        return origin(self._capture, row)


def origin(capture: Capture, row: int) -> str:
    """Whether a packet was captured, or made from what the lab's sockets were asked to send."""
    return RECONSTRUCTED if capture.reconstructed(row) else "captured"


def _quoted(info: str) -> str:
    return '"' + info.replace('"', '""') + '"'


def _show(capture: Capture, number: int) -> int:
    """The whole tree of one packet."""
    from protocols.packets.scapy_child.asking import PacketChild, PacketChildError
    from protocols.packets.tree import lines

    while len(capture) < number and capture.more():
        pass
    if len(capture) < number:
        capture.finish()
        say(f"There is no packet {number}: the file has {grouped(len(capture))}. {capture.why}".rstrip())
        return FAILED
    row, texts = np.array([number - 1]), Texts(capture)
    data = capture.packet(number - 1)
    print(f"Packet {number}: {capture.table.column('length')[number - 1]} bytes on the wire, {len(data)} captured, "
          f"{texts.times(row)[0] or 'no time'}, {texts.protocols(row)[0]}, {texts.infos(row)[0]}")  # fmt: skip
    child = PacketChild()
    try:
        tree = child.dissect(data, capture.linktype(number - 1))
    except PacketChildError as error:
        say(str(error))
        return FAILED
    finally:
        child.stop()
    for line in lines(tree):
        print(line)
    if comment := capture.comment(number - 1):
        print(f"Comment: {comment}")
    sys.stdout.flush()
    return DONE
