"""Saver: asks where to and saves packets of the list as pcapng, on a lab thread; with TLS keys where that is asked for.

It must not know the list: what to save is handed over.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from protocols.numbers import grouped
from protocols.packets.files.saving import save
from protocols.packets.files.tls_keys import lines_for

if TYPE_CHECKING:
    from widgets.desk import Desk
    from widgets.packets.listing.document import Document

KEYS_TITLE: Final = "TLS key log: its keys go into the file, and who has the file reads these connections"


class Saver(QObject):
    """rows: gives the packets to save. saved(path): done. failed(sentence): not done, nothing was written."""

    saved = Signal(str)
    failed = Signal(str)

    def __init__(self, desk: Desk, document: Document, rows: Callable[[], list[int]], parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._document = document
        self._rows = rows
        self._window = parent

    def ask(self, key_log: str = "") -> None:
        """Ask where to, and save."""
        if self._document.capture is None:
            return
        path, _ = QFileDialog.getSaveFileName(self._window, "Save packets", "packets.pcapng", "pcapng (*.pcapng)")
        if path:
            self.save(path, key_log)

    def ask_with_keys(self) -> None:
        """Ask for a key log first: its keys of these connections are saved, too, and any reader decrypts them."""
        key_log, _ = QFileDialog.getOpenFileName(self._window, KEYS_TITLE, "", "Key logs (*.log *.txt);;All files (*)")
        if key_log:
            self.ask(key_log)

    def save(self, path: str, key_log: str = "") -> None:
        """Save as pcapng. key_log: a file of TLS keys; those of other connections stay out."""
        capture, comments, rows = self._document.capture, dict(self._document.comments), self._rows()
        if capture is None:
            return

        def work() -> tuple[int, int]:
            keys = lines_for(capture, np.array(rows, np.int64), key_log) if key_log else b""
            return save(capture, rows, path, comments, secrets=keys), keys.count(b"\n")

        self._desk.bridge.call(work, lambda done: self._on_saved(path, *done),
                               lambda error: self.failed.emit(str(error)), owner=self)  # fmt: skip

    def _on_saved(self, path: str, count: int, keys: int) -> None:
        with_keys = f", with {grouped(keys)} TLS keys: who has the file can read them" if keys else ""
        self._desk.toast(f"{Path(path).name}: {grouped(count)} packets saved{with_keys}")
        self.saved.emit(path)
