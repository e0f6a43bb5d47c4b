"""A panel on a real lab, in a window of its own, with nothing left when the test ends: what every room's tests share.

It must not know any panel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.record.event import Event
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.panel import Panel
from widgets.selection import Selection
from widgets.theme.theme import theme

LONG_MS = 20_000
P = TypeVar("P", bound=Panel)


@dataclass
class OnStage(Generic[P]):
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: P
    desk: Desk
    qtbot: QtBot
    explained: list[Event] = field(default_factory=list)
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object], timeout_ms: int = LONG_MS) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout_ms)

    def primaries(self, card: QWidget) -> list[str]:
        """The primary buttons that a card shows."""
        buttons = card.findChildren(QPushButton)
        return [button.text() for button in buttons if button.property("primary") and button.isVisible()]

    def end(self) -> None:
        """What must be over before the lab closes; the panel is hidden already."""


R = TypeVar("R", bound=OnStage[Any])


@contextmanager
def on_stage(room: type[R], build: Callable[[Desk], Panel], qtbot: QtBot, width: int, height: int) -> Iterator[R]:
    """A room around a panel that is shown; afterwards its services are stopped and its threads gone."""
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    panel = build(desk)
    theme().release()
    made = room(panel, desk, qtbot)
    desk.explain = made.explained.append
    desk.show_python = lambda id, params: made.scripts.append((id, dict(params)))
    desk.toast = desk.decline = made.toasts.append
    qtbot.addWidget(panel)
    panel.resize(width, height)
    panel.show()
    panel.shown()
    qtbot.waitExposed(panel)
    yield made
    panel.hidden()
    made.end()
    assert lab.close(20) == []
    bridge.close()
