"""Events as JSON lines: written for `--json`, a child's pipe and an export, and read back strictly.

The first line carries `detail.epoch_ns`. An export begins with a line of its own for that (a note
"stream started"), which is no event; `--json` adds it to its first event. It must not know what
events mean or which file they end up in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final, Protocol

from protocols.record.event import Event, EventError, Raw, detail_of, from_json, raw_to_json
from protocols.record.recorder import Recorder

LIMIT_LINE_BYTES: Final = 32 << 20
HEADER_KIND: Final = "stream started"
_BATCH: Final = 5_000
_MOST: Final = (1 << 63) - 1


class StreamError(ValueError):
    """A stream that is not JSON lines of events. line: the number of the wrong one, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line}: {reason}")
        self.line = line


class _Writes(Protocol):
    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


class LineWriter:
    """Writes events as lines; not thread-safe. header: begin with a line that only tells the clock."""

    def __init__(self, file: _Writes, epoch_ns: int, *, header: bool = False) -> None:
        self._file = file
        self._epoch_ns = epoch_ns
        self._told = False
        self.lines = 0
        if header:
            first: Raw = (0, "note", HEADER_KIND, None, None, None, None, None, None, "Events as JSON lines", {})
            self.write((first,))

    def write(self, raws: Iterable[Raw]) -> None:
        """Write these and flush. Raises what the file raises (BrokenPipeError, no space)."""
        lines = []
        for raw in raws:
            lines.append(raw_to_json(raw if self._told else self._with_clock(raw)))
        if lines:
            self._file.write(b"\n".join(lines) + b"\n")
            self._file.flush()
            self.lines += len(lines)

    def _with_clock(self, raw: Raw) -> Raw:
        self._told = True
        return (*raw[:10], {"epoch_ns": self._epoch_ns, **detail_of(raw)})


class LinePump:
    """A thread that writes all that a recorder records from now on, until `close()`.

    error: why it had to stop early (the reader went away), else None.
    """

    def __init__(self, recorder: Recorder, file: _Writes, *, first: Raw | None = None) -> None:
        self._tail = recorder.tail()
        self._writer = LineWriter(file, recorder.epoch_ns)
        self._closing = threading.Event()
        self.error: OSError | None = None
        if first is not None:
            self._writer.write((first,))
        self._thread = threading.Thread(target=self._run, name="json-lines", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._tail.wait(0.5)
                self._write_all()
            self._write_all()
        except OSError as error:
            self.error = error
        except ValueError as error:  # the file was closed under us
            self.error = OSError(str(error))
        finally:
            self._tail.close()

    def _write_all(self) -> None:
        while raws := self._tail.take(_BATCH):
            self._writer.write(raws)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what is left and end; True if that was done in time."""
        self._closing.set()
        self._tail.wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and self.error is None


class LineReader:
    """Iterates over the events of a stream; raises StreamError at the first line that is wrong.

    epoch_ns: known once the first line has been read (None where it was missing). Every line must be
    an event, at most `limit_line_bytes` long, and end with a line feed.
    """

    def __init__(self, file: BinaryIO, *, limit_line_bytes: int = LIMIT_LINE_BYTES) -> None:
        self._file = file
        self._limit = limit_line_bytes
        self.epoch_ns: int | None = None
        self.line = 0

    def __iter__(self) -> Iterator[Event]:
        while line := self._file.readline(self._limit + 1):
            self.line += 1
            event = self._event(line)
            if self.line == 1:
                event, is_header = self._without_clock(event)
                if is_header:
                    continue
            yield event

    def _event(self, line: bytes) -> Event:
        if not line.endswith(b"\n"):
            reason = "longer than the limit" if len(line) > self._limit else "cut off before its end"
            raise StreamError(self.line, reason)
        try:
            event = from_json(line)
        except EventError as error:
            raise StreamError(self.line, str(error)) from None
        for name, value in (("t", event.t), ("offset", event.offset), ("size", event.size)):
            if value is not None and not 0 <= value <= _MOST:
                raise StreamError(self.line, f"{name} is {value}, out of range")
        return event

    def _without_clock(self, event: Event) -> tuple[Event, bool]:
        detail: dict[str, Any] = dict(event.detail)
        epoch = detail.pop("epoch_ns", None)
        if not isinstance(epoch, int):
            return event, False
        self.epoch_ns = epoch
        return Event.of((*event.raw()[:10], detail)), (event.layer, event.kind) == ("note", HEADER_KIND)


def export(raws: Iterable[Raw], file: _Writes, epoch_ns: int) -> int:
    """Write a whole session with its header; returns how many events."""
    writer = LineWriter(file, epoch_ns, header=True)
    batch: list[Raw] = []
    for raw in raws:
        batch.append(raw)
        if len(batch) >= _BATCH:
            writer.write(batch)
            batch = []
    writer.write(batch)
    return writer.lines - 1
