"""The session file: how many events a second, how long a commit, how soon it is safe, how fast it is read.

Run: python -m tests.bench.store_rate [--rows N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from protocols.record.log import EventLog
from protocols.record.recorder import Recorder
from protocols.record.sessions import Session, Sessions
from protocols.record.stream import LineReader, export
from tests.bench.log_search import echo_events


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500_000)
    rows = parser.parse_args().rows
    events = list(echo_events(rows))
    with tempfile.TemporaryDirectory() as folder:
        sessions = Sessions(Path(folder))
        recorder = Recorder()
        store = sessions.new(recorder)
        started, cpu = time.perf_counter(), time.process_time()
        for at in range(0, rows, 1000):
            recorder.put_many(events[at : at + 1000])
        put = time.perf_counter() - started
        assert store.flush(600)
        wall, cpu = time.perf_counter() - started, time.process_time() - cpu
        print(f"write: {rows:,} events put in {put:.2f} s, in the file after {wall:.2f} s: {rows / wall:,.0f} a second")
        print(f"       {cpu / rows * 1e6:.1f} us CPU each, missed {store.missed}, dropped {recorder.dropped}")
        slowest = 0.0
        for _ in range(50):
            recorder.note("n", "one")
            started = time.perf_counter()
            assert store.flush()
            slowest = max(slowest, time.perf_counter() - started)
        print(f"flush of one event: at most {slowest * 1e3:.1f} ms")
        started = time.perf_counter()
        sessions.save_as(store.path, Path(folder) / "copy.netlab", "copy")
        print(f"save as, while recording: {time.perf_counter() - started:.2f} s")
        started = time.perf_counter()
        assert store.close(60)
        size = store.path.stat().st_size
        print(f"close: {(time.perf_counter() - started) * 1e3:.0f} ms, {size / rows:.0f} B an event")
        read_back(store.path, Path(folder) / "lines.jsonl")


def read_back(path: Path, lines: Path) -> None:
    """Times of opening, exporting and importing."""
    started = time.perf_counter()
    log = EventLog()
    with Session(path) as session:
        for batch in session.items():
            log.append_items(batch)
        epoch_ns = session.info.epoch_ns
    print(f"reopen into the log: {len(log) / (time.perf_counter() - started):,.0f} events a second")
    started = time.perf_counter()
    with lines.open("wb") as out:
        count = export(log.raws(0, len(log)), out, epoch_ns)
    print(f"export as JSON lines: {count / (time.perf_counter() - started):,.0f} a second")
    started = time.perf_counter()
    with lines.open("rb") as source:
        count = sum(1 for _ in LineReader(source))
    print(f"import of JSON lines: {count / (time.perf_counter() - started):,.0f} a second")


if __name__ == "__main__":
    main()
