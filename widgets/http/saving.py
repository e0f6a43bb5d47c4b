"""Saving a body: written elsewhere than in the GUI thread, with its progress, and an end at once when asked.

The file has its name only when it is whole; a cancelled or failed save leaves nothing. It must not
know how the body came.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from widgets.desk import Desk

PIECE_BYTES: Final = 1 << 20
POLL_MS: Final = 60


class SaveJob:
    """One save. done, total: bytes; any thread may look."""

    def __init__(self, body: bytes | bytearray, path: Path) -> None:
        self._body = body
        self.path: Final = path
        self.total: Final = len(body)
        self.done = 0
        self.cancelled = False

    def run(self) -> bool:
        """Write the file; False when it was cancelled. Raises OSError. Runs on a lab thread."""
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            with open(part, "wb") as file:
                for at in range(0, self.total, PIECE_BYTES):
                    if self.cancelled:
                        return False
                    file.write(self._body[at : at + PIECE_BYTES])
                    self.done = min(self.total, at + PIECE_BYTES)
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)
        return True


class Saving(QObject):
    """Runs saves, one at a time. `moved(done, total)`: how far it is, in bytes. `ended(path or None, sentence)`: it is
    over; the sentence says what went wrong.
    """

    moved = Signal(int, int)
    ended = Signal(object, str)

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self.job: SaveJob | None = None
        self._end_poll: Callable[[], None] | None = None

    def save(self, body: bytes | bytearray, path: Path) -> None:
        """Write a body to a file."""
        if self.job is not None:
            return
        job = self.job = SaveJob(body, path)
        self._end_poll = self._desk.bridge.every(POLL_MS, self._poll)
        self._desk.bridge.call(
            job.run, lambda whole: self._on_done(job, whole), lambda error: self._on_failed(job, error), owner=self
        )

    def _poll(self) -> None:
        if self.job is not None:
            self.moved.emit(self.job.done, self.job.total)

    def _over(self) -> None:
        self.job = None
        if self._end_poll is not None:
            self._end_poll()
            self._end_poll = None

    def cancel(self) -> None:
        """End the one under way."""
        if self.job is not None:
            self.job.cancelled = True

    def _on_done(self, job: SaveJob, whole: bool) -> None:
        self._over()
        if whole:
            self._desk.toast(f"Saved as {job.path.name}")
        self.ended.emit(job.path if whole else None, "" if whole else "It was cancelled, and no file is left.")

    def _on_failed(self, job: SaveJob, error: BaseException) -> None:
        self._over()
        reason = getattr(error, "strerror", None) or str(error)
        self._desk.decline(f"Not saved: {reason}")
        self.ended.emit(None, f"{job.path.name} can't be written: {reason}.")
