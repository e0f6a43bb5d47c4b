"""Session files: what the window does with them on lab threads: begin, read, copy, keep.

The first SQLite of a run is loaded here, not before the first picture. It must not load Qt or
know who waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netlab_gui import places
from protocols.record.log import LIMIT_ROWS, EventLog

if TYPE_CHECKING:
    from protocols.record.recorder import Recorder
    from protocols.record.sessions import SessionInfo
    from protocols.record.sessions import Sessions as Folder
    from protocols.record.store import Store

LOOK_EVENTS = 5000


@dataclass(slots=True)
class Begun:
    """What beginning a session file gave: the store, or the problem; and the sessions there are, here and elsewhere."""

    store: Store | None
    problem: str
    listed: list[SessionInfo]
    elsewhere: list[SessionInfo] = field(default_factory=list)


@dataclass(slots=True)
class Loading:
    """A session being read. `cancelled` is set in the GUI thread and seen by the lab thread."""

    path: Path
    cancelled: bool = False
    log: EventLog = field(default_factory=EventLog)
    info: SessionInfo | None = None


def begin(recorder: Recorder, place: Path, keep: int, limit_bytes: int, files: Sequence[Path] = ()) -> Begun:
    """Record into a new file of `place`; older unnamed sessions and empty ones go. files: looked up elsewhere."""
    from protocols.creosote.sketch import sketching
    from protocols.record.seal import Seal
    from protocols.record.sessionfile import SessionError
    from protocols.record.sessions import Sessions as Folder
    from protocols.record.store import Sketching

    folder = Folder(place)
    try:
        store = folder.new(recorder, limit_bytes=limit_bytes, sketching=Sketching(sketching, Seal(places.seal_file())))
    except SessionError as error:
        return Begun(None, str(error), folder.recent(), look_up(files))
    folder.prune(keep)
    return Begun(store, "", [one for one in folder.recent() if not _dropped(folder, one)], look_up(files))


def look_up(files: Sequence[Path]) -> list[SessionInfo]:
    """What is known of these session files; those that are gone or broken are left out."""
    from protocols.record.sessionfile import SessionError
    from protocols.record.sessions import Session

    found = []
    for path in files:
        try:
            with Session(path) as session:
                found.append(session.info)
        except (SessionError, OSError):
            continue
    return found


def _dropped(folder: Folder, one: SessionInfo) -> bool:
    """Nothing ever happened in it and nobody named it: it goes."""
    if one.events or one.name or one.live or one.problem:
        return False
    folder.discard(one.path)
    return True


def load(loading: Loading) -> Loading:
    """Read a session into memory, until its end or until nobody wants it any more. Raises SessionError."""
    from protocols.record.seal import Seal
    from protocols.record.sessions import Session

    with Session(loading.path, Seal(places.seal_file())) as session:
        loading.info = session.info
        loading.log.epoch_ns = session.info.epoch_ns
        skip = session.skipping(LIMIT_ROWS)  # the log would let them go at once
        loading.log.begin_at(skip)
        for batch in session.items(LOOK_EVENTS, skip):
            if loading.cancelled:
                break
            loading.log.append_items(batch)
    return loading


def save_copy(store: Store, place: Path, target: Path, name: str) -> SessionInfo:
    """Write the session of a store, as it is now, into one file, and tell what is in it. Raises SessionError."""
    from protocols.record.sessions import Session
    from protocols.record.sessions import Sessions as Folder

    store.flush()
    Folder(place).save_as(store.path, target, name)
    with Session(target) as session:
        return session.info


def keep(place: Path, left: list[SessionInfo]) -> None:
    """These unclean sessions have been told of; they count as whole from now on. Raises SessionError."""
    from protocols.record.sessions import Sessions as Folder

    folder = Folder(place)
    for one in left:
        folder.keep(one.path)


def size_of(path: Path) -> int:
    """Bytes of a session file and of what SQLite keeps beside it."""
    size = 0
    for file in (path, path.with_name(path.name + "-wal")):
        try:
            size += file.stat().st_size
        except OSError:
            continue
    return size
