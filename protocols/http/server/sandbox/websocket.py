"""WebSocket echo: the upgrade of a request, and messages that come back as they were (RFC 6455).

The protocol itself is the websockets library's machine without sockets. It must not know how a
connection is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from protocols.concurrency.contract import Connection, Handler
from protocols.http.server.answer import Answer, error_page, page
from protocols.http.server.asked import Asked
from protocols.http.server.sandbox.route import Route

MESSAGE_BYTES: Final = 1 << 20
PING_S: Final = 20.0
_DATA: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_PAGE: Final = """\
<p>What you send comes back. <code>curl</code> speaks it too: <code>curl ws://../websocket</code></p>
<form id="form"><input id="text" value="hello" autofocus> <input type="submit" value="Send"></form>
<ol id="log"></ol>
<script>
const log = text => document.getElementById("log").appendChild(document.createElement("li")).textContent = text;
const socket = new WebSocket(location.href.replace(/^http/, "ws"));
socket.onopen = () => log("open"); socket.onclose = event => log("closed " + event.code);
socket.onmessage = event => log("came back: " + event.data);
document.getElementById("form").onsubmit = event => {
  event.preventDefault(); socket.send(document.getElementById("text").value);
};
</script>"""


def routes() -> list[Route]:
    """The page."""
    return [Route("/websocket", websocket, "Streams", "WebSocket echo",
                  "Upgrades, and sends each message back; without an upgrade, a page that does it.")]  # fmt: skip


def websocket(asked: Asked) -> Answer:
    """/websocket"""
    if asked.get("Upgrade").lower() != "websocket":
        return page(200, "WebSocket echo", _PAGE)
    protocol = ServerProtocol(max_size=MESSAGE_BYTES)
    protocol.receive_data(asked.head)
    requests = [event for event in protocol.events_received() if isinstance(event, Request)]
    if not requests:
        return error_page(400, f"That is no WebSocket handshake: {protocol.handshake_exc}.")
    response = protocol.accept(requests[0])
    protocol.send_response(response)
    protocol.data_to_send()  # the server sends its head itself
    headers = [(name, value) for name, value in response.headers.raw_items() if name != "Connection" or
               response.status_code == 101]  # fmt: skip
    if response.status_code != 101:
        return Answer(response.status_code, headers, bytes(response.body or b""))
    return Answer(101, headers, upgrade=EchoSocket(protocol, asked.note))


class EchoSocket(Handler):
    """Sends each message back; asks now and then whether somebody is still there."""

    def __init__(self, protocol: ServerProtocol, note: Callable[..., None]) -> None:
        self._protocol = protocol
        self._note = note
        self._heard = True
        self._opcode = Opcode.TEXT

    def opened(self, conn: Connection) -> None:
        """The upgrade is done."""
        conn.wake_in(PING_S)

    def received(self, conn: Connection, data: bytes) -> None:
        """Frames, or parts of them."""
        self._heard = True
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and self._protocol.state is State.OPEN:
                self._frame(event)
        self._flush(conn)

    def _frame(self, frame: Frame) -> None:
        self._note("websocket frame", f"{frame.opcode.name} of {len(frame.data)} bytes", opcode=frame.opcode.name,
                   size=len(frame.data), fin=frame.fin)  # fmt: skip
        if frame.opcode not in _DATA:
            return
        if frame.opcode is Opcode.CONT:
            self._protocol.send_continuation(bytes(frame.data), frame.fin)
        elif frame.opcode is Opcode.TEXT:
            self._protocol.send_text(bytes(frame.data), frame.fin)
        else:
            self._protocol.send_binary(bytes(frame.data), frame.fin)

    def ended(self, conn: Connection) -> None:
        """The client's end of stream."""
        self._protocol.receive_eof()
        self._flush(conn)
        conn.close()

    def woken(self, conn: Connection) -> None:
        """Nobody spoke for a while."""
        if not self._heard or self._protocol.state is not State.OPEN:
            self._note("timed out", f"the WebSocket client said nothing for {PING_S:g} s and did not answer a ping")
            conn.close()
            return
        self._heard = False
        try:
            self._protocol.send_ping(b"still there?")
        except WebSocketException:
            pass  # it is closing
        self._flush(conn)
        conn.wake_in(PING_S)

    def _flush(self, conn: Connection) -> None:
        for data in self._protocol.data_to_send():
            if data:
                conn.send(data)
            else:
                conn.half_close()
        if self._protocol.state is State.CLOSED:
            conn.close()
