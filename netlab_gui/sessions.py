"""Sessions of the window: the one that is recorded now, and a saved one that is looked at.

Everything that touches a file runs on a lab thread; what comes of it is told in strips. It must
not know how events are stored or shown.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from netlab_gui import session_files
from netlab_gui.session_files import Begun, Loading
from netlab_gui.session_menu import SUFFIX
from protocols.numbers import grouped
from protocols.record.log import EventLog

if TYPE_CHECKING:
    from netlab_gui.settings import Settings
    from netlab_gui.strips import Strips
    from protocols.record.sessions import SessionInfo
    from protocols.record.store import Store
    from widgets.desk import Desk

UNNAMED: Final = "New session"
RECENT: Final = 10
CLOSE_S: Final = 5.0
SIZE_LOOK_S: Final = 1.0


class Sessions(QObject):
    """The live session and the saved one in view.

    changed: name, state or the list of recent ones. shown(log): the time line shall show this log. saved_file: where
    the live session was saved last, or None.
    """

    changed = Signal()
    shown = Signal(object)

    def __init__(self, desk: Desk, settings: Settings, strips: Strips) -> None:
        super().__init__()
        self._desk, self._settings, self._strips = desk, settings, strips
        self._store: Store | None = None
        self._given_name = ""
        self.saved_file: Path | None = None
        self._viewed: SessionInfo | None = None
        self._loading: Loading | None = None
        self._listed: list[SessionInfo] = []
        self._elsewhere: list[SessionInfo] = []
        self._size: tuple[float, int] = (0.0, 0)
        self._failed = ""
        self.live_log: EventLog = desk.log
        self.started = False

    # What there is to say

    @property
    def name(self) -> str:
        """The name of the session in view."""
        return self._viewed.title if self._viewed is not None else self._given_name or UNNAMED

    @property
    def read_only(self) -> bool:
        """A saved session is looked at, while the live one goes on."""
        return self._viewed is not None

    @property
    def writable(self) -> bool:
        """There is a session file that is recorded into."""
        return self._store is not None

    @property
    def problem(self) -> str:
        """Why nothing is recorded into a file now, or ""."""
        return self._failed or ((self._store.problem or "") if self._store is not None else "")

    @property
    def size_bytes(self) -> int | None:
        """The size of the session file, looked up once a second; None without one."""
        if self._store is None:
            return None
        now = time.monotonic()
        if now - self._size[0] > SIZE_LOOK_S:
            self._size = (now, session_files.size_of(self._store.path))
        return self._size[1]

    @property
    def recent(self) -> list[SessionInfo]:
        """Sessions that can be opened: the files saved or opened last, then those of the lab, the latest first."""
        own = self._store.path if self._store is not None else None
        found = [*self._elsewhere, *self._listed]
        return [one for one in found if not one.problem and not one.live and one.path != own][:RECENT]

    def _remember(self, info: SessionInfo) -> None:
        """A file elsewhere is found again under Recent, at the next start too."""
        if info.path.parent != self._settings.sessions_dir:
            self._settings.remember_file(info.path)
            self._elsewhere = [info, *(one for one in self._elsewhere if one.path != info.path)]

    def suggested_file(self) -> Path:
        """Where a copy would go unless the user says else."""
        stem = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in self._given_name).strip()
        return Path.home() / f"{stem or time.strftime('session %Y-%m-%d')}{SUFFIX}"

    # Recording

    def begin(self, look_at: str | None = None) -> None:
        """Begin to record into a new file, and offer what an unclean end left. look_at: a file to open then."""
        self._desk.bridge.call(self._begin_file, lambda begun: self._on_begun(begun, look_at), owner=self)

    def _begin_file(self) -> Begun:
        """On a lab thread."""
        kept = self._settings
        recorder = self._desk.lab.recorder
        return session_files.begin(
            recorder, kept.sessions_dir, kept.keep_sessions, kept.record_limit_bytes, kept.recent_files
        )

    def _on_begun(self, begun: Begun, look_at: str | None) -> None:
        first = not self.started
        self._store, self._failed, self._listed = begun.store, begun.problem, begun.listed
        self._elsewhere = begun.elsewhere
        self._desk.lab.store = begun.store
        self._size = (0.0, 0)
        self.started = True
        if begun.problem:
            self._strips.say("store", "warning", "This session is not kept in a file.", begun.problem)
        if look_at is not None:
            self.open(Path(look_at))
        elif first:
            self._offer_recovery()
        self.changed.emit()

    def new(self) -> None:
        """End the session file, and begin another with an empty time line. What runs goes on."""
        self.back()
        before, self._store, self._given_name, self.saved_file = self._store, None, "", None

        def work() -> Begun:
            if before is not None:
                before.close(CLOSE_S)
            return self._begin_file()

        self._desk.bridge.call(work, self._on_new_begun, self._on_failed, owner=self)

    def _on_new_begun(self, begun: Begun) -> None:
        self.live_log = EventLog()
        self.shown.emit(self.live_log)
        self._on_begun(begun, None)

    def rename(self, name: str) -> None:
        """Name the live session; a named one is never removed by itself."""
        store = self._store
        if store is None or self.read_only:
            return
        self._given_name = name
        self._desk.bridge.call(lambda: store.rename(name), None, self._on_failed, owner=self)
        self.changed.emit()

    def save_as(self, target: Path) -> None:
        """Write a copy of the live session, as it is now, into one file."""
        store, name = self._store, self._given_name or target.stem
        if store is None:
            return

        place = self._settings.sessions_dir
        self._desk.bridge.call(
            lambda: session_files.save_copy(store, place, target, name), self._on_saved, self._on_failed, owner=self
        )

    def _on_saved(self, info: SessionInfo) -> None:
        self._remember(info)
        self.saved_file = info.path
        self._desk.toast(f"Saved as {info.path.name}")
        self.changed.emit()

    def close(self) -> None:
        """Write what is left and end the file; at most a few seconds."""
        if self._loading is not None:
            self._loading.cancelled = True
        if self._store is not None:
            self._store.close(CLOSE_S)
            self._store = self._desk.lab.store = None

    # Looking at a saved one

    def open(self, path: Path) -> None:
        """Read a session file and show it instead of the live one, which goes on."""
        if self._loading is not None:
            self._loading.cancelled = True
        loading = self._loading = Loading(path)
        self._strips.say(
            "session", "note", "Opening", path.name, action="Cancel", act=lambda: self._cancel(loading), closable=False
        )
        self._desk.bridge.call(
            lambda: session_files.load(loading), self._on_opened, self._on_open_failed, owner=self
        )

    def _cancel(self, loading: Loading) -> None:
        loading.cancelled = True
        self._strips.clear("session")

    def _on_opened(self, loading: Loading) -> None:
        info, log = loading.info, loading.log
        if loading.cancelled or loading is not self._loading or info is None:
            return
        self._loading, self._viewed = None, info
        self._remember(info)
        self.shown.emit(log)
        words = f"{info.title}, {grouped(len(log))} events. What runs is still recorded."
        if log.first:
            last = f"the last {grouped(len(log) - log.first)} of {grouped(len(log))} events"
            words = f"{info.title}, {last}. What runs is still recorded."
        self._strips.say(
            "session", "note", "You look at a saved session.", words,
            action="Back to the live one", act=self.back, icon="undo-2", closable=False,
        )  # fmt: skip
        self.changed.emit()

    def _on_open_failed(self, error: BaseException) -> None:
        self._loading = None
        self._strips.say("session", "error", "The session can't be opened.", str(error))

    def back(self) -> None:
        """Show the live session again."""
        if self._viewed is None:
            return
        self._viewed = None
        self._strips.clear("session")
        self.shown.emit(self.live_log)
        self.changed.emit()

    # Recovery

    def _offer_recovery(self) -> None:
        """A strip, never a dialog: the last lab ended without a goodbye, and this is what it left."""
        left = [one for one in self._listed if not (one.clean or one.live or one.problem)]
        if not left:
            return
        last = left[0]
        when = time.strftime("%H:%M on %d %B", time.localtime(last.created_ns / 1e9))
        words = f"{grouped(last.events)} events of {last.name or 'the session'} begun at {when} are there."
        self._strips.say(
            "recovery", "warning", "The last session ended without a goodbye.", words,
            action="Look at it", act=lambda: self._recover(left), icon="history", closed=lambda: self._keep(left),
        )  # fmt: skip

    def _recover(self, left: list[SessionInfo]) -> None:
        self._strips.clear("recovery")
        self._keep(left)
        self.open(left[0].path)

    def _keep(self, left: list[SessionInfo]) -> None:
        """They have been told of; the next start shall not offer them again."""

        place = self._settings.sessions_dir
        self._desk.bridge.call(lambda: session_files.keep(place, left), None, self._on_failed, owner=self)

    def _on_failed(self, error: BaseException) -> None:
        self._strips.say("store", "error", "That did not work.", str(error))
