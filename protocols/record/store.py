"""Store: writes all that a recorder records into a session file, from one thread of its own.

Commits several times a second, so that a killed lab loses the last moment only. What can't be
written (disk full, read-only, damaged) is told by a note and tried again; recording goes on in
memory. It must not know which sessions there are or who looks.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from protocols.record import precedence
from protocols.record.bulk import Bulk, Many
from protocols.record.event import Raw
from protocols.record.log import BULK_ROWS
from protocols.record.recorder import Recorder, extent
from protocols.record.seal import Seal
from protocols.record.sessionfile import (
    INSERT,
    INSERT_BULK,
    INSERT_SKETCH,
    Lock,
    SessionError,
    bulk_row,
    create,
    set_meta,
    to_row,
    to_row_slowly,
)

GATHER_S: Final = 0.1
"""Events of this long are written in one transaction."""
RETRY_S: Final = 1.0
BATCH_ROWS: Final = 5_000
STRETCH_ROWS: Final = 64
PENDING_ROWS: Final = 200_000
PENDING_BYTES: Final = 64 << 20
"""Events that wait in memory while the file can't be written; more of them are counted as missed."""
LIMIT_BYTES: Final = 8 << 30
_PROBLEMS: Final = {
    "SQLITE_FULL": ("There is no room left for the session file: the disk is full or the file has reached its limit.",
                    "Free some space, or save what is on the time line elsewhere."),
    "SQLITE_READONLY": ("The session file can't be written any more: it has become read-only, or was moved or removed.",
                        "Make it writable again, or export the time line to another place."),
    "SQLITE_BUSY": ("Another program has locked the session file.", "Close the program that has it open."),
    "SQLITE_LOCKED": ("Another program has locked the session file.", "Close the program that has it open."),
    "SQLITE_CORRUPT": ("The session file is damaged.", "Export the time line, then start the lab anew."),
    "SQLITE_NOTADB": ("The session file was overwritten by something else.",
                      "Export the time line, then start the lab anew."),
    "SQLITE_CANTOPEN": ("The session file can't be opened.", "Check that its folder still exists and is writable."),
    "SQLITE_IOERR": ("The disk failed while the session file was written.",
                     "Check the disk and its free space; export the time line to another place."),
}  # fmt: skip
BULK_BYTES: Final = 16 << 20
SKETCHED_ROWS: Final = 16_000
"""While more events than this come at a time, or wait to be written, no sketches are made: whoever receives a hundred
thousand a second needs the processor. They come when there is time."""
SKETCH_S: Final = 0.05
SKETCH_REST_S: Final = 0.02
SKETCH_LAST_S: Final = 1.0
"""Time for sketches each time that all is written, rest between two such times when nothing comes, and time at the end:
what has none then is surveyed when it is opened."""
_UNSAYABLE: Final = (
    UnicodeEncodeError, OverflowError, TypeError, ValueError, RecursionError,
    sqlite3.InterfaceError, sqlite3.ProgrammingError, sqlite3.DataError,
)  # fmt: skip
_FOR_GOOD: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True)
class Sketching:
    """How the rows of a bulk are noted and what the note is sealed with.

    steps: gives None after each bit of work and the sketch at last; ends before where there is none to make.
    """

    steps: Callable[[Bulk], Iterator[bytes | None]]
    seal: Seal


class Store:
    """The session file of this run. Made open and running; raises SessionError if it can't be made.

    sketching: each bulk gets its sketch soon after it is written, and the file has it beside the bulk.
    path: the file. written: events in it. missed: events that found no room in time.
    problem: why nothing can be written now, a sentence; None while all is well.
    """

    def __init__(
        self, recorder: Recorder, path: Path, *, name: str = "", limit_bytes: int = LIMIT_BYTES,
        sketching: Sketching | None = None,
    ) -> None:  # fmt: skip
        self.path: Final = path
        self.written = 0
        self.missed = 0
        self.problem: str | None = None
        self._recorder = recorder
        self._sketching = sketching
        self._fresh: list[tuple[int, weakref.ref[Bulk]]] = []
        self._late: deque[tuple[int, weakref.ref[Bulk]]] = deque()
        self._making: tuple[int, Bulk, Iterator[bytes | None]] | None = None
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._asked = self._done = 0
        self._pending: list[Raw | Many] = []
        self._row = 1
        self._open(name, limit_bytes)
        self._tail = recorder.tail()
        self._thread = threading.Thread(target=self._run, name="lab-store", daemon=True)
        self._thread.start()

    def _open(self, name: str, limit_bytes: int) -> None:
        now = time.time_ns()
        meta = {"epoch_ns": self._recorder.epoch_ns, "name": name, "created_ns": now, "clean": 0, "version": "1"}
        lock = None
        try:
            lock = Lock(self.path)
            self._connection = create(self.path, meta.items(), limit_bytes)
        except (OSError, sqlite3.Error) as error:
            if lock is not None:
                lock.release()
            raise SessionError(f"No session can be recorded at {self.path}: {error}.") from None
        self._lock = lock

    def _run(self) -> None:
        while not self._closing.is_set():
            came = self._tail.wait(0 if self._late or self._making else RETRY_S)
            asked = self._asked
            if asked == self._done:
                rest = GATHER_S if came or not self._late else SKETCH_REST_S
                self._closing.wait(rest if self.problem is None else RETRY_S)
            before = self.written
            self._write_all()
            with self._changed:
                self._done = asked
                self._changed.notify_all()
            if self.written - before <= SKETCHED_ROWS:
                self._sketch(SKETCH_S)
        self._tail.close()
        self._write_all()
        self._sketch(SKETCH_LAST_S, closing=True)
        self._end()

    def _write_all(self) -> None:
        while True:
            items = self._pending or self._tail.take_items(BATCH_ROWS)
            if not items:
                return
            self._pending = []
            precedence.give_way()
            try:
                rows = self._commit(items)
            except sqlite3.Error as error:
                self._keep(items)
                self._tell(error)
                return
            self._row += rows
            self.written += rows
            if self.problem is not None:
                self._tell_recovered()

    def _commit(self, items: list[Raw | Many]) -> int:
        """Write these in one transaction; how many events they are."""
        connection = self._connection
        self._fresh.clear()
        connection.execute("BEGIN IMMEDIATE")
        try:
            row = self._row
            for run in _runs(items):
                row += self._insert(row, run) if isinstance(run, list) else self._insert_bulk(row, run)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self._late.extend(self._fresh)
        return row - self._row

    def _insert(self, first: int, raws: list[Raw]) -> int:
        connection = self._connection
        try:
            connection.executemany(INSERT, _rows(first, raws))
        except _UNSAYABLE:
            connection.execute("DELETE FROM events WHERE row >= ?", (first,))
            connection.executemany(INSERT, ((row, *to_row_slowly(raw)) for row, raw in enumerate(raws, first)))
        return len(raws)

    def _insert_bulk(self, first: int, bulk: Bulk) -> int:
        row = first
        for part in bulk.halves(BULK_BYTES):
            self._connection.execute(INSERT_BULK, bulk_row(row, part))
            if self._sketching is not None:
                self._fresh.append((row, weakref.ref(part)))
            row += len(part)
        return row - first

    # Sketches: never while events wait to be written, for each step may have to wait for whoever computes

    def _sketch(self, seconds: float, closing: bool = False) -> None:
        """Make sketches of bulks that are in the file, as far as they are still in memory, for about so long."""
        sketching, until = self._sketching, time.perf_counter() + seconds
        while sketching is not None and self.problem is None and time.perf_counter() < until:
            if not closing and (self._closing.is_set() or self._asked != self._done):
                return
            if len(self._tail) > SKETCHED_ROWS or not self._sketch_on(sketching):
                return

    def _sketch_on(self, sketching: Sketching) -> bool:
        """One step; False where there is nothing to do."""
        if self._making is None:
            if not self._late:
                return False
            row, found = self._late.popleft()
            if (bulk := found()) is not None:
                self._making = row, bulk, sketching.steps(bulk)
            return True
        row, bulk, steps = self._making
        try:
            sketch = next(steps)
        except (StopIteration, ValueError, MemoryError):  # the rows are in the file without
            self._making = None
            return True
        if sketch is not None:
            self._making = None
            self._write_sketch(sketching, row, bulk, sketch)
        return True

    def _write_sketch(self, sketching: Sketching, row: int, bulk: Bulk, sketch: bytes) -> None:
        bulk.sketch = sketch
        closed = sketching.seal.close(sketch, bulk_row(row, bulk)[-1])
        if closed is not None:
            try:
                self._connection.execute(INSERT_SKETCH, (row, closed))
            except sqlite3.Error:  # the next events tell what is the matter
                self._late.clear()

    def _keep(self, items: list[Raw | Many]) -> None:
        """What could not be written waits, with all that has come since, as far as there is room."""
        items += self._tail.take_items()
        room, rows, count = PENDING_BYTES, PENDING_ROWS, 0
        for item in items:
            size, length = extent(item)[1], extent(item)[0]
            room, rows = room - size, rows - length
            if room < 0 or rows < 0:
                break
            count += 1
        self.missed += sum(extent(item)[0] for item in items[count:])
        self._pending = items[:count]

    def _tell(self, error: sqlite3.Error) -> None:
        symbol = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
        plain = "_".join(symbol.split("_")[:2])
        why, mend = _PROBLEMS.get(plain, (f"The session file can't be written: {error}.", "Export the time line."))
        if self.problem is None:
            self._recorder.note(
                "store failed", why, errno=plain, why=f"{why} Recording goes on in memory.", mend=[mend],
                path=str(self.path), reason=str(error),
            )  # fmt: skip
        self.problem = why
        if plain in _FOR_GOOD:
            self._tail.close()

    def _tell_recovered(self) -> None:
        self.problem = None
        lost = f", {self.missed} events are missing in it" if self.missed else ""
        self._recorder.note("store recovered", f"The session file is written again{lost}", missed=self.missed)

    def _end(self) -> None:
        """A file that was written to its end is marked so, and is one file: nothing beside it."""
        try:
            if self.problem is None:
                self._connection.execute("UPDATE meta SET value = 1 WHERE key = 'clean'")
            self._connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            self._tell(error)
        finally:
            self._connection.close()
            self._lock.release()
            with self._changed:
                self._done = self._asked
                self._changed.notify_all()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until all that was recorded before this call is in the file; False if it is not in time."""
        with self._changed:
            self._asked += 1
            ticket = self._asked
            self._tail.wake()
            in_time = self._changed.wait_for(lambda: self._done >= ticket or not self._thread.is_alive(), timeout_s)
        return in_time and self.problem is None

    def rename(self, name: str) -> None:
        """Name the session; a named one is kept until its owner removes it. Raises SessionError."""
        set_meta(self.path, "name", name)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what is left, mark the end as clean and end the thread; True if that was done in time."""
        self._closing.set()
        self._tail.wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and self.problem is None


def _rows(first: int, raws: list[Raw]) -> Iterator[tuple[Any, ...]]:
    """The column values of events; whoever writes them stops in between while others come first."""
    for at, raw in enumerate(raws):
        if at % STRETCH_ROWS == 0:
            precedence.give_way()
        yield (first + at, *to_row(raw))


def _runs(items: Iterable[Raw | Many]) -> Iterator[list[Raw] | Bulk]:
    """Runs of single events, and bulks between them; a small bulk is single events, which other programs can read."""
    run: list[Raw] = []
    for item in items:
        if not isinstance(item, Many):
            run.append(item)
        elif len(item) < BULK_ROWS or not isinstance(item, Bulk):
            run.extend(item.raws())
        else:
            if run:
                yield run
                run = []
            yield item
    if run:
        yield run
