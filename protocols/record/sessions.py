"""Sessions: the folder with the recorded sessions, and one of them opened for reading.

Lists, opens, copies, names, recovers and forgets; a session that another running lab writes is
left alone. Computed without Qt. It must not know what an event means.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.record.bulk import Bulk
from protocols.record.event import Raw
from protocols.record.recorder import Recorder
from protocols.record.seal import Seal
from protocols.record.sessionfile import (
    COUNT,
    SUFFIX,
    first_after,
    is_being_written,
    lock_path,
    open_for_reading,
    read_items,
    read_meta,
    set_meta,
)
from protocols.record.sessionfile import SessionError as SessionError
from protocols.record.store import LIMIT_BYTES, Sketching, Store

KEPT: Final = 30
BATCH_ROWS: Final = 5_000


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """What there is to know about a session file without reading its events.

    name: "" unless the user gave one. created_ns: since 1970. clean: written to its end.
    live: a running lab writes it now. problem: why it can't be opened (then the rest is empty).
    """

    path: Path
    name: str = ""
    created_ns: int = 0
    epoch_ns: int = 0
    events: int = 0
    size_bytes: int = 0
    clean: bool = True
    live: bool = False
    problem: str | None = None

    @property
    def title(self) -> str:
        """The name, or when it began (local time)."""
        return self.name or time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.created_ns / 1e9))


class Session:
    """A session file opened for reading; close it, or use it in a with statement.

    seal: what was noted of bulks must have been sealed with; without it their sketches are left alone.
    """

    def __init__(self, path: Path, seal: Seal | None = None) -> None:
        self._seal = seal
        self._connection = open_for_reading(path)
        try:
            self.info: Final = _info(self._connection, path)
        except SessionError as error:
            self._connection.close()
            raise SessionError(f"{path.name} can't be read as a session: {error}.") from None

    def items(self, size: int = BATCH_ROWS, skip: int = 0) -> Iterator[list[Raw | Bulk]]:
        """The events in order, about `size` at a time and bulks whole, so that a caller may show progress and stop.

        skip: the number of the first events to leave out, as `skipping` gives it.
        """
        return read_items(self._connection, self.info.path, size, skip, self._seal)

    def skipping(self, keep: int) -> int:
        """How many of the first events to leave out so that about the last `keep` stay."""
        try:
            return first_after(self._connection, max(self.info.events - keep, 0))
        except sqlite3.Error as error:
            raise SessionError(f"{self.info.path.name} is damaged: {error}.") from None

    def raws(self) -> Iterator[Raw]:
        """The events in order, one by one."""
        for batch in self.items():
            for item in batch:
                if isinstance(item, Bulk):
                    yield from item.raws()
                else:
                    yield item

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exit_: object) -> None:
        self.close()


def _info(connection: sqlite3.Connection, path: Path) -> SessionInfo:
    meta = read_meta(connection)
    try:
        last = connection.execute(COUNT).fetchone()[0]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise SessionError(str(error)) from None
    size = sum(beside.stat().st_size for beside in _files(path) if beside.exists())
    return SessionInfo(
        path, meta["name"], meta["created_ns"], meta["epoch_ns"], last if isinstance(last, int) else 0, size,
        bool(meta["clean"]), is_being_written(path),
    )  # fmt: skip


def _files(path: Path) -> tuple[Path, ...]:
    return (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal")))


def default_folder() -> Path:
    """Where sessions are kept: $XDG_DATA_HOME/netlab/sessions (XDG Base Directory Specification)."""
    home = os.environ.get("XDG_DATA_HOME", "")
    data = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return data / "netlab" / "sessions"


class Sessions:
    """The sessions of a folder; it is made when the first session is."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder: Final = folder or default_folder()

    def new(
        self, recorder: Recorder, name: str = "", *, limit_bytes: int = LIMIT_BYTES, sketching: Sketching | None = None
    ) -> Store:
        """Begin to record into a new file of at most `limit_bytes`. Raises SessionError."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SessionError(f"No session can be recorded in {self.folder}: {error.strerror}.") from None
        stem = time.strftime("%Y%m%d-%H%M%S")
        names = (f"{stem}{f'-{number}' if number else ''}{SUFFIX}" for number in range(1000))
        path = next(
            (path for path in map(self.folder.joinpath, names) if not (path.exists() or lock_path(path).exists())), None
        )
        if path is None:
            raise SessionError(f"No session can be recorded in {self.folder}: there are too many of this second.")
        return Store(recorder, path, name=name, limit_bytes=limit_bytes, sketching=sketching)

    def recent(self) -> list[SessionInfo]:
        """All sessions, the latest first; one that can't be opened has its `problem` told."""
        infos = []
        for path in self.folder.glob(f"*{SUFFIX}"):
            try:
                with Session(path) as session:
                    infos.append(session.info)
            except (SessionError, OSError) as error:
                infos.append(SessionInfo(path, live=is_being_written(path), problem=str(error)))
        return sorted(infos, key=lambda info: (info.created_ns, info.path.name), reverse=True)

    def unclean(self) -> list[SessionInfo]:
        """Sessions that ended without a goodbye and that nobody writes any more, the latest first."""
        return [info for info in self.recent() if not (info.clean or info.live or info.problem)]

    def open(self, path: Path) -> Session:
        """Open a session file, of this folder or from elsewhere. Raises SessionError."""
        return Session(path)

    def keep(self, path: Path) -> None:
        """Count an unclean session as a whole one: it has been looked at. Raises SessionError."""
        set_meta(path, "clean", 1)

    def rename(self, path: Path, name: str) -> None:
        """Name a session; a named one is never pruned. Raises SessionError."""
        set_meta(path, "name", name)

    def save_as(self, path: Path, target: Path, name: str = "") -> None:
        """Copy a session as it is now, also while it is written, into one file. Raises SessionError.

        A running session's last moment is in the copy only after its `Store.flush()`.
        """
        with Session(path) as session:
            name = name or session.info.name
        parked = None
        try:
            with tempfile.TemporaryDirectory(prefix=".netlab-", dir=target.parent) as parked:
                copy = Path(parked) / target.name
                with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                    connection.execute("VACUUM INTO ?", (str(copy),))
                set_meta(copy, "name", name)
                set_meta(copy, "clean", 1)
                copy.chmod(0o600)
                os.replace(copy, target)
        except (OSError, sqlite3.Error) as error:
            raise SessionError(f"The session can't be saved as {target}: {error}.") from None

    def discard(self, path: Path) -> None:
        """Remove a session for good. Raises SessionError while a running lab writes it."""
        if is_being_written(path):
            raise SessionError(f"{path.name} is being written by a running lab.")
        try:
            for file in (*_files(path), lock_path(path)):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise SessionError(f"{path.name} can't be removed: {error.strerror}.") from None

    def prune(self, keep: int = KEPT) -> list[Path]:
        """Remove all but the latest `keep` sessions, never a named, a running or an unreadable one; which went."""
        candidates = [info for info in self.recent() if not (info.name or info.live or info.problem)]
        gone = []
        for info in candidates[keep:]:
            with suppress(SessionError):
                self.discard(info.path)
                gone.append(info.path)
        return gone
