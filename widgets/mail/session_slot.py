"""SessionSlot: one client of the panel through its lives: idle, starting, open, ended.

Connects and works on lab threads, tells how far it is, cancels at once. It must not know widgets, nor
a protocol.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Signal

from protocols.mail.client.session import MailSession, Task
from protocols.record.explain import Explained
from protocols.record.recorder import Recorder
from widgets.desk import Desk

Phase: TypeAlias = Literal["idle", "starting", "open", "ended"]
POLL_MS: Final = 100
LEAVE_S: Final = 3.0
Make: TypeAlias = Callable[[Recorder], MailSession]


class SessionSlot(QObject):
    """`changed`: phase or progress. `opened`: it stands. `closed`: it is over, by whomever. `failed(explained)`.

    session: the one that is open. task: what it works on now, for the progress. trouble: the last error.
    """

    changed = Signal()
    opened = Signal()
    closed = Signal()
    failed = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.phase: Phase = "idle"
        self.session: Any = None
        self.task: Task[Any] | None = None
        self.trouble: Explained | None = None
        self.busy = 0
        self._starting: list[MailSession] = []
        self._cancelled = False
        self._end_poll: Callable[[], None] | None = None

    def open(self, make: Make) -> None:
        """Connect; nothing happens while one is open."""
        if self.phase in ("starting", "open"):
            return
        lab, holder = self.desk.lab, self._starting
        holder.clear()
        self.trouble, self._cancelled = None, False

        def work() -> MailSession:
            session = make(lab.recorder)
            holder.append(session)
            try:
                lab.start(session, room="mail")
            except Exception as error:
                raise _Told(session.explained(error)) from error
            return session

        self._set("starting")
        self._look()
        self.desk.bridge.call(work, self._on_open, self._on_not_open, owner=self)

    def _on_open(self, session: MailSession) -> None:
        self.session = session
        self._set("open")
        if self._cancelled:
            self.close(politely=False)
        else:
            self.opened.emit()

    def _on_not_open(self, error: BaseException) -> None:
        self._set("idle")
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.trouble = error.told if isinstance(error, _Told) else _plain(error)
        self.failed.emit(self.trouble)

    def do(
        self, ask: Callable[[Any], Task[Any]], done: Callable[[Any], object] | None = None,
        failed: Callable[[Explained], object] | None = None, then: Callable[[Any], Any] | None = None,
    ) -> None:  # fmt: skip
        """Ask the session for something: `ask(session)` gives the task, `done(result)` is told, or `failed`.

        then: what is made of the result before, on the lab thread.
        """
        session = self.session
        if session is None or self.phase != "open":
            return

        def work() -> Any:
            try:
                task = ask(session)
                self.task = task
                result = task.result()
                return then(result) if then is not None else result
            except Exception as error:
                raise _Told(session.explained(error)) from error

        def over(told: Callable[[Any], object] | None, value: Any) -> None:
            self.busy -= 1
            if not self.busy:
                self.task = None
            if told is not None:
                told(value)
            self.poll()
            self.changed.emit()

        def on_failed(error: BaseException) -> None:
            if failed is not None and isinstance(error, _Told):
                self.trouble = error.told
                failed(error.told)
            else:
                self._fail(error)

        self.busy += 1
        self._look()
        self.desk.bridge.call(work, lambda value: over(done, value), lambda error: over(on_failed, error), owner=self)
        self.changed.emit()

    def cancel(self) -> None:
        """End what is under way, at once."""
        if self.phase == "starting":
            self._cancelled = True
            for session in self._starting:
                session.request_stop()
        elif self.task is not None:
            self.task.cancel()

    def close(self, *, politely: bool = True) -> None:
        """End the session, with the protocol's goodbye or by cutting the line."""
        session, lab = self.session, self.desk.lab
        if session is None:
            return

        def work() -> None:
            session.leave(politely=politely)
            session.join(LEAVE_S)
            lab.stop(session)

        self.desk.bridge.call(work, lambda _: self._ended(session), lambda _: self._ended(session), owner=self)

    def _ended(self, session: Any) -> None:
        if session is self.session:
            self.session = None
            self._set("ended")
            self.closed.emit()

    def poll(self) -> None:
        """See whether it still stands."""
        session, lab = self.session, self.desk.lab
        if session is not None and self.phase == "open" and session.state in ("stopped", "failed"):
            told = session.error
            self.desk.bridge.call(lambda: lab.stop(session), owner=self)
            self._ended(session)
            if told is not None and self.trouble is not told:
                self.trouble = told
                self.failed.emit(told)

    def _look(self) -> None:
        if self._end_poll is None:
            self._end_poll = self.desk.bridge.every(POLL_MS, self._tick)

    def _tick(self) -> None:
        self.poll()
        if self.busy or self.phase == "starting":
            self.changed.emit()
        elif self.phase in ("idle", "ended") and self._end_poll is not None:
            self._end_poll()
            self._end_poll = None

    def _set(self, phase: Phase) -> None:
        self.phase = phase
        self.changed.emit()


class _Told(Exception):
    """Carries an explanation from the lab thread."""

    def __init__(self, told: Explained) -> None:
        super().__init__(told.why)
        self.told: Final = told


def _plain(error: BaseException) -> Explained:
    return Explained(type(error).__name__, "It did not work", "", f"{error}.", (), ())
