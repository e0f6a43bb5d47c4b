"""Export: the shown events as JSON lines, written elsewhere than in the GUI thread.

The file has its name only when it is whole; a cancelled or failed export leaves nothing. It must
not know Qt: the dock runs it on a lab thread and looks at its numbers.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from protocols.record.event import Raw, detail_of, raw_to_json
from protocols.record.log import EventLog

CHUNK: Final = 500


class Export:
    """One export. log: a snapshot that nobody appends to. rows: its rows to write, None for all.

    done, total: how far it is; read from any thread. `cancel()` ends it soon.
    """

    def __init__(self, log: EventLog, rows: array[int] | None, path: Path, epoch_ns: int) -> None:
        self._log = log
        self._rows = rows
        self._epoch_ns = epoch_ns
        self.path: Final = path
        self.total: Final = len(log) - log.first if rows is None else len(rows)
        self.done = 0
        self.cancelled = False

    def cancel(self) -> None:
        """Stop soon; the file will not exist."""
        self.cancelled = True

    def run(self) -> int:
        """Write the file; returns the number of lines. Raises OSError. Runs on a worker thread."""
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            with open(part, "wb") as file:
                for lines in self._chunks():
                    if self.cancelled:
                        return 0
                    file.write(b"".join(lines))
                    self.done += len(lines)
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)
        return self.done

    def _chunks(self) -> Iterator[list[bytes]]:
        rows = range(self._log.first, len(self._log)) if self._rows is None else self._rows
        for at in range(0, len(rows), CHUNK):
            chunk = [self._log.raw(row) for row in rows[at : at + CHUNK]]
            if not at:
                chunk[0] = self._with_epoch(chunk[0])
            yield [raw_to_json(raw) + b"\n" for raw in chunk]

    def _with_epoch(self, raw: Raw) -> Raw:
        """The first line of every stream says what to add to `t` for wall-clock time."""
        return (*raw[:10], {**detail_of(raw), "epoch_ns": self._epoch_ns})
