"""What a test may leave behind: nothing. Threads, sockets, children, timers and temporary files are counted.

It must not know pytest; conftest takes a picture before each test and compares after it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PATIENCE_S = float(os.environ.get("NETLAB_LEAK_PATIENCE_S", "15"))
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
    folder = "/proc/self/fd/"  # no Path: each test asks for this twice
    for entry in os.listdir(folder) if os.path.exists(folder) else ():
        try:
            target = os.readlink(folder + entry)
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(f"{entry} {target}")
    return frozenset(found)


def children() -> frozenset[int]:
    """The process ids of this process's children, adopted orphans and zombies included."""
    found: set[int] = set()
    folder = "/proc/self/task/"
    for thread in os.listdir(folder) if os.path.exists(folder) else ():
        try:
            with open(f"{folder}{thread}/children", "rb") as listing:
                found.update(map(int, listing.read().split()))
        except OSError:
            continue
    return frozenset(found)


def temporary_files() -> frozenset[str]:
    """The names in the temporary folder, but for pytest's own."""
    return frozenset(name for name in os.listdir(tempfile.gettempdir()) if not name.startswith("pytest-of-"))


def _qt_objects() -> list[Any]:
    """The living QObjects that Python has made or met; none where Qt was never loaded."""
    if "PySide6.QtWidgets" not in sys.modules:
        return []
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QObject

    if QCoreApplication.instance() is None:
        return []
    return [found for found in shiboken6.Shiboken.getAllValidWrappers() if issubclass(type(found), QObject)]


def active_timers() -> list[str]:
    """The running QTimers made from Python; none where Qt was never loaded."""
    timers = [found for found in _qt_objects() if any(kind.__name__ == "QTimer" for kind in type(found).__mro__)]
    return [f"QTimer every {timer.interval()} ms of {timer.parent()!r}" for timer in timers if timer.isActive()]


def qt_roots() -> list[Any]:
    """The QObjects of the lab's own classes that nothing owns; the theme is there once for all."""
    found = []
    for one in _qt_objects():
        home = type(one).__module__
        if home.startswith(("widgets.", "netlab_gui.")) and not home.startswith("widgets.theme."):
            from PySide6.QtCore import QObject

            if QObject.parent(one) is None:
                found.append(one)
    return found


def end_qt_objects(before: list[Any]) -> None:
    """End what a test has made and nothing owns. before: `qt_roots()` at its start.

    What Python connected to a signal lives as long as the sender, and Python's collector does not see who holds it:
    without this each panel of each test stays for good, and every later test is slower.
    """
    known = {id(one) for one in before}
    for one in qt_roots():
        if id(one) not in known:
            one.deleteLater()
    deliver_deletions()


def left_behind(before: Picture, timers_before: int | None) -> list[str]:
    """What is there now and was not before, one sentence each; waits a moment for what is just ending.

    timers_before: how many timers ran, None to leave timers alone: looking for them takes its time.
    """
    deadline, rest_s = time.monotonic() + _PATIENCE_S, 0.002
    while found := _compare(before, timers_before):
        if time.monotonic() > deadline:
            return found
        gc.collect()
        deliver_deletions()
        _reap_orphans(children() - before.children)
        time.sleep(rest_s)
        rest_s = min(rest_s * 1.5, 0.05)  # what takes longer to end must not be watched with a whole processor
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


def put_away(before: Picture) -> None:
    """Close the sockets and end the children that a failed test has left: the tests after it must not fail for them."""
    lost = {int(name.split()[0]) for name in sockets() - before.sockets}
    orphans = children() - before.children
    for one in gc.get_objects():
        if issubclass(type(one), socket.socket) and one.fileno() in lost:
            with contextlib.suppress(OSError):
                one.close()
        elif issubclass(type(one), subprocess.Popen) and one.pid in orphans:
            one.kill()
            one.wait()
            for pipe in (one.stdin, one.stdout, one.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        words = ""
    return f"{pid} {words or '(ended, never waited for)'}"


def deliver_deletions() -> None:
    """What was asked to be deleted later is deleted now."""
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
