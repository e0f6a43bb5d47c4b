"""Exporting: the rows shown as a file, written elsewhere than in the GUI thread.

The file has its name only when it is whole; a cancelled or failed export leaves nothing. It must
not know Qt: the page runs it on a lab thread and looks at its numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from protocols.creosote import export
from protocols.creosote.log import DatagramLog


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file. id: the suffix. title: for the menu. filter: for the file dialog."""

    id: str
    title: str
    filter: str


KINDS: Final = (
    Kind("txt", "Text, classic lines", "Text (*.txt *.log)"),
    Kind("jsonl", "JSON lines", "JSON lines (*.jsonl)"),
    Kind("csv", "CSV, no formula runs", "CSV (*.csv)"),
    Kind("pcapng", "pcapng, reconstructed", "Captures (*.pcapng)"),
)


class ExportJob:
    """One export. log: a snapshot that nobody appends to. `done`, `total`: how far it is; any thread.

    whole: of rows that shall be joined in text, their pieces.
    """

    def __init__(
        self,
        log: DatagramLog,
        rows: Sequence[int],
        path: Path,
        kind: str,
        epoch_ns: int,
        whole: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        self._log = log
        self._rows = rows
        self._kind = kind
        self._epoch_ns = epoch_ns
        self._whole = whole or {}
        self.path: Final = path
        self.total: Final = len(rows)
        self.done = 0
        self.cancelled = False

    def cancel(self) -> None:
        """Stop soon; the file will not exist."""
        self.cancelled = True

    def run(self) -> int:
        """Write the file; how many rows. Raises OSError. Runs on a worker thread."""
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            with open(part, "wb") as file:
                self._write(file)
            os.replace(part, self.path)
        except export.Cancelled:
            return 0
        finally:
            part.unlink(missing_ok=True)
        self.done = self.total
        return self.total

    def _write(self, file: BinaryIO) -> None:
        log, rows, epoch = self._log, self._rows, self._epoch_ns
        writers: dict[str, Callable[[], None]] = {
            "txt": lambda: export.to_text(log, rows, file, self._progress, self._whole),
            "jsonl": lambda: export.to_json_lines(log, rows, file, epoch, self._progress),
            "csv": lambda: export.to_csv(log, rows, file, epoch, self._progress),
            "pcapng": lambda: export.to_pcapng(log, rows, file, epoch, self._progress),
        }
        writers[self._kind]()

    def _progress(self, done: int) -> bool:
        self.done = done
        return not self.cancelled
