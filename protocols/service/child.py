"""Child processes of services: for what must not live in this process.

The child speaks event lines on its stdout and takes commands on its stdin, so it may as well run
on another host, behind `ssh` or `ip netns exec`. It ends with this process (the end of its stdin);
its crash is an event. It must not know what the child does.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from protocols.record import polling
from protocols.record.event import Event, EventError, from_json
from protocols.record.recorder import Recorder
from protocols.service.base import Facts, Service, ServiceError
from protocols.service.commandpipe import CommandPipe
from protocols.service.foreign import ForeignEvents
from protocols.service.wake import Wake

STDERR_BYTES: Final = 8 << 10
"""How much of the end of a child's stderr is kept."""
GRACE_S: Final = 1.2
"""What a child gets to end by itself after the stop; then it is killed."""
LINE_BYTES: Final = 64 << 20
_READ_BYTES: Final = 1 << 18


Saw: TypeAlias = Callable[[Event, str | None], None]
"""Looks at an event of a child, in our time and with our ids; the second argument is the child's own id."""


def _unseen(event: Event, foreign: str | None) -> None:
    """Nobody looks."""


class ChildFailed(OSError):
    """The child could not do its job; the message is what it said."""


def command() -> list[str]:
    """What starts a child here. Prefix it to run elsewhere: ["ssh", host, ..]."""
    return [sys.executable, "-m", "protocols.service.childmain"]


def _environment() -> dict[str, str]:
    """The child finds the lab's packages where this process found them."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{path}" if path else root}


class ChildProcess:
    """One child of a service, whose main thread calls `run`. `saw` looks at each event before it is recorded; kinds of
    `unrecorded` are for it alone.

    target, params: the job ("module:function" that takes a childmain.Job). argv: the command, `command()` by default.
    stopping: set it and call `wake` to end the child.
    """

    def __init__(
        self, recorder: Recorder, name: str, target: str, params: Mapping[str, Any], stopping: threading.Event, *,
        saw: Saw = _unseen, argv: Sequence[str] | None = None, unrecorded: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.recorder: Final = recorder
        self.name = name
        self._job = {"target": target, "params": dict(params), "enabled": recorder.enabled}
        self._stopping = stopping
        self._saw = saw
        self._unrecorded = frozenset(unrecorded)
        self._argv = list(argv) if argv is not None else command()
        self._process: subprocess.Popen[bytes] | None = None
        self._foreign = ForeignEvents(recorder)
        self._wake = Wake()
        self._poll = polling.poll()
        self._commands = CommandPipe(self._poll)
        self._early: list[Mapping[str, Any]] = []
        self._early_lock = threading.Lock()
        self._taking = threading.Lock()
        self._line = bytearray()
        self._stderr = bytearray()
        self._open_pipes: set[int] = set()
        self._ready = False
        self._failure: Exception | None = None
        self._kill_at = 0.0

    # Life

    def open(self) -> None:
        """Start the child, and wait until it is ready. Raises the error that it met."""
        self._process = subprocess.Popen(
            self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            start_new_session=True, env=_environment(),
        )  # fmt: skip
        self._watch_pipes(self._process)
        self._commands.queue(self._job)
        self._commands.write()
        while not self._ready and self._failure is None and self._turn():
            if self._stopping.is_set():
                self._failure = ServiceError(f"{self.name} was stopped before it was ready")
        if self._ready:
            return
        raise self._failure or ChildFailed(errno.EIO, self._last_words(self._reap()))

    def _watch_pipes(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._commands.open(process.stdin)
        for fd in (process.stdout.fileno(), process.stderr.fileno()):
            os.set_blocking(fd, False)
            self._open_pipes.add(fd)
            self._poll.register(fd, polling.POLLIN)
        self._poll.register(self._wake.fileno(), polling.POLLIN)

    def run(self) -> None:
        """Pass the child's events on until it has ended. Raises ChildFailed when it crashed."""
        while self._turn():
            pass
        status = self._reap()
        for event in self._foreign.rest():
            self._pass_on(event)
        if self._failure is not None:
            raise self._failure
        if status != 0 and not self._kill_at:
            self._tell_crash(status)

    def _turn(self) -> bool:
        """One round of waiting; False once the child has closed both pipes."""
        if not self._open_pipes:
            return False
        if self._stopping.is_set():
            self._hurry()
        patience = max(self._kill_at - time.monotonic(), 0.05) * 1000 if self._kill_at else None
        for fd, _ in self._poll.poll(patience):
            if fd in self._open_pipes:
                self._read(fd)
            else:
                if fd == self._wake.fileno():
                    self._wake.clear()
                self._commands.write()
        if len(self._line) > LINE_BYTES:
            raise ChildFailed(errno.EMSGSIZE, f"The child sent a line of more than {LINE_BYTES >> 20} MB")
        return True

    def _hurry(self) -> None:
        """The stop: the end of stdin ends the child; if not, it is killed after a while, its forks with it."""
        if not self._kill_at:
            self._kill_at = time.monotonic() + GRACE_S
            self._commands.close()
        elif time.monotonic() >= self._kill_at:
            self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _reap(self) -> int:
        """Wait for the end of a child whose pipes are closed; its exit status."""
        assert self._process is not None
        try:
            return self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._kill()
            return self._process.wait()

    def wake(self) -> None:
        """End a wait: the stop was marked, or a command was queued. Any thread."""
        self._wake.set()

    def close(self) -> None:
        """Leave nothing: no process, no pipe. After `run`, or when `open` failed."""
        process = self._process
        if process is not None:
            self._commands.close()
            if process.poll() is None:
                self._kill()
                process.wait()
            with self._taking:
                for pipe in (process.stdout, process.stderr):
                    if pipe is not None:
                        pipe.close()
        self._open_pipes.clear()
        self._wake.close()

    def tell(self, command: Mapping[str, Any]) -> None:
        """Send the child a command line, as soon as it is ready. Any thread."""
        with self._early_lock:
            if not self._ready:
                self._early.append(command)
                return
        self._commands.queue(command)
        self._wake.set()

    # Events

    def settle(self) -> None:
        """Take what the child has told before this call, which then has been seen and recorded. Any thread."""
        with self._taking:
            pipe = self._process.stdout if self._process is not None else None
            if pipe is not None and not pipe.closed:
                self._take_lines(_read(pipe.fileno()) or b"")  # the end of the pipe stays for `run`

    def _read(self, fd: int) -> None:
        process = self._process
        assert process is not None
        assert process.stderr is not None
        with self._taking:
            data = _read(fd)
            if data and fd == process.stderr.fileno():
                self._stderr += data
                del self._stderr[:-STDERR_BYTES]
            elif data:
                self._take_lines(data)
        if data == b"":
            self._open_pipes.discard(fd)
            self._poll.unregister(fd)

    def _take_lines(self, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        if not lines:
            self._line += rest
            return
        lines[0] = bytes(self._line) + lines[0]
        self._line = bytearray(rest)
        batch: list[Event] = []
        for line in lines:
            batch += self._understood(line)
        for event in batch:
            self._pass_on(event)

    def _understood(self, line: bytes) -> list[Event]:
        try:
            event = from_json(line)
        except EventError as error:
            self.recorder.note("child line refused", f"{self.name}: {error}", service=self.name, line=repr(line[:200]))
            return []
        if event.kind == "process started" and "epoch_ns" in event.detail:
            self._foreign.hello(event)
        elif event.kind == "child ready":
            self._foreign.ready(event)
        elif event.kind == "child failed":
            self._failure = _error_of(event)
        return self._foreign.take(event)

    def _pass_on(self, event: Event) -> None:
        self._saw(event, self._foreign.theirs(event.conn))
        if event.kind not in self._unrecorded:
            self.recorder.put(event.raw())
        if event.kind == "child ready":
            with self._early_lock:
                self._ready = True
            for command in self._early:
                self._commands.queue(command)
            self._wake.set()

    # Crashes

    def _last_words(self, status: int) -> str:
        """How the child ended, in a sentence, with the end of its stderr."""
        if status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
            how = f"The child process was ended by {name}"
        else:
            how = f"The child process ended with exit status {status}"
        said = self._stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return f"{how}: {said}" if said else f"{how}."

    def _tell_crash(self, status: int) -> None:
        why = self._last_words(status)
        self.recorder.note(
            "child crashed", f"the child of {self.name} crashed", service=self.name, exit_status=status,
            errno=_status_symbol(status), why=why, stderr=self._stderr.decode("utf-8", "replace"),
        )  # fmt: skip
        raise ChildFailed(errno.EIO, why)

    def pid(self) -> int | None:
        """The process id of the child while it runs (of `ssh`, where it runs elsewhere)."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None


class ChildService(Service):
    """A service that is nothing but a child process."""

    def __init__(
        self, recorder: Recorder, name: str, kind: str, target: str, params: Mapping[str, Any], *,
        saw: Saw = _unseen, argv: Sequence[str] | None = None, unrecorded: Collection[str] = (),
    ) -> None:  # fmt: skip
        super().__init__(recorder, name, kind)
        self.child: Final = ChildProcess(
            recorder, name, target, params, self.stopping, saw=saw, argv=argv, unrecorded=unrecorded
        )

    def _open(self) -> None:
        self.child.open()

    def _main(self) -> None:
        self.child.run()

    def _wake_up(self) -> None:
        self.child.wake()

    def _close(self) -> None:
        self.child.close()

    def facts(self) -> Facts:
        """What it occupies now."""
        pid = self.child.pid()
        return Facts(self.name, self.kind, self.state, threads=self.threads(), children=() if pid is None else (pid,))


def _read(fd: int) -> bytes | None:
    """What a pipe holds now, b"" at its end; None where somebody else was quicker."""
    try:
        return os.read(fd, _READ_BYTES)
    except BlockingIOError:
        return None


def _status_symbol(status: int) -> str:
    return signal.Signals(-status).name if -status in set(signal.Signals) else f"EXIT_{status}"


def _error_of(event: Event) -> Exception:
    """The child's error, as this process would have met it."""
    number, text = event.detail.get("number"), str(event.detail.get("text", event.summary))
    if isinstance(number, int):
        return OSError(number, text)
    kinds: dict[str, type[Exception]] = {"ValueError": ValueError, "TypeError": TypeError}
    kind = kinds.get(str(event.detail.get("type")))
    return kind(text) if kind is not None else ChildFailed(errno.EIO, text)
