"""The columns of the packet list, and their texts, made when a row is painted.

It must not know how a row is painted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from protocols.numbers import THIN, grouped
from protocols.packets.columns.texts import Texts
from protocols.packets.files.capture import RECONSTRUCTED
from protocols.packets.files.table import NO_TIME

if TYPE_CHECKING:
    from widgets.packets.listing.document import Document

WINDOW: Final = 64
"""Texts are made for so many rows at once."""
KEPT: Final = 40
"""So many windows of texts are kept."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. sample: what it must be wide enough for. shown: without being asked for."""

    id: str
    title: str
    sample: str
    right: bool = False
    mono: bool = False
    shown: bool = True
    tip: str = ""


COLUMNS: Final = (
    Column("number", "No.", f"000{THIN}000", right=True),
    Column("time", "Time, s", "0000.000000", right=True, tip="Since the first packet, or since the one chosen as zero"),
    Column("delta", "Since last, s", "000.000000", right=True, shown=False, tip="Since the packet before in the file"),
    Column("source", "Source", "192.168.100.100", mono=True),
    Column("destination", "Destination", "192.168.100.100", mono=True),
    Column("sport", "From port", "65535", right=True, shown=False),
    Column("dport", "To port", "65535", right=True, shown=False),
    Column("protocol", "Protocol", "Modbus/TCP"),
    Column("length", "Length", f"000{THIN}000", right=True, tip="Bytes on the wire"),
    Column("stream", "Stream", "000000", right=True, shown=False, tip="The number of the conversation"),
    Column("origin", "Origin", "reconstructed", shown=False, tip="Captured, or made from what sockets were asked"),
    Column("info", "Info", "40112 → 8000 [SYN, ACK] Seq=0000000000", mono=True),
    Column("comment", "Comment", "a comment of some words", shown=False),
)


class Words:
    """Texts of a document's rows, by the place where they are shown."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._texts: Texts | None = None
        self._windows: dict[int, dict[str, list[str]]] = {}

    def forget(self) -> None:
        """Rows, order or marks are other ones now."""
        self._windows.clear()
        self._texts = None

    def cell(self, place: int, column: str) -> str:
        """The text at a place."""
        window = self._windows.get(place // WINDOW)
        if window is None or place % WINDOW >= len(window["number"]):
            window = self._window(place // WINDOW)
        texts = window.get(column)
        if texts is None:
            texts = window[column] = self._column(place // WINDOW, column)
        return texts[place % WINDOW] if place % WINDOW < len(texts) else ""

    def line(self, place: int, columns: tuple[Column, ...] = COLUMNS) -> str:
        """A row as one line of text."""
        return "\t".join(self.cell(place, column.id) for column in columns if column.shown)

    def _window(self, number: int) -> dict[str, list[str]]:
        if len(self._windows) >= KEPT:
            self._windows.clear()
        rows = self._document.rows(number * WINDOW, (number + 1) * WINDOW)
        made = self._windows[number] = {"number": [grouped(row + 1) for row in rows.tolist()]}
        return made

    def _column(self, number: int, column: str) -> list[str]:
        document = self._document
        capture = document.capture
        if capture is None:
            return []
        if self._texts is None:
            self._texts = Texts(capture, document.relative())
        texts = self._texts
        rows = document.rows(number * WINDOW, (number + 1) * WINDOW)
        table = capture.table
        if column == "time":
            zero = document.zero() or 0
            return [_seconds(at, zero) for at in table.column("time")[rows].tolist()]
        if column == "delta":
            before = np.maximum(rows - 1, 0)
            pairs = zip(table.column("time")[rows].tolist(), table.column("time")[before].tolist(), strict=True)
            return [_seconds(at, last) for at, last in pairs]
        if column in ("source", "destination"):
            return texts.sources(rows) if column == "source" else texts.destinations(rows)
        if column in ("sport", "dport"):
            return texts.ports(rows, column)
        if column == "protocol":
            return texts.protocols(rows)
        if column == "length":
            return [grouped(size) for size in table.column("length")[rows].tolist()]
        if column == "stream":
            return [_stream(document, row) for row in rows.tolist()]
        if column == "origin":
            return [RECONSTRUCTED if capture.reconstructed(row) else "captured" for row in rows.tolist()]
        if column == "comment":
            return [document.comment(row).replace("\n", " ") for row in rows.tolist()]
        return texts.infos(rows)


def _stream(document: Document, row: int) -> str:
    told = document.told
    number = int(told.streams.number[row]) if told is not None and row < len(told.streams.number) else -1
    return str(number) if number >= 0 else ""


def _seconds(at: int, zero: int) -> str:
    if at == NO_TIME:
        return ""
    if zero == NO_TIME:
        zero = at
    sign, span = ("-", zero - at) if at < zero else ("", at - zero)
    return f"{sign}{span // 10**9}.{span % 10**9 // 1000:06d}"
