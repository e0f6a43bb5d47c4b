"""Window: the rail, the toolbar, the panels with their strips, the docks and the status bar.

It puts parts together, shows panels and keeps the state for the next start. It must not know
what a panel is about, and it runs nothing itself.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QPixmap, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from netlab_gui.docks import Docks
from netlab_gui.panel_stack import PanelStack
from netlab_gui.panels import PANELS, start_panel
from netlab_gui.rail import Rail
from netlab_gui.sessions import Sessions
from netlab_gui.settings import Settings
from netlab_gui.shell_actions import ShellActions
from netlab_gui.strips import Strips
from netlab_gui.toolbar import Toolbar
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.desk import Desk
from widgets.selection import Selection
from widgets.statusbar import Counts, StatusBar
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from netlab_gui.crash import Report
    from protocols.lab import Lab
    from protocols.record.event import Event, Raw
    from widgets.bridge import Bridge
    from widgets.parts.toast import Toast

SIZE: Final = QSize(1440, 900)
LEAST: Final = QSize(800, 560)
LOOK_MS: Final = 250


class Window(QWidget):
    """The lab's window. closing: the user wants it to end; whoever runs the application decides how."""

    closing = Signal()

    def __init__(self, lab: Lab, bridge: Bridge, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("NetLab")
        self.setObjectName("window")
        self.setMinimumSize(LEAST)
        self.lab, self.bridge, self.settings = lab, bridge, settings
        self.desk = Desk(lab, bridge, Actions(self), Selection(self), EventLog())
        self.strips = Strips()
        self.sessions = Sessions(self.desk, settings, self.strips)
        self._toast: Toast | None = None
        self._ending = False
        self._placed = False
        self._pending_file: str | None = None
        self._build()
        self._connect()
        self._restore()

    # Putting together

    def _build(self) -> None:
        floor = QMainWindow()
        floor.setWindowFlags(Qt.WindowType.Widget)
        self.floor = floor
        self.shell = ShellActions(self)
        self.toolbar = Toolbar(
            menu=self.shell.session_menu,
            palette=self.shell.palette,
            record=self.shell.record,
            right=[self.shell.present, self.shell.dark, self.shell.help],
        )
        floor.addToolBar(self.toolbar)
        self.stack = PanelStack(self.desk)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strips)
        column.addWidget(self.stack, 1)
        floor.setCentralWidget(centre)
        self.status = StatusBar()
        floor.setStatusBar(self.status)
        self.docks = Docks(floor, self.desk)
        self.rail = Rail(PANELS, self.shell.menu_button, [self.shell.python])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(floor, 1)

    def _connect(self) -> None:
        desk, status = self.desk, self.status
        desk.show_python = self.docks.show_python
        desk.toast = self.toast
        desk.explain = self._explain
        desk.show_panel = self.show_panel
        self.rail.chosen.connect(self.show_panel)
        self.stack.came.connect(self.rail.show_chosen)
        self.docks.drawer_shown.connect(self.shell.python.setChecked)
        self.sessions.changed.connect(self._on_sessions_changed)
        self.sessions.shown.connect(self._on_session_shown)
        self.settings.changed.connect(self._on_settings_changed)
        status.running_requested.connect(lambda: self.show_panel("running"))
        status.exposure_requested.connect(lambda: self.show_panel("running"))
        status.level_requested.connect(self.shell.explain_level)
        status.events_requested.connect(lambda: self.docks.timeline.set_folded(False))
        status.session_requested.connect(self.toolbar.session.showMenu)
        self.bridge.every(LOOK_MS, self._look)

    def _restore(self) -> None:
        """The last state, or that of a first start; a window is never larger than its screen."""
        kept = self.settings.window()
        states = kept.get("panels")
        self.stack.take_states(states if isinstance(states, dict) else {})
        geometry = kept.get("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            screen = QGuiApplication.primaryScreen().availableGeometry()
            self.resize(SIZE.boundedTo(screen.size()))
        contents = kept.get("contents")
        self._placed = self.docks.restore(kept.get("docks"), contents if isinstance(contents, dict) else {})
        panel = str(kept.get("panel", ""))
        self.show_panel(panel if panel in self.stack.ids() else start_panel())

    def showEvent(self, event: QShowEvent) -> None:
        """The first time, the size is known: give the docks their share of it."""
        super().showEvent(event)
        if not self._placed:
            self._placed = True
            self.docks.start_sizes(self.width(), self.height())
        if self.focusWidget() is None or self.rail.isAncestorOf(self.focusWidget()):
            self.stack.setFocus()

    def late_start(self) -> None:
        """What can wait until the window has been painted: the session file, recovery, help."""
        self.sessions.begin(self._pending_file)

    def open_later(self, file: str) -> None:
        """Look at this saved session as soon as the window stands."""
        self._pending_file = file

    # Doors

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front."""
        self.stack.show_panel(panel_id)

    def toast(self, text: str) -> None:
        """Tell what succeeded elsewhere; also kept as a note."""
        if self._toast is None:
            from widgets.parts.toast import Toast

            self._toast = Toast(self.stack)
        self._toast.say(text)

    def _explain(self, event: Event) -> None:
        self.docks.inspector.show()
        self.docks.inspector.explain(event)

    def palette_is_open(self) -> bool:
        """The command palette is shown."""
        return self.shell.palette_is_open()

    def close_palette(self) -> None:
        """Put the command palette away."""
        self.shell.close_palette()

    def picture(self) -> QPixmap:
        """The window as it looks now."""
        return self.grab()

    # What goes on

    def _look(self) -> None:
        """The numbers that change by themselves, a few times a second."""
        facts = [service.facts() for service in self.desk.running.all() if service.state == "running"]
        recorder = self.lab.recorder
        self.status.show_running(facts)
        self.status.show_counts(
            Counts(recorder.dropped, len(self.sessions.live_log), self.sessions.size_bytes, self.sessions.problem)
        )
        self.toolbar.light.show_events(len(self.sessions.live_log))
        self.rail.set_alive("sockets", f"{len(facts)} running" if facts else "")

    def _on_sessions_changed(self) -> None:
        self.toolbar.show_session(self.sessions.name, read_only=self.sessions.read_only)
        self.setWindowTitle(f"{self.sessions.name} \u2013 NetLab")

    def _on_session_shown(self, log: EventLog) -> None:
        """Another log comes into view. The live one goes on filling, whether it is looked at or not."""
        live, timeline = self.sessions.live_log, self.docks.timeline
        self.bridge.remove_consumer(timeline.consume)
        self.bridge.remove_consumer(self._keep_live)
        timeline.show_log(log)
        self.bridge.add_consumer(timeline.consume if log is live else self._keep_live)

    def _keep_live(self, batch: list[Raw]) -> None:
        self.sessions.live_log.append(sorted(batch, key=itemgetter(0)))

    def _on_settings_changed(self, name: str) -> None:
        if name == "dark":
            theme().set_dark(self.settings.dark)
        elif name == "scale":
            theme().set_scale(self.settings.scale)

    def show_crash(self, report: Report) -> None:
        """Say that something unexpected happened; the report can be copied, and goes nowhere else."""
        where = f" A report is in {report.file}." if report.file else ""
        self.strips.say(
            "crash", "error", "Something unexpected happened; the lab goes on.", f"{report.title}.{where}",
            action="Copy report", act=lambda: QGuiApplication.clipboard().setText(report.text),
        )  # fmt: skip

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing is a wish: the services stop first, then the application hides the window."""
        event.ignore()
        running = [one.name for one in self.desk.running.all() if one.state == "running"]
        if running and self.settings.confirm_quit and not self._ending:
            self.strips.say(
                "quit", "warning", f"{len(running)} services run.", "Closing the window stops them.",
                action="Stop them and quit", act=self.end, icon="power",
            )  # fmt: skip
            return
        self.end()

    def end(self) -> None:
        """Begin the shutdown, whatever runs."""
        self._ending = True
        self.closing.emit()

    def panels_off(self) -> None:
        """First step of the shutdown: nothing here starts or looks at anything any more."""
        self.toolbar.setEnabled(False)
        self.stack.off()

    def show_shutdown(self, step: str) -> None:
        """Say what the shutdown waits for."""
        if step.startswith("2"):
            running = [one.name for one in self.desk.running.all() if one.state == "running"]
            if running:
                self.strips.say("quit", "note", "Stopping.", ", ".join(running[:8]), closable=False)

    def save_state(self) -> None:
        """Keep geometry, docks and the panels' states for the next start."""
        parts = {
            "panel": self.stack.current,
            "panels": self.stack.save_states(),
            "contents": self.docks.save_contents(),
        }
        self.settings.keep_window(self.saveGeometry(), self.docks.save(), parts)
        self.settings.save()
