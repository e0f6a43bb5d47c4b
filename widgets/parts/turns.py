"""Turns: work in steps, each in a turn of the event loop of its own, with painting and clicks between them.

For what is too much for one turn and has to happen in this thread. It must not know what the steps do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from protocols.record import precedence


class Turns(QObject):
    """Runs steps in their order, one a turn. A step that raises ends nothing but itself.

    Meanwhile this thread has precedence over those that move much data.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._next)

    def __len__(self) -> int:
        return len(self._steps)

    def run(self, *steps: Callable[[], object]) -> None:
        """These after all that wait already; the first not before the next turn."""
        self._steps.extend(steps)
        precedence.take()
        self._timer.start()

    def finish(self) -> None:
        """All that wait, at once: what comes next builds on them."""
        while self._steps:
            self._next()

    def _next(self) -> None:
        if self._steps:
            precedence.take()
            self._steps.popleft()()
        else:  # what the last step changed has been laid out and painted
            self._timer.stop()
            precedence.give_back()
