"""Window: what is painted first: the rail, the toolbar, the place for panels, the status bar.

It stands before there is a lab; the workplace then furnishes it with panels and docks. It must
not know services, events or sessions, and it runs nothing itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QPaintEvent, QPixmap
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from netlab_gui.panel_stack import PanelStack
from netlab_gui.panels import PANELS, start_panel
from netlab_gui.rail import Rail
from netlab_gui.settings import Settings
from netlab_gui.shell_actions import ShellActions
from netlab_gui.strips import Strips
from netlab_gui.tab_order import next_stop
from netlab_gui.toolbar import Toolbar
from widgets.actions import Actions
from widgets.statusbar import StatusBar
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from netlab_gui.ahead import Ahead
    from netlab_gui.crash import Report
    from netlab_gui.workplace import Workplace
    from widgets.parts.toast import About, Toast

SIZE: Final = QSize(1440, 900)
LEAST: Final = QSize(800, 560)
UNSEEN_MS: Final = 400
"""A window that is never painted (started minimised) is furnished all the same, after this time."""


class Window(QWidget):
    """The lab's window.

    painted: the first picture has been shown. closing: the user wants it to end; whoever runs the
    application decides how. workplace: what it is furnished with, None at the very start. ahead: what prepares its
    panels, None until the start is over.
    """

    painted = Signal()
    closing = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.setWindowTitle("NetLab")
        self.setObjectName("window")
        self.setMinimumSize(LEAST)
        self.settings = settings
        self.workplace: Workplace | None = None
        self.ahead: Ahead | None = None
        self.registry = Actions(self)
        self.strips = Strips()
        self.stack = PanelStack()
        self.status = StatusBar()
        self.shell = ShellActions(self)
        self.toolbar = Toolbar(
            menu=self.shell.session_menu,
            palette=self.shell.palette,
            record=self.shell.record,
            right=[self.shell.present, self.shell.dark, self.shell.help],
        )
        self.rail = Rail(PANELS, self.shell.menu_button, [self.shell.python])
        self.floor = QMainWindow()
        self._toast: Toast | None = None
        self._seen = False
        self._lay_out()
        self._connect()
        self._restore()

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strips)
        column.addWidget(self.stack, 1)
        floor = self.floor
        floor.setWindowFlags(Qt.WindowType.Widget)
        floor.addToolBar(self.toolbar)
        floor.setCentralWidget(centre)
        floor.setStatusBar(self.status)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(floor, 1)

    def _connect(self) -> None:
        status = self.status
        self.rail.chosen.connect(self.go_to)
        self.stack.came.connect(self.rail.show_chosen)
        self.settings.changed.connect(self._on_settings_changed)
        status.running_requested.connect(lambda: self.show_panel("running"))
        status.exposure_requested.connect(lambda: self.show_panel("running"))
        status.level_requested.connect(self.shell.explain_level)
        status.session_requested.connect(self.toolbar.session.showMenu)

    def _restore(self) -> None:
        """The last state, or that of a first start; a window is never larger than its screen."""
        kept = self.settings.window()
        geometry = kept.get("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            screen = QGuiApplication.primaryScreen().availableGeometry()
            self.resize(SIZE.boundedTo(screen.size()))
        states = kept.get("panels")
        self.stack.take_states(states if isinstance(states, dict) else {})
        panel = str(kept.get("panel", ""))
        self.show_panel(panel if panel in self.stack.ids() else start_panel())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The first one tells that the window can be seen."""
        super().paintEvent(event)
        self._tell_painted()

    def focusNextPrevChild(self, forward: bool, /) -> bool:
        """Tab goes through rail, toolbar, panel, docks and status bar in this order."""
        docks = self.workplace.docks.places() if self.workplace is not None else []
        places = [self.rail, self.toolbar, self.strips, self.stack, *docks, self.status]
        stop = next_stop(places, self.focusWidget(), forward=forward)
        if stop is not None:
            stop.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return stop is not None

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        """Enter presses the button that has the keyboard, as Space does."""
        button = self.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(button, QAbstractButton):
            button.click()
            return
        super().keyPressEvent(event)

    def show(self) -> None:
        """Show it; what is slow comes after the first picture."""
        super().show()
        self.stack.setFocus()
        QTimer.singleShot(UNSEEN_MS, self, self._tell_painted)

    def _tell_painted(self) -> None:
        if not self._seen:
            self._seen = True
            QTimer.singleShot(0, self, self.painted.emit)

    # Doors

    def show_panel(self, panel_id: str) -> None:
        """Bring a panel to the front; before there is a lab, as soon as there is one."""
        self.stack.show_panel(panel_id)
        self.rail.show_chosen(panel_id)

    def go_to(self, panel_id: str) -> None:
        """As `show_panel`, for a user: one that is not built yet comes when it is, and the window answers meanwhile."""
        self.rail.show_chosen(panel_id)
        if self.ahead is None:
            self.show_panel(panel_id)
        else:
            self.ahead.want(panel_id, lambda: self.show_panel(panel_id))

    def toast(self, text: str, about: About = "done") -> None:
        """Tell what succeeded elsewhere, or not, or that an alarm has gone off."""
        if self._toast is None:
            from widgets.parts.toast import Toast

            self._toast = Toast(self.stack)
        self._toast.say(text, about=about)

    def picture(self) -> QPixmap:
        """The window as it looks now."""
        return self.grab()

    def show_session(self, name: str, *, read_only: bool) -> None:
        """The name of the session in view."""
        self.toolbar.show_session(name, read_only=read_only)
        self.setWindowTitle(f"{name} \u2013 NetLab")

    def show_crash(self, report: Report) -> None:
        """Say that something unexpected happened; the report can be copied, and goes nowhere else."""
        where = f" A report is in {report.file}." if report.file else ""
        self.strips.say(
            "crash", "error", "Something unexpected happened; the lab goes on.", f"{report.title}.{where}",
            action="Copy report", act=lambda: QGuiApplication.clipboard().setText(report.text),
        )  # fmt: skip

    def _on_settings_changed(self, name: str) -> None:
        if name == "dark":
            theme().set_dark(self.settings.dark, in_steps=True)
        elif name == "scale":
            theme().set_scale(self.settings.scale, in_steps=True)

    # The end

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing is a wish: the services stop first, then the application hides the window."""
        event.ignore()
        running = self.workplace.running_names() if self.workplace is not None else []
        if running and self.settings.confirm_quit:
            self.strips.say(
                "quit", "warning", f"{len(running)} services run.", "Closing the window stops them.",
                action="Stop them and quit", act=self.closing.emit, icon="power",
            )  # fmt: skip
        else:
            self.closing.emit()

    def panels_off(self) -> None:
        """First step of the shutdown: nothing here starts or looks at anything any more."""
        self.toolbar.setEnabled(False)
        if self.ahead is not None:
            self.ahead.end()
        self.stack.off()

    def save_state(self) -> None:
        """Keep geometry, docks and the panels' states for the next start."""
        parts: dict[str, Any] = {"panel": self.stack.current, "panels": self.stack.save_states()}
        docks = self.floor.saveState()
        if self.workplace is not None:
            parts["contents"], docks = self.workplace.docks.save_contents(), self.workplace.docks.save()
        self.settings.keep_window(self.saveGeometry(), docks, parts)
        self.settings.save()
