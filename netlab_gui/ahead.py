"""Ahead: loads the rooms and builds the panels that nobody has asked for yet, so that opening one is no wait.

Rooms are loaded on a lab thread. Panels are built in the GUI thread, a step at a time with rests between; one that is
asked for before its turn comes first. It must not know a panel but by the list.
"""

from __future__ import annotations

import gc
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer

from netlab_gui import journal, panels
from widgets.theme.theme import theme

if TYPE_CHECKING:
    from netlab_gui.panel_stack import PanelStack
    from widgets.bridge import Bridge

BEGIN_MS: Final = 600
"""After the start: the window's first clicks come before."""
REST_MS: Final = 120
STEP_REST_MS: Final = 1
"""Where somebody waits."""


class Ahead(QObject):
    """What is prepared for one window."""

    def __init__(self, stack: PanelStack, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._stack = stack
        self._bridge = bridge
        self._ended = False
        self._loaded: set[str] = set()
        self._loading: set[str] = set()
        self._missing: set[str] = set()
        self._wanted: tuple[str, Callable[[], object]] | None = None
        self._steps: Iterator[None] = iter(())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.timeout.connect(self._go_on)
        self._first.start(BEGIN_MS)

    @property
    def done(self) -> bool:
        """Every panel stands that can."""
        return not self._left()

    def end(self) -> None:
        """The window closes: nothing more is prepared."""
        self._ended = True
        self._wanted = None
        self._first.stop()
        self._timer.stop()

    def want(self, panel_id: str, then: Callable[[], object]) -> None:
        """Prepare this panel before all others, and call `then`; only the last wish counts."""
        self._wanted = (panel_id, then)
        if self._stack.stands(panel_id) or panel_id in self._missing:
            self._fulfil()
        else:
            self._prepare(panel_id)

    def _left(self) -> list[str]:
        """Panels to prepare, the wanted one first."""
        left = [panel for panel in self._stack.ids() if not self._stack.stands(panel) and panel not in self._missing]
        return sorted(left, key=lambda panel: self._wanted is None or panel != self._wanted[0])

    def _go_on(self) -> None:
        left = self._left()
        if left and not self._ended:
            self._prepare(left[0])

    def _prepare(self, panel_id: str) -> None:
        """Load a room, on a thread, so that the window answers meanwhile; then build."""
        if panel_id in self._loaded:
            self._build(panel_id)
        elif panel_id not in self._loading:
            self._loading.add(panel_id)
            self._bridge.call(
                lambda: self._load(panel_id), self._on_loaded, lambda error: self._on_not_loaded(panel_id, error),
                owner=self,
            )  # fmt: skip

    def _load(self, panel_id: str) -> str:
        """On a lab thread, in small pieces, so that it ends soon when the window closes."""
        room = panels.room_of(panel_id)
        package = room.rpartition(".")[0]
        inside = import_module(package).__path__ if package != __package__ else ()
        for module in pkgutil.walk_packages(inside, f"{package}."):
            if self._ended:
                return panel_id
            import_module(module.name)
        import_module(room)
        return panel_id

    def _on_loaded(self, panel_id: str) -> None:
        self._loaded.add(panel_id)
        self._go_on()

    def _on_not_loaded(self, panel_id: str, error: BaseException) -> None:
        """What is missing says so when the panel is opened."""
        journal.write(f"not loaded: {error}")
        self._missing.add(panel_id)
        self._fulfil()
        self._go_on()

    def _build(self, panel_id: str) -> None:
        if not self._timer.isActive():  # else the one begun is built to its end first
            self._steps = self._stack.build_in_steps(panel_id)
            self._timer.start(0)

    def _on_timer_timeout(self) -> None:
        if theme().changing:
            self._timer.start(STEP_REST_MS)
            return
        if next(self._steps, self) is not self:
            theme().rest()  # some of it woke up while it was made: the next step need not dress that
            self._timer.start(REST_MS if self._wanted is None else STEP_REST_MS)
            return
        theme().rest()
        gc.freeze()  # a full look at all that was built would hold the window up
        self._fulfil()
        self._go_on()

    def _fulfil(self) -> None:
        if self._wanted is not None and (self._stack.stands(self._wanted[0]) or self._wanted[0] in self._missing):
            _, then = self._wanted
            self._wanted = None
            then()
