"""The mail panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from protocols.lab import Lab
from protocols.record.event import Event
from protocols.record.log import EventLog
from widgets.actions import Actions
from widgets.bridge import Bridge
from widgets.desk import Desk
from widgets.mail.both_ends import BothEnds
from widgets.mail.panel import MailPanel
from widgets.selection import Selection
from widgets.theme.theme import theme

LONG_MS = 20_000


@dataclass
class Room:
    """What a test sees: the panel, the desk, and what the panel asked of the window."""

    panel: MailPanel
    desk: Desk
    qtbot: QtBot
    explained: list[Event] = field(default_factory=list)
    scripts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    toasts: list[str] = field(default_factory=list)

    @property
    def ends(self) -> BothEnds:
        """The view of both ends."""
        return self.panel.ends

    def click(self, button: QAbstractButton) -> None:
        """Click what a person can see and use."""
        self.qtbot.waitUntil(button.isVisible, timeout=LONG_MS)
        assert button.isEnabled(), f"{button.text()} can't be clicked"
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, condition: Callable[[], object], timeout_ms: int = LONG_MS) -> None:
        """Let the window live until the condition holds."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=timeout_ms)

    def serve(self) -> dict[str, tuple[str, int]]:
        """Start the lab's mail server; where it listens."""
        self.ends.give_other_end()
        self.wait(self.panel.ends_served)
        return self.panel.ends_served()

    def send(self, **fields: Any) -> Any:
        """Fill the mail, press Send, wait for the outcome."""
        self.panel.show_view("ends")
        self.ends.compose.fields.set_values(fields)
        before = self.ends.sending.sent
        self.click(self.ends.compose.send_button)
        sending = self.ends.sending
        self.wait(lambda: not sending.busy and sending.sent is not None and sending.sent is not before)
        return sending.sent

    def open_box(self, kind: str = "imap") -> Any:
        """Open bob's mailbox."""
        self.panel.show_view("mailbox")
        box = self.panel.mailbox
        if box.protocol != kind:
            self.click(box.kind.button(("imap", "pop3").index(kind)))
        self.click(box.connect_button)
        self.wait(lambda: box.slot.phase == "open" and not box.slot.busy)
        return box

    def primaries(self, card: QWidget) -> list[str]:
        """The primary buttons that a card shows."""
        buttons = card.findChildren(QPushButton)
        return [button.text() for button in buttons if button.property("primary") and button.isVisible()]


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """The panel at 1200 x 760, its services stopped and its threads gone afterwards."""
    lab = Lab()
    bridge = Bridge(lab)
    log = EventLog()
    bridge.add_consumer(log.append)
    desk = Desk(lab, bridge, Actions(), Selection(), log)
    theme().hold()
    panel = MailPanel(desk)
    theme().release()
    made = Room(panel, desk, qtbot)
    desk.explain = made.explained.append
    desk.show_python = lambda id, params: made.scripts.append((id, dict(params)))
    desk.toast = made.toasts.append
    qtbot.addWidget(panel)
    panel.resize(1200, 760)
    panel.show()
    panel.shown()
    qtbot.waitExposed(panel)
    yield made
    panel.hidden()
    assert lab.close(20) == []
    bridge.close()
