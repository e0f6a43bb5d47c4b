"""Shutdown in seven steps, each written to the journal; nothing in it can hang.

Panels off, stop all services, join them under one deadline, drain the recorder, close the
store, save the settings, quit. A service that does not end is named and left behind. It must
not know widgets: it calls what it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from netlab_gui import journal

if TYPE_CHECKING:
    from widgets.bridge import Bridge

STOP_DEADLINE_S: Final = 3.0
DRAIN_LIMIT_S: Final = 2.0
GRACE_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Steps:
    """What each step does. stop_all(deadline_s) gives the names of services that did not end."""

    panels_off: Callable[[], object]
    stop_all: Callable[[float], Sequence[str]]
    close_lab: Callable[[], object]
    save_settings: Callable[[], object]
    quit: Callable[[], object]


class Shutdown(QObject):
    """Runs the steps once. The window lives on while services stop; told(text) says what goes on.

    stuck: names of services that were left behind.
    """

    told = Signal(str)

    def __init__(self, bridge: Bridge, steps: Steps, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._steps = steps
        self._begun_s = 0.0
        self._joined = False
        self.stuck: tuple[str, ...] = ()
        self.finished = False
        self._guard = QTimer(self)
        self._guard.setSingleShot(True)
        self._guard.timeout.connect(self._on_guard_timeout)

    @property
    def begun(self) -> bool:
        """The first step has been taken; there is no way back."""
        return self._begun_s > 0

    def begin(self) -> None:
        """Take the steps; a second call does nothing."""
        if self.begun:
            return
        self._begun_s = time.monotonic()
        self._try("1 panels off", self._steps.panels_off)
        self._say("2 stop all services")
        self._guard.start(round(STOP_DEADLINE_S * 1000) + GRACE_MS)
        self._bridge.call(lambda: self._steps.stop_all(STOP_DEADLINE_S), self._on_joined, self._on_join_failed)

    def _on_joined(self, stuck: Sequence[str]) -> None:
        if self._joined:
            return
        self._joined = True
        self._guard.stop()
        self.stuck = tuple(stuck)
        self._say(f"3 joined; left behind: {', '.join(stuck)}" if stuck else "3 joined, nothing left")
        self._finish()

    def _on_join_failed(self, error: BaseException) -> None:
        journal.write(f"stopping failed: {type(error).__name__}: {error}")
        self._on_joined(())

    def _on_guard_timeout(self) -> None:
        self._on_joined(("a service that does not answer",))

    def _finish(self) -> None:
        self._try("4 drain the recorder", self._drain)
        self._try("5 close the store", self._steps.close_lab)
        self._try("6 save the settings", self._steps.save_settings)
        self.finished = True
        self._try("7 quit", self._steps.quit)

    def _drain(self) -> None:
        left = self._bridge.drain(DRAIN_LIMIT_S)
        if left:
            journal.write(f"shutdown: {left} events were recorded but not shown")
        self._bridge.close()

    def _try(self, step: str, run: Callable[[], object]) -> None:
        """One step; a failure is written down and the next step is taken all the same."""
        self._say(step)
        try:
            run()
        except Exception as error:  # noqa: BLE001 - the program must end, whatever one step does
            journal.write(f"shutdown: {step} failed: {type(error).__name__}: {error}")

    def _say(self, step: str) -> None:
        journal.write(f"shutdown {time.monotonic() - self._begun_s:.3f} s: {step}")
        self.told.emit(step)
