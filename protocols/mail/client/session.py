"""MailSession: a client of the mail room in its own worker thread; what it is asked for waits in a queue.

Connecting happens in the caller's thread, so that its error is raised where the click was; everything
else in the session's own. Stop and a cancelled task end every wait at once. It must not know a
protocol's commands.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from protocols import opening
from protocols.address import Target
from protocols.connecting import Stopped, poll_wait
from protocols.mail.client.account import Account
from protocols.mail.client.failure import Refused, explained
from protocols.mail.client.gate import Gate
from protocols.mail.client.wire import Wire
from protocols.mail.dialogue import Dialogue, Protocol
from protocols.record.explain import Explained
from protocols.record.recorder import Recorder
from protocols.record.trace import address_text, address_value
from protocols.secretlines import SecretLines
from protocols.service.base import Facts, Service, ServiceError, is_exposed
from protocols.service.wake import Readiness, Wake

T = TypeVar("T")


class Task(Generic[T]):
    """One thing asked for. done, total: bytes so far and in all (0: not known). Any thread may look or cancel."""

    def __init__(self, work: Callable[[Task[T]], T], wake: Callable[[], None], what: str) -> None:
        self._work = work
        self._wake = wake
        self.what: Final = what
        self._over = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None
        self.cancelled = False
        self.done = 0
        self.total = 0

    def cancel(self) -> None:
        """End it at once: what waits is never begun; where it is under way, the connection ends with it."""
        self.cancelled = True
        self._wake()

    def progress(self, done: int) -> None:
        """Called by the worker."""
        self.done = done

    @property
    def over(self) -> bool:
        """Whether there is a result."""
        return self._over.is_set()

    def run(self) -> None:
        """Called by the worker."""
        try:
            if self.cancelled:
                raise Stopped("waiting for its turn")
            self._value = self._work(self)
        except BaseException as error:  # noqa: BLE001  the one who asked decides what it means
            self._error = error
        self._over.set()

    def fail(self, error: BaseException) -> None:
        """It will never run."""
        self._error = error
        self._over.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the result; False when it took longer."""
        return self._over.wait(timeout_s)

    def result(self, timeout_s: float | None = None) -> T:
        """The result, waited for. Raises what the work raised, or TimeoutError."""
        if not self._over.wait(timeout_s):
            raise TimeoutError(f"{self.what} is not done yet")
        if self._error is not None:
            raise self._error
        value: T = self._value
        return value


class MailSession(Service):
    """A client's session. Subclasses greet and log in with `_begin`, say goodbye in `_end_politely`.

    gate: where commands wait to be looked at. error: what ended it against its will, explained.
    """

    protocol: Protocol

    def __init__(self, recorder: Recorder, account: Account, *, name: str, gate: Gate | None = None) -> None:
        super().__init__(recorder, name, "mail client")
        self.account: Final = account
        self.gate: Final = gate if gate is not None else Gate()
        self.error: Explained | None = None
        self.local = ""
        self.polite = True
        """False cuts the line at the end in place of the protocol's goodbye."""
        self._wake = Wake()
        self._wire: Wire | None = None
        self._tasks: deque[Task[Any]] = deque()
        self._task: Task[Any] | None = None
        self._ending = False
        self._resting = False
        """Nothing is asked of the server just now."""
        self._lock = threading.Lock()

    # What others ask for; any thread

    def ask(self, what: str, work: Callable[[Task[T]], T]) -> Task[T]:
        """Have `work` done in the session's thread after what was asked before. Raises ServiceError once it ended."""
        task: Task[T] = Task(work, self._wake.set, what)
        with self._lock:
            if self._ending or self.state != "running":
                raise ServiceError(f"{self.name} is not connected any more: connect again")
            self._tasks.append(task)
        self._wake.set()
        return task

    def leave(self, *, politely: bool = True) -> None:
        """End the session after what waits: with the protocol's goodbye, or by cutting the line."""

        def go(task: Task[None]) -> None:
            self.polite = politely
            self._ending = True

        try:
            self.ask("leave", go)
        except ServiceError:
            pass

    def facts(self) -> Facts:
        """What it occupies now."""
        alive = self._wire is not None and not self._wire.closed
        return Facts(self.name, self.kind, self.state, self.account.where, self.threads(), connections=int(alive),
                     exposed=is_exposed(self.account.host))  # fmt: skip

    @property
    def wire(self) -> Wire:
        """The connection. Raises ServiceError before it stands."""
        if self._wire is None:
            raise ServiceError(f"{self.name} is not connected")
        return self._wire

    @property
    def wire_broken(self) -> OSError | None:
        """What ended the connection against everybody's will; None while it stands or before it does."""
        return self._wire.broken if self._wire is not None else None

    # Life

    def _thread_name(self) -> str:
        return f"{self.name.replace(' ', '-')}:{self.account.port}"

    def _stops(self) -> bool:
        return self.stopping.is_set() or (self._task is not None and self._task.cancelled)

    def _open(self) -> None:
        try:
            self._connect()
            self._begin()
        except BaseException as error:
            self._tell(error)
            if self._wire is not None:
                self._wire.cut()
            raise

    def _connect(self) -> None:
        account = self.account
        if any(char in account.user + account.password for char in "\r\n\0"):  # poplib and imaplib would send them
            raise Refused("CANT_SAY", "A line end or a NUL stands in the user's name or the password")
        wait = poll_wait(self._wake, self._stops)
        context = account.context() if account.security == "tls" else None
        plan = opening.Plan(account.timeout_s, nodelay=True)
        sock = opening.connect(self, Target("tcp", account.host, account.port), plan, wait, context, account.host)
        local, peer, trace = sock.getsockname()[:2], sock.getpeername()[:2], sock.trace
        dialogue = Dialogue(
            self.recorder, self.protocol, "client", service=self.name, conn=trace.conn if trace else None,
            local=address_value(local), peer=address_value(peer), inside_tls=context is not None,
        )  # fmt: skip
        if trace is not None:
            trace.secrets = SecretLines(self.protocol, "client")
        self.local = address_text(local)
        self._wire = Wire(sock, dialogue, wait, self._stops, account.timeout_s, gate=self.gate,
                          literal_bytes=account.message_bytes)  # fmt: skip

    def tell(self, kind: str, text: str) -> None:
        """A note on the time line."""
        self.recorder.note(kind, text, service=self.name)

    @abstractmethod
    def _begin(self) -> None:
        """Greeting, TLS and login. Raises what goes wrong."""

    @abstractmethod
    def _end_politely(self) -> None:
        """The protocol's goodbye."""

    def _idle(self) -> None:
        """Between tasks: wait for the next one. What the server says unasked is told, its end ends the session."""
        if self._wake_wait(None):
            self.wire.begin_answer()
            self.wire.readline()

    def _wake_wait(self, rest_s: float | None) -> bool:
        """Wait for something from the server, or for the next task; True where it is the server's."""
        if self._tasks or self._stops():
            return False
        wire = self.wire
        return wire.has_line or (Readiness(wire.fileno(), self._wake).wait(rest_s) and wire.pull())

    def _main(self) -> None:
        while not self.stopping.is_set() and not self._ending:
            task = self._tasks.popleft() if self._tasks else None
            if task is None:
                if not self._rest():
                    break
                continue
            self._task = task
            task.run()
            self._task = None
            wire = self._wire
            if wire is not None and wire.closed:
                self._tell(wire.broken or ServiceError("the connection was closed"))
                break
        with self._lock:
            self._ending = True
            left = list(self._tasks)
            self._tasks.clear()
        for task in left:
            task.fail(Stopped("waiting for its turn"))
        self._say_goodbye()

    def _rest(self) -> bool:
        """Nothing is asked for; False when the connection ended meanwhile."""
        self._resting = True
        try:
            self._idle()
        except Exception as error:  # noqa: BLE001  what libraries raise for what a server says unasked
            self._tell(self._wire.broken if self._wire is not None and self._wire.broken is not None else error)
            return False
        self._resting = False
        return True

    def _say_goodbye(self) -> None:
        wire = self._wire
        if wire is None or wire.closed or not self.polite or self.stopping.is_set():
            return
        try:
            self._end_politely()
        except Exception:  # noqa: BLE001  a server that hangs up first is none the worse
            pass

    def _close(self) -> None:
        if self._wire is not None:
            self._wire.cut()
        with self._lock:
            self._ending = True
            left = list(self._tasks)
            self._tasks.clear()
        for task in left:
            task.fail(Stopped("waiting for its turn"))
        self._wake.close()

    def _wake_up(self) -> None:
        self._wake.set()

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, Stopped) or self.stopping.is_set():
            return
        told = self.explained(error)
        self.error = told
        self.recorder.note("explained", told.why, service=self.name, errno=told.errno, why=told.why,
                           title=told.title, mend=list(told.mend))  # fmt: skip

    def explained(self, error: BaseException) -> Explained:
        """What an error of this session means, in plain words."""
        broken = self._wire.broken if self._wire is not None else None
        address = (self.account.host, self.account.port)
        goodbye = self._wire is not None and self._wire.replies.ended
        return explained(error, broken, self.protocol, address, connected=self._wire is not None,
                         asked=not self._resting, goodbye=goodbye)  # fmt: skip
