"""What was noted of a bulk comes back with it for whoever holds the key, and a bad note never costs a row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from protocols.record.bulk import Bulk
from protocols.record.recorder import Recorder
from protocols.record.seal import Seal
from protocols.record.sessions import Session, Sessions
from protocols.record.store import Sketching
from tests.protocols.record.test_sessions import a_bulk


def sketched(bulk: Bulk) -> Iterator[bytes | None]:
    """A note that tells its rows from others; none of few."""
    if len(bulk) > 64:
        yield None
        yield b"about " + bulk.payload(0)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, the end waits for what is missing."""
    monkeypatch.setattr("protocols.record.store.SKETCH_LAST_S", 60.0)


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    return Seal(tmp_path / "session.key")


@pytest.fixture
def path(tmp_path: Path, seal: Seal) -> Path:
    """A session with two bulks that have a sketch each, one that is too short for it, and notes between them."""
    return recorded(tmp_path, Sketching(sketched, seal))


def recorded(folder: Path, sketching: Sketching | None) -> Path:
    recorder = Recorder()
    store = Sessions(folder).new(recorder, sketching=sketching)
    bulks = [a_bulk(count, start) for start, count in ((0, 100), (100, 64), (200, 80))]
    for bulk in bulks:
        recorder.put_bulk(bulk)
        recorder.note("between", "x")
    assert store.close(60)  # makes the sketches that are missing
    return store.path


def sketches_of(path: Path, seal: Seal | None) -> list[bytes | None]:
    """The sketches of a file's bulks; all rows must be there."""
    with Session(path, seal) as session:
        items = [item for batch in session.items() for item in batch]
    bulks = [item for item in items if isinstance(item, Bulk)]
    assert [len(bulk) for bulk in bulks] == [100, 64, 80]
    assert len(items) == 6
    return [bulk.sketch for bulk in bulks]


WHOLE = [b"about datagram 0", None, b"about datagram 200"]


def test_a_sketch_comes_back_to_who_has_the_key_also_in_a_copy(path: Path, seal: Seal, tmp_path: Path) -> None:
    again = Seal(seal.path)
    assert sketches_of(path, again) == WHOLE
    Sessions(tmp_path).save_as(path, tmp_path / "copy.netlab")
    assert sketches_of(tmp_path / "copy.netlab", again) == WHOLE
    assert sketches_of(path, None) == [None] * 3
    assert sketches_of(path, Seal(tmp_path / "other.key")) == [None] * 3


@pytest.mark.parametrize(
    ("script", "left"),
    [
        ("DROP TABLE sketches", [None] * 3),  # as files were before
        ("DELETE FROM sketches WHERE row = 1", [None, *WHOLE[1:]]),
        ("UPDATE sketches SET data = x'00' WHERE row = 1", [None, *WHOLE[1:]]),
        ("UPDATE sketches SET data = 'text'", [None] * 3),
        ("UPDATE sketches SET data = zeroblob(40000000)", [None] * 3),
        ("UPDATE sketches SET data = substr(data, 1, length(data) - 1)", [None] * 3),
        ("UPDATE sketches SET data = (SELECT data FROM sketches ORDER BY row DESC)", [None, *WHOLE[1:]]),
        ("INSERT INTO sketches SELECT 102, data FROM sketches LIMIT 1", WHOLE),
        ("DROP TABLE sketches; CREATE VIEW sketches AS SELECT row, data FROM bulks", [None] * 3),
        ("DROP TABLE sketches; CREATE TABLE sketches (row, note)", [None] * 3),
        ("DROP TABLE sketches; CREATE TABLE sketches (row, data)", [None] * 3),
        ("DROP TABLE sketches; CREATE TABLE sketches (row, data AS (zeroblob(9)))", [None] * 3),
        # The rows say something else now: what was noted of them is no longer true.
        ("UPDATE bulks SET data = CAST(replace(data, 'gram 0', 'gram 9') AS BLOB) WHERE row = 1", [None, *WHOLE[1:]]),
    ],
    ids=["old file", "one less", "junk", "text", "huge", "cut", "swapped", "astray", "a view", "other columns", "empty",
         "computed", "other rows"],
)  # fmt: skip
def test_a_sketch_that_does_not_hold_is_passed_over_and_the_rows_are_read(
    path: Path, seal: Seal, script: str, left: list[bytes | None]
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    assert sketches_of(path, seal) == left


def test_a_damaged_page_of_sketches_costs_no_row(path: Path, seal: Seal) -> None:
    with closing(sqlite3.connect(path)) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sketches'").fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    assert sketches_of(path, seal) == [None] * 3


def test_what_cannot_be_noted_or_sealed_is_recorded_without(tmp_path: Path, seal: Seal) -> None:
    def fails(bulk: Bulk) -> Iterator[bytes | None]:
        yield None
        raise ValueError(f"nothing to say of {len(bulk)} rows")

    assert sketches_of(recorded(tmp_path / "one", Sketching(fails, seal)), seal) == [None] * 3
    (tmp_path / "file").touch()
    hopeless = Seal(tmp_path / "file" / "session.key")
    assert sketches_of(recorded(tmp_path / "two", Sketching(sketched, hopeless)), seal) == [None] * 3


def test_rows_are_written_first_and_sketched_then_as_far_as_somebody_has_them(tmp_path: Path, seal: Seal) -> None:
    def then(bulk: Bulk) -> Iterator[bytes | None]:
        assert store.written >= 200
        yield from sketched(bulk)

    recorder, bulk = Recorder(), a_bulk(100)
    store = Sessions(tmp_path).new(recorder, sketching=Sketching(then, seal))
    recorder.put_many(raw for number in range(100) for raw in a_bulk(1, number).raws())
    recorder.put_bulk(a_bulk(100, 500))
    recorder.put_bulk(bulk)
    assert store.close(60)
    with Session(store.path, seal) as session:
        sketches = [item.sketch for batch in session.items() for item in batch if isinstance(item, Bulk)]
    assert sketches[1] == bulk.sketch == b"about datagram 0"


def test_while_many_events_wait_no_sketch_is_made(
    tmp_path: Path, seal: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("protocols.record.store.SKETCHED_ROWS", -1)
    assert sketches_of(recorded(tmp_path, Sketching(sketched, seal)), seal) == [None] * 3
