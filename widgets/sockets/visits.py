"""A client that comes, says hello, takes the answer and goes: what a loop must be able to bear.

It closes as a program does that was ended: with a FIN, its answer read. It must not know what the
server makes of it.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject

from widgets.sockets.client.slot import ClientSlot
from widgets.sockets.server.slot import ServerSlot

HELLO: Final = b"hello\r\n"


class Visit(QObject):
    """One visit: hello as soon as the client is connected, close when the answer is there, then tell the server."""

    def __init__(self, client: ClientSlot, server: ServerSlot) -> None:
        super().__init__(client)
        self._client, self._server = client, server
        self._spoke = self._left = False
        server.begin_visit()
        client.changed.connect(self._look)
        self._look()

    def _look(self) -> None:
        client = self._client
        if client.phase == "ended" or client.trouble is not None:
            client.changed.disconnect(self._look)
            self._server.end_visit()
            self.deleteLater()
        elif client.phase == "connected" and not self._spoke:
            self._spoke = True
            client.send(HELLO)
        elif not self._left and any(line.direction == "in" for line in client.lines.lines()):
            self._left = True
            client.close()
