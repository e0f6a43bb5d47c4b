"""The mail panel on a real lab, in a window of its own, with nothing left when the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.widgets.on_stage import OnStage, on_stage
from widgets.mail.both_ends import BothEnds
from widgets.mail.panel import MailPanel

LONG_MS = 20_000


class Room(OnStage[MailPanel]):
    """What a test sees."""

    @property
    def ends(self) -> BothEnds:
        """The view of both ends."""
        return self.panel.ends

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


@pytest.fixture
def room(qtbot: QtBot) -> Iterator[Room]:
    """The panel at 1200 x 760, its services stopped and its threads gone afterwards."""
    with on_stage(Room, MailPanel, qtbot, 1200, 760) as made:
        yield made
