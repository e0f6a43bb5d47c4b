"""Service: a server or client in worker threads of its own, with a start, a stop and an end.

The stop is designed before the start: `request_stop()` only marks and wakes, the service's main
thread closes what it opened and waits for the workers, `join()` waits for the main thread under a
deadline. It must not know what a service says to its peers, or who looks at it.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from protocols.record.recorder import Recorder

State: TypeAlias = Literal["new", "running", "stopped", "failed"]
JOIN_S: Final = 2.0
_LAST_BREATH_S: Final = 0.5
"""Between a main thread's last line and its end."""


class ServiceError(RuntimeError):
    """A service was asked for something that its state does not allow; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a running service occupies. where: "127.0.0.1:2345", a path, or "" before it stands.

    exposed: it can be reached from other machines.
    """

    name: str
    kind: str
    state: State
    where: str = ""
    threads: tuple[str, ...] = ()
    children: tuple[int, ...] = ()
    ports: tuple[int, ...] = ()
    connections: int = 0
    exposed: bool = False


def is_exposed(host: str) -> bool:
    """Whether a server bound to `host` can be reached from other machines."""
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host != "localhost"


def _symbol(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    return errno.errorcode.get(number, type(error).__name__) if isinstance(number, int) else type(error).__name__


class Service(ABC):
    """A server or client. Subclasses fill `_open`, `_main`, `_wake_up` and `_close`.

    name: "echo:2345", "client 1"; it may be settled in `_open`. kind: the word for its sort. room: the
    id of the panel it was started for, "" for none; `Lab.start` sets it. asked_for: a person started it; False for what
    a view has of its own to do its work, which no list counts. ended_by: what made it "failed" while it ran.
    The order of their calls: `_open` in the caller's thread, `_main` in the service's own, `_wake_up`
    in any thread and as often as it pleases, `_close` once, in whichever thread ends the service.
    """

    def __init__(self, recorder: Recorder, name: str, kind: str) -> None:
        self.recorder: Final = recorder
        self.name = name
        self.kind: Final = kind
        self.room = ""
        self.asked_for = True
        self.stopping: Final = threading.Event()
        self.ended_by: Exception | None = None
        self._lock = threading.Lock()
        self._state: State = "new"
        self._begun = False
        self._gone = threading.Event()
        self._workers: set[threading.Thread] = set()
        self._main_thread: threading.Thread | None = None
        self._leavings: list[Callable[[], object]] = []

    # What a subclass fills in

    @abstractmethod
    def _open(self) -> None:
        """Bind or connect, in the caller's thread. What it raises, `start()` raises."""

    @abstractmethod
    def _main(self) -> None:
        """Serve until `stopping` is set, in the service's main thread. An exception makes it "failed"."""

    def _wake_up(self) -> None:  # noqa: B027  a service that never blocks needs none
        """End blocked calls. Any thread, any time, several times."""

    def _close(self) -> None:  # noqa: B027
        """Close everything that `_open` opened, after the workers are gone or `_open` failed."""

    def _thread_name(self) -> str:
        """The name of the main thread: "<subject>-<role>:<port>"."""
        return self.name

    # Life

    @property
    def state(self) -> State:
        """Where it is in its life; "stopped" and "failed" are final."""
        return self._state

    def start(self) -> None:
        """Return when bound or connected. Raises the real error, or ServiceError when not new."""
        with self._lock:
            if self.stopping.is_set() and self._main_thread is None:
                raise ServiceError(f"{self.name} was stopped before it had begun")
            if self._begun or self._state != "new":
                raise ServiceError(f"{self.name} can't be started again: make a new one")
            self._begun = True
        try:
            self._open()
        except BaseException:
            self._end("failed")
            self._gone.set()
            raise
        self._run()

    def _run(self) -> None:
        with self._lock:
            self._state = "running"
            self._main_thread = threading.Thread(target=self._live, name=self._thread_name(), daemon=True)
            thread = self._main_thread
        self._tell_started()
        thread.start()

    def _tell_started(self) -> None:
        where = self.facts().where
        self.recorder.note("started", f"{self.name} started" + (f" on {where}" if where else ""), service=self.name,
                           where=where, thread=self._thread_name())  # fmt: skip

    def _live(self) -> None:
        """The main thread: serve, then let the workers go, then close. Nothing is left after it."""
        state: State = "stopped"
        try:
            self._main()
        except Exception as error:  # noqa: BLE001  whatever a model or library raises must end as a note
            state = "failed"
            self._tell_failed(error)
        self.stopping.set()
        self._wake_up()
        self._join_workers()
        try:
            self._end(state)
        except Exception as error:  # noqa: BLE001  a file that can't be closed, say, on a full disk
            state = self._state = "failed"
            if self.ended_by is None:
                self._tell_failed(error)
        self.recorder.note("stopped", f"{self.name} stopped", service=self.name, state=state)
        self._gone.set()

    def _tell_failed(self, error: Exception) -> None:
        self.ended_by = error
        said = str(error) or type(error).__name__
        why = f"The service ended because of an error: {said}."
        self.recorder.note("failed", f"{self.name} failed: {said}", service=self.name, errno=_symbol(error), why=why)

    def _join_workers(self) -> None:
        while workers := self._alive_workers():
            self._wake_up()  # a worker may have come to life, or blocked again, since the last call
            workers[0].join(0.2)

    def _alive_workers(self) -> list[threading.Thread]:
        with self._lock:
            return list(self._workers)

    def _end(self, state: State) -> None:
        try:
            self._close()
        finally:
            for remove in self._leavings:
                with contextlib.suppress(OSError):  # what can't be removed must not keep it from ending
                    remove()
            self._state = state

    def leaves(self, remove: Callable[[], object]) -> None:
        """Call `remove` at its end, whoever ends it: files that only it needed go with it. Say so before `start()`."""
        self._leavings.append(remove)

    def request_stop(self) -> None:
        """Ask it to end, and return at once. Any thread, any number of times."""
        self.stopping.set()
        with self._lock:
            never_began = not self._begun
            self._begun = True
        if never_began:
            self._end("stopped")
            self._gone.set()
        self._wake_up()

    def join(self, timeout_s: float = JOIN_S) -> bool:
        """Wait until nothing of it is left; False when `timeout_s` seconds were not enough."""
        if not self._begun:
            return True
        thread = self._main_thread
        if thread is threading.current_thread() or not self._gone.wait(max(timeout_s, 0)):
            return False
        if thread is not None:
            thread.join(_LAST_BREATH_S)
        return True

    def stop(self, timeout_s: float = JOIN_S) -> bool:
        """`request_stop()`, then `join()`."""
        self.request_stop()
        return self.join(timeout_s)

    # Workers

    def spawn(self, name: str, work: Callable[[], None], **facts: Any) -> threading.Thread:
        """Run `work` in a worker thread that the service's end waits for; told by a note."""

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._workers.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        with self._lock:  # registered before it starts, so that a stop between the two still joins it
            self._workers.add(thread)
        self.recorder.note("thread started", f"{name} started", service=self.name, worker=f"thread {name}", **facts)
        try:
            thread.start()
        except RuntimeError:  # no more threads: the caller tells
            with self._lock:
                self._workers.discard(thread)
            raise
        return thread

    def threads(self) -> tuple[str, ...]:
        """The names of its threads that run now, the main one first."""
        with self._lock:
            main, workers = self._main_thread, sorted(thread.name for thread in self._workers)
        return ((main.name,) if main is not None and main.is_alive() else ()) + tuple(workers)

    def facts(self) -> Facts:
        """What it occupies now. Subclasses add where, children, ports and connections."""
        return Facts(self.name, self.kind, self.state, threads=self.threads())
