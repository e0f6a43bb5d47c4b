"""Docks: the time line below, the inspector at the right, and the Python drawer over the inspector.

The drawer is built when it is first opened. It must not know what stands in a dock, only
where docks go and how they come back at the next start.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow

from widgets.inspector.dock import InspectorDock
from widgets.theme.theme import theme
from widgets.timeline.dock import TimelineDock

if TYPE_CHECKING:
    from widgets.desk import Desk
    from widgets.python_drawer.drawer import PythonDrawer

VERSION: Final = 1
INSPECTOR_WIDTH: Final = 372
INSPECTOR_LEAST: Final = 240
BESIDE: Final = 660
"""What the inspector leaves to a panel where it can: two cards side by side."""
DRAWER_WIDTH: Final = 480
ABOVE: Final = 432
"""What a low window keeps above the time line and for its bars: a panel's head and one card with its buttons."""
NARROW: Final = 1150
"""Below this width of the window the inspector starts closed: the panel needs the room."""
TOO_NARROW: Final = 1000
"""Below this one an open inspector closes when the letters grow."""


class Docks(QObject):
    """Owns the docks of one main window.

    drawer_shown(bool): the Python drawer has come to the front, or gone.
    """

    drawer_shown = Signal(bool)

    def __init__(self, floor: QMainWindow, desk: Desk, timeline: TimelineDock, inspector: InspectorDock) -> None:
        super().__init__(floor)
        self._floor = floor
        self._desk = desk
        self._drawer: PythonDrawer | None = None
        self._drawer_state: Mapping[str, Any] = {}
        self._width_before = 0
        self._scale = theme().scale
        self._gave_room = False
        self._width_is_rough = False
        floor.setDockNestingEnabled(False)
        floor.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        floor.setDockOptions(QMainWindow.DockOption.AnimatedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.timeline, self.inspector = timeline, inspector
        for dock in (timeline, inspector):
            dock.hide()
        floor.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, self.timeline)
        floor.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.inspector)
        self.inspector.visibilityChanged.connect(self._on_inspector_visibility_changed)
        theme().changed.connect(self._on_theme_changed)

    @classmethod
    def in_steps(cls, floor: QMainWindow, desk: Desk) -> Generator[None, None, Docks]:
        """Make the docks, hidden, and dress them, in steps with the event loop's turns between."""
        with theme().making() as made:
            timeline = TimelineDock(desk)
            made.append(timeline)
        yield
        with theme().making() as made:
            inspector = InspectorDock(desk)
            made.append(inspector)
        yield
        with theme().making() as made:
            docks = cls(floor, desk, timeline, inspector)
            made += [timeline, inspector]
        yield from theme().dressing()
        return docks

    def show(self) -> None:
        """Bring them into view."""
        self.timeline.show()
        self.inspector.show()

    def places(self) -> list[QDockWidget]:
        """The docks that are part of the window now, in reading order."""
        docks = [self.timeline, self.inspector, *([self._drawer] if self._drawer is not None else [])]
        return [dock for dock in docks if not dock.isFloating()]

    @property
    def drawer(self) -> PythonDrawer:
        """The Python drawer; the first call builds it, over the inspector."""
        if self._drawer is None:
            from widgets.python_drawer.drawer import PythonDrawer

            self._drawer = PythonDrawer(self._desk)
            self._drawer.restore_state(self._drawer_state)
            if not self._floor.restoreDockWidget(self._drawer):
                self._floor.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self._drawer)
                self._floor.tabifyDockWidget(self.inspector, self._drawer)
            self._drawer.hide()
            self._drawer.visibilityChanged.connect(self._on_drawer_visibility_changed)
        return self._drawer

    def show_python(self, action_id: str, params: Mapping[str, Any]) -> None:
        """Open the drawer with the script of an action."""
        self.drawer.show_script(action_id, params)
        self.open_drawer()

    def open_drawer(self) -> None:
        """Bring the drawer to the front, wide enough to read code."""
        drawer = self.drawer
        was_hidden = drawer.isHidden()
        if was_hidden:
            self._width_before = self.inspector.width() if self.inspector.isVisible() else 0
        drawer.show()
        drawer.raise_()
        if was_hidden and drawer.width() < theme().px(DRAWER_WIDTH):
            self._floor.resizeDocks([drawer], [theme().px(DRAWER_WIDTH)], Qt.Orientation.Horizontal)

    @property
    def drawer_is_open(self) -> bool:
        """The drawer can be seen."""
        return self._drawer is not None and self._drawer.isVisible()

    def close_drawer(self) -> None:
        """Put the drawer away."""
        if self._drawer is not None:
            self._drawer.close()

    def start_sizes(self, width: int, height: int) -> None:
        """The sizes of a first start, in a window of this size."""
        lowest = min(round(height * 0.46), height - theme().px(ABOVE))
        self._floor.resizeDocks([self.timeline], [lowest], Qt.Orientation.Vertical)
        self._floor.resizeDocks([self.inspector], [self._usual_width()], Qt.Orientation.Horizontal)
        self.inspector.setVisible(width >= theme().px(NARROW))

    def _on_theme_changed(self) -> None:
        """Another text size: the right side takes its usual width in it, and gives way where the panel needs room."""
        if theme().scale == self._scale:
            if self._width_is_rough:  # what is hidden in it has its new size now as well, and may leave it narrower
                self._width_is_rough = False
                QTimer.singleShot(0, self, self._take_usual_width)
            return
        self._width_is_rough = True
        grown, self._scale = theme().scale > self._scale, theme().scale
        roomy, shown = self._floor.window().width() >= theme().px(TOO_NARROW), not self.inspector.isHidden()
        if grown and shown and not roomy and not self.drawer_is_open:
            self.inspector.hide()
            self._gave_room = True
        elif self._gave_room and not shown and roomy:
            self.inspector.show()
        QTimer.singleShot(0, self, self._take_usual_width)  # once the parts know their own new least width

    def _take_usual_width(self) -> None:
        side = self._drawer if self.drawer_is_open else self.inspector
        if side is not None and not side.isHidden():
            width = theme().px(DRAWER_WIDTH) if side is self._drawer else self._usual_width()
            self._floor.resizeDocks([side], [width], Qt.Orientation.Horizontal)

    def _usual_width(self) -> int:
        look = theme()
        return max(look.px(INSPECTOR_LEAST), min(look.px(INSPECTOR_WIDTH), self._floor.width() - look.px(BESIDE)))

    def _on_inspector_visibility_changed(self, visible: bool) -> None:
        if visible:
            self._gave_room = False
            if self.inspector.width() > self._usual_width() and not self.drawer_is_open:
                QTimer.singleShot(0, self, self._take_usual_width)

    def save(self) -> QByteArray:
        """Places and sizes, for the next start."""
        return self._floor.saveState(VERSION)

    def save_contents(self) -> dict[str, Any]:
        """What the docks show and how, for the next start."""
        states = {dock.objectName(): dock.save_state() for dock in (self.timeline, self.inspector)}
        states["python"] = dict(self._drawer_state) if self._drawer is None else self._drawer.save_state()
        return states

    def restore(self, state: object, contents: Mapping[str, Any]) -> bool:
        """Take what `save` and `save_contents` gave; False when the places are of another version or broken."""
        placed = isinstance(state, QByteArray) and self._floor.restoreState(state, VERSION)
        drawer = contents.get("python")
        self._drawer_state = drawer if isinstance(drawer, dict) else {}
        for dock in (self.timeline, self.inspector):
            kept = contents.get(dock.objectName())
            if isinstance(kept, dict):
                dock.restore_state(kept)
        return placed

    def _on_drawer_visibility_changed(self, visible: bool) -> None:
        self.drawer_shown.emit(visible)
        if not visible and self._drawer is not None and self._drawer.isHidden() and self._width_before:
            self._floor.resizeDocks([self.inspector], [self._width_before], Qt.Orientation.Horizontal)
            self._width_before = 0
