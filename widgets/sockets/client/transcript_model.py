"""The lines of one conversation as a Qt list model: bounded, appended in batches, text made when painted.

It must not know who talks: it takes lines with a time, a direction, bytes and a text.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from protocols.numbers import size_text
from widgets.sockets.wording import hex_line, visible

LIMIT: Final = 10_000
"""Lines kept; the time line has the rest."""


class TranscriptLine(Protocol):
    """What one line of a transcript has; `direction` is "in", "out" or "note", `t` monotonic nanoseconds.

    kind: "iac" is a telnet command, whose name is its text. chunks: the first and the last receive that brought a
    frame, from 1; None where nothing was put together.
    """

    @property
    def t(self) -> int: ...
    @property
    def direction(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def text(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def chunks(self) -> tuple[int, int] | None: ...


class TranscriptModel(QAbstractListModel):
    """Rows of a transcript. epoch_ns: what makes wall-clock time of a line's `t`."""

    def __init__(self, epoch_ns: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._epoch_ns = epoch_ns
        self._lines: list[TranscriptLine] = []
        self.as_hex = False

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._lines)

    def line(self, row: int) -> TranscriptLine:
        """The line shown in a row."""
        return self._lines[row]

    def lines(self) -> Sequence[TranscriptLine]:
        """All lines kept, oldest first."""
        return self._lines

    def append(self, lines: Sequence[TranscriptLine]) -> None:
        """Add lines at the end in one insertion; the oldest go when there are more than LIMIT."""
        if not lines:
            return
        lines = lines[-LIMIT:]
        over = len(self._lines) + len(lines) - LIMIT
        if over > 0 and self._lines:
            self.beginRemoveRows(QModelIndex(), 0, min(over, len(self._lines)) - 1)
            del self._lines[:over]
            self.endRemoveRows()
        first = len(self._lines)
        self.beginInsertRows(QModelIndex(), first, first + len(lines) - 1)
        self._lines.extend(lines)
        self.endInsertRows()

    def clear(self) -> None:
        """Forget all lines."""
        self.beginResetModel()
        self._lines.clear()
        self.endResetModel()

    def set_hex(self, on: bool) -> None:
        """Show bytes as hex pairs instead of text."""
        self.as_hex = on
        if self._lines:
            self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))

    def clock(self, row: int) -> str:
        """The wall-clock time of a row, to the millisecond."""
        stamp = self._lines[row].t + self._epoch_ns
        return time.strftime("%H:%M:%S", time.localtime(stamp // 1_000_000_000)) + f".{stamp // 1_000_000 % 1000:03d}"

    def text(self, row: int, limit: int = 2048) -> str:
        """What a row says, on one line of plain text."""
        line = self._lines[row]
        if line.direction == "note" or not line.data or (line.kind == "iac" and not self.as_hex):
            return line.text
        return hex_line(line.data, limit) if self.as_hex else visible(line.data, limit)

    def size(self, row: int) -> str:
        """How many bytes a row carried, empty for a remark."""
        line = self._lines[row]
        return "" if line.direction == "note" else size_text(len(line.data))

    def chip(self, row: int) -> str:
        """ "2 chunks" where a frame was put together from several receives, else empty."""
        chunks = self._lines[row].chunks
        return f"{chunks[1] - chunks[0] + 1} chunks" if chunks is not None and chunks[1] > chunks[0] else ""

    def origin(self, row: int) -> str:
        """Which receives brought a frame, in a sentence; empty for everything else."""
        chunks = self._lines[row].chunks
        if chunks is None:
            return ""
        first, last = chunks
        if first == last:
            return f"It came with recv() number {first}."
        between = "and" if last == first + 1 else "to"
        return f"Put together from recv() number {first} {between} {last}: a stream has no borders of its own."

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole, /) -> Any:
        if not index.isValid():
            return None
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            head = f"{self.clock(row)}  {self.size(row)}"
            return "\n".join(filter(None, (head, self.text(row, 8192), self.origin(row))))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            words = {"in": "received", "out": "sent"}.get(self._lines[row].direction, "remark")
            said = f"{self.clock(row)} {words} {self.size(row)} {self.text(row)}"
            return f"{said}, {self.chip(row)}" if self.chip(row) else said
        return None
