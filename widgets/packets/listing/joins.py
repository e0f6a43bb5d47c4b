"""Joins: from a packet of the list to what the lab recorded of it, and from an event to its packet.

Looking runs on a lab thread, on a snapshot of the log. It must not know the list, nor the time line: only the
selection that all views share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from protocols.packets.joining.known import Known
from protocols.packets.joining.to_event import Joined, joined
from protocols.packets.joining.to_packet import Made, make_file, packet_of
from protocols.record.event import Raw
from protocols.record.log import EventLog
from widgets.packets.capture import launch as capture_launch
from widgets.selection import ByteRange

if TYPE_CHECKING:
    from protocols.packets.files.capture import Capture
    from widgets.desk import Desk

NOT_OURS: Final = "No connection of the lab had this packet: the time line has nothing of it"
NO_EVENT: Final = "Choose an event on the time line first"
NO_PACKET: Final = "This event crossed no wire: it has no packet"


class Joins(QObject):
    """packet_found(row): of the open capture. file_made(path, row): the event's connection was made into a file."""

    packet_found = Signal(int)
    file_made = Signal(str, int)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._known, self._known_of = Known(), desk.log
        self._asked = 0
        self._came_for: int | None = None

    def _log(self) -> tuple[EventLog, int]:
        """The log as it is now, and what turns its times into those of packets."""
        log = self._desk.log
        if log is not self._known_of:  # a saved session came into view
            self._known, self._known_of = Known(), log
        return log.snapshot(), log.epoch_ns if log.epoch_ns is not None else self._desk.lab.recorder.epoch_ns

    # From a packet

    def look(self, capture: Capture, row: int, *, say: bool = False) -> None:
        """Choose the event of this packet for all views; say: tell where there is none."""
        self._asked += 1
        asked, came_for, self._came_for = self._asked, self._came_for, None
        if (row == came_for and not say) or not len(self._desk.log):
            if say:
                self._desk.decline(NOT_OURS)
            return
        (log, epoch_ns), known = self._log(), self._known
        self._desk.bridge.call(
            lambda: joined(log, known, capture, row, epoch_ns), lambda found: self._on_joined(asked, found, say),
            lambda error: self._on_failed(asked, error), owner=self,
        )  # fmt: skip

    def _on_joined(self, asked: int, found: Joined | None, say: bool) -> None:
        if asked != self._asked:
            return
        if found is None or found.row < self._desk.log.first:
            if say:
                self._desk.decline(NOT_OURS)
            return
        place = None
        if found.conn is not None and found.stop > found.start:
            place = ByteRange(found.conn, found.sender, "out", found.start, found.stop)
        self._desk.selection.select(found.row, place)

    def _on_failed(self, asked: int, error: BaseException) -> None:
        if asked == self._asked:  # else its capture may have been closed meanwhile
            raise error

    def forget(self) -> None:
        """Another capture is open: what was asked about the last one is of no interest."""
        self._asked += 1

    # From an event

    def show_packet(self, capture: Capture | None) -> None:
        """Find the packet of the chosen event, in the open capture or else in a file made for it."""
        row = self._desk.selection.row
        if row is None or not self._desk.log.first <= row < len(self._desk.log):
            self._desk.decline(NO_EVENT)
            return
        self._asked += 1
        asked, folder = self._asked, self._desk.folder
        (log, epoch_ns), known = self._log(), self._known

        def find() -> int | Made | None:
            found = packet_of(log, known, capture, row, epoch_ns) if capture is not None else None
            if found is not None:
                return found
            return make_file(log, row, capture_launch.new_path(folder, _name(log.raw(row))), epoch_ns)

        self._desk.bridge.call(find, lambda found: self._on_packet(asked, found),
                               lambda error: self._on_failed(asked, error), owner=self)  # fmt: skip

    def _on_packet(self, asked: int, found: int | Made | None) -> None:
        if asked != self._asked:
            return
        if found is None:
            self._desk.decline(NO_PACKET)
        elif isinstance(found, Made):
            self._came_for = found.row
            self.file_made.emit(found.path, found.row)
        else:
            self._came_for = found
            self.packet_found.emit(found)


def _name(raw: Raw) -> str:
    return f"connection-{raw[4]}" if raw[4] is not None else "event"
