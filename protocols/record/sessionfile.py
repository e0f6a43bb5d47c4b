"""The session file: an SQLite database that the sqlite3 command reads as well as the lab does.

Three tables: `meta` (key, value), `events`, whose columns are those of an event's JSON form, and
`bulks`, many datagrams a row (Bulk.packed). `row` numbers the events of both together. A fourth,
`sketches`, may be missing, here or for any bulk: what was noted of the rows of a bulk, by the same
`row`, sealed together with the bulk's bytes (seal.py); one that does not hold is passed over.
This module has its layout, its lock and its strict reader; a file from elsewhere is believed
nothing. It must not know who writes, or which files there are.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from protocols.record import filelock
from protocols.record.bulk import Bulk, unpacked
from protocols.record.event import LAYERS, Raw, detail_of, from_json, raw_to_json
from protocols.record.seal import Seal

SUFFIX: Final = ".netlab"
APPLICATION_ID: Final = 0x4E4C6162
FORMAT: Final = 1
COLUMNS: Final = ("row", "t", "layer", "kind", "service", "conn", "dir", "offset", "size", "summary", "data", "detail")
SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE events (
    row INTEGER PRIMARY KEY,
    t INTEGER NOT NULL,
    layer TEXT NOT NULL,
    kind TEXT NOT NULL,
    service TEXT,
    conn TEXT,
    dir TEXT,
    "offset" INTEGER,
    size INTEGER,
    summary TEXT NOT NULL,
    data BLOB,
    detail TEXT NOT NULL
);
CREATE TABLE bulks (
    row INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    t INTEGER NOT NULL,
    service TEXT NOT NULL,
    "local" TEXT NOT NULL,
    peers TEXT NOT NULL,
    dropped INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE sketches (
    row INTEGER PRIMARY KEY,
    data BLOB NOT NULL
);
"""
_SELECT: Final = "SELECT {} FROM events WHERE row > ? ORDER BY row".format(", ".join(f'"{name}"' for name in COLUMNS))
_SELECT_BULKS: Final = (
    "SELECT row, count, t, service, local, peers, dropped, data FROM bulks WHERE row > ? ORDER BY row"
)
INSERT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_BULK: Final = "INSERT INTO bulks VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_SKETCH: Final = "INSERT OR REPLACE INTO sketches VALUES (?, ?)"
_SELECT_SKETCH: Final = "SELECT data FROM sketches WHERE row = ? AND length(data) <= ?"
COUNT: Final = (
    "SELECT max(coalesce((SELECT max(row) FROM events), 0), "
    "coalesce((SELECT row + count - 1 FROM bulks ORDER BY row DESC LIMIT 1), 0))"
)
"""How many events a file holds: rows are numbered from 1, and a bulk takes as many numbers as it has rows."""
PAGE_BYTES: Final = 16 << 10
"""Four times SQLite's own: a block of datagrams is written in half the time, and an empty session is still small."""
WAL_PAGES: Final = 2000
"""After so many pages what was written beside the file moves into it: each time it waits for the disk."""
LIMIT_VALUE_BYTES: Final = 64 << 20
"""No single value of a session file may be larger than this."""
_BUSY_S: Final = 5.0

_decode_address: Final = msgspec.json.Decoder(tuple[str, int]).decode
_decode_peers: Final = msgspec.json.Decoder(list[tuple[str, int, str]]).decode
_encode_detail: Final = msgspec.json.Encoder(enc_hook=repr).encode
DEEPEST: Final = 100
"""So deep may lists and objects of a detail be nested; Python's own limit differs from version to version."""
_NESTING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]')
_decode_detail: Final = msgspec.json.Decoder(dict[str, Any]).decode


class SessionError(Exception):
    """A session file that can't be opened, read or written; the message is a sentence for people."""


def to_row(raw: Raw) -> tuple[Any, ...]:
    """The column values of an event. Raises what `to_row_slowly` then mends."""
    return (*raw[:8], raw[9], raw[8], _encode_detail(detail_of(raw)).decode() if raw[10] else "{}")


def to_row_slowly(raw: Raw) -> tuple[Any, ...]:
    """The column values of an event that SQLite or JSON can't say as it is: escaped, cut or told as text."""
    t, layer, kind, service, conn, way, offset, size, data, summary, _ = raw
    try:
        detail = from_json(raw_to_json(raw)).detail
    except (TypeError, ValueError, OverflowError, RecursionError):
        detail = {"unreadable": ascii(raw[10])[:1000]}
    texts = [None if text is None else _valid(text) for text in (layer, kind, service, conn, way)]
    numbers = [None if number is None else min(max(int(number), 0), _MOST) for number in (t, offset, size)]
    kept = None if data is None else bytes(data)
    return (numbers[0], *texts, *numbers[1:], _valid(summary), kept, _encode_detail(detail).decode())


def _valid(text: object) -> str:
    return str(text).encode("utf-8", "backslashreplace").decode()


def _shallow(detail: str) -> str:
    """The text of a detail, unless it is nested so deep that whoever shows it would fail: then TypeError."""
    if detail.count("[") + detail.count("{") > DEEPEST:
        depth = deepest = 0
        for mark in _NESTING.findall(detail):
            depth += 1 if mark in "[{" else -1 if mark in "]}" else 0
            deepest = max(deepest, depth)
        if deepest > DEEPEST:
            raise TypeError(f"nested {deepest} deep")
    return detail


def to_raw(row: tuple[Any, ...]) -> Raw:
    """The event of the columns after `row`. Raises SessionError where they are not an event's."""
    t, layer, kind, service, conn, way, offset, size, summary, data, detail = row
    numbers = type(t) is int and type(offset) in _INT_OR_NONE and type(size) in _INT_OR_NONE
    texts = type(kind) is str and type(summary) is str and type(service) in _STR_OR_NONE and type(conn) in _STR_OR_NONE
    if not (numbers and texts and layer in LAYERS and way in _WAYS and type(data) in _BYTES_OR_NONE):
        raise SessionError("it holds a row that is not an event")
    if t < 0 or (offset or 0) < 0 or (size or 0) < 0:
        raise SessionError("it holds a row with a number out of range")
    try:
        known = {} if detail == "{}" else _decode_detail(_shallow(detail))
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError, RecursionError):
        raise SessionError("it holds a row whose detail is not a JSON object") from None
    return (t, layer, kind, service, conn, way, offset, size, data, summary, known)


_MOST: Final = (1 << 63) - 1
_NONE: Final = type(None)
_INT_OR_NONE: Final = (int, _NONE)
_STR_OR_NONE: Final = (str, _NONE)
_BYTES_OR_NONE: Final = (bytes, _NONE)
_WAYS: Final = ("in", "out", None)


def bulk_row(number: int, bulk: Bulk) -> tuple[int, int, int, str, str, str, int, bytes]:
    """The column values of a bulk whose first row has this number."""
    kept = bulk.alone()
    peers = [[host, port, conn] for (host, port), conn in zip(kept.peers, kept.conns, strict=True)]
    texts = kept.service, json.dumps(kept.local), json.dumps(peers)
    return (number, len(kept), kept.t[0], *texts, kept.dropped, kept.packed())


def to_bulk(row: tuple[Any, ...]) -> Bulk:
    """The bulk of a row of `bulks`. Raises SessionError where it is none."""
    _, count, _, service, local, peers, dropped, data = row
    try:
        here, others = _decode_address(local), _decode_peers(peers)
        if type(service) is not str or type(dropped) is not int or dropped < 0 or type(data) is not bytes:
            raise ValueError("a column of the wrong type")
        bulk = unpacked(
            data, service, here, [(host, port) for host, port, _ in others], [conn for _, _, conn in others], dropped
        )
        if len(bulk) != count or not count:
            raise ValueError("a wrong count")
    except (ValueError, TypeError, msgspec.MsgspecError, OverflowError) as error:
        raise SessionError(f"it holds datagrams that can't be read: {error}") from None
    return bulk


def create(path: Path, meta: Iterable[tuple[str, Any]], limit_bytes: int) -> sqlite3.Connection:
    """Make a new session file, readable by its owner only, and connect to it for writing."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | filelock.CLOEXEC, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute(f"PRAGMA max_page_count = {max(limit_bytes // page_bytes, 1)}")
        connection.executescript("BEGIN;" + SCHEMA + "COMMIT;")
        connection.executemany("INSERT INTO meta VALUES (?, ?)", meta)
    except BaseException:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Connect to a file that may come from anywhere. Raises SessionError unless it is a session of this format."""
    if not path.is_file():
        raise SessionError(f"There is no session file {path}.")
    connection = None
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LIMIT_VALUE_BYTES)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        _check(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, (sqlite3.Error, OverflowError, UnicodeDecodeError)):
            raise SessionError(f"{path.name} can't be read as a session: {error}.") from None
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise SessionError(f"{path.name} is a database of another program, not a session.")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > FORMAT:
        raise SessionError(f"{path.name} was written by a newer NetLab (format {version}, this one reads {FORMAT}).")
    made = dict(connection.execute("SELECT name, type || ' ' || substr(ltrim(sql), 1, 13) FROM sqlite_master"))
    plain = all(str(made.get(name)).upper().startswith("TABLE CREATE TABLE") for name in ("meta", "events", "bulks"))
    columns = tuple(row[1] for row in connection.execute("PRAGMA table_xinfo(events)") if row[6] == 0)
    keys = tuple(row[1] for row in connection.execute("PRAGMA table_xinfo(meta)") if row[6] == 0)
    if version != FORMAT or not plain or columns != COLUMNS or keys != ("key", "value"):
        raise SessionError(f"{path.name} has not the tables of a session.")


def read_meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """The meta table, its known keys of the right type."""
    wanted: dict[str, type] = {"epoch_ns": int, "name": str, "created_ns": int, "clean": int, "version": str}
    try:
        found = dict(connection.execute("SELECT key, value FROM meta LIMIT 1000"))
    except (sqlite3.Error, UnicodeDecodeError, TypeError) as error:
        raise SessionError(f"its description can't be read: {error}") from None
    for key, kind in wanted.items():
        if not isinstance(found.get(key), kind):
            raise SessionError(f"its description lacks {key}")
    return found


def set_meta(path: Path, key: str, value: object) -> None:
    """Change one entry of a session file's description, also while it is being written."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_S)) as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
            connection.commit()
    except sqlite3.Error as error:
        raise SessionError(f"{path.name} can't be changed: {error}.") from None


def first_after(connection: sqlite3.Connection, skipped: int) -> int:
    """How many events a reader passes over who wants to skip about `skipped`: a bulk is not parted."""
    found = connection.execute("SELECT row, count FROM bulks WHERE row <= ? ORDER BY row DESC LIMIT 1", (skipped,))
    row, count = found.fetchone() or (0, 0)
    inside = type(row) is int and type(count) is int and row <= skipped < row + count - 1
    return row - 1 if inside else skipped


class _Sketches:
    """Reads bulks together with what was noted of them, as far as the seal holds; nothing where there is no seal."""

    def __init__(self, connection: sqlite3.Connection, seal: Seal | None) -> None:
        self._connection = connection
        self._seal = seal if seal is not None and self._there() else None

    def _there(self) -> bool:
        try:
            [made] = self._connection.execute("SELECT type || sql FROM sqlite_master WHERE name = 'sketches'")
            columns = [row[1] for row in self._connection.execute("PRAGMA table_xinfo(sketches)") if row[6] == 0]
        except (sqlite3.Error, UnicodeDecodeError, ValueError):
            return False
        return str(made[0]).upper().startswith("TABLECREATE TABLE") and columns == ["row", "data"]

    def bulk(self, row: tuple[Any, ...]) -> Bulk:
        """The bulk of a row of `bulks`, with its sketch. Raises SessionError where it is none."""
        bulk = to_bulk(row)
        if self._seal is not None:
            packed = row[-1]
            try:
                found = self._connection.execute(_SELECT_SKETCH, (row[0], len(packed) // 2 + _LEAST_SKETCH)).fetchone()
            except (sqlite3.Error, UnicodeDecodeError, OverflowError):
                self._seal = None  # what is damaged there says nothing of the rows
                return bulk
            if found is not None and type(found[0]) is bytes:
                bulk.sketch = self._seal.open(found[0], packed)
        return bulk


_LEAST_SKETCH: Final = 1 << 16
"""A sketch is shorter than this, or than half of what it tells of: more is not read."""


def read_items(
    connection: sqlite3.Connection, path: Path, size: int, skip: int = 0, seal: Seal | None = None
) -> Iterator[list[Raw | Bulk]]:
    """Events in order, about `size` at a time, bulks whole, without the first `skip` (see `first_after`).

    seal: what sketches must have been sealed with. Raises SessionError at the first row that is wrong.
    """
    read = skip
    to_bulk = _Sketches(connection, seal).bulk
    try:
        bulks = iter(connection.execute(_SELECT_BULKS, (skip,)))
        rows = connection.execute(_SELECT, (skip,))
        bulk = next(bulks, None)
        while batch := rows.fetchmany(size):
            items: list[Raw | Bulk] = []
            for row in batch:
                while bulk is not None and bulk[0] < row[0]:
                    items.append(to_bulk(bulk))
                    bulk = next(bulks, None)
                items.append(to_raw(row[1:]))
            yield items
            read += len(batch)
        while bulk is not None:
            yield [to_bulk(bulk)]
            bulk = next(bulks, None)
    except SessionError as error:
        raise SessionError(f"{path.name} is damaged after event {read}: {error}.") from None
    except (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError) as error:
        raise SessionError(f"{path.name} is damaged after event {read}: {error}.") from None


class Lock:
    """Says that a running lab writes a session: held by the process, gone with it, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = lock_path(path)
        self._fd = os.open(self._path, os.O_CREAT | os.O_RDWR | filelock.CLOEXEC, 0o600)
        try:
            filelock.claim(self._fd)
        except OSError:
            os.close(self._fd)
            raise

    def release(self) -> None:
        """Let go; the session is nobody's now."""
        if self._fd >= 0:
            if os.name == "posix":  # before it is free: nobody must claim a file that goes
                self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *exit_: object) -> None:
        self.release()


def lock_path(path: Path) -> Path:
    """Where the lock of a session file is."""
    return path.with_name(path.name + ".lock")


def is_being_written(path: Path) -> bool:
    """True while a running process holds the session's lock."""
    try:
        fd = os.open(lock_path(path), os.O_RDWR | filelock.CLOEXEC)
    except OSError:
        return False
    try:
        filelock.claim(fd)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
