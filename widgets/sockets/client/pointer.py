"""After a newcomer's first answer: one strip, once, that points to the ladder, where it can be seen why it worked.

It must not know the time line: it triggers an action.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from widgets.desk import Desk
from widgets.sockets.client.card import ClientCard
from widgets.sockets.client.live import ClientLive
from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.look import LADDER, Look


class Pointer(QObject):
    """done: it has pointed, now or at an earlier start."""

    def __init__(self, desk: Desk, clients: ClientCard) -> None:
        super().__init__(clients)
        self.done = False
        self._desk, self._clients = desk, clients
        self._look = Look(desk, self)
        self._shown: ClientLive | None = None
        clients.answered.connect(self._on_answered)
        clients.sent.connect(self._on_sent)

    def _on_answered(self, slot: ClientSlot) -> None:
        if self.done or LADDER not in self._desk.actions:
            return
        self.done = True
        live = self._shown = self._clients.view_of(slot).live
        live.pointer.say(
            "The first answer.", "The ladder shows how it came.", "Show the ladder", "arrow-left-right"
        )
        live.pointer.acted.connect(lambda: self._on_acted(slot))

    def _on_acted(self, slot: ClientSlot) -> None:
        self._put_away()
        conn = getattr(slot.client, "conn", None)
        if conn:
            self._look.at(conn, LADDER)
        else:
            self._desk.actions.get(LADDER).trigger()

    def _on_sent(self, slot: ClientSlot) -> None:
        """Who goes on talking has seen it."""
        if self._shown is not None and self._shown.slot is slot:
            self._put_away()

    def _put_away(self) -> None:
        if self._shown is not None:
            self._shown.pointer.clear()
            self._shown = None
