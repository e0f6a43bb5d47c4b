"""The order of a packet list by one of its columns, for millions of rows at once.

It must not know the list.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from protocols.packets.columns.gather import gather
from protocols.packets.columns.kinds import KINDS
from protocols.packets.columns.texts import Texts
from protocols.packets.files.capture import Capture

Rows = npt.NDArray[np.int64]


def sorted_rows(capture: Capture, texts: Texts, rows: Rows, column: str, descending: bool) -> Rows:
    """The same rows by `column`; equal ones stay in the order of the file."""
    order = _order(capture, texts, rows, column)
    if descending:
        order = len(rows) - 1 - _order(capture, texts, rows[::-1], column)
        order = order[::-1]
    made: Rows = rows[order]
    return made


def _order(capture: Capture, texts: Texts, rows: Rows, column: str) -> npt.NDArray[np.intp]:
    table = capture.table
    if column in ("source", "destination"):
        return _by_address(capture, rows, column)
    if column == "protocol":
        rank = np.empty(len(KINDS), np.int64)
        rank[sorted(range(len(KINDS)), key=lambda number: KINDS[number].lower())] = np.arange(len(KINDS))
        return np.argsort(rank[table.column("kind")[rows]], kind="stable")
    if column == "info":
        return np.argsort(np.array(texts.infos(rows), object), kind="stable")
    if column == "number":
        return np.argsort(rows, kind="stable")
    names = {"time": "time", "length": "length", "captured": "captured", "sport": "sport", "dport": "dport"}
    values: npt.NDArray[Any] = table.column(names.get(column, "time"))[rows]
    return np.argsort(values, kind="stable")


def _by_address(capture: Capture, rows: Rows, column: str) -> npt.NDArray[np.intp]:
    """IPv4 by number, then IPv6, then what has no address of IP."""
    table = capture.table
    family = table.column("family")[rows]
    low = table.column(column)[rows].astype(np.uint64)
    high = np.zeros(len(rows), np.uint64)
    six = np.flatnonzero(family == 6)
    kind = np.where(family == 4, 0, np.where(family == 6, 1, 2)).astype(np.uint64)
    if not len(six):
        return np.argsort(kind << np.uint64(32) | low, kind="stable")
    place = table.column("at")[rows[six]].astype(np.int64) + table.column("net")[rows[six]]
    place += 8 if column == "source" else 24
    pair = gather(capture.source.array, place, np.dtype([("high", ">u8"), ("low", ">u8")]))
    high[six], low[six] = pair["high"], pair["low"]
    return np.lexsort((low, high, kind))
