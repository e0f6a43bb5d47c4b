"""A session that was recorded knows what its rows hold when it is opened again, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from netlab_gui import places
from netlab_gui.session_files import Loading, begin, load
from protocols.creosote.filters import LogFilter
from protocols.creosote.finding import Finder
from protocols.creosote.log import DatagramLog
from protocols.creosote.reopened import datagrams_of
from protocols.record.recorder import Recorder
from tests.protocols.creosote.test_log import bulk_of

ROOT = Path(__file__).resolve().parents[2]
ROWS = 1024
KILLED = """
import sys, time
from pathlib import Path
from netlab_gui.session_files import begin
from protocols.record.recorder import Recorder
from tests.protocols.creosote.test_log import bulk_of
recorder = Recorder()
store = begin(recorder, Path(sys.argv[1]), 5, 1 << 30).store
bulks = [bulk_of([b"INFO row %d" % row for row in range(at, at + 1024)], at) for at in range(0, 4096, 1024)]
for bulk in bulks:
    recorder.put_bulk(bulk)
assert store.flush(30)
while not all(bulk.sketch for bulk in bulks):
    time.sleep(0.01)
assert store.flush(30)  # the last one is in the file, too
print(store.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("protocols.record.store.SKETCH_LAST_S", 60.0)  # however busy the machine
    monkeypatch.setenv("NETLAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def reopened(path: Path) -> DatagramLog:
    return datagrams_of(load(Loading(path)).log)


def cannot_pass(log: DatagramLog, text: str) -> bool:
    """Whether it is known of all rows, without a look at one, that they do not pass."""
    finder = Finder(log, LogFilter(text), 0)
    stretches = log.stretches(0, len(log))
    return all(finder.chance_before(stretch, len(stretch)) == (0, 0) for stretch in stretches)


def test_what_no_row_holds_is_known_as_soon_as_a_session_is_open(tmp_path: Path, home: Path) -> None:
    recorder = Recorder()
    store = begin(recorder, tmp_path / "sessions", 5, 1 << 30).store
    assert store is not None
    bulk = bulk_of([b"INFO row %d" % row for row in range(ROWS)])
    recorder.put_bulk(bulk)
    assert store.close(60)
    assert bulk.sketch is not None
    log = reopened(store.path)
    assert len(log) == ROWS
    assert [cannot_pass(log, text) for text in ("nosuchword", "level:critical", "level>=warn")] == [True] * 3
    assert not cannot_pass(log, "level:info")
    assert places.seal_file() == home / "session.key"
    places.seal_file().unlink()  # as on another machine: everything must be looked at there
    assert not cannot_pass(reopened(store.path), "level:critical")


def test_a_killed_lab_leaves_no_rows_without_what_is_known_of_them(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "sessions")], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stdout is not None
    with child.stdout:
        path = Path(child.stdout.readline().strip())
        child.send_signal(signal.SIGKILL)
        assert child.wait(10) == -signal.SIGKILL
    log = reopened(path)
    assert len(log) == 4 * ROWS
    assert cannot_pass(log, "level:critical")
