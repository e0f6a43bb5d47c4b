"""What was recorded is in the file, whoever ends the lab and however; and a full disk loses nothing kept."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record import store as store_module
from protocols.record.event import Event, Raw
from protocols.record.recorder import Recorder, Tail
from protocols.record.sessionfile import SessionError, is_being_written, lock_path, to_row, to_row_slowly
from protocols.record.sessions import Session, Sessions
from protocols.record.store import Store
from tests.protocols.record.strategies import events


def wait_for_note(tail: Tail, kind: str, timeout_s: float = 10.0) -> Raw:
    """Wait until the store has told something."""
    deadline = time.monotonic() + timeout_s
    while True:
        for raw in tail.take():
            if raw[2] == kind:
                return raw
        assert tail.wait(deadline - time.monotonic()), f"no {kind} in time"


def read(path: Path) -> list[Event]:
    with Session(path) as session:
        return [Event.of(raw) for raw in session.raws()]


@given(given_events=st.lists(events(), max_size=25))
def test_every_event_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, given_events: list[Event]) -> None:
    path = tmp_path_factory.mktemp("s") / "a.netlab"
    recorder = Recorder()
    store = Store(recorder, path)
    recorder.put_many(event.raw() for event in given_events)
    assert store.close()
    assert read(path) == given_events
    assert store.written == len(given_events)


def test_a_clean_end_leaves_one_file_marked_clean(tmp_path: Path) -> None:
    path = tmp_path / "a.netlab"
    recorder = Recorder()
    store = Store(recorder, path, name="first lab")
    assert is_being_written(path)
    recorder.note("x", "y")
    assert store.close()
    assert store.close()
    assert os.listdir(tmp_path) == ["a.netlab"]
    assert path.stat().st_mode & 0o777 == 0o600
    with Session(path) as session:
        info = session.info
    assert (info.name, info.events, info.clean, info.live) == ("first lab", 1, True, False)
    assert info.epoch_ns == recorder.epoch_ns


def test_the_sqlite3_command_line_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "a.netlab"
    recorder = Recorder()
    store = Store(recorder, path)
    names = ("took_ns", "fd", "errno")
    recorder.put((5, "call", "send", "echo:7", "3", "out", 0, 2, b"hi", "send(b'hi') = 2", (names, 9, 4, None)))
    assert store.flush()
    query = "SELECT t, layer, kind, service, conn, dir, \"offset\", size, CAST(data AS TEXT), detail FROM events"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(query).fetchall()
        fd = connection.execute("SELECT json_extract(detail, '$.fd') FROM events").fetchone()
    assert rows == [(5, "call", "send", "echo:7", "3", "out", 0, 2, "hi", '{"took_ns":9,"fd":4}')]
    assert fd == (4,)
    assert store.close()


CHILD = """
import sys, time
from pathlib import Path
from protocols.record.recorder import Recorder
from protocols.record.store import Store
recorder = Recorder()
store = Store(recorder, Path(sys.argv[1]))
number = 0
while True:
    recorder.emit("note", "n", str(number))
    print(number, time.monotonic_ns(), flush=True)
    number += 1
    time.sleep(0.001)
"""


def test_kill_minus_nine_loses_the_last_second_at_most(tmp_path: Path) -> None:
    path = tmp_path / "a.netlab"
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    stamps: list[int] = []
    with child.stdout:
        for line in child.stdout:
            stamps.append(int(line.split()[1]))
            if stamps[-1] - stamps[0] > 1_800_000_000:
                break
        child.send_signal(signal.SIGKILL)
        assert child.wait(10) == -signal.SIGKILL
    safe = sum(stamp < stamps[-1] - 1_000_000_000 for stamp in stamps)
    found = read(path)
    assert len(found) >= safe > 0
    assert [event.summary for event in found] == [str(number) for number in range(len(found))]
    (unclean,) = Sessions(tmp_path).unclean()
    assert unclean.path == path
    assert not unclean.live


def test_a_full_disk_is_told_once_and_nothing_kept_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.netlab"
    recorder = Recorder()
    seen = recorder.tail()
    store = Store(recorder, path, limit_bytes=400 << 10)
    for _ in range(4):
        recorder.emit("note", "fits", "x" * 1000)
    assert store.flush()
    for _ in range(20):
        recorder.emit("note", "too much", "x" * 50_000)
    assert not store.flush()
    notes = [raw for raw in seen.take() if raw[2] == "store failed"]
    assert len(notes) == 1
    assert notes[0][10]["errno"] == "SQLITE_FULL"  # type: ignore[index, call-overload]
    assert "full" in notes[0][9]
    assert store.problem
    recorder.note("still", "recording")
    assert [raw[2] for raw in seen.take()] == ["still"]
    assert not store.close()
    kinds = [event.kind for event in read(path)]
    assert kinds[:4] == ["fits"] * 4
    assert not Sessions(tmp_path).recent()[0].clean


def test_when_there_is_room_again_what_waited_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.netlab"
    recorder = Recorder()
    store = Store(recorder, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout = 5000")
        other.execute("BEGIN IMMEDIATE")
        store._connection.execute("PRAGMA busy_timeout = 50")
        seen = recorder.tail()
        recorder.note("waits", "for the lock")
        wait_for_note(seen, "store failed")
        other.execute("ROLLBACK")
    wait_for_note(seen, "store recovered")
    assert store.close()
    assert [event.kind for event in read(path)] == ["waits", "store failed", "store recovered"]


def test_a_file_that_became_read_only_is_told_and_written_when_it_can_be(tmp_path: Path) -> None:
    recorder = Recorder()
    store = Store(recorder, tmp_path / "a.netlab")
    assert store.flush()
    store._connection.execute("PRAGMA query_only = ON")
    seen = recorder.tail()
    recorder.note("waits", "until it can be written")
    failed = wait_for_note(seen, "store failed")
    assert failed[10]["errno"] == "SQLITE_READONLY"  # type: ignore[index, call-overload]
    store._connection.execute("PRAGMA query_only = OFF")
    wait_for_note(seen, "store recovered")
    assert store.close()
    assert [event.kind for event in read(store.path)] == ["waits", "store failed", "store recovered"]


def test_what_waits_for_a_full_disk_is_bounded_and_the_rest_counted(tmp_path: Path) -> None:
    recorder = Recorder()
    with patch.object(store_module, "PENDING_ROWS", 100):
        store = Store(recorder, tmp_path / "a.netlab")
        assert store.flush()
        store._connection.execute("PRAGMA query_only = ON")
        seen = recorder.tail()
        recorder.put_many((n, "note", "n", None, None, None, None, None, None, "", None) for n in range(250))
        wait_for_note(seen, "store failed")
        store._connection.execute("PRAGMA query_only = OFF")
        wait_for_note(seen, "store recovered")
        assert store.close()
    assert store.missed >= 150
    assert [event.t for event in read(store.path)][:100] == list(range(100))


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SessionError, match="No session can be recorded"):
        Store(Recorder(), tmp_path / "missing" / "a.netlab")
    (tmp_path / "a.netlab").write_bytes(b"mine")
    with pytest.raises(SessionError, match="exists"):
        Store(Recorder(), tmp_path / "a.netlab")
    assert (tmp_path / "a.netlab").read_bytes() == b"mine"
    assert not lock_path(tmp_path / "a.netlab").exists()
    (tmp_path / "file").touch()
    with pytest.raises(SessionError, match="No session"):
        Sessions(tmp_path / "file" / "below").new(Recorder())


def test_what_sqlite_cannot_say_is_said_another_way(tmp_path: Path) -> None:
    path = tmp_path / "a.netlab"
    recorder = Recorder()
    store = Store(recorder, path)
    odd: list[Raw] = [
        (1, "note", "lone \udcff", None, None, None, None, None, None, "\udcff", None),
        (2**70, "note", "big", None, None, None, 2**70, None, None, "", {"big": 2**70, "what": object()}),
        (3, "note", "view", None, None, None, None, None, bytearray(b"x"), "", {"deep": {"set": {1}}}),  # type: ignore[list-item]
        (4, "note", "good", None, None, None, None, None, None, "", {}),
    ]
    recorder.put_many(odd)
    assert store.flush()
    assert store.close()
    assert [event.kind for event in read(path)] == ["lone \\udcff", "big", "view", "good"]


@given(events())
def test_the_careful_way_says_the_same_where_both_can(event: Event) -> None:
    fast, slow = to_row(event.raw()), to_row_slowly(event.raw())
    assert fast[:10] == slow[:10]
    assert Event.of((*event.raw()[:10], {})) == Event.of((*slow[:8], slow[9], slow[8], {}))  # type: ignore[arg-type]


def test_drops_of_a_store_that_lags_are_told_in_the_file(tmp_path: Path) -> None:
    recorder = Recorder()
    store = Store(recorder, tmp_path / "a.netlab")
    store._tail._bound_events = 10
    recorder.put_many((n, "note", "n", None, None, None, None, None, None, "", None) for n in range(5000))
    assert store.close()
    kinds = [event.kind for event in read(tmp_path / "a.netlab")]
    assert "events dropped" in kinds


def test_flush_means_that_all_before_is_in_the_file(tmp_path: Path) -> None:
    recorder = Recorder()
    store = Store(recorder, tmp_path / "a.netlab")
    for number in range(20):
        recorder.note("n", str(number))
        assert store.flush()
        assert len(read(store.path)) == number + 1
    assert store.close()
