"""Driving: plays a panel's demo with real mouse clicks and keys, and judges every step.

A click goes to what lies under the pointer there, as a user's would: a covered, hidden or greyed
button is a failed check, not a click that works by magic. It must not know any panel.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from widgets.panel import Check, Click, DemoStep, Panel, Picture, Type, Wait

LOOK_MS: Final = 10
SETTLE_MS: Final = 60
DEMO_LIMIT_S: Final = 60.0
"""Each wait has a limit of its own; this one ends a demo that goes round in circles, on a busy machine too."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check of a report."""

    text: str
    ok: bool

    def as_json(self) -> dict[str, object]:
        """The form in report.json."""
        return {"check": self.text, "ok": self.ok}


def wait_until(condition: Callable[[], object], timeout_s: float) -> bool:
    """Let the event loop turn until the condition holds; False after `timeout_s` seconds."""
    if condition():
        return True
    loop, deadline, met = QEventLoop(), time.monotonic() + timeout_s, False
    look = QTimer()

    def on_look_timeout() -> None:
        nonlocal met
        met = bool(condition())
        if met or time.monotonic() > deadline:
            loop.quit()

    look.timeout.connect(on_look_timeout)
    look.start(LOOK_MS)
    loop.exec()
    look.stop()
    return met


def settle(time_ms: int = SETTLE_MS) -> None:
    """Let the event loop turn for a moment: layouts, paints and batches come to rest."""
    loop = QEventLoop()
    QTimer.singleShot(time_ms, loop.quit)
    loop.exec()


class Driver:
    """Plays demos. take_picture() is called at most once per demo, when the picture is due.

    stopping(): asked between two steps; once it is true the demo ends there.
    """

    def __init__(self, take_picture: Callable[[], object], stopping: Callable[[], bool] = bool) -> None:
        self._take_picture = take_picture
        self._stopping = stopping
        self._verdicts: list[Verdict] = []
        self._taken = False

    def play(self, panel: Panel) -> list[Verdict]:
        """Run the demo to its end, or to its first broken step; returns all checks."""
        self._verdicts, self._taken = [], False
        deadline = time.monotonic() + DEMO_LIMIT_S
        try:
            for step in panel.demo():
                if self._stopping() or not self._step(step):
                    break
                if time.monotonic() > deadline:
                    self._verdicts.append(Verdict(f"the demo ends within {DEMO_LIMIT_S:.0f} s", False))
                    break
        except Exception as error:  # noqa: BLE001 - a demo that breaks is a verdict, and the tour goes on
            self._verdicts.append(Verdict(f"the demo runs: {type(error).__name__}: {error}", False))
        if not self._taken:
            self._picture()
        if not self._verdicts:
            self._verdicts.append(Verdict("the demo checks something", False))
        return self._verdicts

    def _step(self, step: DemoStep) -> bool:
        """Do one step; False when the demo can't go on."""
        if isinstance(step, Check):
            self._verdicts.append(Verdict(step.text, step.ok))
        elif isinstance(step, Wait):
            self._verdicts.append(Verdict(step.text, wait_until(step.condition, step.timeout_s)))
            return self._verdicts[-1].ok
        elif isinstance(step, Picture):
            self._picture()
        elif isinstance(step, Click):
            return self._reachable(step.widget) and self._click(step.widget)
        elif isinstance(step, Type):
            return self._reachable(step.widget) and self._type(step)
        return True

    def _picture(self) -> None:
        if not self._taken:
            self._taken = True
            settle()
            self._take_picture()

    def _reachable(self, widget: QWidget) -> bool:
        """Bring the widget into view and see that the pointer would meet it; a failed check if not."""
        bring_into_view(widget)
        settle(20)
        problem = unreachable(widget)
        if problem:
            name = widget.accessibleName() or getattr(widget, "text", str)() or widget.objectName()
            self._verdicts.append(Verdict(f"{name!r} can be clicked: {problem}", False))
        return not problem

    def _click(self, widget: QWidget) -> bool:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center())
        settle(20)
        return True

    def _type(self, step: Type) -> bool:
        self._click(step.widget)
        QTest.keyClick(step.widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(step.widget, step.text)
        if step.enter:
            QTest.keyClick(step.widget, Qt.Key.Key_Return)
        settle(20)
        return True


def bring_into_view(widget: QWidget) -> None:
    """Scroll every scroll area around the widget so that it shows."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def unreachable(widget: QWidget) -> str:
    """Why a user could not click the widget's middle, or ""."""
    if not widget.isVisible():
        return "it is hidden"
    if not widget.isEnabled():
        return "it is greyed"
    window = widget.window()
    over = QApplication.activePopupWidget() or QApplication.activeModalWidget()
    if over is not None and over.window() is not window:
        return f"{type(over).__name__} lies over the window"
    point = widget.mapTo(window, widget.rect().center())
    if not window.rect().contains(point):
        return "it is outside the window"
    met = window.childAt(point)  # not widgetAt(): that one knows only what lies on the screen
    if met is None or not (met is widget or widget.isAncestorOf(met)):
        return f"{type(met).__name__} lies over it"
    return ""
