"""Looking: what this user may do with packets, asked once on a lab thread and told to every view that shows it.

It must not know who shows it.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from widgets.desk import Desk
from widgets.packets.capture import launch
from widgets.packets.capture.launch import Surroundings


class Looking(QObject):
    """found(surroundings): here they are. asked: somebody wanted to know. surroundings: the last found."""

    found = Signal(object)

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.asked = False
        self.surroundings: Surroundings | None = None

    def look_once(self) -> None:
        """Ask, at the first call."""
        if not self.asked:
            self._ask(again=False)

    def look_again(self) -> None:
        """Ask anew: a command may have been typed since."""
        self._ask(again=True)

    def _ask(self, *, again: bool) -> None:
        self.asked = True
        self._desk.bridge.call(lambda: launch.look(again=again), self._on_found, owner=self)

    def _on_found(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.found.emit(surroundings)
