"""Application: puts lab, bridge, window and settings together, runs them and takes them apart.

The order is made for a quick first picture: what nobody sees at once is done after it. It must
not know what any panel does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Final

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from netlab_gui import journal, pace, panels
from netlab_gui.crash import CrashReports, Report
from netlab_gui.settings import Settings
from netlab_gui.window import Window
from protocols.assets import asset
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from netlab_gui.shutdown import Shutdown
    from netlab_gui.workplace import Workplace
    from protocols.lab import Lab
    from widgets.bridge import Bridge

LOAD_LOOK_MS: Final = 4
STEP_REST_MS: Final = 1
"""Between two steps of the start. With no rest at all two follow each other before the window answers."""
CLASSES_S: Final = 0.008
SIGNAL_LOOK_MS: Final = 100
CRASH_LOOK_MS: Final = 300

OFFSCREEN_NOISE: Final = "This plugin does not support "
"""The offscreen plugin says so whenever a window has a least size, or a list drops down."""
LEFT_DEADLINE_S: Final = 0.2
"""What did not end within the shutdown's deadline is not waited for a second time."""
LOADED_LATER: Final = (
    "protocols.lab", "widgets.timeline.dock", "widgets.inspector.dock", "netlab_gui.workplace", "netlab_gui.shutdown",
    "netlab_gui.ahead",
)  # fmt: skip
NO_WINDOW: Final = """\
netlab: the window can't open, because Qt can't use the display: {said}
"netlab --help" names the commands that need no window; "QT_QPA_PLATFORM=offscreen netlab" runs unseen.
"""


class Application:
    """Everything of one run of the window. Make one with `make()`, end it with `dispose()`.

    lab, bridge, workplace and shutdown are there once the window has been painted.
    """

    lab: Lab
    bridge: Bridge
    workplace: Workplace
    shutdown: Shutdown

    def __init__(self, qt: QApplication, settings: Settings) -> None:
        self.qt = qt
        self.settings = settings
        self.crashes = CrashReports()
        self.crashes_seen: list[Report] = []
        self.furnished = False
        self._gone = False
        self._begun = False
        self._signals = 0
        self._session_file: str | None = None
        with theme().making():
            self.window = Window(settings)
        self._steps: Iterator[None] = iter(())
        self._loader = threading.Thread(target=self._load, name="netlab-load", daemon=True)
        self.window.painted.connect(self._loader.start)
        self.window.painted.connect(self._look_for_rooms)
        self.window.closing.connect(self._on_closing)

    @classmethod
    def make(cls) -> Application:
        """The one application of this process, with a window that is not shown yet."""
        pace.hurry()
        settings = Settings()
        Settings.current = settings
        look = theme()
        look.set_dark(settings.dark)
        look.set_scale(settings.scale)
        qt = QApplication.instance()
        if not isinstance(qt, QApplication):
            QApplication.setDesktopFileName("netlab")
            qt = QApplication(["netlab"])
        qt.setApplicationName("NetLab")
        qt.setApplicationDisplayName("NetLab")
        qt.setQuitOnLastWindowClosed(False)
        return cls(qt, settings)

    def run(self, session_file: str | None = None) -> int:
        """Show the window, with a saved session in it if given, and live until it is closed; the exit status."""
        self._session_file = session_file
        self.crashes.install()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        self.window.show()
        status = self.qt.exec()
        stuck = self.shutdown.stuck if self.furnished else ()
        self.crashes.close()
        if stuck:
            print(f"netlab: did not end in time and was left behind: {', '.join(stuck)}", file=sys.stderr)
        return status or (1 if stuck else 0)

    def dispose(self) -> None:
        """Let go of the window and of all it holds, after the shutdown."""
        self.window.hide()
        self.window.deleteLater()
        if self.furnished:
            self.bridge.close()
            self.bridge.deleteLater()
            self.shutdown.deleteLater()

    @property
    def ready(self) -> bool:
        """The start is over: what happens from now on is in the session file."""
        return self.furnished and self.workplace.sessions.started

    def _load(self) -> None:
        """On a thread: the rooms that the first picture did not need. The window answers meanwhile."""
        for room in (*LOADED_LATER, panels.room_of(self.window.stack.current)):
            try:
                import_module(room)
            except ImportError as error:  # what is missing says so where it is used
                journal.write(f"not loaded: {error}")

    def _look_for_rooms(self) -> None:
        if self._gone:
            return
        if self._loader.is_alive():
            QTimer.singleShot(LOAD_LOOK_MS, self.window, self._look_for_rooms)
        else:
            self._begun = True
            self._steps = self._furnish()
            self._take_step()

    def _take_step(self) -> None:
        """One step, and a turn of the event loop; the window may be closed between two."""
        if self.furnished and self._gone:
            self.shutdown.begin()
        elif not (self.furnished and self.shutdown.begun) and next(self._steps, self) is not self:
            QTimer.singleShot(STEP_REST_MS, self.window, self._take_step)

    def _furnish(self) -> Iterator[None]:
        """What the first picture did not need: the lab, the docks; the panel; then the session file."""
        from netlab_gui.shutdown import Shutdown, Steps
        from netlab_gui.workplace import Workplace
        from protocols.lab import Lab
        from widgets.bridge import Bridge

        yield from meet_classes()
        self.lab = Lab()
        self.bridge = Bridge(self.lab)
        self.workplace = Workplace(self.window, self.lab, self.bridge)
        yield from self.workplace.furnish()
        steps = Steps(
            panels_off=self.window.panels_off,
            stop_all=self.lab.end,
            close_lab=self._close_lab,
            save_settings=self.window.save_state,
            quit=self._quit,
        )
        self.shutdown = Shutdown(self.bridge, steps)
        self.shutdown.told.connect(self.workplace.show_shutdown)
        self.bridge.every(SIGNAL_LOOK_MS, self._look_for_signals)
        self.bridge.every(CRASH_LOOK_MS, self._look_for_crashes)
        self.furnished = True
        yield
        yield from self.window.stack.furnish(self.workplace.desk)
        self.qt.setWindowIcon(QIcon(str(asset("app", "netlab.svg"))))
        self.workplace.sessions.changed.connect(self._on_first_session)
        self.workplace.sessions.begin(self._session_file)

    def _on_first_session(self) -> None:
        from netlab_gui.ahead import Ahead

        self.workplace.sessions.changed.disconnect(self._on_first_session)
        pace.settle()
        theme().rest()
        self.window.ahead = Ahead(self.window.stack, self.bridge, self.window)
        if os.environ.get("NETLAB_TELL_READY"):  # for scripts that drive the window: when they may begin
            print("ready", flush=True)

    def _look_for_crashes(self) -> None:
        for report in self.crashes.take():
            self.crashes_seen.append(report)
            self.window.show_crash(report)

    def _on_closing(self) -> None:
        if self._loader.is_alive():
            self._loader.join()  # a fraction of a second; nothing it does can wait
        if self.furnished:
            self.shutdown.begin()
        else:
            self._gone = True  # what the steps have begun with, they end first
            if not self._begun:
                self._quit()

    def _close_lab(self) -> None:
        self.workplace.sessions.close()
        self.lab.close(LEFT_DEADLINE_S)

    def _quit(self) -> None:
        self.window.hide()
        self.qt.quit()

    # SIGINT and SIGTERM end the window as its close button does; the second one at once.

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            os._exit(128 + number)

    def _look_for_signals(self) -> None:
        if self._signals and not self.shutdown.begun:
            self.shutdown.begin()


def meet_classes() -> Iterator[None]:
    """PySide makes Qt's classes when it first meets them, all that are related at once: some tens of ms each time.

    Here they are met one by one, and not in the middle of a step.
    """
    end = time.perf_counter() + CLASSES_S
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            getattr(module, name)
            if time.perf_counter() > end:
                yield
                end = time.perf_counter() + CLASSES_S


def run_window(session_file: str | None = None) -> int:
    """`netlab`: open the window, optionally with a saved session in it; returns the exit status."""
    guard_qt()
    application = Application.make()
    status = application.run(session_file)
    application.dispose()
    _leave(status)
    return status


def _leave(status: int) -> None:
    """A thread that never ends must not hold the process: name it and go."""
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    left = [thread.name for thread in others if not thread.daemon]
    if left:
        journal.write(f"threads left at the end: {', '.join(left)}")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def guard_qt() -> None:
    """What Qt can't forgive (no display, no platform plugin) ends the process with a sentence, not an abort."""
    qInstallMessageHandler(_on_qt_message)


_before_qt: list[str] = []
"""What Qt said before there was an application: the reason, if that then fails."""


def _on_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Qt's own complaints go to stderr and the journal."""
    if kind == QtMsgType.QtFatalMsg:
        said = (_before_qt or text.splitlines() or ["no reason given"])[0]
        print(NO_WINDOW.format(said=said), file=sys.stderr, end="", flush=True)
        os._exit(1)
    if kind not in (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg) or OFFSCREEN_NOISE in text:
        return
    if QApplication.instance() is None:
        _before_qt.append(text)
    else:
        print(f"Qt: {text}", file=sys.stderr)
        journal.write(f"Qt: {text}")
