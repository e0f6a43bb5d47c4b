"""Orders: work for the lab's threads that must happen in the order in which it was asked for.

The bridge may run two pieces of work at the same time; what one person clicks, one after the other,
must not overtake itself. It must not know what the work is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from widgets.bridge import Bridge


class Orders(QObject):
    """A line of work: the next begins when the one before has come back. `failed` gets what no order took."""

    def __init__(self, bridge: Bridge, failed: Callable[[BaseException], object], parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._failed = failed
        self._waiting: deque[tuple[Callable[[], Any], Callable[[Any], object] | None]] = deque()
        self._busy = False

    def put(self, work: Callable[[], Any], done: Callable[[Any], object] | None = None) -> None:
        """Run `work` elsewhere after what was put before it; then `done(value)` here."""
        self._waiting.append((work, done))
        self._next()

    def clear(self) -> None:
        """Forget what has not begun."""
        self._waiting.clear()

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        work, done = self._waiting.popleft()

        def finished(value: Any) -> None:
            self._busy = False
            if done is not None:
                done(value)
            self._next()

        self._bridge.call(work, finished, self._on_failed, owner=self)

    def _on_failed(self, error: BaseException) -> None:
        self._busy = False
        self._failed(error)
        self._next()
