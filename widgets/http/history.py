"""The history: what was sent, newest first, with its answer; kept in a file without any password.

It must not know how it is shown.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from protocols.http.kept import history as kept
from protocols.http.request import Request
from widgets.desk import Desk
from widgets.http.exchange.sent import Sent

KEPT: Final = 200
WHOLE: Final = 5
"""Of so many the answers stay, too."""
FILE: Final = "web-history.jsonl"


@dataclass(frozen=True, slots=True)
class Past:
    """One request of the past. request: as it was typed; None for raw bytes. file: as it lies in the history's file."""

    at: float
    method: str
    url: str
    status: int
    took_ms: float
    request: Request | None = None
    sent: Sent | None = None
    file: kept.Past | None = None


class History(QObject):
    """The list, newest first. `changed`: another entry, or none any more. desk: its folder has the file, if any."""

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._file = kept.History(Path(desk.folder) / FILE) if desk.folder is not None else None
        self.entries: list[Past] = []
        file = self._file
        if file is not None:
            desk.bridge.call(file.all, self._on_read, self._on_failed, owner=self)

    def _on_read(self, found: list[kept.Past]) -> None:
        old = [Past(one.when_ns / 1e9, one.method, one.url, one.status, one.total_ms, file=one) for one in found]
        self.entries = (self.entries + old)[:KEPT]
        self.changed.emit()

    def _on_failed(self, error: BaseException) -> None:
        self._desk.decline(f"The history can't be kept: {getattr(error, 'strerror', None) or error}")

    def add(self, sent: Sent, secrets: tuple[str, ...] = ()) -> None:
        """Remember a request that is over. secrets: values that must not be in its file."""
        final, asked = sent.final, sent.asked
        status, took = final.status if final else 0, sent.total_ms()
        method = final.method if final else "raw"
        made = Past(time.time(), asked.method if asked else method, asked.url if asked else sent.request.url, status,
                    took, asked, sent)  # fmt: skip
        older = [replace(one, sent=None) for one in self.entries[WHOLE - 1 : KEPT - 1]]
        self.entries = [made, *self.entries[: WHOLE - 1], *older]
        self.changed.emit()
        file, why = self._file, sent.failure.why if sent.failure is not None else ""
        if file is not None and asked is not None:
            self._desk.bridge.call(
                lambda: file.add(asked, status=status, total_ms=took, why=why, secrets=secrets), None,
                self._on_failed, owner=self,
            )  # fmt: skip

    def clear(self) -> None:
        """Forget all."""
        self.entries = []
        self.changed.emit()
        if self._file is not None:
            self._desk.bridge.call(self._file.clear, None, self._on_failed, owner=self)
