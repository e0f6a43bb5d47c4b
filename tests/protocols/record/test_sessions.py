"""Sessions are listed, opened, copied and forgotten; files from elsewhere are believed nothing."""

from __future__ import annotations

import os
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.record.bulk import Bulk
from protocols.record.event import Event
from protocols.record.log import EventLog, Filter
from protocols.record.recorder import Recorder
from protocols.record.sessionfile import APPLICATION_ID, SCHEMA, SUFFIX, lock_path
from protocols.record.sessions import Session, SessionError, Sessions, default_folder


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(tmp_path / "sessions")


def recorded(sessions: Sessions, *kinds: str, name: str = "") -> Path:
    """A finished session with a note of each kind."""
    recorder = Recorder()
    store = sessions.new(recorder, name)
    for kind in kinds:
        recorder.note(kind, f"about {kind}", number=len(kind))
    assert store.close()
    return store.path


def kinds_of(path: Path) -> list[str]:
    with Session(path) as session:
        return [raw[2] for raw in session.raws()]


def crashed(path: Path) -> None:
    """Make a finished session look like one whose lab was killed."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = 0 WHERE key = 'clean'")
        connection.commit()
    lock_path(path).touch()


def test_the_latest_comes_first_with_its_facts(sessions: Sessions) -> None:
    assert sessions.recent() == []
    one, two = recorded(sessions, "a"), recorded(sessions, "a", "b", name="second")
    listed = sessions.recent()
    assert [info.path for info in listed] == [two, one]
    assert [(info.name, info.events, info.clean) for info in listed] == [("second", 2, True), ("", 1, True)]
    assert listed[0].size_bytes > 0
    assert listed[0].title == "second"
    assert listed[1].title[:2] == "20"


def test_events_come_in_batches_that_a_reader_may_leave(sessions: Sessions) -> None:
    path = recorded(sessions, *"abcdefg")
    with Session(path) as session:
        assert [len(batch) for batch in session.items(3)] == [3, 3, 1]
        assert [raw[2] for raw in next(session.items(2))] == ["a", "b"]
        assert Event.of(next(session.raws())).detail == {"number": 1}


def test_a_running_session_is_no_crash_and_a_killed_one_is(sessions: Sessions) -> None:
    store = sessions.new(Recorder())
    assert sessions.recent()[0].live
    assert sessions.unclean() == []
    with pytest.raises(SessionError, match="being written"):
        sessions.discard(store.path)
    assert store.close()
    crashed(store.path)
    (info,) = sessions.unclean()
    assert info.path == store.path
    sessions.keep(store.path)
    assert sessions.unclean() == []


def test_save_as_copies_a_running_session_whole(sessions: Sessions, tmp_path: Path) -> None:
    recorder = Recorder()
    store = sessions.new(recorder)
    recorder.note("before", "")
    assert store.flush()
    target = tmp_path / "copy.netlab"
    sessions.save_as(store.path, target, "my copy")
    recorder.note("after", "")
    assert kinds_of(target) == ["before"]
    with Session(target) as session:
        assert (session.info.name, session.info.clean, session.info.live) == ("my copy", True, False)
    assert store.flush()
    sessions.save_as(store.path, target)
    assert kinds_of(target) == ["before", "after"]
    assert store.close()
    assert sorted(os.listdir(tmp_path)) == ["copy.netlab", "sessions"]


def test_save_as_to_a_bad_place_changes_nothing(sessions: Sessions, tmp_path: Path) -> None:
    path = recorded(sessions, "a")
    with pytest.raises(SessionError, match="can't be saved"):
        sessions.save_as(path, tmp_path / "no such folder" / "x.netlab")
    with pytest.raises(SessionError):
        sessions.save_as(tmp_path / "none.netlab", tmp_path / "x.netlab")
    assert kinds_of(path) == ["a"]


def test_a_session_is_renamed_even_while_it_is_written(sessions: Sessions) -> None:
    recorder = Recorder()
    store = sessions.new(recorder)
    store.rename("named now")
    recorder.note("x", "")
    assert store.close()
    assert sessions.recent()[0].name == "named now"
    sessions.rename(store.path, "")
    assert sessions.recent()[0].name == ""


def test_pruning_keeps_the_latest_and_all_that_have_a_name(sessions: Sessions) -> None:
    named = recorded(sessions, "a", name="keep me")
    old, new = recorded(sessions, "b"), recorded(sessions, "c")
    foreign = sessions.folder / f"foreign{SUFFIX}"
    foreign.write_bytes(b"not ours")
    assert sessions.prune(keep=1) == [old]
    assert {info.path for info in sessions.recent()} == {named, new, foreign}


def test_discard_leaves_nothing_behind(sessions: Sessions) -> None:
    path = recorded(sessions, "a")
    crashed(path)
    sessions.discard(path)
    assert os.listdir(sessions.folder) == []


def test_the_folder_is_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "netlab" / "sessions"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".local" / "share" / "netlab" / "sessions"


@contextmanager
def forged(path: Path) -> Iterator[sqlite3.Connection]:
    """A file that says it is a session, to be made wrong."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(SCHEMA)
        meta = {"epoch_ns": 1, "name": "", "created_ns": 1, "clean": 1, "version": "1"}
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        yield connection


GOOD_ROW = (1, "note", "k", None, None, None, None, None, "s", None, "{}")


def test_a_forged_file_that_is_right_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.netlab"
    with forged(path) as connection:
        connection.execute("INSERT INTO events VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?)", GOOD_ROW)
    assert kinds_of(path) == ["k"]


def test_brackets_in_a_text_are_no_depth(tmp_path: Path) -> None:
    path = tmp_path / "x.netlab"
    with forged(path) as connection:
        detail = '{"why": "' + '[{\\"' * 200 + '", "list": [' + "[1], " * 300 + "[2]]}"
        connection.execute("INSERT INTO events VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?)", (*GOOD_ROW[:10], detail))
    assert kinds_of(path) == ["k"]


@pytest.mark.parametrize(
    ("at", "value", "part"),
    [
        (0, "when", "not an event"),
        (0, -1, "out of range"),
        (1, "wire", "not an event"),
        (2, b"\xff", "not an event"),
        (5, "up", "not an event"),
        (6, 1.5, "not an event"),
        (7, -5, "out of range"),
        (9, "text", "not an event"),
        (10, "[1]", "not a JSON object"),
        (10, "{", "not a JSON object"),
        (10, '{"a":' + "[" * 5000 + "]" * 5000 + "}", "not a JSON object"),
        (10, '{"a":' + "[" * 101 + "]" * 101 + "}", "not a JSON object"),
        (10, b"\xff", "damaged"),
    ],
)
def test_a_hostile_row_ends_the_reading_with_a_reason(tmp_path: Path, at: int, value: object, part: str) -> None:
    path = tmp_path / "x.netlab"
    with forged(path) as connection:
        for row in (GOOD_ROW, (*GOOD_ROW[:at], value, *GOOD_ROW[at + 1 :])):
            connection.execute("INSERT INTO events VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?)", row)
    with pytest.raises(SessionError, match=part) as refused:
        kinds_of(path)
    assert "x.netlab" in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("PRAGMA user_version = 99", "newer"),
        ("PRAGMA application_id = 5", "another program"),
        ("DROP TABLE events", "tables of a session"),
        ("DROP TABLE events; CREATE VIEW events AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) "
         "SELECT x AS row, x AS t FROM n", "tables of a session"),
        ("ALTER TABLE events RENAME COLUMN t TO u", "tables of a session"),
        ("DELETE FROM meta WHERE key = 'epoch_ns'", "lacks epoch_ns"),
        ("UPDATE meta SET value = 5 WHERE key = 'name'", "lacks name"),
    ],
)  # fmt: skip
def test_a_wrong_schema_is_refused(tmp_path: Path, statement: str, part: str) -> None:
    path = tmp_path / "x.netlab"
    with forged(path) as connection:
        connection.executescript(statement)
    with pytest.raises(SessionError, match=part):
        Session(path)


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.netlab"
    for content in (b"", b"hello", os.urandom(5000), b"SQLite format 3\0" + os.urandom(5000)):
        path.write_bytes(content)
        with pytest.raises(SessionError):
            Session(path)
    with pytest.raises(SessionError, match="no session file"):
        Session(tmp_path / "none.netlab")
    with pytest.raises(SessionError):
        Session(tmp_path)


def test_a_huge_value_is_refused_and_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "x.netlab"
    with forged(path) as connection:
        huge = "INSERT INTO events VALUES (NULL,1,'note','k',NULL,NULL,NULL,NULL,NULL,'',zeroblob(100000000),'{}')"
        connection.execute(huge)
    with pytest.raises(SessionError, match="damaged after event 0"):
        kinds_of(path)


@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("s")
    path = recorded(Sessions(folder), *(f"kind {number}" for number in range(40)))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 30))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        assert len(kinds_of(path)) <= 100_000
    except SessionError as refused:
        assert path.name in str(refused)  # noqa: PT017 - both outcomes are right


def test_ours_is_marked_as_ours(sessions: Sessions) -> None:
    path = recorded(sessions, "a")
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID



def a_bulk(count: int, start: int = 0) -> Bulk:
    payloads = [b"datagram %d" % number for number in range(start, start + count)]
    return Bulk(
        "bucket:7739", ("127.0.0.1", 7739), array("q", range(start, start + count)), b"".join(payloads),
        array("I", accumulate(map(len, payloads))), array("I", [2 + n % 2 for n in range(count)]),
        [("127.0.0.1", 4000 + n) for n in range(5)], list("abcde"), 7,
    )  # fmt: skip


def test_bulks_and_events_come_back_in_their_order_and_are_counted(sessions: Sessions) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    store = sessions.new(recorder)
    recorder.note("first", "x")
    recorder.put_bulk(a_bulk(1000))
    recorder.put_bulk(a_bulk(3))
    recorder.note("between", "x")
    recorder.put_bulk(a_bulk(500, 1000))
    assert store.close()
    before = [Event.of(raw) for raw in tail.take()]
    with Session(store.path) as session:
        assert session.info.events == store.written == 1505
        after = [Event.of(raw) for raw in session.raws()]
        log = EventLog()
        for items in session.items():
            log.append_items(items)
    assert after == before
    assert [log.event(row) for row in range(len(log))] == before


def test_a_bulk_larger_than_a_row_may_be_is_parted(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocols.record.store.BULK_BYTES", 4000)
    recorder = Recorder()
    store = sessions.new(recorder)
    recorder.put_bulk(a_bulk(1000))
    recorder.note("last", "x")
    assert store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM bulks").fetchone()[0] > 4
    with Session(store.path) as session:
        assert [raw[8] for raw in session.raws()][:-1] == [a_bulk(1000).payload(row) for row in range(1000)]


@pytest.mark.parametrize(
    ("column", "value"),
    [("data", b"junk"), ("peers", "[]"), ("peers", "no"), ("local", "[1]"), ("count", 5), ("dropped", -1),
     ("service", b"x"), ("data", "text")],
)  # fmt: skip
def test_datagrams_that_were_tampered_with_are_refused(sessions: Sessions, column: str, value: object) -> None:
    recorder = Recorder()
    store = sessions.new(recorder)
    recorder.put_bulk(a_bulk(100))
    assert store.close()
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(f"UPDATE bulks SET {column} = ?", (value,))
        connection.commit()
    with Session(store.path) as session, pytest.raises(SessionError, match="damaged"):
        list(session.raws())


@pytest.mark.parametrize("keep", [10_000, 1505, 1504, 900, 505, 504, 3])
def test_only_the_last_events_can_be_read_and_keep_their_numbers(sessions: Sessions, keep: int) -> None:
    recorder = Recorder()
    tail = recorder.tail()
    store = sessions.new(recorder)
    recorder.note("first", "x")
    recorder.put_bulk(a_bulk(1000))
    for number in range(504):
        recorder.note("after", str(number))
    assert store.close()
    before = [Event.of(raw) for raw in tail.take()]
    with Session(store.path) as session:
        skip = session.skipping(keep)
        log = EventLog()
        log.begin_at(skip)
        for items in session.items(skip=skip):
            log.append_items(items)
    assert len(log) == len(before) == 1505
    assert log.first == skip
    assert skip <= max(1505 - keep, 0)
    assert [log.event(row) for row in range(skip, 1505)] == before[skip:]
    assert log.rows(Filter("after")) == list(range(max(skip, 1001), 1505))
