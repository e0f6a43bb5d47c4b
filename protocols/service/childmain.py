"""The child's side: `python -m protocols.service.childmain` does one job and tells it in event lines.

The first line on stdin is the job, `{"target": "module:function", "params": {..}}`, the lines after
it are commands; stdout carries events (record/event.py), the first with `detail.epoch_ns`. The end
of stdin ends the child: nobody is left to tell. It must not know what the job is, or where it runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from protocols.record import filelock
from protocols.record.event import Raw, detail_of, raw_to_json
from protocols.record.recorder import Recorder
from protocols.service.descriptors import raise_limit
from protocols.service.target import load

_PR_SET_PDEATHSIG: Final = 1


class PipeRecorder(Recorder):
    """A Recorder whose only consumer is a pipe; forked processes share it line by line.

    A line up to 4,096 bytes would be atomic by itself (pipe(7)), a longer one is torn, and so are short ones
    written into its middle: each write holds a lock that processes and threads respect.
    """

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        self._threads = threading.Lock()
        with tempfile.TemporaryFile() as file:
            self._lock_fd = os.dup(file.fileno())

    def put(self, raw: Raw) -> None:
        """Write one event line."""
        self._write(_line(raw))

    def put_many(self, raws: Iterable[Raw]) -> None:
        """Write several event lines in one piece."""
        self._write(b"".join(_line(raw) for raw in raws))

    def _write(self, lines: bytes) -> None:
        view = memoryview(lines)
        try:
            with self._threads:
                filelock.hold(self._lock_fd)
                try:
                    while view:
                        view = view[os.write(self._fd, view) :]
                finally:
                    filelock.let_go(self._lock_fd)
        except BrokenPipeError:
            os._exit(1)  # the parent is gone


def _line(raw: Raw) -> bytes:
    detail = {**detail_of(raw), "pid": os.getpid()}
    return raw_to_json((*raw[:10], detail)) + b"\n"


class Commands:
    """The command lines on stdin: poll `fileno()`, then `read()`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = b""

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._fd

    def read(self) -> list[dict[str, Any]] | None:
        """The commands that have come, after waiting for at least some bytes; None at the end of stdin."""
        data = os.read(self._fd, 65536)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines if line.strip()]

    def close(self) -> None:
        """For a forked process, which takes no commands."""
        os.close(self._fd)


class Job:
    """What a target is given: its params, a recorder that speaks to the parent, and the commands.

    A target that forks must stay single-threaded and polls `commands`; any other may call `watch`.
    """

    def __init__(self, recorder: PipeRecorder, params: Mapping[str, Any], commands: Commands) -> None:
        self.recorder: Final = recorder
        self.params: Final = params
        self.commands: Final = commands

    def watch(self, obey: Callable[[dict[str, Any]], None]) -> None:
        """Read commands in a thread; the end of stdin ends the process at once."""

        def read() -> None:
            while (commands := self.commands.read()) is not None:
                for command in commands:
                    obey(command)
            os._exit(0)

        threading.Thread(target=read, name="child-commands", daemon=True).start()

    def ready(self, **detail: Any) -> None:
        """Tell the parent that the job stands: its `start()` returns now."""
        self.recorder.note("child ready", "the child is ready", **detail)


def die_with_parent(parent: int) -> None:
    """Make the kernel end this forked process when its parent ends (Linux; prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def boot_id() -> str:
    """Tells whether two processes share one monotonic clock; "" where the system can't say."""
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
    return ""


def _private_stdout() -> int:
    """Keep the pipe for events: whatever prints goes to stderr."""
    fd = os.dup(1)
    os.dup2(2, 1)
    return fd


def _tell_failed(recorder: Recorder, error: BaseException) -> None:
    number = getattr(error, "errno", None)
    recorder.note(
        "child failed", f"{type(error).__name__}: {error}", type=type(error).__name__, number=number,
        text=getattr(error, "strerror", None) or str(error),
        errno=errno.errorcode.get(number, type(error).__name__) if isinstance(number, int) else type(error).__name__,
        why=f"The child could not do its job: {error}.",
    )  # fmt: skip


def main() -> int:
    """Do the job; the exit status is 0 when it ended by itself or was asked to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops us when it is interrupted
    raise_limit()
    recorder = PipeRecorder(_private_stdout())
    hello: dict[str, Any] = {"epoch_ns": recorder.epoch_ns, "boot_id": boot_id(), "python": sys.version.split()[0]}
    recorder.note("process started", f"child process {os.getpid()} started", **hello)
    commands = Commands(0)
    try:
        job = _first(commands)
        target: Callable[[Job], None] = load(job["target"])
        recorder.enabled = bool(job.get("enabled", True))
        target(Job(recorder, job.get("params", {}), commands))
    except Exception as error:
        _tell_failed(recorder, error)
        raise
    return 0


def _first(commands: Commands) -> dict[str, Any]:
    """The job; the parent sends commands only to a child that is ready."""
    while (found := commands.read()) is not None:
        if found:
            return found[0]
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
