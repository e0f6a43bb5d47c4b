"""What a test may leave behind: nothing. Threads, sockets, children, timers and temporary files are counted.

It must not know pytest; conftest takes a picture before each test and compares after it.
"""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = float(os.environ.get("NETLAB_LEAK_PATIENCE_S", "3"))
"""How long something may take to end after its test has: a thread on its way out is no leak."""
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every orphaned descendant (Linux), so that a leaked grandchild is seen too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@dataclass(frozen=True)
class Picture:
    """What the test process holds at one moment."""

    threads: frozenset[threading.Thread]
    sockets: frozenset[str]
    children: frozenset[int]
    files: frozenset[str]

    @classmethod
    def take(cls) -> Picture:
        """What is there now."""
        return cls(frozenset(threading.enumerate()), sockets(), children(), temporary_files())


def sockets() -> frozenset[str]:
    """The open socket descriptors of this process, as "7 socket:[1234]"."""
    found = set()
    folder = Path("/proc/self/fd")
    for entry in os.listdir(folder) if folder.exists() else ():
        try:
            target = os.readlink(folder / entry)
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(f"{entry} {target}")
    return frozenset(found)


def children() -> frozenset[int]:
    """The process ids of this process's children, adopted orphans and zombies included."""
    found: set[int] = set()
    for listing in Path("/proc/self/task").glob("*/children"):
        try:
            found.update(int(word) for word in listing.read_text().split())
        except OSError:
            continue
    return frozenset(found)


def temporary_files() -> frozenset[str]:
    """The names in the temporary folder, but for pytest's own."""
    return frozenset(name for name in os.listdir(tempfile.gettempdir()) if not name.startswith("pytest-of-"))


def active_timers() -> list[str]:
    """The running QTimers made from Python; none where Qt was never loaded."""
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QTimer

    if QCoreApplication.instance() is None:
        return []
    kinds = {QTimer, *QTimer.__subclasses__()}
    timers = [found for found in gc.get_objects() if type(found) in kinds and shiboken6.isValid(found)]
    return [f"QTimer every {timer.interval()} ms of {timer.parent()!r}" for timer in timers if timer.isActive()]


def left_behind(before: Picture, timers_before: int | None) -> list[str]:
    """What is there now and was not before, one sentence each; waits a moment for what is just ending.

    timers_before: how many timers ran, None to leave timers alone: looking for them takes its time.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while found := _compare(before, timers_before):
        if time.monotonic() > deadline:
            return found
        gc.collect()
        _deliver_deletions()
        _reap_orphans(children() - before.children)
        time.sleep(0.01)
    return []


def _compare(before: Picture, timers_before: int | None) -> list[str]:
    now = Picture.take()
    found = [f"thread {thread.name}" for thread in now.threads - before.threads if thread.is_alive()]
    found += [f"socket {name}" for name in now.sockets - before.sockets]
    found += [f"child {_command(pid)}" for pid in now.children - before.children]
    found += [f"temporary file {name}" for name in now.files - before.files]
    if timers_before is not None and len(timers := active_timers()) > timers_before:
        found += timers
    return found


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        words = ""
    return f"{pid} {words or '(ended, never waited for)'}"


def _deliver_deletions() -> None:
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent

        if QCoreApplication.instance() is not None:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            QCoreApplication.processEvents()


def _reap_orphans(pids: frozenset[int]) -> None:
    """Wait for adopted orphans that have ended, as init would; a child of our own stays for its Popen."""
    own = {found.pid for found in gc.get_objects() if issubclass(type(found), subprocess.Popen)} if pids else set()
    for pid in pids - own:
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue
