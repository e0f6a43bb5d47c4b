"""Document: the capture that is looked at, read on a lab thread; which of its packets are shown, and in which order.

The file may go on to grow while it is captured. Everything that takes time runs by `bridge.call`; what comes back for a
file that was closed meanwhile is dropped. It must not know widgets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from protocols.packets.columns.info import Relative
from protocols.packets.files.capture import Capture
from protocols.packets.files.table import NO_TIME
from protocols.packets.filters.capture_filter import ByCaptureFilter
from protocols.packets.filters.display import DisplayFilter
from protocols.packets.filters.fields import View
from protocols.packets.streams import experts
from protocols.packets.streams.conversations import (
    Conversation,
    Endpoint,
    Rate,
    Share,
    Streams,
    endpoints,
    rate,
    shares,
)
from protocols.packets.streams.sequence import Sequence
from widgets.packets.listing.sorting import sorted_rows

if TYPE_CHECKING:
    from widgets.desk import Desk

PIECE_S: Final = (0.05, 0.4)
"""How long the first turn of reading takes before its rows are shown, and each later one: a turn costs a wait."""
GROW_MS: Final = 150
FIRST_LOOK_MS: Final = 40
"""So long reading leaves the processor to whoever paints the first rows."""
TOLD_WORDS: Final = ("analysis", "stream", "tcp.seq", "tcp.ack", "info", '"')
"""A filter with one of these finds other packets once conversations are told apart."""
Rows = npt.NDArray[np.int64]
Shown: TypeAlias = DisplayFilter | ByCaptureFilter
"""Either sort of filter says which packets are shown."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of all packets together."""

    streams: Streams
    sequence: Sequence
    notes: npt.NDArray[np.uint8]
    summary: list[experts.Summary]
    conversations: list[Conversation]
    endpoints: list[Endpoint]
    shares: list[Share]
    rate: Rate


class Document(QObject):
    """opened: another capture (or none). grew: rows came. ended: it is read whole. failed: it can't be read.

    shown_changed: other rows are shown, or in another order. told_changed: conversations and notes are there.
    """

    opened = Signal()
    grew = Signal()
    ended = Signal()
    failed = Signal(str)
    shown_changed = Signal()
    told_changed = Signal()
    marks_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._turn = 0
        self._cancel_growing: Callable[[], None] | None = None
        self._written = False
        self._reads_last = False
        self._reset(None)
        self.display: Shown = DisplayFilter("")
        self.sort: tuple[str, bool] | None = None
        self.absolute = False

    def _reset(self, capture: Capture | None) -> None:
        self.capture = capture
        self.reading = False
        self._pieces = 0
        self.loaded = 0
        """Rows that have come and may be shown."""
        self._chosen: Rows | None = None
        """The rows shown, in their order; None for all of them as they stand."""
        self._looked = 0
        self.told: Told | None = None
        self.marked: set[int] = set()
        self.comments: dict[int, str] = {}
        self.zero_row: int | None = None
        self.busy = ""

    # Opening and reading

    def open(self, path: str | Path, *, growing: bool = False) -> None:
        """Look at this file in place of the one before."""
        self.close()
        self._turn += 1
        turn = self._turn
        self.reading = True
        self._pieces = 0
        self._written = not growing
        self.opened.emit()
        self._desk.bridge.call(
            lambda: _opened(path, growing), lambda capture: self._on_opened(turn, capture),
            lambda error: self._on_failed(turn, error), owner=self,
        )  # fmt: skip

    def _on_opened(self, turn: int, capture: Capture) -> None:
        if turn != self._turn:
            capture.close()
            return
        self._reset(capture)
        self.reading = True
        self.opened.emit()
        self.loaded = self._looked = len(capture)
        if self.display.text or self.sort:
            self._chosen = np.zeros(0, np.int64)
            self._arrange()
        if self.loaded:
            self.grew.emit()
        QTimer.singleShot(FIRST_LOOK_MS, self, lambda: self._read_on(turn))  # the first rows are painted by then

    def _on_failed(self, turn: int, error: BaseException) -> None:
        if turn == self._turn:
            self.reading = False
            said = f"{error.strerror or error}." if isinstance(error, OSError) else str(error)
            self.failed.emit(said)

    def _read_on(self, turn: int) -> None:
        capture, display = self.capture, self.display
        if turn != self._turn or capture is None:
            return
        looked, view, piece_s = self._looked, self.view(), PIECE_S[self._pieces > 0]
        self._pieces += 1
        self._reads_last = self._written
        self._desk.bridge.call(
            lambda: _read(capture, display, view, looked, piece_s), lambda got: self._take_in(turn, got),
            lambda error: self._on_failed(turn, error), owner=self,
        )  # fmt: skip

    def _take_in(self, turn: int, got: tuple[int, Rows | None, bool]) -> None:
        """Show what has come; go on reading, or judge the end."""
        capture = self.capture
        if turn != self._turn or capture is None:
            return
        count, fitting, more = got
        if fitting is not None and self._chosen is not None and self.sort is None:
            self._chosen = np.concatenate((self._chosen, fitting))
        elif self._chosen is None and (self.display.text or self.sort):
            self._chosen = np.zeros(0, np.int64)
        came = count != self.loaded
        self.loaded = self._looked = count
        if came:
            self.grew.emit()
        if more:
            self._read_on(turn)
        elif capture.growing and not self._written:
            self._wait_for_more(turn)
        elif not self._reads_last:
            self._read_on(turn)  # that look was begun before the last byte was written
        else:
            self._on_read_whole(turn)

    def _wait_for_more(self, turn: int) -> None:
        if self._cancel_growing is None:
            self._cancel_growing = self._desk.bridge.every(GROW_MS, lambda: self._look_again(turn))
            self.tell()

    def _look_again(self, turn: int) -> None:
        if self._cancel_growing is not None:
            self._cancel_growing()
            self._cancel_growing = None
        self._read_on(turn)

    def finish_growing(self) -> None:
        """Nothing more will be written to the file: read what is there to the end, opened or not yet."""
        self._written = True

    def _on_read_whole(self, turn: int) -> None:
        assert self.capture is not None
        self.capture.finish()
        self.reading = False
        if self.display.text or self.sort:
            self._arrange()
        self.ended.emit()
        self.tell()

    def tell(self) -> None:
        """Tell conversations apart and let the experts look."""
        capture, turn = self.capture, self._turn
        if capture is not None and len(capture):
            self._desk.bridge.call(lambda: _told(capture), lambda told: self._on_told(turn, told),
                                   lambda error: self._on_told_failed(turn, error), owner=self)  # fmt: skip

    def _on_told(self, turn: int, told: Told) -> None:
        if turn == self._turn:
            self.told = told
            self.told_changed.emit()
            if any(word in self.display.text for word in TOLD_WORDS):
                self._arrange()

    def _on_told_failed(self, turn: int, error: BaseException) -> None:
        if turn == self._turn:
            raise error

    def close(self) -> None:
        """Look at nothing."""
        self._turn += 1
        if self._cancel_growing is not None:
            self._cancel_growing()
            self._cancel_growing = None
        capture = self.capture
        self._reset(None)
        if capture is not None:
            capture.close()
            self.opened.emit()

    # Which rows are shown

    def shown(self) -> int:
        """How many rows are shown."""
        return self.loaded if self._chosen is None else len(self._chosen)

    def row(self, place: int) -> int:
        """The packet shown at this place."""
        return place if self._chosen is None else int(self._chosen[place])

    def rows(self, start: int, stop: int) -> Rows:
        """The packets shown at these places."""
        if self._chosen is None:
            return np.arange(start, min(stop, self.loaded))
        return self._chosen[start:stop]

    def place(self, row: int) -> int | None:
        """Where a packet is shown, None for one that is not."""
        if self._chosen is None:
            return row if 0 <= row < self.loaded else None
        found = np.flatnonzero(self._chosen == row)
        return int(found[0]) if len(found) else None

    def set_filter(self, text: str) -> None:
        """Show what this display filter takes. Raises DisplayFilterError and changes nothing."""
        self.take_filter(DisplayFilter(text))

    def take_filter(self, wanted: Shown) -> None:
        """Show what this filter takes."""
        self.display = wanted
        self._arrange()

    def set_sort(self, column: str | None, descending: bool = False) -> None:
        """Show the rows in another order; None for that of the file."""
        self.sort = (column, descending) if column and (column, descending) != ("number", False) else None
        self._arrange()

    def _arrange(self) -> None:
        capture, display, sort, turn = self.capture, self.display, self.sort, self._turn
        if capture is None:
            return
        view, count = self.view(), self.loaded
        if not display.text and sort is None:
            self._chosen = None
            self.busy = ""
            self.shown_changed.emit()
            return
        self.busy = "Filtering" if display.text else "Sorting"
        self._desk.bridge.call(
            lambda: _arranged(capture, view, display, sort, count),
            lambda rows: self._on_arranged(turn, display, sort, count, rows), owner=self,
            failed=lambda error: self._on_failed(turn, error),
        )  # fmt: skip

    def _on_arranged(self, turn: int, display: Shown, sort: Any, count: int, rows: Rows) -> None:
        if turn != self._turn or display is not self.display or sort != self.sort:
            return
        self.busy = ""
        self._chosen = rows
        self._looked = max(self._looked, count)
        self.shown_changed.emit()

    # Sequence numbers

    def relative(self) -> Relative | None:
        """What makes sequence numbers count from their connection's begin; None where they are shown as sent."""
        return self.told.sequence.relative if self.told is not None and not self.absolute else None

    def counted(self, row: int) -> dict[str, int]:
        """The sequence numbers of a packet of TCP from the begin of its connection, by the field's key."""
        capture, told = self.capture, self.told
        if capture is None or told is None or int(capture.table.column("protocol")[row]) != 6:
            return {}
        rows, begin = np.array([row]), int(capture.table.column("transport")[row])
        data = capture.packet(row)[begin + 4 : begin + 12]
        if len(data) < 8:
            return {}
        seq, ack = (np.array([int.from_bytes(part, "big")]) for part in (data[:4], data[4:]))
        found = told.sequence.relative(rows, seq, ack)
        acknowledges = int(capture.table.column("flags")[row]) & 16
        return {"TCP.seq": int(found[0][0])} | ({"TCP.ack": int(found[1][0])} if acknowledges else {})

    def set_absolute(self, absolute: bool) -> None:
        """Show and filter sequence numbers as they were sent, or from their connection's begin."""
        if absolute != self.absolute:
            self.absolute = absolute
            self.marks_changed.emit()
            if self.display.text:
                self._arrange()

    def view(self) -> View:
        """The packets as a filter sees them now."""
        assert self.capture is not None
        return _view(self.capture, self.told, self.relative(), self.comments, self.marked)

    # Marks and comments

    def toggle_mark(self, row: int) -> None:
        """Mark a packet, or take the mark away."""
        self.marked ^= {row}
        self._on_said("marked")

    def set_zero(self, row: int | None) -> None:
        """Let time count from this packet; None for the first."""
        self.zero_row = row
        self.marks_changed.emit()

    def comment(self, row: int) -> str:
        """What is said of a packet: here, or in the file."""
        if row in self.comments:
            return self.comments[row]
        return self.capture.comment(row) if self.capture is not None else ""

    def set_comment(self, row: int, text: str) -> None:
        """Say something of a packet; it is saved with it."""
        self.comments[row] = text
        self._on_said("comment")

    def _on_said(self, field: str) -> None:
        """What the filter asks for is asked anew."""
        self.marks_changed.emit()
        if field in self.display.text:
            self._arrange()

    def zero(self) -> int | None:
        """The time that others are told from, None where no packet has one."""
        if self.capture is None or not self.loaded:
            return None
        times = self.capture.table.column("time")
        if self.zero_row is not None and times[self.zero_row] != NO_TIME:
            return int(times[self.zero_row])
        known = times[: min(len(times), 1000)]
        known = known[known != NO_TIME]
        return int(known[0]) if len(known) else None

    def note_bits(self, row: int) -> int:
        """What the experts say of a packet."""
        told = self.told
        return int(told.notes[row]) if told is not None and row < len(told.notes) else 0


def _opened(path: str | Path, growing: bool) -> Capture:
    """Open and read as much as fills the screen."""
    capture = Capture(path, growing=growing)
    while not len(capture) and capture.more():
        pass
    return capture


def _read(
    capture: Capture, display: Shown, view: View, looked: int, piece_s: float
) -> tuple[int, Rows | None, bool]:
    """Read for a while; (rows there are, which of the new ones the filter takes, whether there is more)."""
    end, more = time.monotonic() + piece_s, True
    while more and time.monotonic() < end:
        more = bool(capture.more())
    count = len(capture)
    fitting = None
    if display.text and count > looked:
        fitting = np.flatnonzero(display.matches(view, looked, count)) + looked
    return count, fitting, more


def _view(
    capture: Capture, told: Told | None, relative: Relative | None, comments: dict[int, str], marked: set[int]
) -> View:
    if told is None or len(told.notes) < len(capture):
        return View(capture, relative=relative, comments=comments, marked=marked)
    return View(capture, told.notes, told.streams.number, relative, comments, marked)


def _arranged(capture: Capture, view: View, display: Shown, sort: tuple[str, bool] | None, count: int) -> Rows:
    rows = np.flatnonzero(display.matches(view, 0, count)) if display.text else np.arange(count)
    return sorted_rows(capture, view.texts, rows, *sort) if sort is not None else rows


def _told(capture: Capture) -> Told:
    streams = Streams(capture)
    made = experts.notes(streams)
    found = streams.conversations()
    return Told(streams, Sequence(streams), made, experts.summary(made), found, endpoints(found), shares(capture),
                rate(capture))  # fmt: skip
