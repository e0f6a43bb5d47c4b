"""Crash reports: an unexpected exception becomes a text file on this machine and a strip in the window.

Nothing is ever sent anywhere. It must not know the window: who wants to show a report
listens. It loads no Qt, so that it works when Qt is what broke.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from netlab_gui import journal, places

KEPT: Final = 20
SHOWN: Final = 50
"""Reports kept in memory for the window; a storm of the same error must not fill it."""


@dataclass(frozen=True, slots=True)
class Report:
    """One unexpected exception. file: where it was written, None if that failed."""

    title: str
    text: str
    file: Path | None


class CrashReports:
    """Catches what nobody caught, in any thread. `install()` once; `take()` in the GUI thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: list[Report] = []
        self._native: TextIO | None = None

    def install(self) -> None:
        """Become the process's last resort: exceptions, thread exceptions, and crashes in C."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception
        try:
            places.crash_dir().mkdir(parents=True, exist_ok=True)
            self._native = (places.crash_dir() / "native.log").open("a", encoding="utf-8")
            faulthandler.enable(self._native)
        except OSError:
            faulthandler.enable()

    def take(self) -> list[Report]:
        """The reports made since the last call."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        return fresh

    def close(self) -> None:
        """Give the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
            self._native = None

    def record(self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> Report:
        """Write the report of one exception and keep it for the window."""
        text = _report_text(kind, error, trace)
        title = f"{kind.__name__}: {error}" if str(error or "") else kind.__name__
        report = Report(title, text, _write(text))
        journal.write(f"unexpected {title}")
        print(text, file=sys.stderr)
        with self._lock:
            if len(self._fresh) < SHOWN:
                self._fresh.append(report)
        return report

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.record(kind, error, trace)

    def _on_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if not issubclass(arguments.exc_type, SystemExit):
            self.record(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)


def _report_text(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> str:
    import platform
    import traceback

    qt = sys.modules.get("PySide6")
    facts = (
        f"NetLab crash report, {time.strftime('%Y-%m-%d %H:%M:%S %z')}",
        # Not platform.platform(): that starts a child process, and this may be the GUI thread.
        f"Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}",
        f"PySide6 {getattr(qt, '__version__', 'not loaded')}",
        f"Thread {threading.current_thread().name}; threads: {', '.join(t.name for t in threading.enumerate())}",
        "",
    )
    return "\n".join(facts) + "\n" + "".join(traceback.format_exception(kind, error, trace))


def _write(text: str) -> Path | None:
    """The file of a report, readable by this user only. Old reports go."""
    folder = places.crash_dir()
    path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns() % 10**6:06}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(number, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path
